// Persons: finding, showing, merging, saying same or different.
#include "base/text.h"
#include "face/own/handlers.h"
#include "face/own/person_view.h"
#include "people/curate.h"
#include "people/question.h"
#include "people/recognize.h"
#include "people/split.h"
#include "referral/intake.h"

namespace handoff::face::own {
namespace {

using exchange::CommandAnswer;
using exchange::OfficeUnit;
using people::Person;

constexpr std::size_t reason_max = 2000, count_fallback = 10, count_max = 50;

Result<std::optional<PersonId>> person_member(const Call& call, const char* key, Faults& faults) {
  const Json& value = call.body[key];
  if (value.is_null()) return std::optional<PersonId>();
  auto id = value.is_string() ? PersonId::parse(value.string()) : Result<PersonId>(Error{});
  if (!id) {
    faults.push_back({std::string("/") + key, value.is_string() ? id.error().code : "property.wrong_type",
                      "Send the id of a person, such as GET /persons shows them."});
    return std::optional<PersonId>();
  }
  return std::optional(*std::move(id));
}

PersonId required_person(const Call& call, const char* key, Faults& faults) {
  const std::size_t before = faults.size();
  const auto id = person_member(call, key, faults);
  if (id && *id) return **id;
  if (faults.size() == before)
    faults.push_back({std::string("/") + key, "property.required", "Name the person by its id."});
  return {};
}

// Faults as the body's own, whatever the command calls its members.
Result<CommandAnswer> shown_merge(OfficeUnit& unit, const OrganizationId& organization, const people::Merge& merge) {
  for (const auto& id : {merge.survivor, merge.merged})
    unit.audit(organization, "person.merge", "person", id.text(), Json::object({{"mergeId", merge.id.text()}}));
  Json body = merge_json(merge);
  body.set("mergeId", merge.id.text());
  return CommandAnswer{200, std::move(body), std::nullopt, {}};
}

}  // namespace

Result<net::Response> match_person(Call& call) {
  Faults faults;
  call.members({"registrant", "count"}, faults);
  std::size_t count = count_fallback;
  if (const Json* value = call.body.find("count"); value && !value->is_null()) {
    const auto number = value->integer();
    if (!number || *number < 1 || *number > static_cast<std::int64_t>(count_max))
      faults.push_back({"/count", "person.bad_count", "A whole number from 1 to 50."});
    else
      count = static_cast<std::size_t>(*number);
  }
  if (call.body["registrant"].is_null())
    faults.push_back({"/registrant", "property.required", "Say who is looked for: a registrant as in a referral."});
  // Judged as a draft's: what is not known of the person may be left out.
  std::vector<referral::Warning> warnings;
  const referral::ContentRules rules{nullptr, call.now(), true, nullptr, nullptr};
  const Json content =
      referral::read_content(Json::object({{"registrant", call.body["registrant"]}}), rules, faults, warnings);
  if (!faults.empty()) return fault_error(std::move(faults));
  const auto prepared = people::prepare(people::registrant_of(content["registrant"]), call.now());
  if (prepared->probe.empty()) {
    return fault_error({{"/registrant", "person.nothing_to_match",
                         "Nothing here can be looked for; send a name with a birth date, a phone, an e-mail or an "
                         "address. Placeholders such as \"Unknown\" count as missing."}});
  }
  people::Search search;
  search.count = std::max<std::size_t>(count, 2);
  const people::Model& model = people::Model::standard();
  const auto found =
      HANDOFF_TRY(people::find_candidates(call.parts.people, model, call.organization(), *prepared, search));
  std::vector<people::Assessment> assessments;
  Json items = Json::array();
  std::vector<std::string> ids;
  for (const auto& candidate : found.ranked) {
    assessments.push_back(candidate.assessment);
    if (items.size() == count) continue;
    items.push_back(Json::object({{"personId", candidate.person.text()},
                                  {"grade", people::word(candidate.assessment.grade)},
                                  {"score", candidate.score()},
                                  {"explanation", people::to_json(candidate.assessment, model)}}));
    ids.push_back(candidate.person.text());
  }
  static constexpr std::array outcomes{"link", "review", "create"};
  const auto decision = people::decide(model, assessments);
  HANDOFF_TRY(call.looked_at_list("person.match", "person", std::move(ids)));
  return call.answer(Json::object({{"items", std::move(items)},
                                   {"outcome", outcomes[static_cast<std::size_t>(decision.kind)]},
                                   {"tooClose", decision.too_close},
                                   {"truncated", found.truncated},
                                   {"persons", static_cast<std::int64_t>(found.persons)},
                                   {"countsVersion", found.counts_version},
                                   {"modelVersion", found.model_version}}));
}

Result<net::Response> list_persons(Call& call) {
  Faults faults;
  const std::size_t limit = call.limit(faults);
  std::optional<people::PersonStatus> status;
  if (const auto* word = call.parameter("status")) {
    status = people::person_status_of(*word);
    if (!status) faults.push_back({"?status", "property.unknown_value", "One of active, merged, inactive."});
  }
  if (!faults.empty()) return fault_error(std::move(faults));
  const auto page = HANDOFF_TRY(call.parts.people.list(call.organization(), status, limit, call.cursor()));
  Json items = Json::array();
  std::vector<std::string> ids;
  for (const Person& person : page.items) {
    items.push_back(short_person_json(person, HANDOFF_TRY(survivor_json(call, person.id))));
    ids.push_back(person.id.text());
  }
  HANDOFF_TRY(call.looked_at_list("person.list", "person", std::move(ids)));
  return Call::page(std::move(items), page.next_cursor);
}

Result<net::Response> get_person(Call& call) {
  const auto id = HANDOFF_TRY(call.id<PersonId>(0, "person"));
  const Person person = HANDOFF_TRY(find_person(call, id));
  const Json shown = HANDOFF_TRY(person_json(call, person, id));
  HANDOFF_TRY(call.looked("person.read", "person", person.id.text(), {call.organization()}));
  return Call::json(200, shown, person.version);
}

Result<net::Response> list_person_events(Call& call) {
  Faults faults;
  const std::size_t limit = call.limit(faults);
  if (!faults.empty()) return fault_error(std::move(faults));
  // Asked for by its own id, a merged one has a story of its own.
  const auto id = HANDOFF_TRY(call.id<PersonId>(0, "person"));
  if (HANDOFF_TRY(call.parts.people.persons(call.organization(), std::span(&id, 1))).empty())
    return Call::not_found("person");
  const auto page = HANDOFF_TRY(call.parts.people.events(call.organization(), id, limit, call.cursor()));
  HANDOFF_TRY(call.looked("person.read_events", "person", id.text(), {call.organization()}));
  Json items = Json::array();
  for (const auto& event : page.items) items.push_back(stream_event_json(event));
  return Call::page(std::move(items), page.next_cursor);
}

Result<net::Response> list_person_referrals(Call& call) {
  Faults faults;
  const std::size_t limit = call.limit(faults);
  if (!faults.empty()) return fault_error(std::move(faults));
  const auto id = HANDOFF_TRY(call.id<PersonId>(0, "person"));
  const Person person = HANDOFF_TRY(find_person(call, id));
  const auto page = HANDOFF_TRY(call.parts.people.referrals(call.organization(), person.id, limit, call.cursor()));
  HANDOFF_TRY(call.looked("person.read_referrals", "person", person.id.text(), {call.organization()}));
  Json items = Json::array();
  for (const auto& referral : page.items) {
    items.push_back(Json::object({{"id", referral.id.text()},
                                  {"number", referral.number},
                                  {"status", referral.status},
                                  {"createdAt", format_instant(referral.created_at)}}));
  }
  return Call::page(std::move(items), page.next_cursor);
}

Result<net::Response> merge_persons(Call& call) {
  Faults faults;
  call.members({"survivorId", "mergedId", "reason"}, faults);
  const PersonId survivor = required_person(call, "survivorId", faults);
  const PersonId merged = required_person(call, "mergedId", faults);
  const std::string reason = call.text("reason", reason_max, faults);
  if (!faults.empty()) return fault_error(std::move(faults));
  return call.change({}, [&](OfficeUnit& unit) -> Result<CommandAnswer> {
    const auto merge =
        HANDOFF_TRY(people::merge(part_of<people::Unit>(unit), call.organization(), survivor, merged, reason));
    return shown_merge(unit, call.organization(), merge);
  });
}

Result<net::Response> unmerge_persons(Call& call) {
  Faults faults;
  call.members({"mergeId", "reason"}, faults);
  const std::string text = call.text("mergeId", 64, faults);
  const std::string reason = call.optional_text("reason", reason_max, faults).value_or("");
  const auto id = MergeId::parse(text);
  if (faults.empty() && !id) faults.push_back({"/mergeId", id.error().code, id.error().for_caller});
  if (!faults.empty()) return fault_error(std::move(faults));
  return call.change({}, [&](OfficeUnit& unit) -> Result<CommandAnswer> {
    const auto done = HANDOFF_TRY(people::unmerge(part_of<people::Unit>(unit), call.organization(), *id, reason));
    for (const auto& person : {done.merge.survivor, done.merge.merged})
      unit.audit(call.organization(), "person.unmerge", "person", person.text(), Json::object({{"mergeId", text}}));
    Json body = merge_json(done.merge);
    body.set("mergeId", text);
    body.set("restoredRecordIds", ids_json(done.restored));
    body.set("undecidedRecordIds", ids_json(done.undecided));
    return CommandAnswer{200, std::move(body), std::nullopt, {}};
  });
}

Result<net::Response> split_person(Call& call) {
  Faults faults;
  call.members({"personId", "recordIds", "reason"}, faults);
  const PersonId person = required_person(call, "personId", faults);
  const auto records = record_ids(call, "recordIds", faults);
  if (faults.empty() && records.empty())
    faults.push_back({"/recordIds", "property.required", "Name the records that are another person's."});
  const std::string reason = call.text("reason", reason_max, faults);
  if (!faults.empty()) return fault_error(std::move(faults));
  return call.change({}, [&](OfficeUnit& unit) -> Result<CommandAnswer> {
    people::Unit& persons = part_of<people::Unit>(unit);
    const auto done = HANDOFF_TRY(people::split_off(persons, call.organization(), person, records, reason));
    HANDOFF_TRY(people::look_again(persons, call.organization(), {done.from, done.made}));
    for (const auto& each : {done.from, done.made})
      unit.audit(call.organization(), "person.split", "person", each.text(),
                 Json::object({{"splitId", done.id.text()}}));
    Json body = split_json(done);
    body.set("splitId", done.id.text());
    return CommandAnswer{200, std::move(body), std::nullopt, {}};
  });
}

Result<net::Response> unsplit_person(Call& call) {
  Faults faults;
  call.members({"splitId"}, faults);
  const std::string text = call.text("splitId", 64, faults);
  const auto id = SplitId::parse(text);
  if (faults.empty() && !id) faults.push_back({"/splitId", id.error().code, id.error().for_caller});
  if (!faults.empty()) return fault_error(std::move(faults));
  return call.change({}, [&](OfficeUnit& unit) -> Result<CommandAnswer> {
    people::Unit& persons = part_of<people::Unit>(unit);
    const auto done = HANDOFF_TRY(people::unsplit(persons, call.organization(), *id));
    HANDOFF_TRY(people::look_again(persons, call.organization(), {done.split.from, done.split.made}));
    for (const auto& each : {done.split.from, done.split.made})
      unit.audit(call.organization(), "person.unsplit", "person", each.text(), Json::object({{"splitId", text}}));
    Json body = split_json(done.split);
    body.set("splitId", text);
    body.set("restoredRecordIds", ids_json(done.restored));
    body.set("undecidedRecordIds", ids_json(done.undecided));
    return CommandAnswer{200, std::move(body), std::nullopt, {}};
  });
}

Result<net::Response> list_assertions(Call& call) {
  Faults faults;
  const std::size_t limit = call.limit(faults);
  if (!faults.empty()) return fault_error(std::move(faults));
  const auto page = HANDOFF_TRY(call.parts.people.all_assertions(call.organization(), limit, call.cursor()));
  Json items = Json::array();
  for (const auto& assertion : page.items) items.push_back(assertion_json(assertion));
  return Call::page(std::move(items), page.next_cursor);
}

Result<net::Response> assert_persons(Call& call) {
  Faults faults;
  call.members({"a", "b", "kind", "reason"}, faults);
  const PersonId a = required_person(call, "a", faults), b = required_person(call, "b", faults);
  const std::string kind = call.text("kind", 20, faults);
  if (faults.empty() && kind != "same" && kind != "different")
    faults.push_back({"/kind", "property.unknown_value", "Either same or different."});
  const std::string reason = call.text("reason", reason_max, faults);
  if (!faults.empty()) return fault_error(std::move(faults));
  return call.change({}, [&](OfficeUnit& unit) -> Result<CommandAnswer> {
    const auto done = HANDOFF_TRY(
        people::assert_pair(part_of<people::Unit>(unit), call.organization(), a, b, kind == "same", reason));
    for (const auto& person : {a, b})
      unit.audit(call.organization(), "person.assert_" + kind, "person", person.text(),
                 Json::object({{"assertionId", done.assertion.id.text()}}));
    Json body = assertion_json(done.assertion);
    body.set("mergeId", done.merge ? Json(done.merge->text()) : Json());
    return CommandAnswer{201, std::move(body), std::nullopt, {}};
  });
}

}  // namespace handoff::face::own

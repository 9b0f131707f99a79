#include "face/own/person_view.h"

#include <set>

#include "people/curate.h"
#include "people/survivor.h"

namespace handoff::face::own {
namespace {

using people::Link;
using people::Person;
using people::Said;

// A longer history is counted, and said to be longer.
constexpr std::size_t records_shown = 200;

Json decider_json(const people::Decider& by) {
  return Json::object({{"kind", by.kind}, {"id", by.id}, {"name", by.name}});
}
Json when(const std::optional<Instant>& at) { return at ? Json(format_instant(*at)) : Json(); }
using Registrants = std::map<SourceRecordId, Private<Json>>;

Result<Registrants> registrants_of(Call& call, const std::vector<Link>& links) {
  std::vector<SourceRecordId> ids;
  for (const auto& link : links) ids.push_back(link.record);
  Registrants out;
  for (auto& [id, registrant] : HANDOFF_TRY(call.parts.people.registrants(call.organization(), ids)))
    out.emplace(id, std::move(registrant));
  return out;
}

Json survivor_over(const std::vector<Link>& links, const Registrants& registrants) {
  std::vector<Said> said;
  for (const auto& link : links) {
    const auto found = registrants.find(link.record);
    if (found != registrants.end() && !link.superseded)
      said.push_back({link.record, found->second, link.method, link.at});
  }
  return people::survivor_of(said);
}

Json link_json(const Link& link, const Json& registrant) {
  return Json::object({{"id", link.record.text()},
                       {"referralId", link.referral.text()},
                       {"method", link.method},
                       {"sourceName", link.source_name.empty() ? Json() : Json(link.source_name)},
                       {"origin", people::word(link.origin)},
                       {"homePersonId", link.home.text()},
                       {"homeDoubtful", link.home_doubtful},
                       {"superseded", link.superseded},
                       {"modelVersion", link.model_version},
                       {"explanation", link.explanation},
                       {"registrant", registrant},
                       {"at", format_instant(link.at)}});
}

}  // namespace

Json merge_json(const people::Merge& m) {
  return Json::object({{"id", m.id.text()},
                       {"survivorId", m.survivor.text()},
                       {"mergedId", m.merged.text()},
                       {"reason", m.reason.reveal()},
                       {"by", decider_json(m.by)},
                       {"at", format_instant(m.at)},
                       {"recordIds", ids_json(m.records)},
                       {"referralIds", ids_json(m.referrals)},
                       {"closedReviewIds", ids_json(m.reviews)},
                       {"undoneAt", when(m.undone_at)},
                       {"undoneBy", m.undone_at ? decider_json(m.undone_by) : Json()}});
}

Json split_json(const people::Split& s) {
  Json records = Json::array(), referrals = Json::array();
  std::set<ReferralId> seen;
  for (const auto& each : s.moved) {
    records.push_back(each.record.text());
    if (seen.insert(each.referral).second) referrals.push_back(each.referral.text());
  }
  return Json::object({{"id", s.id.text()},
                       {"personId", s.from.text()},
                       {"newPersonId", s.made.text()},
                       {"reason", s.reason.reveal()},
                       {"by", decider_json(s.by)},
                       {"at", format_instant(s.at)},
                       {"recordIds", std::move(records)},
                       {"referralIds", std::move(referrals)},
                       {"assertionId", s.assertion.text()},
                       {"undoneAt", when(s.undone_at)},
                       {"undoneBy", s.undone_at ? decider_json(s.undone_by) : Json()}});
}

std::vector<SourceRecordId> record_ids(const Call& call, const char* key, Faults& faults) {
  constexpr std::size_t records_max = 1000;
  std::vector<SourceRecordId> out;
  const Json& list = call.body[key];
  if (list.is_null()) return out;
  const std::string at = std::string("/") + key;
  if (!list.is_array() || list.size() > records_max) {
    faults.push_back({at, list.is_array() ? "property.too_long" : "property.wrong_type",
                      "Send a list of at most 1000 ids of records, such as GET /persons/{personId} shows them."});
    return out;
  }
  for (std::size_t i = 0; i < list.size(); ++i) {
    auto id = SourceRecordId::parse(list.items()[i].text_or());
    if (id)
      out.push_back(*std::move(id));
    else
      faults.push_back({at + "/" + std::to_string(i), id.error().code, id.error().for_caller});
  }
  return out;
}

Json assertion_json(const people::Assertion& t) {
  return Json::object({{"id", t.id.text()},
                       {"a", t.a.text()},
                       {"b", t.b.text()},
                       {"kind", t.same ? "same" : "different"},
                       {"reason", t.reason.reveal()},
                       {"by", decider_json(t.by)},
                       {"at", format_instant(t.at)},
                       {"takenBackAt", when(t.taken_back_at)}});
}

Json stream_event_json(const people::StreamEvent& e) {
  return Json::object({{"id", e.id},
                       {"type", e.type},
                       {"subjectId", e.subject},
                       {"otherId", e.other},
                       {"detail", e.detail},
                       {"at", format_instant(e.at)}});
}

Result<Json> survivor_json(Call& call, const PersonId& person) {
  const auto links = HANDOFF_TRY(call.parts.people.links(call.organization(), person, records_shown));
  return survivor_over(links, HANDOFF_TRY(registrants_of(call, links)));
}

Json short_person_json(const Person& p, const Json& survivor) {
  return Json::object({{"id", p.id.text()},
                       {"status", people::word(p.status)},
                       {"mergedInto", p.merged_into ? Json(p.merged_into->text()) : Json()},
                       {"version", p.version},
                       {"registrant", survivor["registrant"]},
                       {"createdAt", format_instant(p.created_at)},
                       {"updatedAt", format_instant(p.updated_at)}});
}

Result<Json> person_json(Call& call, const Person& p, const std::optional<PersonId>& requested) {
  people::Reader& reader = call.parts.people;
  const auto& organization = call.organization();
  auto links = HANDOFF_TRY(reader.links(organization, p.id, records_shown + 1));
  const bool more = links.size() > records_shown;
  if (more) links.pop_back();
  const auto registrants = HANDOFF_TRY(registrants_of(call, links));
  const Json survivor = survivor_over(links, registrants);
  Json out = short_person_json(p, survivor);
  const bool other = requested && *requested != p.id;
  out.set("requestedId", other ? Json(requested->text()) : Json());
  out.set("sources", survivor["sources"]);
  Json records = Json::array(), merges = Json::array(), assertions = Json::array(), reviews = Json::array();
  for (const auto& link : links) {
    const auto found = registrants.find(link.record);
    records.push_back(link_json(link, found == registrants.end() ? Json() : found->second.reveal()));
  }
  for (const auto& merge : HANDOFF_TRY(reader.merges(organization, p.id))) merges.push_back(merge_json(merge));
  for (const auto& assertion : HANDOFF_TRY(reader.assertions(organization, std::span(&p.id, 1))))
    assertions.push_back(assertion_json(assertion));
  people::ReviewFilter filter;
  filter.person = p.id;
  for (const auto& review : HANDOFF_TRY(reader.reviews(organization, filter)).items)
    reviews.push_back(review.id.text());
  out.set("records", std::move(records));
  out.set("recordsTruncated", more);
  out.set("merges", std::move(merges));
  Json splits = Json::array();
  for (const auto& split : HANDOFF_TRY(reader.splits(organization, p.id))) splits.push_back(split_json(split));
  out.set("splits", std::move(splits));
  out.set("assertions", std::move(assertions));
  out.set("openReviewIds", std::move(reviews));
  return out;
}

namespace {

const char* standing_of(const people::Review& v, const people::Review::Decided& d) {
  if (d.undone_at) return "undone";
  if (d.waits && !d.settled_by) return "waits";
  if (!d.settled_by) return "in_force";
  const auto& settling = v.decisions.at(*d.settled_by);
  const bool same = settling.decision == d.decision && settling.person == d.person && settling.records == d.records;
  return same ? "confirmed" : "overruled";
}

// Of what is to be put right before the question can be answered; null where nothing is.
Result<Json> correction_json(Call& call, const people::Review& v) {
  constexpr std::size_t referrals_shown = 10;
  if (v.status != people::ReviewStatus::correction) return Json();
  const people::Review::Decided* told = nullptr;
  for (const auto& d : v.decisions) {
    if (d.decision == "fix_data" && !d.undone_at) told = &d;
  }
  if (told == nullptr || !told->person) return Json();
  const PersonId person = HANDOFF_TRY(people::standing_for(call.parts.people, call.organization(), *told->person));
  const PersonId subject = HANDOFF_TRY(people::standing_for(call.parts.people, call.organization(), v.subject));
  std::vector<ReferralId> referrals;
  if (person == subject && v.kind == people::ReviewKind::match) {
    referrals.push_back(v.referral);
  } else {
    const auto page =
        HANDOFF_TRY(call.parts.people.referrals(call.organization(), person, referrals_shown, std::nullopt));
    for (const auto& referral : page.items) referrals.push_back(referral.id);
  }
  const std::string which = referrals.size() == 1 ? "referral " + referrals.front().text() : "one of these referrals";
  return Json::object({{"personId", person.text()},
                       {"referralIds", ids_json(referrals)},
                       {"sentence", "The registrant of " + which + " is written down wrongly, says " + told->by.name +
                                        ". Correct it (PATCH /referrals/{referralId}), and the question is looked at "
                                        "anew by itself."},
                       {"reason", told->reason},
                       {"by", decider_json(told->by)},
                       {"at", format_instant(told->at)}});
}

Result<Json> parts_json(Call& call, const people::Review& v) {
  if (v.parts.empty()) return Json::array();
  std::vector<SourceRecordId> newest;
  for (const auto& part : v.parts) newest.push_back(part.records.back());
  std::map<SourceRecordId, Private<Json>> registrants;
  for (auto& [id, registrant] : HANDOFF_TRY(call.parts.people.registrants(call.organization(), newest)))
    registrants.emplace(id, std::move(registrant));
  Json out = Json::array();
  for (const auto& part : v.parts) {
    const auto found = registrants.find(part.records.back());
    out.push_back(Json::object({{"recordIds", ids_json(part.records)},
                                {"referralIds", ids_json(part.referrals)},
                                {"registrant", found == registrants.end() ? Json() : found->second.reveal()},
                                {"score", part.explanation.is_null() ? Json() : Json(part.score)},
                                {"explanation", part.explanation}}));
  }
  return out;
}

}  // namespace

Result<Json> review_json(Call& call, const people::Review& v) {
  static constexpr std::array urgencies{"stat", "asap", "urgent", "routine"};
  people::Reader& reader = call.parts.people;
  const auto& organization = call.organization();
  const auto side = [&](const PersonId& id) -> Result<Json> {
    const PersonId standing = HANDOFF_TRY(people::standing_for(reader, organization, id));
    const Json survivor = HANDOFF_TRY(survivor_json(call, standing));
    return Json::object({{"personId", standing.text()}, {"registrant", survivor["registrant"]}});
  };
  Json options = Json::array(), decisions = Json::array();
  for (const auto& option : v.options) {
    Json shown = HANDOFF_TRY(side(option.person));
    shown.set("grade", option.grade);
    shown.set("score", option.score);
    shown.set("explanation", option.explanation);
    shown.set("decided", option.same ? Json(*option.same ? "same" : "different") : Json());
    options.push_back(std::move(shown));
  }
  for (const auto& d : v.decisions) {
    decisions.push_back(Json::object({{"decision", d.decision},
                                      {"personId", d.person ? Json(d.person->text()) : Json()},
                                      {"reason", d.reason},
                                      {"by", decider_json(d.by)},
                                      {"at", format_instant(d.at)},
                                      {"mergeId", d.merge ? Json(d.merge->text()) : Json()},
                                      {"assertionIds", ids_json(d.assertions)},
                                      {"recordIds", ids_json(d.records)},
                                      {"splitId", d.split ? Json(d.split->text()) : Json()},
                                      {"standing", standing_of(v, d)},
                                      {"undoneAt", when(d.undone_at)}}));
  }
  const auto urgency = static_cast<std::size_t>(std::clamp(v.urgency, 0, 3));
  return Json::object({{"id", v.id.text()},
                       {"kind", people::word(v.kind)},
                       {"version", v.version},
                       {"status", people::word(v.status)},
                       {"cause", v.cause},
                       {"priority", urgencies[urgency]},
                       {"score", v.score},
                       {"subject", HANDOFF_TRY(side(v.subject))},
                       {"referralId", v.referral.text()},
                       {"recordId", v.record.text()},
                       {"sourceName", v.source_name.empty() ? Json() : Json(v.source_name)},
                       {"options", std::move(options)},
                       {"parts", HANDOFF_TRY(parts_json(call, v))},
                       {"correction", HANDOFF_TRY(correction_json(call, v))},
                       {"decisions", std::move(decisions)},
                       {"openedAt", format_instant(v.opened_at)},
                       {"updatedAt", format_instant(v.updated_at)}});
}

Result<Json> person_of_referral(Call& call, const referral::Referral& r) {
  // More than fit on a page are read from the person itself.
  constexpr std::size_t others_shown = 50;
  if (!r.person || r.owner != call.organization()) return Json();
  people::Reader& reader = call.parts.people;
  Json others = Json::array(), reviews = Json::array();
  const auto page = HANDOFF_TRY(reader.referrals(call.organization(), *r.person, others_shown + 1, std::nullopt));
  for (const auto& other : page.items) {
    if (other.id == r.id || others.size() == others_shown) continue;
    others.push_back(Json::object({{"id", other.id.text()},
                                   {"number", other.number},
                                   {"status", other.status},
                                   {"createdAt", format_instant(other.created_at)}}));
  }
  people::ReviewFilter filter;
  filter.person = *r.person;
  for (const auto& review : HANDOFF_TRY(reader.reviews(call.organization(), filter)).items) {
    reviews.push_back(Json::object({{"id", review.id.text()},
                                    {"kind", people::word(review.kind)},
                                    {"status", people::word(review.status)},
                                    {"referralId", review.referral.text()},
                                    {"cause", review.cause},
                                    {"score", review.score},
                                    {"task", HANDOFF_TRY(correction_json(call, review))["sentence"]}}));
  }
  return Json::object({{"id", r.person->text()},
                       {"inReview", r.person_in_review},
                       {"otherReferrals", std::move(others)},
                       {"openReviews", std::move(reviews)}});
}

Result<Person> find_person(Call& call, const PersonId& id) {
  const PersonId standing = HANDOFF_TRY(people::standing_for(call.parts.people, call.organization(), id));
  auto found = HANDOFF_TRY(call.parts.people.persons(call.organization(), std::span(&standing, 1)));
  if (found.empty()) return Call::not_found("person");
  return std::move(found.front());
}

}  // namespace handoff::face::own

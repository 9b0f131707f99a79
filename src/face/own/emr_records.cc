// Linked records and what staff do with them: worklists, destinations, locks.
#include <algorithm>

#include "base/text.h"
#include "face/own/emr.h"
#include "face/own/handlers.h"
#include "sync/destination.h"
#include "sync/lock.h"
#include "sync/promise.h"

namespace handoff::face::own {
namespace {

using exchange::CommandAnswer;
using exchange::OfficeUnit;
using sync::ConnectionWithState;
using sync::LinkedRecord;

constexpr std::size_t word_max = 64, reason_max = 1000, key_max = 300, page_max = 200, casefiles_max = 200;

template <class Value>
std::optional<Value> read_word(const std::string* text, const std::string& at,
                               std::optional<Value> (*of)(std::string_view), const char* known, Faults& faults) {
  if (!text) return std::nullopt;
  const auto value = of(*text);
  if (!value) faults.push_back({at, "property.unknown_value", known});
  return value;
}
constexpr const char* state_words =
    "One of linked, discharged_open, locked, unlocked, waiting_for_chart, missing, tombstoned.";
constexpr const char* worklist_words =
    "One of locked, discharged_no_destination, unmapped_destination, anticipated_no_destination, historical, failed, "
    "flagged.";
constexpr const char* cause_words = "One of chart_hook_never_seen, chart_hook_inactive, policy, manual.";

std::shared_ptr<const RoomNeeds> needs_of(const EmrConnectionId& id, std::vector<std::string> casefiles,
                                          std::vector<std::string> destinations = {}) {
  auto needs = std::make_shared<sync::Needs>();
  needs->connection = id;
  needs->casefiles = std::move(casefiles);
  needs->destinations = std::move(destinations);
  return needs;
}

}  // namespace

Json record_json(const Call& call, const LinkedRecord& record, const ConnectionWithState& of) {
  Json out = sync::linked_record_to_json(record, of.connection, of.state, call.now());
  out.set("connectionId", record.connection.text());
  out.set("intakeOpportunityId", record.opportunity ? Json(record.opportunity->text()) : Json());
  return out;
}

Result<net::Response> list_emr_records(Call& call) {
  const ConnectionWithState of = HANDOFF_TRY(find_connection(call));
  Faults faults;
  sync::RecordFilter filter;
  filter.state = read_word(call.parameter("state"), "?state", &sync::record_state_of, state_words, faults);
  filter.worklist = read_word(call.parameter("worklist"), "?worklist", &sync::worklist_of, worklist_words, faults);
  filter.lock_cause = read_word(call.parameter("lockCause"), "?lockCause", &sync::lock_cause_of, cause_words, faults);
  if (const auto* location = call.parameter("locationId")) filter.location_id = *location;
  filter.locked_before = call.instant("lockedBefore", faults);
  // Whoever has been gone longest comes first.
  filter.oldest_discharge_first = filter.worklist == sync::Worklist::discharged_no_destination;
  filter.limit = call.limit(faults);
  filter.cursor = call.cursor();
  if (!faults.empty()) return fault_error(std::move(faults));
  const auto page = HANDOFF_TRY(call.parts.emr.records(call.organization(), of.connection.id, filter));
  Json items = Json::array();
  std::vector<std::string> ids;
  for (const auto& record : page.items) {
    items.push_back(record_json(call, record, of));
    ids.push_back(record.casefile);
  }
  HANDOFF_TRY(call.looked_at_list("emr_record.list", "emr_record", std::move(ids)));
  return Call::page(std::move(items), page.next_cursor);
}

Result<net::Response> get_emr_record(Call& call) {
  const ConnectionWithState of = HANDOFF_TRY(find_connection(call));
  const auto record = HANDOFF_TRY(call.parts.emr.record(call.organization(), of.connection.id, call.names.at(1)));
  if (!record) return Call::not_found("emr_record");
  HANDOFF_TRY(call.looked("emr_record.read", "emr_record", record->casefile, {call.organization()}));
  const Json shown = record_json(call, *record, of);
  return Call::json(200, shown, record->row_version);
}

// --- destinations ---------------------------------------------------------------------------------------------------

Result<net::Response> list_emr_destinations(Call& call) {
  const ConnectionWithState of = HANDOFF_TRY(find_connection(call));
  return page_by_key(
      call, HANDOFF_TRY(call.parts.emr.destinations(call.organization(), of.connection.id)),
      [](const sync::DestinationLink& link) { return link.key; },
      [](const sync::DestinationLink& link) { return sync::destination_link_to_json(link); });
}

namespace {

// The charts whose destination stands under this key and is not linked yet, and how the chart calls it.
struct Waiting {
  std::vector<std::string> casefiles;
  Text name;
};
Result<Waiting> waiting_for(const Call& call, const EmrConnectionId& id, const std::string& key) {
  Waiting waiting;
  sync::RecordFilter filter;
  filter.worklist = sync::Worklist::unmapped_destination;
  filter.limit = page_max;
  do {
    const auto page = HANDOFF_TRY(call.parts.emr.records(call.organization(), id, filter));
    for (const auto& record : page.items) {
      const auto keys = sync::destination_keys(record.applied);
      if (std::find(keys.begin(), keys.end(), key) == keys.end()) continue;
      waiting.casefiles.push_back(record.casefile);
      waiting.name = record.applied.name;
    }
    filter.cursor = page.next_cursor;
  } while (filter.cursor);
  return waiting;
}

}  // namespace

Result<net::Response> put_emr_destination(Call& call) {
  const ConnectionWithState of = HANDOFF_TRY(find_connection(call));
  const EmrConnectionId id = of.connection.id;
  std::string key = call.names.at(1);
  Faults faults;
  if (key.size() > key_max) faults.push_back({"", "property.too_long", "The id of a contact, at most 300 characters."});
  if (key.starts_with("name:")) key = "name:" + sync::fold_name(std::string_view(key).substr(5));
  sync::DestinationLink link;
  sync::read_destination_link(call.body, link, faults);
  if (faults.empty() && link.listing && !HANDOFF_TRY(call.parts.referrals.listing(call.organization(), *link.listing)))
    faults.push_back({"/listingId", "listing.not_found",
                      "There is no such listing for this organization; GET /listings and GET "
                      "/listings?scope=exchange show those there are."});
  if (!faults.empty()) return fault_error(std::move(faults));
  link.connection = id;
  link.key = key;
  const Waiting waiting = HANDOFF_TRY(waiting_for(call, id, key));
  exchange::Needs needs;
  // Charts may name a linked contact by its name alone; the link is found under both.
  const std::string folded = key.starts_with("name:") ? std::string() : sync::fold_name(waiting.name.reveal());
  const std::string name_key = folded.empty() ? std::string() : "name:" + folded;
  std::vector<std::string> keys{key};
  if (!name_key.empty()) keys.push_back(name_key);
  needs.rooms.push_back(needs_of(id, {}, keys));
  auto answer = call.change(std::move(needs), [&](OfficeUnit& office) -> Result<CommandAnswer> {
    sync::Unit& unit = part_of<sync::Unit>(office);
    if (!unit.connection(id)) return no_such_connection();
    const sync::DestinationLink* before = unit.destination(id, key);
    link.name = before ? before->name : waiting.name;
    link.linked_at = office.now();
    link.linked_by = office.actor().id;
    unit.save(link);
    if (!name_key.empty() && unit.destination(id, name_key) == nullptr) {
      sync::DestinationLink by_name = link;
      by_name.key = name_key;
      unit.save(by_name);
    }
    for (const auto& casefile : waiting.casefiles)
      unit.add(sync::Hint{id, casefile, 0, office.now(), "destination_linked"});
    office.audit(call.organization(), before ? "emr_destination.change" : "emr_destination.link", "emr_connection",
                 id.text(), Json::object({{"contactId", key}}));
    Json shown = sync::destination_link_to_json(link);
    shown.set("waitingRecords", waiting.casefiles.size());
    return CommandAnswer{200, std::move(shown), std::nullopt, {}};
  });
  if (answer) call.parts.emr_desk.look_at(id);
  return answer;
}

Result<net::Response> delete_emr_destination(Call& call) {
  const ConnectionWithState of = HANDOFF_TRY(find_connection(call));
  const EmrConnectionId id = of.connection.id;
  const std::string& key = call.names.at(1);
  exchange::Needs needs;
  needs.rooms.push_back(needs_of(id, {}, {key}));
  return call.change(std::move(needs), [&](OfficeUnit& office) -> Result<CommandAnswer> {
    sync::Unit& unit = part_of<sync::Unit>(office);
    if (!unit.destination(id, key)) return Call::not_found("emr_destination");
    unit.forget_destination(id, key);
    office.audit(call.organization(), "emr_destination.forget", "emr_connection", id.text(),
                 Json::object({{"contactId", key}}));
    return CommandAnswer{204, {}, std::nullopt, {}};
  });
}

// --- locks ----------------------------------------------------------------------------------------------------------

Result<net::Response> unlock_emr_records(Call& call) {
  const ConnectionWithState of = HANDOFF_TRY(find_connection(call));
  const EmrConnectionId id = of.connection.id;
  Faults faults;
  call.members({"lockCause", "locationId", "lockedBefore", "olderThanHours", "casefileIds", "reason"}, faults);
  sync::RecordFilter filter;
  filter.state = sync::RecordState::locked;
  if (const auto cause = call.optional_text("lockCause", word_max, faults))
    filter.lock_cause = read_word(&*cause, "/lockCause", &sync::lock_cause_of, cause_words, faults);
  filter.location_id = call.optional_text("locationId", word_max, faults);
  if (const auto before = call.optional_text("lockedBefore", word_max, faults)) {
    const auto at = parse_instant(*before);
    if (at) {
      filter.locked_before = at->at;
    } else {
      faults.push_back({"/lockedBefore", at.error().code, at.error().for_caller});
    }
  }
  const Json& hours = call.body["olderThanHours"];
  if (!hours.is_null()) {
    const auto count = hours.integer();
    if (!count || *count < 0 || *count > 24 * 3660) {
      faults.push_back({"/olderThanHours", "property.out_of_range", "A whole number of hours from 0 on."});
    } else {
      filter.locked_before = call.now() - std::chrono::hours{*count};
    }
  }
  std::vector<std::string> only;
  const Json& casefiles = call.body["casefileIds"];
  if (!casefiles.is_null()) {
    if (!casefiles.is_array() || casefiles.size() == 0 || casefiles.size() > casefiles_max) {
      faults.push_back({"/casefileIds", "request.bad_list", "Send a list of 1 to 200 casefile ids."});
    } else {
      for (const Json& each : casefiles.items()) only.push_back(each.text_or());
    }
  }
  const std::string reason = call.optional_text("reason", reason_max, faults).value_or("");
  if (!faults.empty()) return fault_error(std::move(faults));

  std::vector<std::string> chosen;
  filter.limit = page_max;
  do {
    const auto page = HANDOFF_TRY(call.parts.emr.records(call.organization(), id, filter));
    for (const auto& record : page.items) {
      if (only.empty() || std::find(only.begin(), only.end(), record.casefile) != only.end())
        chosen.push_back(record.casefile);
    }
    filter.cursor = page.next_cursor;
  } while (filter.cursor);
  // Some at a time: a commit stays short however many there are. What is unlocked stays so where a later one fails.
  const std::string cause = "blk_" + sortable_text(call.now(), call.parts.random);
  Json items = Json::array();
  std::int64_t unlocked = 0;
  for (std::size_t from = 0; from < chosen.size(); from += page_max) {
    const std::vector<std::string> some(
        chosen.begin() + static_cast<std::ptrdiff_t>(from),
        chosen.begin() + static_cast<std::ptrdiff_t>(std::min(chosen.size(), from + page_max)));
    exchange::Command command;
    command.actor = call.actor;
    command.cause = cause;
    command.needs.rooms.push_back(needs_of(id, some));
    Json done;
    command.run = [&](OfficeUnit& office) -> Result<CommandAnswer> {
      done = Json::array();
      for (const auto& casefile : some) {
        const bool was_locked = HANDOFF_TRY(sync::unlock(office, id, casefile, reason));
        const LinkedRecord* record = part_of<sync::Unit>(office).record(id, casefile);
        if (!was_locked || !record) continue;
        done.push_back(
            Json::object({{"casefileId", casefile},
                          {"intakeOpportunityId", record->opportunity ? Json(record->opportunity->text()) : Json()}}));
      }
      return CommandAnswer{};
    };
    HANDOFF_TRY(call.parts.ledger.run(std::move(command)));
    for (auto& each : done.items()) items.push_back(std::move(each));
  }
  unlocked = static_cast<std::int64_t>(items.size());
  if (unlocked > 0) call.parts.emr_desk.look_at(id);
  return call.answer(Json::object({{"causeId", cause}, {"unlocked", unlocked}, {"items", std::move(items)}}));
}

}  // namespace handoff::face::own

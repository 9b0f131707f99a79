#include "sync/promise.h"

#include <algorithm>

#include "base/text.h"
#include "sync/evaluate.h"
#include "sync/words.h"

namespace handoff::sync {
namespace {

constexpr const char* field_name = "\"Discharge/Transition To (Discharging To)\"";

std::string waiting_words(const LinkedRecord& record) {
  if (record.waiting.empty()) return "";
  const auto count = record.waiting.size();
  std::string text = std::to_string(count) + (count == 1 ? " change waits" : " changes wait");
  for (const auto& change : record.waiting) {
    if (change.label == "Discharging To") return text + (count == 1 ? ": Discharging To" : ", one is Discharging To");
  }
  return text;
}

void say_why(const LinkedRecord& record, const EmrConnection& connection, const PullState& state, Promise& out) {
  const auto say = [&](const char* code, std::string sentence) {
    out.why_code = code;
    out.why_no_referral = std::move(sentence);
  };
  const Json& chart = record.chart.reveal();
  if (record.standing_referral() != nullptr) return;
  if (record.state == RecordState::tombstoned) return say("error", "Error: the chart was deleted in the EMR.");
  if (record.state == RecordState::missing) {
    return say("error", "Error: the EMR does not have this chart any more.");
  }
  // What stands in the chart makes none, locked or not; a lock matters where something may wait behind it.
  const bool destination_waits = std::any_of(record.waiting.begin(), record.waiting.end(),
                                             [](const WaitingChange& one) { return one.label == "Discharging To"; });
  const auto missing = missing_names(chart);
  const bool settled =
      !record.applied.empty() && (!record.disposition.empty() || record.internal_transfer || !missing.empty());
  if (record.state == RecordState::locked && (destination_waits || !settled)) {
    const std::string waits = waiting_words(record);
    return say("locked", "Locked: the patient is discharged and EMR updates are locked" +
                             (waits.empty() ? std::string() : "; " + waits) +
                             ". Use \"Unlock EMR Updates\", then it follows with the next pull.");
  }
  if (record.read_due) {
    return say("waiting_for_next_pull", "Waiting for next pull: the record was unlocked and is read next.");
  }
  if (!record.problem_code.empty()) return say("error", "Error: " + record.problem_sentence);
  if (record.historical) {
    return say("historical", "Historical: discharged before the start date of the connection.");
  }
  if (record.applied.empty()) {
    if (state.stopped || !state.last_pull_at) {
      return say("waiting_for_next_pull",
                 "Waiting for next pull: " +
                     (state.fault_sentence.empty() ? std::string("there was none yet.") : state.fault_sentence));
    }
    return say("not_filled",
               std::string("Not filled: ") + field_name + " is empty in the EMR. " +
                   (record.discharged() ? "The patient is discharged already; fill it there."
                                        : "Complete 'Discharging To' before the patient is fully discharged."));
  }
  if (!record.disposition.empty()) {
    return say("non_destination", std::string("Non-destination: what ") + field_name +
                                      " says is where the patient goes, and nobody a referral could be sent to.");
  }
  if (record.internal_transfer) {
    return say("internal_transfer", "Internal transfer: the destination is one of the organization's own locations.");
  }
  if (!missing.empty()) {
    return say("prerequisite_missing",
               "Prerequisite missing: the chart has no " + join(missing, " and no ") + "; fill it in the EMR.");
  }
  if (!connection.enabled) return say("waiting_for_next_pull", "Waiting for next pull: the connection is off.");
  say("waiting_for_next_pull", "Waiting for next pull.");
}

}  // namespace

Promise promise_of(const LinkedRecord& record, const EmrConnection& connection, const PullState& state, Instant now) {
  Promise out;
  out.last_pull_at = state.last_pull_at;
  const bool pulling = connection.enabled && !connection.deleted && !state.stopped;
  if (pulling) out.next_pull_at = std::max(state.next_pull_at.value_or(now), now);
  const bool follows = record.state != RecordState::locked && record.state != RecordState::tombstoned;
  if (pulling && follows) {
    // The next run, and one cycle more for a value that is saved while it reads; cycles vary by a tenth.
    out.visible_by =
        *out.next_pull_at + minutes{connection.schedule_minutes} * 11 / 10 + seconds{connection.settle_seconds};
  }
  say_why(record, connection, state, out);
  return out;
}

Json linked_record_to_json(const LinkedRecord& record, const EmrConnection& connection, const PullState& state,
                           Instant now) {
  const Promise promise = promise_of(record, connection, state, now);
  Json ids = Json::array(), flags = Json::array(), lists = Json::array(), waiting = Json::array();
  for (const auto& one : record.referrals) ids.push_back(one.id.text());
  for (const auto& flag : record.flags) {
    flags.push_back(
        Json::object({{"code", flag.code}, {"sentence", flag.sentence}, {"since", format_instant(flag.since)}}));
  }
  for (const auto list : worklists) {
    if (record.worklists & static_cast<unsigned>(list)) lists.push_back(word(list));
  }
  for (const auto& change : record.waiting) {
    waiting.push_back(Json::object({{"field", change.field}, {"label", change.label}}));
  }
  Json days;
  if (record.discharge_day) {
    const auto at = parse_instant(record.discharge_day->text() + "T00:00:00Z").value().at;
    days = std::max<std::int64_t>(0, std::chrono::floor<std::chrono::days>(now - at).count());
  }
  return Json::object({{"casefileId", record.casefile},
                       {"connectionId", record.connection.text()},
                       {"state", word(record.state)},
                       {"label", label(record.state)},
                       {"lockCause", record.lock ? Json(word(record.lock->cause)) : Json()},
                       {"lockedAt", instant_json(record.locked_at)},
                       {"unlockedAt", instant_json(record.unlocked_at)},
                       {"waitingChanges", static_cast<std::int64_t>(record.waiting.size())},
                       {"waiting", std::move(waiting)},
                       {"lastChangeAt", instant_json(record.changed_at)},
                       {"lastPullAt", instant_json(promise.last_pull_at)},
                       {"nextPullAt", instant_json(promise.next_pull_at)},
                       {"visibleBy", instant_json(promise.visible_by)},
                       {"whyNoReferral", text_or_null(promise.why_no_referral)},
                       {"whyNoReferralCode", text_or_null(promise.why_code)},
                       {"referralIds", std::move(ids)},
                       {"stay", record.stay},
                       {"locationId", text_or_null(record.location_id)},
                       {"dischargeDate", day_json(record.discharge_day)},
                       {"daysSinceDischarge", std::move(days)},
                       {"anticipatedDischargeDate", day_json(record.anticipated_discharge_day)},
                       {"dischargingTo", text_or_null(record.applied.name.reveal())},
                       {"dischargingToContactId", text_or_null(record.applied.contact_id)},
                       {"disposition", text_or_null(record.disposition)},
                       {"internalTransfer", record.internal_transfer},
                       {"historical", record.historical},
                       {"worklists", std::move(lists)},
                       {"flags", std::move(flags)}});
}

}  // namespace handoff::sync

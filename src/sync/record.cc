#include "sync/record.h"

#include <algorithm>
#include <array>

#include "sync/words.h"

namespace handoff::sync {
namespace {
constexpr std::array state_words{"linked",  "discharged_open", "locked", "unlocked", "waiting_for_chart",
                                 "missing", "tombstoned"};
constexpr std::array state_labels{"Linked",
                                  "Patient Discharged",
                                  "Patient Discharged: EMR Updates Locked",
                                  "Patient Discharged: EMR Updates Unlocked",
                                  "Waiting for the Chart",
                                  "Not Found in the EMR",
                                  "Deleted in the EMR"};
constexpr std::array cause_words{"chart_hook_never_seen", "chart_hook_inactive", "policy", "manual"};

struct WorklistRow {
  Worklist list;
  const char* word;
  const char* advice;
};
constexpr std::array worklist_rows{
    WorklistRow{Worklist::locked, "locked",
                "Use \"Unlock EMR Updates\" on these records, and see that the Chart Update webhook is active in the "
                "EMR."},
    WorklistRow{Worklist::discharged_no_destination, "discharged_no_destination",
                "Fill \"Discharge/Transition To (Discharging To)\" of these charts in the EMR."},
    WorklistRow{Worklist::unmapped_destination, "unmapped_destination",
                "Link these destinations to a listing or a recipient; the link is remembered."},
    WorklistRow{Worklist::anticipated_no_destination, "anticipated_no_destination",
                "Complete 'Discharging To' before the patient is fully discharged."},
    WorklistRow{Worklist::historical, "historical",
                "Discharged before the start date of the connection; no referrals are made for them unless it says "
                "so."},
    WorklistRow{Worklist::failed, "failed", "These could not be read; they are tried again by themselves."},
    WorklistRow{Worklist::flagged, "flagged",
                "The chart changed after the referral was acted on; decide what becomes of the referral."},
};
}  // namespace

const char* word(RecordState state) { return state_words[static_cast<std::size_t>(state)]; }
std::optional<RecordState> record_state_of(std::string_view word) { return value_of<RecordState>(state_words, word); }
const char* label(RecordState state) { return state_labels[static_cast<std::size_t>(state)]; }
const char* word(LockCause cause) { return cause_words[static_cast<std::size_t>(cause)]; }
std::optional<LockCause> lock_cause_of(std::string_view word) { return value_of<LockCause>(cause_words, word); }

const char* word(Worklist list) {
  for (const auto& row : worklist_rows) {
    if (row.list == list) return row.word;
  }
  return "";
}
std::optional<Worklist> worklist_of(std::string_view word) {
  for (const auto& row : worklist_rows) {
    if (word == row.word) return row.list;
  }
  return std::nullopt;
}
const char* advice(Worklist list) {
  for (const auto& row : worklist_rows) {
    if (row.list == list) return row.advice;
  }
  return "";
}

const RecordReferral* LinkedRecord::standing_referral() const {
  for (auto at = referrals.rbegin(); at != referrals.rend(); ++at) {
    if (at->stay == stay && at->standing()) return &*at;
  }
  return nullptr;
}

Json record_to_stored(const LinkedRecord& r) {
  Json waiting = Json::array(), referrals = Json::array(), flags = Json::array();
  for (const auto& w : r.waiting) waiting.push_back(Json::object({{"field", w.field}, {"label", w.label}}));
  for (const auto& one : r.referrals) {
    referrals.push_back(Json::object({{"id", one.id.text()},
                                      {"number", one.number},
                                      {"stay", one.stay},
                                      {"revision", one.revision},
                                      {"contactId", one.destination.contact_id},
                                      {"name", one.destination.name.reveal()},
                                      {"target", one.target},
                                      {"replaces", one.replaces ? Json(one.replaces->text()) : Json()},
                                      {"ended", one.ended}}));
  }
  for (const auto& f : r.flags) {
    flags.push_back(Json::object({{"code", f.code}, {"sentence", f.sentence}, {"since", to_ms(f.since)}}));
  }
  Json lock;
  if (r.lock) {
    lock = Json::object({{"at", to_ms(r.lock->at)},
                         {"run", r.lock->run ? Json(r.lock->run->text()) : Json()},
                         {"cause", word(r.lock->cause)},
                         {"appliedUpdatedAt", ms_json(r.lock->applied_updated_at)}});
  }
  return Json::object({{"stay", r.stay},
                       {"revision", r.revision},
                       {"chart", r.chart.reveal()},
                       {"contactId", r.applied.contact_id},
                       {"name", r.applied.name.reveal()},
                       {"admissionDay", day_json(r.admission_day)},
                       {"anticipatedDischargeDay", day_json(r.anticipated_discharge_day)},
                       {"lock", std::move(lock)},
                       {"unlockedAt", ms_json(r.unlocked_at)},
                       {"unlockedBy", r.unlocked_by},
                       {"unlockReason", r.unlock_reason},
                       {"readDue", r.read_due},
                       {"waiting", std::move(waiting)},
                       {"referrals", std::move(referrals)},
                       {"flags", std::move(flags)},
                       {"disposition", r.disposition},
                       {"internalTransfer", r.internal_transfer},
                       {"historical", r.historical},
                       {"problemCode", r.problem_code},
                       {"problemSentence", r.problem_sentence},
                       {"firstSeenAt", to_ms(r.first_seen_at)},
                       {"createdByRun", r.created_by_run ? Json(r.created_by_run->text()) : Json()}});
}

void record_from_stored(const Json& j, LinkedRecord& r) {
  r.stay = j["stay"].int_or(1);
  r.revision = j["revision"].int_or(0);
  r.chart = Private(j["chart"]);
  r.applied = {j["contactId"].text_or(), Text(j["name"].text_or())};
  r.admission_day = day_of(j["admissionDay"]);
  r.anticipated_discharge_day = day_of(j["anticipatedDischargeDay"]);
  r.lock.reset();
  if (const Json& lock = j["lock"]; lock.is_object()) {
    Lock one;
    one.at = from_ms(lock["at"].int_or(0));
    if (lock["run"].is_string()) one.run = EmrRunId::trusted(lock["run"].string());
    one.cause = lock_cause_of(lock["cause"].text_or()).value_or(LockCause::policy);
    one.applied_updated_at = ms_of(lock["appliedUpdatedAt"]);
    r.lock = one;
  }
  r.unlocked_at = ms_of(j["unlockedAt"]);
  r.unlocked_by = j["unlockedBy"].text_or();
  r.unlock_reason = j["unlockReason"].text_or();
  r.read_due = j["readDue"].bool_or(false);
  r.waiting.clear();
  if (j["waiting"].is_array()) {
    for (const Json& w : j["waiting"].items()) r.waiting.push_back({w["field"].text_or(), w["label"].text_or()});
  }
  r.referrals.clear();
  if (j["referrals"].is_array()) {
    for (const Json& one : j["referrals"].items()) {
      RecordReferral referral;
      referral.id = ReferralId::trusted(one["id"].text_or());
      referral.number = one["number"].text_or();
      referral.stay = one["stay"].int_or(1);
      referral.revision = one["revision"].int_or(1);
      referral.destination = {one["contactId"].text_or(), Text(one["name"].text_or())};
      referral.target = one["target"].text_or();
      if (one["replaces"].is_string()) referral.replaces = ReferralId::trusted(one["replaces"].string());
      referral.ended = one["ended"].text_or();
      r.referrals.push_back(std::move(referral));
    }
  }
  r.flags.clear();
  if (j["flags"].is_array()) {
    for (const Json& f : j["flags"].items()) {
      r.flags.push_back({f["code"].text_or(), f["sentence"].text_or(), from_ms(f["since"].int_or(0))});
    }
  }
  r.disposition = j["disposition"].text_or();
  r.internal_transfer = j["internalTransfer"].bool_or(false);
  r.historical = j["historical"].bool_or(false);
  r.problem_code = j["problemCode"].text_or();
  r.problem_sentence = j["problemSentence"].text_or();
  r.first_seen_at = from_ms(j["firstSeenAt"].int_or(0));
  r.created_by_run.reset();
  if (j["createdByRun"].is_string()) r.created_by_run = EmrRunId::trusted(j["createdByRun"].string());
}

}  // namespace handoff::sync

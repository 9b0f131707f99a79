#include "sync/lock.h"

#include "base/text.h"
#include "sync/chart.h"
#include "sync/evaluate.h"
#include "sync/hook_health.h"

namespace handoff::sync {
namespace {

Error no_such_record() {
  return Error{
      Kind::not_found, "emr_record.not_found", "There is no such linked record for this organization.", {}, {}};
}

void tell(referral::Unit& unit, Unit& part, const LinkedRecord& record, const char* type, std::string sentence,
          Json detail) {
  EmrEvent event;
  event.connection = record.connection;
  event.organization = record.organization;
  event.type = type;
  event.casefile = record.casefile;
  event.sentence = std::move(sentence);
  event.detail = std::move(detail);
  event.at = unit.now();
  part.add(event);
}

}  // namespace

std::optional<LockCause> lock_cause(const EmrConnection& connection, const HookSlot& chart_update,
                                    const LinkedRecord& record, Instant now) {
  if (!record.discharged() || record.unlocked_at || record.historical) return std::nullopt;
  LockPolicy policy = connection.lock_policy;
  // Where the EMR has no webhooks nothing is missing, or every discharge would lock (kipu-dazos, 10.3).
  if (connection.webhooks == Webhooks::not_used && policy == LockPolicy::missing_hook) policy = LockPolicy::quiet_days;
  switch (policy) {
    case LockPolicy::never: return std::nullopt;
    case LockPolicy::missing_hook:
      if (!counts_as_missing(chart_update, now)) return std::nullopt;
      return chart_update.state == HookState::inactive ? LockCause::chart_hook_inactive
                                                       : LockCause::chart_hook_never_seen;
    case LockPolicy::quiet_days: {
      const auto quiet_since = record.changed_at.value_or(record.first_seen_at);
      const auto discharged = parse_instant(record.discharge_day->text() + "T00:00:00Z").value().at;
      const auto wait = std::chrono::days{connection.quiet_days};
      return now - quiet_since >= wait && now - discharged >= wait ? std::optional(LockCause::policy) : std::nullopt;
    }
  }
  return std::nullopt;
}

void set_lock(referral::Unit& unit, LinkedRecord& record, LockCause cause, const std::optional<EmrRunId>& run) {
  record.state = RecordState::locked;
  record.lock = Lock{unit.now(), run, cause, record.row_updated_at};
  record.locked_at = unit.now();
  record.unlocked_at.reset();
  record.unlocked_by.clear();
  record.waiting.clear();
  const std::string sentence =
      std::string("A record became \"") + label(RecordState::locked) +
      "\". Complete 'Discharging To' before the patient is fully discharged; use \"Unlock EMR Updates\" to let "
      "updates through.";
  tell(unit, part_of<Unit>(unit), record, "emr.record_locked", sentence, Json::object({{"cause", word(cause)}}));
}

void release_lock(referral::Unit& unit, LinkedRecord& record, const std::string& by, const std::string& reason) {
  const Json cause = record.lock ? Json(word(record.lock->cause)) : Json();
  record.state = RecordState::unlocked;
  record.lock.reset();
  record.locked_at.reset();
  record.unlocked_at = unit.now();
  record.unlocked_by = by;
  record.unlock_reason = reason;
  record.read_due = true;
  record.worklists = worklists_of(record);
  const std::string sentence = "EMR updates of a record were unlocked; its chart is read next.";
  tell(unit, part_of<Unit>(unit), record, "emr.record_unlocked", sentence,
       Json::object({{"cause", cause}, {"waitingChanges", static_cast<std::int64_t>(record.waiting.size())}}));
}

Result<bool> unlock(referral::Unit& unit, const EmrConnectionId& id, const std::string& casefile,
                    const std::string& reason) {
  Unit& part = part_of<Unit>(unit);
  const EmrConnection* connection = part.connection(id);
  const LinkedRecord* found = connection == nullptr ? nullptr : part.record(id, casefile);
  if (found == nullptr) return no_such_record();
  if (utf8_length(reason) > 2000) {
    return fault_error({{"/reason", "property.too_long", "At most 2000 characters."}});
  }
  if (found->state != RecordState::locked) return false;
  LinkedRecord record = *found;
  release_lock(unit, record, unit.actor().id, reason);
  record.row_version += 1;
  part.save(record);
  // In strict mode the next cycle reads it, as the founding document has it.
  if (connection->read_mode == ReadMode::shadow) {
    Hint hint;
    hint.connection = id;
    hint.casefile = casefile;
    hint.at = unit.now();
    hint.why = "unlock";
    part.add(hint);
  }
  unit.audit(record.organization, "emr.unlock", "emr_record", casefile,
             Json::object({{"connectionId", id.text()}, {"hasReason", !reason.empty()}}));
  return true;
}

Result<bool> lock_by_hand(referral::Unit& unit, const EmrConnectionId& id, const std::string& casefile) {
  Unit& part = part_of<Unit>(unit);
  const LinkedRecord* found = part.connection(id) == nullptr ? nullptr : part.record(id, casefile);
  if (found == nullptr) return no_such_record();
  if (found->state == RecordState::locked) return false;
  if (!found->discharged() || found->state == RecordState::tombstoned || found->state == RecordState::missing) {
    return Error{
        Kind::conflict, "emr_record.not_discharged", "Only the record of a discharged patient can be locked.", {}, {}};
  }
  LinkedRecord record = *found;
  set_lock(unit, record, LockCause::manual, std::nullopt);
  record.worklists = worklists_of(record);
  record.row_version += 1;
  part.save(record);
  unit.audit(record.organization, "emr.lock", "emr_record", casefile, Json::object({{"connectionId", id.text()}}));
  return true;
}

}  // namespace handoff::sync

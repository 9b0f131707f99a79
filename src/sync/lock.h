// Locking and unlocking linked records (kipu-dazos, 10.3). No lock is silent: each makes an event, stands in a worklist
// and says what waits behind it.
#pragma once

#include <string>

#include "sync/reader.h"
#include "sync/store.h"

namespace handoff::sync {

// Why a discharged record of this connection would be locked now; nothing where it stays open.
std::optional<LockCause> lock_cause(const EmrConnection& connection, const HookSlot& chart_update,
                                    const LinkedRecord& record, Instant now);

// Locks `record` and tells it; whoever calls saves the record. `run`: nothing where it is by hand.
void set_lock(referral::Unit& unit, LinkedRecord& record, LockCause cause, const std::optional<EmrRunId>& run);
// Releases it: sticky, and read next. `by` is an actor's id or "automatic".
void release_lock(referral::Unit& unit, LinkedRecord& record, const std::string& by, const std::string& reason);

// "Unlock EMR Updates". Sticky, audited, idempotent: true where it was locked. The record is read next: at once in
// shadow mode, with the next cycle in strict mode. Needs {connection, {casefile}}. Error "emr_record.not_found".
Result<bool> unlock(referral::Unit& unit, const EmrConnectionId& connection, const std::string& casefile,
                    const std::string& reason);
// By hand (cause `manual`), for a discharged record. True where it was not locked. Error "emr_record.not_discharged".
Result<bool> lock_by_hand(referral::Unit& unit, const EmrConnectionId& connection, const std::string& casefile);

}  // namespace handoff::sync

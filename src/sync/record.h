// A linked record: one casefile of one connection, as it was last applied, and what it became here.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/id.h"
#include "base/json.h"
#include "base/private.h"
#include "base/time.h"

namespace handoff::sync {

// kipu-dazos, 10.3.
enum class RecordState { linked, discharged_open, locked, unlocked, waiting_for_chart, missing, tombstoned };
inline constexpr RecordState record_states[] = {
    RecordState::linked,    RecordState::discharged_open,   RecordState::locked,
    RecordState::unlocked,  RecordState::waiting_for_chart, RecordState::missing,
    RecordState::tombstoned};
const char* word(RecordState state);
std::optional<RecordState> record_state_of(std::string_view word);
// What people see: "Patient Discharged: EMR Updates Locked" for a locked one.
const char* label(RecordState state);

enum class LockCause { chart_hook_never_seen, chart_hook_inactive, policy, manual };
const char* word(LockCause cause);
std::optional<LockCause> lock_cause_of(std::string_view word);

// Lists of records that somebody should work on; bits, so that a column can hold them.
enum class Worklist : unsigned {
  locked = 1,
  discharged_no_destination = 2,
  unmapped_destination = 4,
  anticipated_no_destination = 8,  // leaves soon, and "Discharging To" is empty
  historical = 16,                 // discharged before the start date
  failed = 32,                     // could not be read or applied; tried again by itself
  flagged = 64,                    // removed, undone or deleted in the EMR after it was acted on
};
inline constexpr Worklist worklists[] = {Worklist::locked,
                                         Worklist::discharged_no_destination,
                                         Worklist::unmapped_destination,
                                         Worklist::anticipated_no_destination,
                                         Worklist::historical,
                                         Worklist::failed,
                                         Worklist::flagged};
const char* word(Worklist list);
std::optional<Worklist> worklist_of(std::string_view word);
// The words of the list and, in a sentence, what to do: "Complete 'Discharging To' before the patient is fully
// discharged".
const char* advice(Worklist list);

struct Lock {
  Instant at{};
  std::optional<EmrRunId> run;  // nothing: by hand
  LockCause cause = LockCause::policy;
  std::optional<Instant> applied_updated_at;  // the chart's own time of what was last applied
};

// A change that a locked record does not follow. The values stay in the EMR.
struct WaitingChange {
  std::string field;  // "destination", "dischargeDate", …
  std::string label;  // "Discharging To"
  friend bool operator==(const WaitingChange&, const WaitingChange&) = default;
};

// "Discharge/Transition To (Discharging To)" as the chart holds it. Both empty: not filled.
struct Destination {
  std::string contact_id;
  Text name;  // raw
  bool empty() const { return contact_id.empty() && name.reveal().empty(); }
  friend bool operator==(const Destination&, const Destination&) = default;
};

// A referral that the record became.
struct RecordReferral {
  ReferralId id;
  std::string number;  // "R-2026-000123"
  std::int64_t stay = 1, revision = 1;
  Destination destination;
  std::string target;                  // what the destination was resolved to (destination.h), to see a new link
  std::optional<ReferralId> replaces;  // the one before it, where staff changed the destination
  std::string ended;                   // "" while it stands for the chart; "voided", "redirected", "earlier_stay"
  bool standing() const { return ended.empty(); }
};

// Something that a person should know about a referral that was acted on already.
struct RecordFlag {
  std::string code;      // destination_removed, discharge_undone, deleted_in_emr
  std::string sentence;  // no personal data
  Instant since{};
};

struct LinkedRecord {
  // Columns.
  EmrConnectionId connection;
  OrganizationId organization;
  std::string casefile;  // "7:9f6c…": location patient id and patient master id
  RecordState state = RecordState::linked;
  unsigned worklists = 0;                          // bits of Worklist
  std::string location_id;                         // "" unknown
  std::string mr_number;                           // "" unknown; hooks may name nothing else
  std::string row_digest;                          // of the change feed's row that was last dealt with
  std::optional<Instant> row_updated_at;           // the chart's own time of that row
  std::optional<IntakeOpportunityId> opportunity;  // of the present stay
  std::optional<Instant> locked_at;
  std::optional<Date> discharge_day;
  std::optional<Instant> changed_at;  // when the last change of the chart was seen here
  std::optional<Instant> read_at;     // of the last detail read
  std::int64_t row_version = 0;       // 0: not saved yet

  // In the body.
  std::int64_t stay = 1;
  std::int64_t revision = 0;  // grows with each different destination of a stay
  Private<Json> chart;        // the chart as applied, source.h's keys
  Destination applied;        // the destination as applied
  std::optional<Date> admission_day, anticipated_discharge_day;
  std::optional<Lock> lock;
  std::optional<Instant> unlocked_at;  // sticky until a new stay or a lock by hand
  std::string unlocked_by;             // actor id; "automatic" where a policy did it
  std::string unlock_reason;
  bool read_due = false;                  // unlocking: read it in the next cycle, whatever its timestamp
  std::vector<WaitingChange> waiting;     // while locked, in shadow mode
  std::vector<RecordReferral> referrals;  // oldest first
  std::vector<RecordFlag> flags;
  std::string disposition;  // the non-destination the stay ended with; "" for none
  bool internal_transfer = false;
  bool historical = false;
  std::string problem_code, problem_sentence;  // why the last try failed; "" for nothing
  Instant first_seen_at{};
  std::optional<EmrRunId> created_by_run;

  const RecordReferral* standing_referral() const;  // of the present stay; nullptr where none stands
  bool discharged() const { return discharge_day.has_value(); }
};

Json record_to_stored(const LinkedRecord& record);  // the body
void record_from_stored(const Json& stored, LinkedRecord& into);

// What failed and is tried again by itself. A casefile that is not known yet has one, too.
struct Retry {
  EmrConnectionId connection;
  std::string casefile;
  std::int64_t attempts = 0;
  Instant next_at{};
  std::optional<Instant> row_updated_at;  // the watermark does not pass it
  std::string code, sentence;
};

}  // namespace handoff::sync

// Reading connections, linked records, runs and hooks, outside of any unit of work.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "referral/reader.h"
#include "sync/connection.h"
#include "sync/hook.h"
#include "sync/record.h"
#include "sync/run.h"
#include "sync/store.h"

namespace handoff::sync {

using referral::Page;

struct ConnectionWithState {
  EmrConnection connection;  // with its secret opened
  PullState state;
  std::vector<HookSlot> hooks;  // both kinds
};

struct RecordFilter {
  std::optional<RecordState> state;
  std::optional<Worklist> worklist;
  std::optional<LockCause> lock_cause;
  std::optional<std::string> location_id;
  std::optional<Instant> locked_before;  // for "older than"
  bool oldest_discharge_first = false;   // of worklist discharged_no_destination: by age
  std::size_t limit = 50;
  std::optional<std::string> cursor;
};

struct RecordCounts {
  std::map<std::string, std::int64_t> by_state;     // every state, 0 too
  std::map<std::string, std::int64_t> by_worklist;  // every worklist
  std::optional<Instant> oldest_lock_at;
};

// The little of a record that decides whether a row of the feed is new.
struct KnownRow {
  std::string row_digest;
  std::optional<Instant> row_updated_at;
  RecordState state = RecordState::linked;
  bool read_due = false;
  std::vector<ReferralId> referrals;  // that stand, to be loaded with the record
  std::string destination_key;        // of the destination as applied; "" for none
};

class Reader {
 public:
  virtual ~Reader() = default;
  virtual Result<std::vector<ConnectionWithState>> connections(const OrganizationId& asking) = 0;  // not deleted ones
  virtual Result<std::optional<ConnectionWithState>> connection(const OrganizationId& asking,
                                                                const EmrConnectionId& id) = 0;
  // By id alone, for hooks, which carry a token instead of credentials.
  virtual Result<std::optional<ConnectionWithState>> connection_for_hook(const EmrConnectionId& id) = 0;

  virtual Result<Page<LinkedRecord>> records(const OrganizationId& asking, const EmrConnectionId& id,
                                             const RecordFilter& filter) = 0;
  virtual Result<std::optional<LinkedRecord>> record(const OrganizationId& asking, const EmrConnectionId& id,
                                                     const std::string& casefile) = 0;
  virtual Result<std::optional<LinkedRecord>> record_of_opportunity(const OrganizationId& asking,
                                                                    const IntakeOpportunityId& id) = 0;
  virtual Result<RecordCounts> counts(const OrganizationId& asking, const EmrConnectionId& id) = 0;
  virtual Result<Page<Run>> runs(const OrganizationId& asking, const EmrConnectionId& id, std::size_t limit,
                                 const std::optional<std::string>& cursor) = 0;  // newest first
  virtual Result<std::optional<Run>> run(const OrganizationId& asking, const EmrRunId& id) = 0;
  virtual Result<std::vector<DestinationLink>> destinations(const OrganizationId& asking,
                                                            const EmrConnectionId& id) = 0;

  // For the pull.
  virtual Result<std::map<std::string, KnownRow>> known(const EmrConnectionId& id,
                                                        const std::vector<std::string>& casefiles) = 0;
  virtual Result<std::string> casefile_of_mr_number(const EmrConnectionId& id,
                                                    const std::string& mr_number) = 0;        // "" for none or several
  virtual Result<std::vector<Hint>> hints(const EmrConnectionId& id, std::size_t limit) = 0;  // oldest first
  virtual Result<std::vector<Retry>> retries(const EmrConnectionId& id) = 0;                  // by next_at
  // Casefiles on the active roster as known here: not discharged, not missing, not tombstoned.
  virtual Result<std::vector<std::string>> active_casefiles(const EmrConnectionId& id) = 0;
  // Discharged since that day with an empty destination, whatever their state but tombstoned.
  virtual Result<std::vector<std::string>> discharged_without_destination(const EmrConnectionId& id,
                                                                          const Date& since) = 0;
  // In these states, at most `limit`, longest unchanged first (by changed_at); `unchanged_since` leaves out newer ones.
  virtual Result<std::vector<std::string>> casefiles_in(const EmrConnectionId& id, RecordState state,
                                                        const std::optional<Instant>& unchanged_since,
                                                        std::size_t limit) = 0;
  // Locked ones with one of the two hook causes.
  virtual Result<std::vector<std::string>> locked_by_hook(const EmrConnectionId& id, std::size_t limit) = 0;
  // Records that were unlocked and not read since (read_due).
  virtual Result<std::vector<std::string>> read_due(const EmrConnectionId& id) = 0;
  // The latest accepted delivery for each of these casefiles, of that kind, not older than `since`.
  virtual Result<std::map<std::string, Instant>> latest_receipts(const EmrConnectionId& id, HookKind kind,
                                                                 const std::vector<std::string>& casefiles,
                                                                 Instant since) = 0;
};

// What people are told, newest first, and what came after a number, oldest first, for streams.
struct NumberedEvent {
  std::int64_t number = 0;
  EmrEvent event;
};
class EventReader {
 public:
  virtual ~EventReader() = default;
  virtual Result<Page<NumberedEvent>> events(const OrganizationId& asking, const EmrConnectionId& id, std::size_t limit,
                                             const std::optional<std::string>& cursor) = 0;
  virtual Result<std::vector<NumberedEvent>> events_after(const OrganizationId& asking, std::int64_t number,
                                                          std::size_t limit) = 0;
};

}  // namespace handoff::sync

// What is stored, checked against itself: decisions by deciding again, the audit trail by its hashes and sealed blocks.
// And the store's housekeeping: sealing audit rows, sweeping what has run out, counting persons.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "store/sql.h"

namespace handoff::store {

// Ids only; nothing in here is about a person.
struct DecisionMismatch {
  std::string organization, event, integration;
  std::string what;  // "outcome", "rule", "record", "event"
};
struct DecisionReport {
  std::int64_t checked = 0;         // rows of the present version of decide()
  std::int64_t other_versions = 0;  // rows an earlier release decided, which are not run again
  std::int64_t mismatch_count = 0;
  std::vector<DecisionMismatch> mismatches;  // the first hundred
};
// Runs decide() again for every decision row of the present version and compares; also that the rule a row names is
// the one its integration's version had.
Result<DecisionReport> verify_decisions(Database& database);

struct AuditFault {
  std::optional<std::int64_t> row;    // number of the first tampered row …
  std::optional<std::int64_t> block;  // … and the block it stands in, or the block that is wrong as a whole
  std::string what;                   // a sentence for the operator
};
struct AuditReport {
  std::int64_t rows = 0;
  std::int64_t blocks = 0;
  std::int64_t unsealed = 0;  // rows no block covers yet: their own hash is all that was checked
  std::string last_root;      // "" without blocks; noted elsewhere it shows a trail that was cut off
  std::optional<AuditFault> fault;
};
// Recomputes each row's hash, each block's Merkle root and the chain of blocks; stops at the first that does not fit.
Result<AuditReport> verify_audit(Database& database);

inline constexpr std::int64_t audit_block_rows_max = 10'000;

// Seals the unsealed rows, in order and at most a block full, in a transaction of its own; answers how many. Rows from
// `cut_off` on stay; without one, on PostgreSQL, rows younger than five seconds stay.
Result<std::int64_t> seal_audit(Connection& connection, Instant now, std::optional<Instant> cut_off = std::nullopt);

struct Swept {
  std::int64_t tokens = 0;
  std::int64_t idempotency_keys = 0;
};
// Deletes access tokens that have run out and idempotency keys older than the 24 hours they are kept.
Result<Swept> sweep(Connection& connection, Instant now);

// Counts the values of organizations whose persons have become a quarter more since the last time (decision 0011).
Result<void> count_persons(Connection& connection, Instant now);
// Waiting questions about persons that another model than this one has compared, at most `max`: to be looked at anew.
Result<std::vector<std::pair<OrganizationId, ReviewId>>> reviews_of_other_models(Connection& connection,
                                                                                 const std::string& model_version,
                                                                                 std::size_t max);

}  // namespace handoff::store

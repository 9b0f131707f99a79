// Carries a chart that was read into the linked record and its referral, inside one unit of work. Idempotent: the same
// chart again changes nothing, and a place for (connection, casefile, stay, revision) is taken once.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "referral/commands.h"
#include "sync/evaluate.h"
#include "sync/store.h"

namespace handoff::sync {

struct ApplyContext {
  const EmrConnection* connection = nullptr;
  const PullState* state = nullptr;
  std::optional<EmrRunId> run;
  bool by_hook = false;  // a hook asked for this read
};

// The row of the feed that led to the read, so that the next pull passes over it.
struct RowMark {
  std::string digest;
  std::optional<Instant> updated_at;
};

struct Applied {
  bool is_new = false;
  bool changed = false;  // the chart said something new, waiting changes of a locked record included
  bool created = false;  // a referral
  bool altered = false;  // a referral that was there
  bool locked = false;
  std::optional<Instant> changed_at;  // the system's own time, where `changed`
};

// Error "emr.record_moved" (conflict): the record or its referral changed since its needs were gathered; gather again.
Result<Applied> apply_chart(referral::Unit& unit, referral::Commands& commands, RecordFollower& follower,
                            const ApplyContext& context, const ChartRow& detail, const std::optional<RowMark>& row);
// The chart lies in the vault.
Result<Applied> apply_deleted(referral::Unit& unit, referral::Commands& commands, RecordFollower& follower,
                              const ApplyContext& context, const std::string& casefile);
// The system does not know it, and the vault has not told why.
Result<Applied> apply_missing(referral::Unit& unit, RecordFollower& follower, const ApplyContext& context,
                              const std::string& casefile);
// Reading or applying failed: the record says so, where there is one.
void apply_problem(referral::Unit& unit, const ApplyContext& context, const std::string& casefile,
                   const std::string& code, const std::string& sentence);

}  // namespace handoff::sync

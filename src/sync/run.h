// The journal of pulls: one row a run, written with every page, so that a run goes on after a restart where it stood.
#pragma once

#include <optional>
#include <string>

#include "base/id.h"
#include "base/json.h"
#include "base/time.h"

namespace handoff::sync {

enum class RunCause { timer, manual, hook, unlock, first_connect, replay };
enum class RunState { running, done, failed, interrupted };
const char* word(RunCause cause);
const char* word(RunState state);
std::optional<RunCause> run_cause_of(std::string_view word);
std::optional<RunState> run_state_of(std::string_view word);

struct Run {
  EmrRunId id;
  EmrConnectionId connection;
  OrganizationId organization;
  RunCause cause = RunCause::timer;
  RunState state = RunState::running;
  Instant started_at{};
  std::optional<Instant> finished_at;
  std::optional<Instant> window_from, window_to;  // server time
  std::string first_day, last_day;                // as asked of the feed
  std::optional<Instant> watermark_before, watermark_after;
  bool reconciliation = false;  // this run compared the rosters, too
  std::int64_t pages = 0, rows = 0, unchanged = 0, read = 0, applied = 0, referrals_created = 0, referrals_changed = 0,
               locked = 0, released = 0, failed = 0, missed_by_feed = 0, requests = 0;
  std::int64_t skew_ms = 0;
  std::string problem_code, problem_sentence;  // of a failed run, or of one that had to leave something out
  Json progress;  // where to go on: phase, page, what of the feed is behind; null when over
};

Json run_to_json(const Run& run);    // as the API shows it
Json run_to_stored(const Run& run);  // everything but id, connection, organization, state, started_at
void run_from_stored(const Json& stored, Run& into);

}  // namespace handoff::sync

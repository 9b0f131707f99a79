#include "sync/run.h"

#include <array>

#include "sync/words.h"

namespace handoff::sync {
namespace {
constexpr std::array cause_words{"timer", "manual", "hook", "unlock", "first_connect", "replay"};
constexpr std::array state_words{"running", "done", "failed", "interrupted"};

// The counts, each with its name in the API and in storage.
struct CountRow {
  const char* name;
  std::int64_t Run::*count;
};
constexpr std::array count_rows{
    CountRow{"pages", &Run::pages},
    CountRow{"rows", &Run::rows},
    CountRow{"unchanged", &Run::unchanged},
    CountRow{"read", &Run::read},
    CountRow{"applied", &Run::applied},
    CountRow{"referralsCreated", &Run::referrals_created},
    CountRow{"referralsChanged", &Run::referrals_changed},
    CountRow{"locked", &Run::locked},
    CountRow{"released", &Run::released},
    CountRow{"failed", &Run::failed},
    CountRow{"missedByFeed", &Run::missed_by_feed},
    CountRow{"requests", &Run::requests},
};
}  // namespace

const char* word(RunCause cause) { return cause_words[static_cast<std::size_t>(cause)]; }
const char* word(RunState state) { return state_words[static_cast<std::size_t>(state)]; }
std::optional<RunCause> run_cause_of(std::string_view word) { return value_of<RunCause>(cause_words, word); }
std::optional<RunState> run_state_of(std::string_view word) { return value_of<RunState>(state_words, word); }

Json run_to_json(const Run& run) {
  Json counts = Json::object();
  for (const auto& row : count_rows) counts.set(row.name, run.*row.count);
  return Json::object({{"id", run.id.text()},
                       {"connectionId", run.connection.text()},
                       {"cause", word(run.cause)},
                       {"state", word(run.state)},
                       {"startedAt", format_instant(run.started_at)},
                       {"finishedAt", instant_json(run.finished_at)},
                       {"windowFrom", instant_json(run.window_from)},
                       {"windowTo", instant_json(run.window_to)},
                       {"firstDay", text_or_null(run.first_day)},
                       {"lastDay", text_or_null(run.last_day)},
                       {"watermarkBefore", instant_json(run.watermark_before)},
                       {"watermarkAfter", instant_json(run.watermark_after)},
                       {"reconciliation", run.reconciliation},
                       {"counts", std::move(counts)},
                       {"clockSkewSeconds", run.skew_ms / 1000},
                       {"problem", run.problem_code.empty() ? Json()
                                                            : Json::object({{"code", run.problem_code},
                                                                            {"sentence", run.problem_sentence}})}});
}

Json run_to_stored(const Run& run) {
  Json out = Json::object({{"cause", word(run.cause)},
                           {"finishedAt", ms_json(run.finished_at)},
                           {"windowFrom", ms_json(run.window_from)},
                           {"windowTo", ms_json(run.window_to)},
                           {"firstDay", run.first_day},
                           {"lastDay", run.last_day},
                           {"watermarkBefore", ms_json(run.watermark_before)},
                           {"watermarkAfter", ms_json(run.watermark_after)},
                           {"reconciliation", run.reconciliation},
                           {"skewMs", run.skew_ms},
                           {"problemCode", run.problem_code},
                           {"problemSentence", run.problem_sentence},
                           {"progress", run.progress}});
  for (const auto& row : count_rows) out.set(row.name, run.*row.count);
  return out;
}

void run_from_stored(const Json& j, Run& run) {
  run.cause = run_cause_of(j["cause"].text_or()).value_or(RunCause::timer);
  run.finished_at = ms_of(j["finishedAt"]);
  run.window_from = ms_of(j["windowFrom"]);
  run.window_to = ms_of(j["windowTo"]);
  run.first_day = j["firstDay"].text_or();
  run.last_day = j["lastDay"].text_or();
  run.watermark_before = ms_of(j["watermarkBefore"]);
  run.watermark_after = ms_of(j["watermarkAfter"]);
  run.reconciliation = j["reconciliation"].bool_or(false);
  run.skew_ms = j["skewMs"].int_or(0);
  run.problem_code = j["problemCode"].text_or();
  run.problem_sentence = j["problemSentence"].text_or();
  run.progress = j["progress"];
  for (const auto& row : count_rows) run.*row.count = j[row.name].int_or(0);
}

}  // namespace handoff::sync

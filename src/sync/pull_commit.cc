#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "sync/hook_health.h"
#include "sync/lock.h"
#include "sync/pull.h"
#include "sync/words.h"

// The other half of pull.h: what was read is committed, with the journal and the watermark.
namespace handoff::sync {
namespace {

constexpr milliseconds commit_again_after{1000}, rest_after_failure{30'000};
constexpr milliseconds retry_base = minutes{1}, retry_max = minutes{60};
constexpr std::size_t nobody = static_cast<std::size_t>(-1);
constexpr std::chrono::hours digest_every{24}, lock_is_old{24};

Error lease_lost() {
  return Error{Kind::conflict, "emr.lease_lost", "Another process pulls from this connection now.", {}, {}};
}

const char* unlock_advice =
    "Use \"Unlock EMR Updates\" on the locked records. Complete 'Discharging To' before the patient is fully "
    "discharged.";

}  // namespace

void PullOfOne::tell(referral::Unit& unit, const char* type, std::string sentence, Json detail) const {
  EmrEvent event;
  event.connection = claimed_.id;
  event.organization = claimed_.organization;
  event.type = type;
  event.sentence = std::move(sentence);
  event.detail = std::move(detail);
  event.at = unit.now();
  part_of<Unit>(unit).add(event);
}

Result<PullCommand> PullOfOne::gather(Instant) {
  PullCommand command;
  command.actor.kind = access::ActorKind::rule;
  command.actor.id = claimed_.id.text();
  command.actor.name = of_->connection.name;
  command.actor.organization = claimed_.organization;
  command.cause = run().id.text();
  command.needs.connection = claimed_.id;
  command.needs.hooks = true;
  for (const Item& item : batch_.items) command.needs.casefiles.push_back(item.casefile);
  const auto known = HANDOFF_TRY(tools_.reader.known(claimed_.id, command.needs.casefiles));
  std::set<std::string> keys;
  for (const auto& [casefile, row] : known) {
    command.referrals.insert(command.referrals.end(), row.referrals.begin(), row.referrals.end());
    if (!row.destination_key.empty()) keys.insert(row.destination_key);
  }
  for (const Item& item : batch_.items) {
    if (!item.chart) continue;
    for (auto& key : destination_keys(destination_of(item.chart->chart.reveal()))) keys.insert(std::move(key));
  }
  command.needs.destinations.assign(keys.begin(), keys.end());
  if (!keys.empty()) {
    for (const auto& link : HANDOFF_TRY(tools_.reader.destinations(claimed_.organization, claimed_.id))) {
      if (link.listing && keys.contains(link.key)) command.listings.push_back(*link.listing);
    }
  }
  if (!command.needs.casefiles.empty()) {
    if (auto more = tools_.follower.needs(claimed_.id, command.needs.casefiles))
      command.others.push_back(std::move(more));
  }
  if (ending_) {
    // What was found under way waits to be judged, too.
    auto fresh = HANDOFF_TRY(tools_.reader.connection(claimed_.organization, claimed_.id));
    if (fresh) of_->hooks = std::move(fresh->hooks);
    for (const HookSlot& slot : of_->hooks) {
      std::vector<std::string> casefiles;
      Instant since{};
      bool first = true;
      for (const FoundChange& change : slot.pending) {
        casefiles.push_back(change.casefile);
        if (first || change.changed_at < since) since = change.changed_at;
        first = false;
      }
      auto& receipts = receipts_[static_cast<std::size_t>(slot.kind)];
      receipts.clear();
      if (casefiles.empty()) continue;
      receipts = HANDOFF_TRY(tools_.reader.latest_receipts(
          claimed_.id, slot.kind, casefiles, since - milliseconds{std::abs(conversation_.skew_ms())} - minutes{1}));
    }
    counts_ = HANDOFF_TRY(tools_.reader.counts(claimed_.organization, claimed_.id));
  }
  return command;
}

bool PullOfOne::commit(Instant now) {
  // Each turn either commits or leaves one casefile more to its retry.
  for (std::size_t turn = 0; turn < batch_.items.size() + 8; ++turn) {
    std::size_t at_fault = nobody;
    const Result<void> done = commit_once(now, at_fault);
    if (done) return true;
    const Error& error = done.error();
    if (error.code == "emr.lease_lost") {
      lost_ = true;
      return false;
    }
    if (error.code == "emr.record_moved" && ++commit_tries_ <= 3) continue;
    const bool of_the_store = error.kind == Kind::unavailable || at_fault == nobody;
    if (of_the_store) {
      log_error("emr.commit_failed",
                {{"connection", claimed_.id.text()}, {"code", error.code}, {"detail", error.for_log}});
      commit_at_ = now + commit_again_after;
      return false;
    }
    Item& item = batch_.items[at_fault];
    log_warn("emr.record_failed", {{"connection", claimed_.id.text()}, {"code", error.code}});
    item.chart.reset();
    item.missing = item.deleted = item.release = false;
    item.problem_code = error.code;
    item.problem = error.faults.empty() ? error.for_caller : error.faults.front().message;
  }
  commit_at_ = now + commit_again_after;
  return false;
}

Result<void> PullOfOne::commit_once(Instant now, std::size_t& at_fault) {
  PullCommand command = HANDOFF_TRY(gather(now));
  Written written;
  command.run = [&](referral::Unit& unit) -> Result<void> {
    written = Written{run(), {}, retries_};
    at_fault = nobody;
    return write(unit, now, at_fault, written);
  };
  HANDOFF_TRY(tools_.store.run(std::move(command)));

  retries_ = std::move(written.retries);
  of_->state = std::move(written.state);
  const bool small = batch_.small;
  (small ? small_run_ : *run_) = written.run;
  if (!ending_) {
    commit_tries_ = 0;
    after_commit(now);
    return {};
  }
  const bool failed = written.run.state == RunState::failed;
  if (failed) rest_until_ = now + rest_after_failure;
  if (!small) {
    for (const std::uint64_t number : answers_) finished_.emplace_back(number, written.run);
    answers_.clear();
    run_.reset();
    early_number_ = 0;
  }
  ending_ = false;
  batch_ = Batch{};
  step_ = Step::choose;
  return {};
}

Result<void> PullOfOne::write(referral::Unit& unit, Instant now, std::size_t& at_fault, Written& out) const {
  Unit& part = part_of<Unit>(unit);
  if (part.fence(claimed_.id) != claimed_.fence) return lease_lost();
  const EmrConnection* found = part.connection(claimed_.id);
  if (found == nullptr || found->deleted) return lease_lost();
  const EmrConnection connection = *found;
  out.state = part.pull_state(claimed_.id);
  if (locations_) out.state.locations = *locations_;
  out.state.skew_ms = conversation_.skew_ms();
  out.run.skew_ms = conversation_.skew_ms();
  out.run.requests = conversation_.requests();
  // A destination is compared with locations that were read in this very run.
  for (std::size_t i = 0; i < batch_.items.size(); ++i) {
    at_fault = i;
    HANDOFF_TRY(write_item(unit, now, batch_.items[i], connection, out));
  }
  at_fault = nobody;
  for (const Hint& hint : batch_.passed) part.forget_hint(claimed_.id, hint.casefile, hint.number);
  if (batch_.small) {
    if (ending_) {
      end(unit, now, connection, out);
    } else {
      out.run.state = RunState::done;
      out.run.finished_at = now;
    }
  } else if (ending_) {
    end(unit, now, connection, out);
  } else {
    out.state.running = out.run.id;
    out.run.state = RunState::running;
    out.run.progress = progress_json();
  }
  part.save(out.run);
  part.save(claimed_.id, out.state);
  return {};
}

Result<void> PullOfOne::write_item(referral::Unit& unit, Instant now, const Item& item, const EmrConnection& connection,
                                   Written& out) const {
  Unit& part = part_of<Unit>(unit);
  Run& run = out.run;
  ApplyContext context;
  context.connection = &connection;
  context.state = &out.state;
  context.run = run.id;
  context.by_hook = batch_.by_hook;
  if (item.release) {
    const LinkedRecord* locked = part.record(claimed_.id, item.casefile);
    if (locked != nullptr && locked->state == RecordState::locked && item.chart) {
      LinkedRecord record = *locked;
      release_lock(unit, record, "automatic", "The Chart Update webhook works again.");
      record.row_version += 1;
      part.save(record);
      run.released += 1;
    }
  }
  Applied applied;
  const auto standing_retry = out.retries.find(item.casefile);
  if (!item.problem_code.empty()) {
    Retry retry;
    if (standing_retry != out.retries.end()) retry = standing_retry->second;
    retry.connection = claimed_.id;
    retry.casefile = item.casefile;
    retry.attempts += 1;
    retry.next_at = now + retry_base + full_jitter(tools_.random, retry_base, retry.attempts, retry_max);
    if (item.row && item.row->updated_at && !retry.row_updated_at) retry.row_updated_at = item.row->updated_at;
    retry.code = item.problem_code;
    retry.sentence = item.problem;
    part.save(retry);
    out.retries.insert_or_assign(item.casefile, retry);
    apply_problem(unit, context, item.casefile, item.problem_code, item.problem);
    run.failed += 1;
  } else {
    if (item.deleted) {
      applied = HANDOFF_TRY(apply_deleted(unit, tools_.commands, tools_.follower, context, item.casefile));
    } else if (item.missing) {
      applied = HANDOFF_TRY(apply_missing(unit, tools_.follower, context, item.casefile));
      if (batch_.small && applied.changed) {
        // The vault tells whether it was deleted; the next run looks there.
        Hint hint;
        hint.connection = claimed_.id;
        hint.at = now;
        hint.why = "vault";
        part.add(hint);
      }
    } else if (item.chart) {
      applied = HANDOFF_TRY(apply_chart(unit, tools_.commands, tools_.follower, context, *item.chart, item.row));
    }
    if (standing_retry != out.retries.end()) {
      part.forget_retry(claimed_.id, item.casefile);
      out.retries.erase(standing_retry);
    }
  }
  if (item.hint_number != 0) part.forget_hint(claimed_.id, item.casefile, item.hint_number);
  if (applied.changed) run.applied += 1;
  if (applied.created) run.referrals_created += 1;
  if (applied.altered) run.referrals_changed += 1;
  if (applied.locked) run.locked += 1;
  if (item.missed && applied.changed) {
    run.missed_by_feed += 1;
    out.state.missed_by_feed += 1;
  }
  if (applied.changed && applied.changed_at && (item.chart || item.missing)) {
    // Patient Creation answers for new casefiles, Chart Update for those that are known.
    const HookKind kind = applied.is_new ? HookKind::patient_creation : HookKind::chart_update;
    HookSlot slot = part.hook(claimed_.id, kind);
    if (batch_.by_hook) {
      note_covered(slot, *applied.changed_at);
    } else {
      note_found(slot, item.casefile, *applied.changed_at, now);
    }
    part.save(slot);
  }
  return {};
}

void PullOfOne::judge_hooks(referral::Unit& unit, const EmrConnection& connection, Instant now) const {
  Unit& part = part_of<Unit>(unit);
  for (const HookKind kind : hook_kinds) {
    HookSlot slot = part.hook(claimed_.id, kind);
    judge(slot, receipts_[static_cast<std::size_t>(kind)], conversation_.skew_ms(), now);
    const HookState before = slot.state;
    const bool known = slot.state_since.has_value();
    if (settle_state(slot, connection.webhooks, now) && known) {
      const Json detail = Json::object({{"kind", word(kind)}, {"from", word(before)}, {"to", word(slot.state)}});
      const bool was_missing = before == HookState::inactive || before == HookState::never_seen ||
                               before == HookState::unconfigured || before == HookState::failing;
      if (slot.state == HookState::inactive || slot.state == HookState::failing) {
        tell(unit, "emr.hook_inactive", state_sentence(slot), detail);
      } else if (slot.state == HookState::healthy && was_missing) {
        const auto locked = counts_.by_worklist.find("locked");
        const bool offer = kind == HookKind::chart_update && connection.lock_release == LockRelease::offer &&
                           locked != counts_.by_worklist.end() && locked->second > 0;
        tell(unit, "emr.hook_healthy",
             state_sentence(slot) +
                 (offer ? " " + std::to_string(locked->second) + " locked records can be released." : std::string()),
             detail);
      }
    }
    part.save(slot);
  }
}

void PullOfOne::end(referral::Unit& unit, Instant now, const EmrConnection& connection, Written& out) const {
  Unit& part = part_of<Unit>(unit);
  Run& run = out.run;
  PullState& state = out.state;
  const bool failed = !end_code_.empty();
  run.state = failed ? RunState::failed : RunState::done;
  run.finished_at = now;
  run.problem_code = failed ? end_code_ : notes_code_;
  run.problem_sentence = failed ? end_sentence_ : notes_;
  run.progress = nullptr;
  if (!batch_.small) {
    state.running.reset();
    part.forget_hint(claimed_.id, "", early_number_);
  }
  for (const auto& [route, day] : disabled_) state.disabled_routes.emplace(route, day);

  std::string fault_code = failed ? end_code_ : "", fault_sentence = end_sentence_;
  if (!failed && std::abs(conversation_.skew_ms()) >= milliseconds{skew_warning}.count()) {
    fault_code = "emr.clock_drifts";
    fault_sentence = "The clocks of the EMR and ours differ by " +
                     std::to_string(std::abs(conversation_.skew_ms()) / 1000) +
                     " seconds: set them right; from ten minutes on nothing is pulled.";
  }
  if (fault_code != state.fault_code) {
    if (!fault_code.empty()) {
      tell(unit, "emr.connection_fault", fault_sentence, Json::object({{"code", fault_code}}));
    } else {
      const std::string sentence = "Pulling from the EMR works again.";
      tell(unit, "emr.connection_recovered", sentence, Json::object({{"code", state.fault_code}}));
    }
    state.fault_since = fault_code.empty() ? std::nullopt : std::optional(now);
  }
  state.fault_code = fault_code;
  state.fault_sentence = fault_code.empty() ? "" : fault_sentence;
  state.stopped = failed && end_stops_;
  state.failures = failed ? state.failures + 1 : 0;

  // Ten in a hundred more or less, so that many connections spread; never above an hour.
  const auto cycle = milliseconds{minutes{connection.schedule_minutes}};
  const auto tenth = static_cast<std::uint64_t>(cycle.count() / 10);
  const auto jitter = milliseconds{static_cast<std::int64_t>(tools_.random.below(2 * tenth + 1))} -
                      milliseconds{static_cast<std::int64_t>(tenth)};
  if (!batch_.small) state.next_pull_at = now + std::min<milliseconds>(cycle + jitter, minutes{60});
  if (state.stopped) state.next_pull_at.reset();
  if (batch_.small) return;

  if (!failed) {
    state.last_pull_at = now;
    if (run.window_to) {
      std::optional<Instant> reached;
      if (feed_.newest) {
        reached = std::min(*feed_.newest, *run.window_to);
      } else if (feed_.unstamped) {
        reached = run.window_to;
      }
      for (const auto& [casefile, retry] : out.retries) {
        if (reached && retry.row_updated_at && *retry.row_updated_at <= *reached) {
          reached = *retry.row_updated_at - milliseconds{1};
        }
      }
      if (reached && (!state.watermark || *state.watermark < *reached)) state.watermark = reached;
    }
    if (reconcile_) state.reconciled_day = Date::of(conversation_.server_now(now)).text();
    if (half_census_)
      tell(unit, "emr.half_census", notes_, Json::object({{"charts", static_cast<std::int64_t>(census_.size())}}));
  }
  run.watermark_after = state.watermark;
  judge_hooks(unit, connection, now);

  const bool old_lock = counts_.oldest_lock_at && now - *counts_.oldest_lock_at >= lock_is_old;
  if (old_lock && (!state.digest_at || now - *state.digest_at >= digest_every)) {
    state.digest_at = now;
    Json counts = Json::object();
    for (const auto& [list, count] : counts_.by_worklist) counts.set(list, count);
    const auto locked = counts_.by_worklist.find("locked");
    const std::int64_t count = locked == counts_.by_worklist.end() ? 0 : locked->second;
    tell(unit, "emr.digest",
         std::to_string(count) + (count == 1 ? " record stands" : " records stand") + " as \"" +
             label(RecordState::locked) + "\", the oldest since " + format_instant(*counts_.oldest_lock_at) + ". " +
             unlock_advice,
         std::move(counts));
  }
}

}  // namespace handoff::sync

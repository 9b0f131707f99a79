#include <algorithm>

#include "sync/hook_health.h"
#include "sync/pull.h"

// Of pull.h: what is compared with the rosters once a day, what lies in the vault, and what is read beside the feed.
namespace handoff::sync {
namespace {
constexpr std::chrono::days unfilled_for{14};
constexpr std::size_t half_census_least = 8;
}  // namespace

void PullOfOne::vaults_heard(Heard heard, Instant now) {
  if (heard.trouble != Trouble::none) {
    degrade(Goal::vaults, heard, now);
    if (!ending_) next_stage();
    return;
  }
  const std::size_t before = vault_.size();
  for (const ChartRow& row : heard.answer.rows) vault_.insert(row.casefile);
  const bool last =
      heard.answer.total_pages
          ? list_page_ >= *heard.answer.total_pages
          : heard.answer.rows.size() < static_cast<std::size_t>(of_->connection.page_size) || vault_.size() == before;
  if (!last) {
    list_page_ += 1;
    step_ = Step::choose;
    return;
  }
  const std::vector<std::string> casefiles(vault_.begin(), vault_.end());
  const auto known = tools_.reader.known(claimed_.id, casefiles);
  next_stage();
  if (!known || known->empty()) return;
  batch_ = Batch{};
  for (const auto& [casefile, row] : *known) {
    if (row.state == RecordState::tombstoned) continue;
    Item item;
    item.casefile = casefile;
    item.deleted = true;
    batch_.items.push_back(std::move(item));
  }
  if (batch_.items.empty()) return;
  commit_at_ = now;
  step_ = Step::commit;
}

void PullOfOne::census_heard(Heard heard, Instant now) {
  if (heard.trouble != Trouble::none) {
    // Without the change feed the roster is all there is: a pull that read neither has not been made.
    if (feed_is_off()) return give_up(Goal::census, heard, now);
    degrade(Goal::census, heard, now);
    if (ending_) return;
    census_.clear();
    return next_stage();
  }
  const std::size_t before = census_.size();
  for (const ChartRow& row : heard.answer.rows) {
    auto& at = census_[row.casefile];
    if (!at || (row.updated_at && *row.updated_at > *at)) at = row.updated_at;
  }
  const bool last =
      heard.answer.total_pages
          ? list_page_ >= *heard.answer.total_pages
          : heard.answer.rows.size() < static_cast<std::size_t>(of_->connection.page_size) || census_.size() == before;
  step_ = Step::choose;
  if (!last) {
    list_page_ += 1;
  } else if (list_location_ + 1 < of_->connection.locations.size()) {
    list_location_ += 1;
    list_page_ = 1;
  } else {
    compare_rosters(now);
    next_stage();
  }
}

// Over half of the known roster is not there: the answer is partial, and nothing is concluded from it.
void PullOfOne::compare_rosters(Instant) {
  const auto active = tools_.reader.active_casefiles(claimed_.id);
  if (!active) return;
  std::vector<std::string> absent;
  for (const auto& casefile : *active) {
    if (!census_.contains(casefile) && !vault_.contains(casefile)) absent.push_back(casefile);
  }
  if (absent.size() > half_census_least && absent.size() * 2 > active->size()) {
    half_census_ = true;
    notes_code_ = "emr.half_census";
    notes_ = "The roster lacked " + std::to_string(absent.size()) + " of " + std::to_string(active->size()) +
             " known charts; it was taken for partial and nothing was changed by it.";
    return;
  }
  const auto want = [&](const std::string& casefile, bool missed) {
    Item item;
    item.casefile = casefile;
    item.missed = missed;
    leftovers_.push_back(std::move(item));
  };
  for (const auto& casefile : absent) want(casefile, false);
  constexpr std::size_t at_once = 1000;
  std::vector<std::string> chunk;
  const auto compare = [&] {
    const auto known = tools_.reader.known(claimed_.id, chunk);
    for (const auto& casefile : chunk) {
      if (!known) break;
      const auto found = known->find(casefile);
      const auto& at = census_[casefile];
      const bool first = !of_->state.last_pull_at;
      if (found == known->end()) {
        if (!vault_.contains(casefile)) want(casefile, !first);
      } else if (at && found->second.row_updated_at && *at > *found->second.row_updated_at) {
        const bool unread = found->second.state == RecordState::locked && of_->connection.read_mode == ReadMode::strict;
        if (!unread) want(casefile, !first);
      }
    }
    chunk.clear();
  };
  for (const auto& [casefile, at] : census_) {
    chunk.push_back(casefile);
    if (chunk.size() == at_once) compare();
  }
  compare();
}

// What is read beside the feed: unlocked records, what failed before, stays that ended without a destination, and those
// that are to be locked, which are evaluated once more before they are.
void PullOfOne::gather_leftovers(Instant now) {
  gathered_ = true;
  std::set<std::string> wanted;
  for (const Item& item : leftovers_) wanted.insert(item.casefile);
  const auto want = [&](const std::string& casefile, bool release) {
    if (!wanted.insert(casefile).second || vault_.contains(casefile)) return;
    Item item;
    item.casefile = casefile;
    item.release = release;
    leftovers_.push_back(std::move(item));
  };
  constexpr std::size_t sweep_max = 500;
  const EmrConnection& connection = of_->connection;
  const HookSlot* chart = nullptr;
  for (const HookSlot& slot : of_->hooks) {
    if (slot.kind == HookKind::chart_update) chart = &slot;
  }
  if (const auto due = tools_.reader.read_due(claimed_.id)) {
    for (const auto& casefile : *due) want(casefile, false);
  }
  for (const auto& [casefile, retry] : retries_) {
    if (retry.next_at <= now || !answers_.empty()) want(casefile, false);
  }
  if (reconcile_) {
    const Date since = Date::of(conversation_.server_now(now) - unfilled_for);
    const auto unfilled = tools_.reader.discharged_without_destination(claimed_.id, since);
    const auto known =
        unfilled ? tools_.reader.known(claimed_.id, *unfilled) : Result<std::map<std::string, KnownRow>>(Error{});
    if (known) {
      for (const auto& [casefile, row] : *known) {
        const bool unread = row.state == RecordState::locked && connection.read_mode == ReadMode::strict;
        if (!unread && row.state != RecordState::missing) want(casefile, false);
      }
    }
  }
  if (chart == nullptr) return;
  const bool hook_changed =
      chart->state_since && of_->state.last_pull_at && *chart->state_since + minutes{1} >= *of_->state.last_pull_at;
  if (reconcile_ || hook_changed) {
    const bool quiet =
        connection.lock_policy == LockPolicy::quiet_days ||
        (connection.lock_policy == LockPolicy::missing_hook && connection.webhooks == Webhooks::not_used);
    const bool missing = connection.lock_policy == LockPolicy::missing_hook && !quiet && counts_as_missing(*chart, now);
    if (quiet || missing) {
      const auto unchanged = quiet ? std::optional(now - std::chrono::days{connection.quiet_days}) : std::nullopt;
      const auto open = tools_.reader.casefiles_in(claimed_.id, RecordState::discharged_open, unchanged, sweep_max);
      if (open) {
        for (const auto& casefile : *open) want(casefile, false);
      }
    }
  }
  if (connection.lock_release == LockRelease::automatic && chart->state == HookState::healthy) {
    if (const auto locked = tools_.reader.locked_by_hook(claimed_.id, sweep_max)) {
      for (const auto& casefile : *locked) want(casefile, true);
    }
  }
}

}  // namespace handoff::sync

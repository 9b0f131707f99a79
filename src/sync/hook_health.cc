#include "sync/hook_health.h"

#include <algorithm>

#include "base/text.h"

namespace handoff::sync {
namespace {

constexpr std::chrono::hours delivery_is_recent{24};
constexpr std::chrono::days never_seen_is_missing{7};
constexpr std::int64_t suspect_after = 3, inactive_after = 5, failing_after = 3;
// A delivery may carry a stamp a little before the change it tells of: clocks are read to the second.
constexpr seconds stamp_tolerance{5};

void add_judged(HookSlot& slot, Instant changed_at, bool covered) {
  slot.judged.push_back({changed_at, covered});
  if (slot.judged.size() > judged_max) slot.judged.erase(slot.judged.begin());
  if (covered) {
    slot.uncovered_in_a_row = 0;
    slot.first_uncovered_at.reset();
    if (!slot.last_covered_at || *slot.last_covered_at < changed_at) slot.last_covered_at = changed_at;
  } else {
    if (slot.uncovered_in_a_row == 0) slot.first_uncovered_at = changed_at;
    slot.uncovered_in_a_row += 1;
  }
}

}  // namespace

void note_covered(HookSlot& slot, Instant changed_at) {
  if (!slot.issued_at) return;
  std::erase_if(slot.pending, [&](const FoundChange& p) { return p.changed_at == changed_at; });
  add_judged(slot, changed_at, true);
}

void note_found(HookSlot& slot, std::string casefile, Instant changed_at, Instant found_at) {
  if (!slot.issued_at || changed_at < *slot.issued_at) return;  // before that nobody could have told us
  slot.pending.push_back({std::move(casefile), changed_at, found_at});
}

void judge(HookSlot& slot, const std::map<std::string, Instant>& latest_receipts, std::int64_t skew_ms, Instant now) {
  std::vector<FoundChange> left;
  std::size_t over = slot.pending.size() > pending_max ? slot.pending.size() - pending_max : 0;
  for (auto& change : slot.pending) {
    const auto receipt = latest_receipts.find(change.casefile);
    const bool covered = receipt != latest_receipts.end() &&
                         receipt->second + milliseconds{skew_ms} >= change.changed_at - stamp_tolerance;
    const bool waited = now + milliseconds{skew_ms} >= change.changed_at + hook_grace;
    if (!covered && !waited && over == 0) {
      left.push_back(std::move(change));
      continue;
    }
    if (!covered && !waited) --over;
    add_judged(slot, change.changed_at, covered);
  }
  slot.pending = std::move(left);
}

void note_received(HookSlot& slot, Instant at) {
  slot.received += 1;
  slot.refused_in_a_row = 0;
  slot.last_received_at = at;
}

void note_refused(HookSlot& slot, const std::string& code, Instant at) {
  slot.refused += 1;
  slot.refused_in_a_row += 1;
  slot.last_refused_at = at;
  slot.last_refusal = code;
}

HookState hook_state(const HookSlot& slot, Webhooks webhooks, Instant now) {
  if (webhooks == Webhooks::not_used) return HookState::not_used;
  if (!slot.issued_at) return HookState::unconfigured;
  if (slot.refused_in_a_row >= failing_after) return HookState::failing;
  const bool delivered_since =
      slot.last_received_at && slot.first_uncovered_at && *slot.last_received_at > *slot.first_uncovered_at;
  if (slot.uncovered_in_a_row >= inactive_after && !delivered_since) return HookState::inactive;
  if (!slot.last_received_at) return HookState::never_seen;
  if (slot.uncovered_in_a_row >= suspect_after) return HookState::suspect;
  if (slot.judged.empty()) return HookState::healthy;
  const auto covered = std::count_if(slot.judged.begin(), slot.judged.end(), [](const auto& j) { return j.covered; });
  const bool recent = now - *slot.last_received_at < delivery_is_recent;
  const bool change_recent = now - slot.judged.back().changed_at < delivery_is_recent || !slot.pending.empty();
  if (!recent && !change_recent) return HookState::quiet;
  // Changes right after the last delivery are covered by it or counted above; a share below four fifths is doubt.
  return covered * 5 >= static_cast<std::int64_t>(slot.judged.size()) * 4 ? HookState::healthy : HookState::suspect;
}

bool settle_state(HookSlot& slot, Webhooks webhooks, Instant now) {
  const HookState state = hook_state(slot, webhooks, now);
  if (state == slot.state && slot.state_since) return false;
  const bool first = !slot.state_since && state == slot.state;
  slot.state = state;
  slot.state_since = now;
  return !first;
}

bool counts_as_missing(const HookSlot& slot, Instant now) {
  switch (slot.state) {
    case HookState::unconfigured:
    case HookState::inactive: return true;
    case HookState::never_seen: return slot.issued_at && now - *slot.issued_at >= never_seen_is_missing;
    default: return false;
  }
}

std::optional<std::int64_t> coverage_percent(const HookSlot& slot) {
  if (slot.judged.empty()) return std::nullopt;
  const auto covered = std::count_if(slot.judged.begin(), slot.judged.end(), [](const auto& j) { return j.covered; });
  return covered * 100 / static_cast<std::int64_t>(slot.judged.size());
}

std::string state_sentence(const HookSlot& slot) {
  const std::string name = std::string("The ") + label(slot.kind) + " webhook ";
  switch (slot.state) {
    case HookState::not_used: return "This site's EMR has no webhooks; changes are found by pulling.";
    case HookState::unconfigured: return name + "has no address yet: issue one and paste it into the EMR's settings.";
    case HookState::never_seen:
      return name + "has an address, but nothing has come from the EMR yet: see that it is active there.";
    case HookState::healthy: return name + "works.";
    case HookState::quiet: return name + "is quiet: nothing came, and no change was found that it should have told of.";
    case HookState::suspect:
      return name + "missed " + std::to_string(slot.uncovered_in_a_row) +
             " changes in a row or more than a fifth of the last ones: look whether it is still active in the EMR.";
    case HookState::inactive:
      return name + "is inactive: the last " + std::to_string(slot.uncovered_in_a_row) +
             " changes were found only by pulling. Activate it in the EMR; the address is below.";
    case HookState::failing:
      return name + "reaches us, but is refused (" + slot.last_refusal + "): paste the address below once more.";
  }
  return "";
}

}  // namespace handoff::sync

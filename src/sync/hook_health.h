// Whether a webhook works, judged by what polling found (kipu-dazos, 10.4). Silence alone proves nothing on a quiet
// night; a change that no hook told of within the grace does.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "sync/connection.h"
#include "sync/hook.h"

namespace handoff::sync {

inline constexpr minutes hook_grace{10};
inline constexpr std::size_t judged_max = 20;
inline constexpr std::size_t pending_max = 500;  // above, the oldest is judged without waiting

// A change that a read asked for by a hook brought in: covered.
void note_covered(HookSlot& slot, Instant changed_at);
// A change that polling found; it is judged when the grace is over.
void note_found(HookSlot& slot, std::string casefile, Instant changed_at, Instant found_at);
// Judges what is older than the grace, with the newest delivery for each casefile. Times are the EMR's; deliveries are
// stamped by our clock, so `skew_ms` (server minus ours) is added to them.
void judge(HookSlot& slot, const std::map<std::string, Instant>& latest_receipts, std::int64_t skew_ms, Instant now);
// A delivery arrived, or was refused.
void note_received(HookSlot& slot, Instant at);
void note_refused(HookSlot& slot, const std::string& code, Instant at);

// The state by the rules, from what the slot holds.
HookState hook_state(const HookSlot& slot, Webhooks webhooks, Instant now);
// Sets state and state_since; true where it changed.
bool settle_state(HookSlot& slot, Webhooks webhooks, Instant now);
// "missing or inactive" for the lock policy: unconfigured, inactive, and never_seen after seven days.
bool counts_as_missing(const HookSlot& slot, Instant now);
// Of the judged changes, in percent; nothing before the first.
std::optional<std::int64_t> coverage_percent(const HookSlot& slot);
// What is so and what to do, for a person.
std::string state_sentence(const HookSlot& slot);

}  // namespace handoff::sync

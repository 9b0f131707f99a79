// Webhooks of a record system. A delivery is only a hint to read a chart again, so order, repetition and forgery do no
// harm; what counts is whether they come at all, which is judged by what polling finds (kipu-dazos, 9 and 10.4).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/json.h"
#include "base/time.h"

namespace handoff::sync {

enum class HookKind { patient_creation, chart_update };
inline constexpr HookKind hook_kinds[] = {HookKind::patient_creation, HookKind::chart_update};
const char* word(HookKind kind);   // "patient-creation", as in the path
const char* label(HookKind kind);  // "Patient Creation"
std::optional<HookKind> hook_kind_of(std::string_view word);

enum class HookState { not_used, unconfigured, never_seen, healthy, quiet, suspect, inactive, failing };
const char* word(HookState state);

// A change that polling found before any hook told of it, and whether one did within the grace.
struct FoundChange {
  std::string casefile;
  Instant changed_at{};  // the chart's own time
  Instant found_at{};
};
struct JudgedChange {
  Instant changed_at{};
  bool covered = false;
};

struct HookSlot {
  EmrConnectionId connection;
  HookKind kind = HookKind::chart_update;
  // Of whoever issues and receives.
  std::string token_hash;  // keyed hash; "" before the first issue
  std::optional<Instant> issued_at;
  std::optional<Instant> last_received_at;
  std::int64_t received = 0, refused = 0;
  std::int64_t refused_in_a_row = 0;  // since the last accepted one
  std::optional<Instant> last_refused_at;
  std::string last_refusal;  // code: token, body, too_large
  // Of whoever judges (hook_health.h).
  std::vector<FoundChange> pending;  // younger than the grace
  std::vector<JudgedChange> judged;  // the last 20, oldest first
  std::int64_t uncovered_in_a_row = 0;
  std::optional<Instant> first_uncovered_at, last_covered_at;
  HookState state = HookState::unconfigured;
  std::optional<Instant> state_since;
};
Json hook_to_stored(const HookSlot& slot);  // everything but connection, kind and token_hash
void hook_from_stored(const Json& stored, HookSlot& into);
// As the API shows it in `hooks`: {kind, label, state, coverage, lastReceivedAt, lastCoveredAt, …}; `url` is added by
// whoever knows the public address.
Json hook_to_json(const HookSlot& slot);

// One accepted delivery. Of its body only the digest is kept.
struct Receipt {
  EmrConnectionId connection;
  HookKind kind = HookKind::chart_update;
  std::string casefile;  // "" where the body named none that is known
  Instant at{};
  std::string body_digest;  // SHA-256 in hex
};

// Read this casefile soon; "" for an early look at the feed. One for each casefile: a newer one takes its place with a
// higher number, and a read forgets only what it was asked by then.
struct Hint {
  EmrConnectionId connection;
  std::string casefile;
  std::int64_t number = 0;  // grows
  Instant at{};
  std::string why;  // hook, unlock, destination_linked, sync
};

// True for "7:" and a UUID: the location patient id and the patient master id (kipu-dazos, 2).
bool is_casefile(std::string_view text);

// What a body tells about its subject. At any depth: casefile_id, or patient_id with patient_master_id, or mr_number.
struct HookSubject {
  std::string casefile;
  std::string mr_number;
  bool empty() const { return casefile.empty() && mr_number.empty(); }
};
// Error "emr_hook.unreadable" (malformed) for a body that is neither JSON nor a form.
Result<HookSubject> hook_subject(std::string_view content_type, std::string_view body);

}  // namespace handoff::sync

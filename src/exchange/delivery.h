// Lanes and deliveries. A lane is one referral on its way to one integration; its deliveries leave in order. It is the
// unit of claiming: one holder at a time, by lease and fence.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "exchange/connector.h"
#include "exchange/decision.h"

namespace handoff::exchange {

struct LaneKey {
  OrganizationId organization;  // the integration's
  ReferralId referral;
  IntegrationId integration;
  friend auto operator<=>(const LaneKey&, const LaneKey&) = default;
  friend bool operator==(const LaneKey&, const LaneKey&) = default;
};

struct Lane {
  LaneKey key;
  std::int64_t next_sequence = 1;
  std::optional<std::string> remote_id;
  std::optional<Instant> delivered_at;  // first hand-off
  std::optional<Instant> accepted_at;   // by the destination
  bool stopped = false;                 // by a person
  Json sent = Json::object();           // what the destination holds, for later updates: the connector's own notes
  std::int64_t fence = 0;               // of the due row as loaded; 0 when nothing is due
};

enum class DeliveryState {
  pending,
  sending,
  retrying,
  held,
  needs_data,
  needs_person,  // open
  delivered,
  dead,
  stopped,
  superseded,
  cleared,  // settled
};
const char* word(DeliveryState state);
std::optional<DeliveryState> delivery_state_of(std::string_view word);
constexpr bool is_open(DeliveryState state) { return state <= DeliveryState::needs_person; }
const char* word(DeliveryKind kind);
std::optional<DeliveryKind> delivery_kind_of(std::string_view word);

// What a person must know and who can change it. No personal data but the destination's own message.
struct Problem {
  std::string code;
  std::string sentence;
  std::optional<std::string> field;  // path of ours
  std::string who;                   // coordinator, administrator, partner, operator
};

struct Delivery {
  DeliveryId id;
  LaneKey lane;
  std::int64_t integration_version = 0;
  ChangeId change;  // that made it
  DeliveryKind kind = DeliveryKind::create;
  std::int64_t sequence = 0;
  DeliveryState state = DeliveryState::pending;
  std::vector<std::string> triggers;
  bool retraction = false;
  bool doubtful = false;           // the last attempt's outcome is unknown
  std::int64_t attempt_count = 0;  // requests that were sent or about to be
  std::optional<Instant> last_attempt_at;
  std::int64_t failure_count = 0;  // in a row; what the retry schedule counts
  std::int64_t look_count = 0;     // unknown outcomes in a row that were looked into outside the schedule
  std::optional<Instant> failing_since;
  std::optional<Instant> next_attempt_at;
  std::optional<std::string> remote_id;
  std::optional<Problem> problem;
  Progress progress;
  std::int64_t snapshot_version = 0;  // of the referral, when it first left; 0 before
  Private<Json> snapshot;             // kept until settled; null before it first leaves
  std::string replaces;               // the delivery it was rebuilt from
  Instant event_at{};                 // when the change happened
  Instant created_at{}, updated_at{};
};

struct Attempt {
  DeliveryId delivery;
  OrganizationId organization;
  std::int64_t number = 0;
  Instant at{};
  std::string step;
  std::string body_hash;  // SHA-256 of the bytes that leave
  int http_status = 0;    // 0 until answered
  std::string verdict;    // "" until judged
  std::string message;    // the destination's own, or a short reason
  std::int64_t duration_ms = 0;
};

// The lane as decide() sees it, folded up to now; `change` is the change being followed.
LaneView fold(const Lane* lane, const std::vector<Delivery>& open, const ChangeId& change);
// True where the destination may hold something of it, so that it is neither rebuilt nor quietly taken back: what
// changes afterwards follows as an update.
bool may_be_there(const Delivery& delivery);
// True where one of these was given up without anybody knowing what the destination holds of it: what takes its place
// asks before it sends.
bool left_in_doubt(const std::vector<Delivery>& deliveries);
// True where the delivery stands in somebody's error list.
bool counts_as_error(const Delivery& delivery);

Json delivery_to_json(const Delivery& delivery, const std::vector<Attempt>& attempts);

// When to try again after the nth failure in a row: 5 s, 5 min, 30 min, 2 h, then hourly to 96 h after the first;
// nothing after that. Jitter of up to a tenth is the caller's. (Domain reference 5.3.)
std::optional<std::chrono::milliseconds> retry_delay(std::int64_t failure_count, std::chrono::milliseconds since_first);

}  // namespace handoff::exchange

// The one decision function: does this event, for this integration, given what the lane holds, become a delivery? Pure:
// no clock, no store, no network. The live path calls it in the commit and keeps a row of every answer; explain reads
// the rows; `admin verify-decisions` runs it again over them and compares.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "exchange/integration.h"

namespace handoff::exchange {

// Raised with any change of what decide() answers; rows of another version are not re-run.
inline constexpr int decision_version = 1;

// What the referral's lane to this integration holds (design, section 3, table of modes).
enum class LaneHolds {
  nothing,      // never handed off, or dead, or cleared
  open_create,  // pending, retrying, held or needs data
  delivered,    // handed off, not accepted by the destination
  accepted,     // the destination has taken the case on
  stopped,      // by a person, until resent
};
const char* word(LaneHolds holds);

struct LaneView {
  LaneHolds holds = LaneHolds::nothing;
  bool in_flight = false;         // the open create may be at the destination already: it cannot be taken back
  bool waiting = false;           // something open has not left yet
  bool same_change = false;       // the newest open delivery was made by this very change
  bool coalescible = false;       // the newest open delivery is an unsent update of edits alone
  bool delivered_before = false;  // anything was ever delivered
  friend bool operator==(const LaneView&, const LaneView&) = default;
};
Json to_json(const LaneView& view);
LaneView lane_view_from_json(const Json& json);

// The part of an integration version that decides.
struct Rule {
  IntegrationSide side = IntegrationSide::received;
  std::vector<std::string> triggers, update_triggers;
  bool include_routed = false;
  bool edited_includes_status = false;
  bool arrival_fires_sub_status = false;
  Mode mode = Mode::once;
  bool test = false;
  bool updates_supported = false;  // of the connector
};
Rule rule_of(const Integration& integration, const Manifest& manifest);
Json to_json(const Rule& rule);
Rule rule_from_json(const Json& json);

enum class Outcome {
  none,     // no delivery; the code says why
  create,   // a new create
  merge,    // its triggers join the newest open delivery
  update,   // a new update
  event,    // a new event delivery (mode every)
  retract,  // an update that takes back what was sent
  cancel,   // what waits is taken back before it left
};
const char* word(Outcome outcome);

struct Decision {
  Outcome outcome = Outcome::none;
  std::string code;  // "create", "merged", … or why not: "trigger.not_chosen", "mode.already_handed_off", …
  std::vector<std::string> matched;  // the chosen triggers this event means
  friend bool operator==(const Decision&, const Decision&) = default;
};

Decision decide(referral::EventType type, const referral::Facts& facts, const Rule& rule, const LaneView& lane);

// One row per event and linked integration.
struct DecisionRow {
  OrganizationId organization;  // the integration's
  EventId event;
  ReferralId referral;
  IntegrationId integration;
  std::int64_t integration_version = 0;
  std::string profile_hash;
  std::string plan;
  bool integration_enabled = true;
  LaneView lane;
  Rule rule;
  int version = decision_version;
  Decision decision;
  std::string delivery;  // the delivery it made or joined; "" for none
  Instant at{};
};

}  // namespace handoff::exchange

#include "exchange/delivery.h"

#include <algorithm>
#include <array>

namespace handoff::exchange {
namespace {

constexpr std::array state_words{"pending",   "sending", "retrying", "held",       "needs_data", "needs_person",
                                 "delivered", "dead",    "stopped",  "superseded", "cleared"};
constexpr std::array kind_words{"create", "update", "event"};

Json instant_or_null(const std::optional<Instant>& at) { return at ? Json(format_instant(*at)) : Json(); }

}  // namespace

const char* word(DeliveryState state) { return state_words[static_cast<std::size_t>(state)]; }
std::optional<DeliveryState> delivery_state_of(std::string_view word) {
  for (std::size_t i = 0; i < state_words.size(); ++i) {
    if (word == state_words[i]) return static_cast<DeliveryState>(i);
  }
  return std::nullopt;
}
const char* word(DeliveryKind kind) { return kind_words[static_cast<std::size_t>(kind)]; }
std::optional<DeliveryKind> delivery_kind_of(std::string_view word) {
  for (std::size_t i = 0; i < kind_words.size(); ++i) {
    if (word == kind_words[i]) return static_cast<DeliveryKind>(i);
  }
  return std::nullopt;
}

LaneView fold(const Lane* lane, const std::vector<Delivery>& open, const ChangeId& change) {
  LaneView view;
  const Delivery* newest = nullptr;
  bool open_create = false;
  for (const auto& delivery : open) {
    if (!is_open(delivery.state)) continue;
    newest = &delivery;
    const bool there = may_be_there(delivery);
    if (delivery.kind == DeliveryKind::create) {
      open_create = true;
      view.in_flight = view.in_flight || there;
    }
    if (!there) view.waiting = true;
  }
  if (newest) {
    view.same_change = newest->change == change;
    view.coalescible = newest->kind == DeliveryKind::update && newest->attempt_count == 0 && !newest->retraction &&
                       newest->triggers == std::vector<std::string>{"referral.edited"};
  }
  view.delivered_before = lane && lane->delivered_at.has_value();
  if (lane && lane->stopped) {
    view.holds = LaneHolds::stopped;
  } else if (open_create) {
    view.holds = LaneHolds::open_create;
  } else if (lane && lane->accepted_at) {
    view.holds = LaneHolds::accepted;
  } else if (lane && lane->delivered_at) {
    view.holds = LaneHolds::delivered;
  }
  return view;
}

bool may_be_there(const Delivery& d) {
  const Json& done = d.progress.data["done"];
  return d.state == DeliveryState::sending || d.doubtful || d.progress.data["ask"].bool_or(false) ||
         (done.is_array() && done.size() > 0);
}

bool left_in_doubt(const std::vector<Delivery>& deliveries) {
  return std::any_of(deliveries.begin(), deliveries.end(), [](const Delivery& d) {
    return d.state == DeliveryState::dead && (d.doubtful || d.progress.data["ask"].bool_or(false));
  });
}

bool counts_as_error(const Delivery& d) {
  switch (d.state) {
    case DeliveryState::needs_data:
    case DeliveryState::needs_person:
    case DeliveryState::dead: return true;
    case DeliveryState::held: return d.problem && d.problem->code != "integration.disabled";
    // Mended and on its way again: it stays in the list until the destination has taken it.
    case DeliveryState::pending:
    case DeliveryState::sending:
    case DeliveryState::retrying: return d.problem && d.problem->who == "coordinator";
    default: return false;
  }
}

Json delivery_to_json(const Delivery& d, const std::vector<Attempt>& attempts) {
  Json triggers = Json::array(), tries = Json::array();
  for (const auto& trigger : d.triggers) triggers.push_back(trigger);
  for (const auto& a : attempts) {
    tries.push_back(Json::object({{"at", format_instant(a.at)},
                                  {"step", a.step},
                                  {"httpStatus", a.http_status == 0 ? Json() : Json(a.http_status)},
                                  {"verdict", a.verdict.empty() ? Json() : Json(a.verdict)},
                                  {"message", a.message.empty() ? Json() : Json(a.message)},
                                  {"durationMs", a.duration_ms}}));
  }
  Json problem;
  if (d.problem) {
    problem = Json::object({{"code", d.problem->code},
                            {"sentence", d.problem->sentence},
                            {"field", d.problem->field},
                            {"who", d.problem->who}});
  }
  return Json::object({{"id", d.id.text()},
                       {"referralId", d.lane.referral.text()},
                       {"integrationId", d.lane.integration.text()},
                       {"integrationVersion", d.integration_version},
                       {"triggers", std::move(triggers)},
                       {"kind", word(d.kind)},
                       {"sequence", d.sequence},
                       {"state", word(d.state)},
                       {"attempts", std::move(tries)},
                       {"nextAttemptAt", is_open(d.state) ? instant_or_null(d.next_attempt_at) : Json()},
                       {"remoteId", d.remote_id},
                       {"problem", std::move(problem)},
                       {"retraction", d.retraction},
                       {"replaces", d.replaces.empty() ? Json() : Json(d.replaces)},
                       {"eventAt", format_instant(d.event_at)},
                       {"createdAt", format_instant(d.created_at)},
                       {"updatedAt", format_instant(d.updated_at)}});
}

std::optional<milliseconds> retry_delay(std::int64_t failure_count, milliseconds since_first) {
  using namespace std::chrono_literals;
  constexpr milliseconds give_up = 96h;
  if (since_first >= give_up) return std::nullopt;
  constexpr std::array<milliseconds, 4> opening{5s, 5min, 30min, 2h};
  const auto index = static_cast<std::size_t>(std::max<std::int64_t>(failure_count - 1, 0));
  return index < opening.size() ? opening[index] : milliseconds(1h);
}

}  // namespace handoff::exchange

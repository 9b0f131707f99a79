#include "exchange/follow.h"

#include <algorithm>

namespace handoff::exchange {
namespace {

using referral::Event;
using referral::EventType;
using referral::Referral;

Delivery new_delivery(Unit& unit, Lane& lane, const Integration& integration, const Event& event, DeliveryKind kind,
                      const std::vector<std::string>& triggers) {
  Delivery d;
  d.id = DeliveryId::make(unit.now(), unit.random());
  d.lane = lane.key;
  d.integration_version = integration.version;
  d.change = event.change;
  d.kind = kind;
  d.sequence = lane.next_sequence++;
  d.triggers = triggers;
  d.event_at = event.at;
  d.created_at = d.updated_at = unit.now();
  d.next_attempt_at = unit.now();
  return d;
}

void take_back(Unit& unit, Delivery& delivery, const char* code, const char* sentence) {
  delivery.state = DeliveryState::superseded;
  delivery.problem = Problem{code, sentence, std::nullopt, "coordinator"};
  delivery.next_attempt_at.reset();
  delivery.snapshot = {};
  delivery.updated_at = unit.now();
  unit.save(delivery);
}

class LaneFollower {
 public:
  LaneFollower(Unit& unit, const Integration& integration, const Connector* connector, const Referral& after,
               std::string plan, bool plan_allows)
      : unit_(unit),
        integration_(integration),
        connector_(connector),
        plan_(std::move(plan)),
        plan_allows_(plan_allows) {
    key_ = {integration.organization, after.id, integration.id};
    if (const Lane* lane = unit.lane(key_)) {
      lane_ = *lane;
      lane_exists_ = true;
    } else {
      lane_.key = key_;
    }
    deliveries_ = unit.deliveries(key_);
  }

  void decide_on(const Event& event) {
    const LaneView view = fold(lane_exists_ ? &lane_ : nullptr, deliveries_, event.change);
    DecisionRow row;
    row.rule = rule_of(integration_, connector_ ? connector_->manifest() : Manifest{});
    row.decision = decide(event.type, event.facts, row.rule, view);
    row.organization = integration_.organization;
    row.event = event.id;
    row.referral = event.referral;
    row.integration = integration_.id;
    row.integration_version = integration_.version;
    row.profile_hash = connector_ ? connector_->profile_hash() : "";
    row.plan = plan_;
    row.integration_enabled = integration_.enabled;
    row.lane = view;
    row.at = event.at;
    row.delivery = apply(event, row.decision);
    unit_.add(row);
  }

  // What a destination refused for its data goes out again when the referral is mended, whatever triggers are chosen.
  void mend(const Event& event) {
    if (event.type != EventType::edited && event.type != EventType::appointment_booked &&
        event.type != EventType::appointment_changed)
      return;
    bool any = false;
    for (auto& delivery : deliveries_) {
      if (delivery.state != DeliveryState::needs_data) continue;
      delivery.state = DeliveryState::pending;  // the problem stays in view until the destination has taken it
      delivery.next_attempt_at = unit_.now();
      delivery.updated_at = unit_.now();
      unit_.save(delivery);
      any = true;
    }
    if (any) {
      touch();
      unit_.schedule(key_, unit_.now(), false);
    }
  }

 private:
  void touch() {
    lane_exists_ = true;
    unit_.save(lane_);
  }

  Delivery* newest_open() {
    for (auto it = deliveries_.rbegin(); it != deliveries_.rend(); ++it) {
      if (is_open(it->state)) return &*it;
    }
    return nullptr;
  }

  std::string apply(const Event& event, const Decision& decision) {
    switch (decision.outcome) {
      case Outcome::none: return {};
      case Outcome::create: return start(event, DeliveryKind::create, decision.matched, false);
      case Outcome::update: return start(event, DeliveryKind::update, decision.matched, false);
      case Outcome::event: return start(event, DeliveryKind::event, decision.matched, false);
      case Outcome::retract: {
        for (auto& d : deliveries_) {
          if (is_open(d.state) && d.kind == DeliveryKind::update && d.attempt_count == 0) {
            take_back(unit_, d, "event.entered_in_error", "The referral was entered in error before this update left.");
          }
        }
        return start(event, integration_.mode == Mode::every ? DeliveryKind::event : DeliveryKind::update,
                     {"closed.error"}, true);
      }
      case Outcome::merge: {
        Delivery* open = newest_open();
        HANDOFF_ASSERT(open != nullptr);
        for (const auto& trigger : decision.matched) {
          if (std::find(open->triggers.begin(), open->triggers.end(), trigger) == open->triggers.end())
            open->triggers.push_back(trigger);
        }
        open->updated_at = unit_.now();
        unit_.save(*open);
        return open->id.text();
      }
      case Outcome::cancel: {
        std::string last;
        for (auto& d : deliveries_) {
          if (!is_open(d.state)) continue;
          take_back(unit_, d, "event.entered_in_error",
                    "The referral was entered in error before it was handed over, so nothing is sent.");
          last = d.id.text();
        }
        unit_.unschedule(key_, false);
        return last;
      }
    }
    return {};
  }

  std::string start(const Event& event, DeliveryKind kind, const std::vector<std::string>& triggers, bool retraction) {
    Delivery d = new_delivery(unit_, lane_, integration_, event, kind, triggers);
    d.retraction = retraction;
    d.doubtful = kind == DeliveryKind::create && left_in_doubt(deliveries_);
    if (!connector_) {
      d.state = DeliveryState::held;
      d.problem = Problem{"connector.not_installed",
                          "The connector \"" + integration_.connector + "\" is not installed on this server.",
                          std::nullopt, "operator"};
    } else if (!plan_allows_) {
      d.state = DeliveryState::held;
      d.problem = Problem{"plan.connector_not_included", "The organization's plan does not include this connector.",
                          std::nullopt, "administrator"};
    } else if (!integration_.enabled) {
      d.state = DeliveryState::held;
      d.problem = Problem{"integration.disabled",
                          "The integration \"" + integration_.name +
                              "\" is switched off; it is sent when the administrator switches it on.",
                          std::nullopt, "administrator"};
    } else if (integration_.health.misconfigured) {
      d.state = DeliveryState::held;
      d.problem = Problem{"integration.misconfigured", integration_.health.sentence, std::nullopt, "administrator"};
    }
    if (d.state == DeliveryState::held) d.next_attempt_at.reset();
    touch();
    unit_.save(d);
    deliveries_.push_back(d);
    if (d.state == DeliveryState::pending) unit_.schedule(key_, unit_.now(), false);
    return d.id.text();
  }

  Unit& unit_;
  const Integration& integration_;
  const Connector* connector_;  // null: not installed; what is decided is held until it is
  std::string plan_;
  bool plan_allows_;
  LaneKey key_;
  Lane lane_;
  bool lane_exists_ = false;
  std::vector<Delivery> deliveries_;
};

Error no_such_delivery() {
  return Error{Kind::not_found, "delivery.not_found", "There is no such delivery for this organization.", {}, {}};
}

Result<Delivery> find(Unit& unit, const LaneKey& key, const DeliveryId& id) {
  for (auto& delivery : unit.deliveries(key)) {
    if (delivery.id == id) return delivery;
  }
  return no_such_delivery();
}

}  // namespace

void Follow::follow(referral::Unit& core, const Referral* /*before*/, const Referral& after,
                    std::span<const Event> events) {
  auto& unit = static_cast<Unit&>(core);
  const auto follow_side = [&](const OrganizationId& organization, IntegrationSide side) {
    const directory::Organization* owner = unit.organization(organization);
    for (const Integration* integration : unit.integrations(organization)) {
      if (integration->side != side) continue;
      // A listing that is not linked makes nothing; explain says so from the link itself.
      if (side == IntegrationSide::received && (!after.listing || !linked(*integration, *after.listing))) continue;
      const Connector* connector = connectors_.find(integration->connector);
      const bool plan_allows = owner && (!connector || owner->plan >= connector->manifest().minimum_plan);
      LaneFollower follower(unit, *integration, connector, after, owner ? directory::plan_code(owner->plan) : "",
                            plan_allows);
      for (const Event& event : events) {
        follower.mend(event);
        follower.decide_on(event);
      }
    }
    recount_errors(unit, organization, after.id);
  };
  if (!after.submitted_at) return;  // a draft fires nothing
  if (after.receiver) follow_side(*after.receiver, IntegrationSide::received);
  if (after.sender) follow_side(*after.sender, IntegrationSide::sent);
}

void recount_errors(Unit& unit, const OrganizationId& organization, const ReferralId& referral) {
  std::int64_t count = 0;
  bool any_lane = false;
  for (const LaneKey& key : unit.lanes(referral)) {
    if (key.organization != organization) continue;
    any_lane = true;
    for (const Delivery& delivery : unit.deliveries(key)) count += counts_as_error(delivery) ? 1 : 0;
  }
  if (any_lane) unit.set_integration_errors(organization, referral, count);
}

Result<void> resend(Unit& unit, const LaneKey& key, const DeliveryId& id) {
  Delivery d = HANDOFF_TRY(find(unit, key, id));
  if (d.state == DeliveryState::sending) {
    return Error{
        Kind::conflict, "delivery.sending", "The delivery is on its way right now; wait for its answer.", {}, {}};
  }
  if (!is_open(d.state) && d.state != DeliveryState::dead && d.state != DeliveryState::stopped) {
    return Error{Kind::conflict,
                 "delivery.settled",
                 std::string("A delivery that is ") + word(d.state) + " is not sent again.",
                 {},
                 {}};
  }
  Lane lane = *unit.lane(key);
  lane.stopped = false;
  unit.save(lane);
  d.next_attempt_at = unit.now();
  d.failure_count = d.look_count = 0;  // a person's decision opens the schedule anew
  d.failing_since.reset();
  // A person has looked at the destination: what stood in doubt is sent as if it had not been.
  if (d.state == DeliveryState::needs_person) {
    d.doubtful = false;
    d.progress = carried_over(d.progress);
  }
  d.state = DeliveryState::pending;
  d.updated_at = unit.now();
  unit.save(d);
  unit.schedule(key, unit.now(), false);
  recount_errors(unit, key.organization, key.referral);
  unit.audit(key.organization, "delivery.resend", "delivery", id.text(),
             Json::object({{"referralId", key.referral.text()}}));
  return {};
}

Result<void> clear(Unit& unit, const LaneKey& key, const DeliveryId& id, const std::string& reason) {
  Delivery d = HANDOFF_TRY(find(unit, key, id));
  if (d.state == DeliveryState::sending) {
    return Error{
        Kind::conflict, "delivery.sending", "The delivery is on its way right now; wait for its answer.", {}, {}};
  }
  if (!is_open(d.state) && d.state != DeliveryState::dead && d.state != DeliveryState::stopped) {
    return Error{Kind::conflict,
                 "delivery.settled",
                 std::string("A delivery that is ") + word(d.state) + " has nothing to clear.",
                 {},
                 {}};
  }
  d.state = DeliveryState::cleared;
  d.next_attempt_at.reset();
  d.snapshot = {};
  d.updated_at = unit.now();
  unit.save(d);
  unit.schedule(key, unit.now(), false);  // what waited behind it
  recount_errors(unit, key.organization, key.referral);
  unit.audit(key.organization, "delivery.clear", "delivery", id.text(),
             Json::object({{"referralId", key.referral.text()}, {"hasReason", !reason.empty()}}));
  return {};
}

Result<void> stop(Unit& unit, const LaneKey& key, const DeliveryId& id, const std::string& reason) {
  Delivery d = HANDOFF_TRY(find(unit, key, id));
  if (!is_open(d.state) && d.state != DeliveryState::dead) {
    return Error{Kind::conflict,
                 "delivery.settled",
                 std::string("A delivery that is ") + word(d.state) + " cannot be stopped.",
                 {},
                 {}};
  }
  Lane lane = *unit.lane(key);
  lane.stopped = true;
  unit.save(lane);
  for (Delivery open : unit.deliveries(key)) {
    if (!is_open(open.state) && open.state != DeliveryState::dead) continue;
    // Should its answer never come, whoever resends it must know that the destination may hold it.
    if (open.state == DeliveryState::sending) open.doubtful = true;
    open.state = DeliveryState::stopped;
    open.next_attempt_at.reset();
    open.updated_at = unit.now();
    unit.save(open);
  }
  unit.unschedule(key, false);
  recount_errors(unit, key.organization, key.referral);
  unit.audit(key.organization, "delivery.stop", "delivery", id.text(),
             Json::object({{"referralId", key.referral.text()}, {"hasReason", !reason.empty()}}));
  return {};
}

}  // namespace handoff::exchange

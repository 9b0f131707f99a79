#include "exchange/by_hand.h"

#include "exchange/follow.h"

namespace handoff::exchange {
namespace {

Error refused(const char* code, std::string sentence) {
  return Error{Kind::conflict, code, std::move(sentence), {}, {}};
}

Result<void> may_send(const Integration& integration, const referral::Referral& r) {
  if (!r.submitted_at) return refused("send.not_submitted", "A draft is not sent to a destination; submit it first.");
  if (integration.side == IntegrationSide::received) {
    if (r.receiver != integration.organization)
      return refused("send.other_side", "This integration hands over received referrals; this one was only sent.");
    if (!r.listing || !linked(integration, *r.listing))
      return refused("send.listing_not_linked", "The referral's listing is not linked to this integration.");
  } else if (r.sender != integration.organization) {
    return refused("send.other_side", "This integration hands over sent referrals; this one was only received.");
  }
  if (r.test != integration.test)
    return refused("send.test_mismatch", "Test referrals go to test integrations and no others.");
  return {};
}

}  // namespace

Result<DeliveryId> send_by_hand(Unit& unit, const Integration& integration, const Manifest& manifest,
                                const ReferralId& referral, SendAs as) {
  const referral::Referral* r = unit.referral(referral);
  if (!r)
    return Error{Kind::not_found, "referral.not_found", "There is no such referral for this organization.", {}, {}};
  HANDOFF_TRY(may_send(integration, *r));
  if (!integration.enabled)
    return refused("integration.disabled", "The integration is switched off; switch it on before sending by hand.");
  const LaneKey key{integration.organization, referral, integration.id};
  const Lane* standing = unit.lane(key);
  Lane lane = standing ? *standing : Lane{};
  lane.key = key;
  for (const Delivery& open : unit.deliveries(key)) {
    if (is_open(open.state))
      return refused("send.already_waiting", "A delivery of this referral is on its way already.");
  }
  Delivery d;
  if (as == SendAs::update) {
    if (!lane.delivered_at)
      return refused("send.nothing_to_update", "The destination does not hold this referral yet; send it as new.");
    if (!manifest.updates)
      return refused("mode.update_not_supported", manifest.name + " takes no updates of what it already holds.");
    d.kind = integration.mode == Mode::every ? DeliveryKind::event : DeliveryKind::update;
  } else {
    // Starts anew: what the destination was told before does not count. Where nobody knows how the last one ended, the
    // destination is asked first.
    lane.remote_id.reset();
    lane.delivered_at.reset();
    lane.accepted_at.reset();
    lane.sent = Json::object();
    d.kind = DeliveryKind::create;
    d.doubtful = left_in_doubt(unit.deliveries(key));
  }
  lane.stopped = false;
  d.id = DeliveryId::make(unit.now(), unit.random());
  d.lane = key;
  d.integration_version = integration.version;
  d.change = ChangeId::make(unit.now(), unit.random());
  d.sequence = lane.next_sequence++;
  d.event_at = d.created_at = d.updated_at = unit.now();
  if (integration.health.misconfigured) {
    d.state = DeliveryState::held;
    d.problem = Problem{"integration.misconfigured", integration.health.sentence, std::nullopt, "administrator"};
  } else {
    d.next_attempt_at = unit.now();
  }
  unit.save(lane);
  unit.save(d);
  if (d.state == DeliveryState::pending) unit.schedule(key, unit.now(), false);
  recount_errors(unit, key.organization, referral);
  unit.audit(key.organization, "integration.send", "referral", referral.text(),
             Json::object({{"integrationId", integration.id.text()}, {"deliveryId", d.id.text()}}));
  return d.id;
}

Result<Instant> accepted_by_destination(Unit& unit, const LaneKey& key) {
  const Lane* standing = unit.lane(key);
  if (!standing)
    return Error{Kind::not_found, "hook.unknown_remote", "No referral was handed over under this remoteId.", {}, {}};
  if (standing->accepted_at) return *standing->accepted_at;
  Lane lane = *standing;
  lane.accepted_at = unit.now();
  unit.save(lane);
  const Integration* integration = unit.integration(key.organization, key.integration);
  if (integration && integration->mode == Mode::until_accepted) {
    for (Delivery d : unit.deliveries(key)) {
      // What is on its way right now ends by itself; a retraction is told even to whoever has accepted.
      if (!is_open(d.state) || d.state == DeliveryState::sending || d.kind != DeliveryKind::update || d.retraction)
        continue;
      d.state = DeliveryState::superseded;
      d.problem = Problem{"mode.accepted", "The destination has taken the case on; it is not updated any more.",
                          std::nullopt, "partner"};
      d.next_attempt_at.reset();
      d.snapshot = {};
      d.updated_at = unit.now();
      unit.save(d);
    }
    recount_errors(unit, key.organization, key.referral);
  }
  unit.audit(key.organization, "delivery.accepted", "referral", key.referral.text(),
             Json::object({{"integrationId", key.integration.text()}}));
  return *lane.accepted_at;
}

}  // namespace handoff::exchange

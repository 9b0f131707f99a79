#include <algorithm>

#include "exchange/explain.h"
#include "exchange/preview.h"

namespace handoff::exchange {
namespace {

// Read anew, not from a delivery: what was mended since is not missing any more.
Result<Faults> missing_now(referral::Reader& referrals, const Connector& connector, const OrganizationId& asking,
                           const ExplainFacts& facts) {
  const referral::Referral& r = facts.referral;
  std::optional<directory::Organization> sender, receiver;
  if (r.sender) sender = HANDOFF_TRY(referrals.organization(*r.sender));
  if (r.receiver) receiver = HANDOFF_TRY(referrals.organization(*r.receiver));
  const auto rows = HANDOFF_TRY(referrals.sub_statuses(r.owner));
  const auto messages = HANDOFF_TRY(referrals.messages(asking, r.id));
  const auto snapshot = take_snapshot(r, facts.listing ? &*facts.listing : nullptr, sender ? &*sender : nullptr,
                                      receiver ? &*receiver : nullptr, rows, messages, r.updated_at);
  return missing_data(connector, facts.integration, snapshot);
}

}  // namespace

Result<ExplainFacts> gather(referral::Reader& referrals, Reader& deliveries, const Connector* connector,
                            const OrganizationId& asking, const ReferralId& referral, const Integration& integration) {
  ExplainFacts facts;
  auto found = HANDOFF_TRY(referrals.referral(asking, referral));
  auto organization = HANDOFF_TRY(referrals.organization(asking));
  if (!found || !organization)
    return Error{Kind::not_found, "referral.not_found", "There is no such referral for this organization.", {}, {}};
  facts.referral = std::move(*found);
  facts.organization = std::move(*organization);
  if (facts.referral.listing)
    facts.listing = HANDOFF_TRY(referrals.listing(facts.referral.receiver.value_or(asking), *facts.referral.listing));
  facts.integration = integration;
  facts.manifest = connector ? &connector->manifest() : nullptr;
  const LaneKey key{asking, referral, integration.id};
  facts.lane = HANDOFF_TRY(deliveries.lane(key));
  facts.decisions = HANDOFF_TRY(deliveries.decisions(asking, referral, integration.id));
  DeliveryFilter filter;
  filter.referral = referral;
  filter.integration = integration.id;
  filter.limit = 200;
  do {
    auto page = HANDOFF_TRY(deliveries.deliveries(asking, filter));
    for (auto& each : page.items) facts.deliveries.push_back(std::move(each.delivery));
    filter.cursor = page.next_cursor;
  } while (filter.cursor);
  std::reverse(facts.deliveries.begin(), facts.deliveries.end());
  if (connector) facts.missing = HANDOFF_TRY(missing_now(referrals, *connector, asking, facts));
  return facts;
}

}  // namespace handoff::exchange

// What follows from a change of a referral: a decision for every linked integration of either side, and the deliveries
// those decisions make, in the commit of the change.
#pragma once

#include "exchange/store.h"

namespace handoff::exchange {

// Where connectors are found by id. App lends it.
class ConnectorSource {
 public:
  virtual ~ConnectorSource() = default;
  virtual const Connector* find(std::string_view id) const = 0;
};

class Follow final : public referral::Consequences {
 public:
  explicit Follow(const ConnectorSource& connectors) : connectors_(connectors) {}
  // `unit` must be an exchange::Unit, as every unit of our stores is.
  void follow(referral::Unit& unit, const referral::Referral* before, const referral::Referral& after,
              std::span<const referral::Event> events) override;

 private:
  const ConnectorSource& connectors_;
};

// Counts again what stands in the referral's error list, for the organization of `key`.
void recount_errors(Unit& unit, const OrganizationId& organization, const ReferralId& referral);

// A coordinator's or administrator's work on the error queue. Errors: "delivery.not_found", "delivery.not_open" ….
Result<void> resend(Unit& unit, const LaneKey& key, const DeliveryId& id);
Result<void> clear(Unit& unit, const LaneKey& key, const DeliveryId& id, const std::string& reason);
Result<void> stop(Unit& unit, const LaneKey& key, const DeliveryId& id, const std::string& reason);

}  // namespace handoff::exchange

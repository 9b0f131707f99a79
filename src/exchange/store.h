// What exchange wants from storage: the core's unit of work with lanes and deliveries beside it, and claiming.
#pragma once

#include <functional>
#include <set>
#include <vector>

#include "exchange/delivery.h"
#include "referral/store.h"

namespace handoff::exchange {

class Unit : public referral::Unit {
 public:
  // Enabled or not, deleted ones left out. By id also deleted ones.
  virtual std::vector<const Integration*> integrations(const OrganizationId& organization) = 0;
  virtual const Integration* integration(const OrganizationId& organization, const IntegrationId& id) = 0;
  // Loaded with the referral; nullptr where the lane does not exist.
  virtual const Lane* lane(const LaneKey& key) = 0;
  virtual std::vector<LaneKey> lanes(const ReferralId& referral) = 0;
  // Open and dead deliveries of a lane, by sequence.
  virtual std::vector<Delivery> deliveries(const LaneKey& key) = 0;
  virtual const std::vector<referral::Message>& messages(const ReferralId& referral) = 0;  // loaded where asked for

  virtual void save(const Lane& lane) = 0;
  virtual void save(const Delivery& delivery) = 0;
  virtual void add(const DecisionRow& row) = 0;
  virtual void add(const Attempt& attempt) = 0;     // inserted before the first byte …
  virtual void settle(const Attempt& attempt) = 0;  // … and completed with its answer
  // The lane is to be looked at then; at most one time per lane, the newest wins. `release` gives a held lease back.
  virtual void schedule(const LaneKey& key, Instant due, bool release) = 0;
  // Nothing is to be looked at; a lease somebody holds stays until it is given back with `release`.
  virtual void unschedule(const LaneKey& key, bool release) = 0;
  // The lease somebody holds on the lane lasts until then.
  virtual void hold(const LaneKey& key, Instant lease_until) = 0;
  virtual void save_health(const OrganizationId& organization, const IntegrationId& id, const Health& health) = 0;
  // Every lane of the integration that has something open is looked at now.
  virtual void wake(const OrganizationId& organization, const IntegrationId& id) = 0;
  virtual void set_integration_errors(const OrganizationId& organization, const ReferralId& referral,
                                      std::int64_t count) = 0;
  // One open notice per integration and code; opening it again changes nothing.
  virtual void open_notice(const OrganizationId& organization, const IntegrationId& id, std::string code,
                           std::string sentence) = 0;
  virtual void close_notices(const OrganizationId& organization, const IntegrationId& id) = 0;
  using referral::Unit::add;
  using referral::Unit::save;
};

struct ClaimedLane {
  LaneKey key;
  std::int64_t fence = 0;
};

// One unit of work over one referral's lanes. `run` may be called again where a batch had to be repeated.
struct LaneCommand {
  LaneKey key;
  bool with_messages = false;
  std::function<Result<void>(Unit&)> run;
};

class LaneStore {
 public:
  virtual ~LaneStore() = default;
  // Takes up to `count_max` lanes that are due and not leased, each with a new fence, for `lease`.
  virtual Result<std::vector<ClaimedLane>> claim(Instant now, std::chrono::milliseconds lease, std::size_t count_max,
                                                 const std::set<IntegrationId>& leave_out) = 0;
  // Runs every command, in as few commits as possible; answers in order.
  virtual std::vector<Result<void>> run(std::vector<LaneCommand> commands) = 0;
  // When the next lane is due that nobody holds; nothing when none is.
  virtual Result<std::optional<Instant>> next_due() = 0;
};

}  // namespace handoff::exchange

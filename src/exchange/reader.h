// Reading integrations, lanes, deliveries and decisions, outside of any unit of work.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "exchange/delivery.h"
#include "referral/reader.h"

namespace handoff::exchange {

using referral::Page;

struct DeliveryFilter {
  std::optional<DeliveryState> state;
  std::optional<IntegrationId> integration;
  std::optional<ReferralId> referral;
  std::optional<Instant> since;  // by time of creation
  std::size_t limit = 50;
  std::optional<std::string> cursor;
};

struct DeliveryWithAttempts {
  Delivery delivery;
  std::vector<Attempt> attempts;
};

struct Notice {
  NoticeId id;
  IntegrationId integration;
  std::string code, sentence;
  Instant opened_at{};
  std::optional<Instant> closed_at;
};

// A decision with what it was decided on.
struct RecordedDecision {
  DecisionRow row;
  referral::EventType event_type = referral::EventType::edited;
  referral::Facts facts;
};

class Reader {
 public:
  virtual ~Reader() = default;
  virtual Result<std::vector<Integration>> integrations(
      const OrganizationId& organization) = 0;  // deleted ones left out
  virtual Result<std::optional<Integration>> integration(const OrganizationId& organization,
                                                         const IntegrationId& id) = 0;
  virtual Result<std::optional<Integration>> integration_version(const OrganizationId& organization,
                                                                 const IntegrationId& id, std::int64_t version) = 0;
  // By id alone, for hooks that carry a token instead of credentials.
  virtual Result<std::optional<Integration>> integration_for_hook(const IntegrationId& id) = 0;
  virtual Result<std::optional<Lane>> lane(const LaneKey& key) = 0;
  virtual Result<std::optional<LaneKey>> lane_of_remote(const OrganizationId& organization, const IntegrationId& id,
                                                        const std::string& remote_id) = 0;
  virtual Result<Page<DeliveryWithAttempts>> deliveries(const OrganizationId& organization,
                                                        const DeliveryFilter& filter) = 0;  // newest first
  virtual Result<std::optional<DeliveryWithAttempts>> delivery(const OrganizationId& organization,
                                                               const DeliveryId& id) = 0;
  virtual Result<std::int64_t> owed(const OrganizationId& organization,
                                    const IntegrationId& id) = 0;  // open deliveries
  virtual Result<std::vector<RecordedDecision>> decisions(const OrganizationId& organization,
                                                          const ReferralId& referral,
                                                          const IntegrationId& integration) = 0;  // oldest first
  virtual Result<std::vector<Notice>> notices(const OrganizationId& organization) = 0;            // open ones
};

}  // namespace handoff::exchange

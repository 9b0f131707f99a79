// Where a referral is and why, for one destination: in one sentence, from the decision rows and the lane.
#pragma once

#include <string>
#include <vector>

#include "exchange/reader.h"

namespace handoff::exchange {

struct Check {
  std::string check;   // plan, integration_enabled, listing_linked, trigger_matched, routing, consent, mode, mapping,
                       // destination
  std::string result;  // pass, fail, waiting, not_applicable
  std::string code;
  std::string detail;
};

struct Explanation {
  ReferralId referral;
  IntegrationId integration;
  bool delivered = false;
  std::string code;
  std::string sentence;
  std::vector<Check> checks;  // always nine, in the contract's order
  std::optional<Instant> next_attempt_at;
};
Json to_json(const Explanation& explanation);

// Everything explain reads; gathered by the caller through the readers.
struct ExplainFacts {
  referral::Referral referral;
  directory::Organization organization;       // the integration's
  std::optional<directory::Listing> listing;  // the referral's
  Integration integration;
  const Manifest* manifest = nullptr;  // null: a connector that is not installed
  std::optional<Lane> lane;
  std::vector<RecordedDecision> decisions;  // oldest first
  std::vector<Delivery> deliveries;         // of this lane, oldest first
  Faults missing;                           // what the destination requires and the referral lacks, where known
};
Explanation explain(const ExplainFacts& facts);
// Reads them. Error "referral.not_found" for a stranger's. `connector` is null where it is not installed.
Result<ExplainFacts> gather(referral::Reader& referrals, Reader& deliveries, const Connector* connector,
                            const OrganizationId& asking, const ReferralId& referral, const Integration& integration);

}  // namespace handoff::exchange

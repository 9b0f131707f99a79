// What intake opportunities want from storage. A command gets it by part_of<opportunity::Unit>(unit).
#pragma once

#include <string>
#include <vector>

#include "base/part.h"
#include "opportunity/opportunity.h"

namespace handoff::opportunity {

// What a command wants loaded and locked beforehand, of the actor's organization. What is not named here may be asked
// for all the same and is then read when it is.
struct Needs : RoomNeeds {
  std::vector<IntakeOpportunityId> opportunities;
  std::vector<ChartKey> charts;
};

class Unit {
 public:
  virtual ~Unit() = default;
  // nullptr where there is none of the actor's organization. Valid until the next save.
  virtual const IntakeOpportunity* opportunity(const IntakeOpportunityId& id) = 0;
  virtual const IntakeOpportunity* of_referral(const OrganizationId& organization, const ReferralId& referral) = 0;
  virtual const IntakeOpportunity* of_chart(const OrganizationId& organization, const ChartKey& chart) = 0;
  // Those that share a key, or the person, and have not ended; oldest first, at most 20.
  virtual std::vector<const IntakeOpportunity*> like(const OrganizationId& organization,
                                                     const std::vector<std::string>& keys,
                                                     const std::optional<PersonId>& person) = 0;
  // Whether any accepted one has no chart yet: otherwise nobody needs to be looked for.
  virtual bool awaits_chart(const OrganizationId& organization) = 0;
  virtual void save(const IntakeOpportunity& opportunity) = 0;
};

}  // namespace handoff::opportunity

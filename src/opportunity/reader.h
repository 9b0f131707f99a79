// Reading outside of any unit of work. Every question carries the organization that asks.
#pragma once

#include "opportunity/opportunity.h"
#include "referral/reader.h"

namespace handoff::opportunity {

struct ListFilter {
  std::optional<Stage> stage;
  std::optional<Source> source;
  std::optional<ReferralId> referral;
  std::optional<bool> in_review;
  std::size_t limit = 50;
  std::optional<std::string> cursor;
};

class Reader {
 public:
  virtual ~Reader() = default;
  virtual Result<std::optional<IntakeOpportunity>> opportunity(const OrganizationId& asking,
                                                               const IntakeOpportunityId& id) = 0;
  // Newest first.
  virtual Result<referral::Page<IntakeOpportunity>> list(const OrganizationId& asking, const ListFilter& filter) = 0;
  // By chart; charts without one are left out.
  virtual Result<std::vector<IntakeOpportunity>> of_charts(const OrganizationId& asking,
                                                           const std::vector<ChartKey>& charts) = 0;
};

}  // namespace handoff::opportunity

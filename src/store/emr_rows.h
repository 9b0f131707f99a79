// Rows of connections, linked records, runs, hooks and intake opportunities to records and back.
#pragma once

#include "opportunity/opportunity.h"
#include "store/records.h"

namespace handoff::store {

#define HANDOFF_OPPORTUNITY_COLUMNS                                                                             \
  "o.organization_id, o.id, o.version, o.stage, o.source, o.referral_id, o.connection_id, o.casefile, o.stay, " \
  "o.body, "                                                                                                    \
  "o.created_at, o.updated_at"
// HANDOFF_OPPORTUNITY_COLUMNS from `from` on.
opportunity::IntakeOpportunity opportunity_of(const Row& row, std::size_t from);

}  // namespace handoff::store

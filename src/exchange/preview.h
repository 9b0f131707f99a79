// The exact requests an integration would send for a referral, secrets masked, sending nothing.
#pragma once

#include "exchange/store.h"

namespace handoff::exchange {

// The view of a referral that a connector is given. Messages are those between the two sides.
referral::Snapshot take_snapshot(const referral::Referral& referral, const directory::Listing* listing,
                                 const directory::Organization* sender, const directory::Organization* receiver,
                                 const std::vector<referral::SubStatus>& sub_statuses,
                                 const std::vector<referral::Message>& messages, Instant now);

// What the destination requires and the referral lacks, as it stands now.
Faults missing_data(const Connector& connector, const Integration& integration, const referral::Snapshot& snapshot);

// Walks the connector's steps, answering each as a willing destination would. {requests: [{step, method, url, headers,
// body | parts}], missing: [faults], leftOut: [{file, code, message}], problem: {code, message} | null}.
Json preview(const Connector& connector, const Integration& integration, const referral::Snapshot& snapshot);

}  // namespace handoff::exchange

// What happens to a lane outside of any change of its referral: a person hands a referral over by hand, a destination
// reports that it has taken the case on.
#pragma once

#include "exchange/store.h"

namespace handoff::exchange {

enum class SendAs {
  new_referral,  // as though nothing had been handed over before
  update,        // of what the destination already holds
};

// Makes a delivery without a trigger, for the explicit backfill. Errors: "send.not_submitted",
// "send.listing_not_linked", "send.other_side", "send.test_mismatch", "send.already_waiting", "send.nothing_to_update",
// "mode.update_not_supported", "integration.disabled".
Result<DeliveryId> send_by_hand(Unit& unit, const Integration& integration, const Manifest& manifest,
                                const ReferralId& referral, SendAs as);

// The destination has accepted the referral: updates that wait are not sent any more (mode.accepted). Told again it
// changes nothing. Answers when it was accepted.
Result<Instant> accepted_by_destination(Unit& unit, const LaneKey& key);

}  // namespace handoff::exchange

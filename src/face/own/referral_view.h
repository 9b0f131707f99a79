// A referral as its reader is shown it, and the readings that several handlers share.
#pragma once

#include <map>

#include "face/own/call.h"
#include "referral/snapshot.h"

namespace handoff::face::own {

// The contract's referral: with the sub-status as the owner calls it, what this organization may do now, and whether
// its own side has archived it.
Json referral_json(const referral::Referral& referral, const std::vector<referral::SubStatus>& owner_rows,
                   const OrganizationId& reader);
// As it stands in a list: without answers, details, notes and attachments.
Json list_item_json(const referral::Referral& referral, const std::vector<referral::SubStatus>& owner_rows,
                    const OrganizationId& reader);
Json message_json(const referral::Message& message);
Json note_json(const referral::Note& note);

// The answer that shows the referral as the unit of work leaves it.
exchange::CommandAnswer referral_answer(Call& call, exchange::OfficeUnit& unit, const ReferralId& id, int status = 200,
                                        const std::string& location = {});

// The referral of the path's first id. Error "referral.not_found".
Result<referral::Referral> find_referral(Call& call);
// The same, with the look at it written down.
Result<referral::Referral> look_at_referral(Call& call, const char* action);
Result<void> looked_at_referral(Call& call, const referral::Referral& referral, const char* action);

// What a destination or a reader of the summary would be told now.
Result<referral::Snapshot> snapshot_of(Call& call, const referral::Referral& referral, Instant taken_at);

// A change of one referral: it is loaded and locked, If-Match is checked before `work`, and where the change is not
// possible the answer says what is, or who changed the record before.
Result<net::Response> change_referral(Call& call, const ReferralId& id, exchange::Needs needs, const Call::Work& work);

std::string referral_path(const ReferralId& id);

}  // namespace handoff::face::own

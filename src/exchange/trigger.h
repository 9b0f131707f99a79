// Triggers: the moments an organization may choose for handing data over, in the words of the founding document
// "Choosing when to import referrals into your Client Management System (CMS)".
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "referral/event.h"

namespace handoff::exchange {

struct TriggerRow {
  const char* id;
  const char* label;
  const char* description;
};
inline constexpr std::array trigger_rows{
    TriggerRow{"referral.received", "Received (routed requests can be included)",
               "A new referral is received (in the INBOX)."},
    TriggerRow{"referral.edited", "Edited", "An existing referral is updated."},
    TriggerRow{"substatus.ready", "Edited Status - Ready", "An existing referral sub-status is set to \"Ready\"."},
    TriggerRow{"substatus.received", "Edited Status - Received",
               "An existing referral sub-status is set to \"Received\"."},
    TriggerRow{"substatus.accepted", "Edited Status - Accepted",
               "An existing referral sub-status is set to \"Accepted\"."},
    TriggerRow{"closed.completed", "Closed - Completed",
               "An existing referral is closed using any sub-status within the \"Completed\" category, for example "
               "Admitted or Outcome Not Recorded."},
    TriggerRow{"closed.rejected", "Closed - Rejected",
               "An existing referral is closed using any sub-status within the \"Rejected\" category, for example "
               "Ineligible."},
    TriggerRow{"closed.cancelled", "Closed - Cancelled",
               "An existing referral is closed using any sub-status within the \"Cancelled\" category, for example "
               "Cancelled by Registrant, Cancelled by Provider (Event) or Cancelled by Provider (Group)."},
    TriggerRow{"closed.failed", "Closed - Failed",
               "An existing referral is closed using any sub-status within the \"Failed\" category, for example "
               "Incomplete or No Show."},
    TriggerRow{"closed.error", "Closed - Error",
               "An existing referral is closed using any sub-status within the \"Entered in Error\" category, for "
               "example Entered in Error."},
    TriggerRow{"closed", "Closed", "An existing referral is closed, in any of the five categories."},
    TriggerRow{"appointment.booked", "Booked", "A new appointment is added to an existing referral."},
    TriggerRow{"appointment.changed", "Rescheduled/Unbooked",
               "An existing appointment associated with a referral is either rescheduled or unbooked."},
    TriggerRow{"referral.archived", "Archived", "An existing referral is archived."},
    TriggerRow{"message.from_provider", "Message from Provider",
               "A communication is sent by the referral's RECEIVING organization to the sender."},
    TriggerRow{"message.from_requester", "Message from Requester",
               "A communication is sent by the referral's SENDING organization to the provider."},
    TriggerRow{"referral.sent", "Sent",
               "A referral is sent to another organization (integrations of the sending side, in place of Received)."},
};
inline constexpr std::string_view sub_status_trigger_prefix = "substatus:";  // and the code of any sub-status

// True for an id of the table, or "substatus:<code>".
bool is_trigger(std::string_view id);
// "Closed - Completed"; for "substatus:waitlisted" "Edited Status - waitlisted".
std::string trigger_label(std::string_view id);

// On which side of a referral an integration stands.
enum class IntegrationSide { received, sent };
const char* word(IntegrationSide side);

struct TriggerOptions {
  IntegrationSide side = IntegrationSide::received;
  bool edited_includes_status = false;
  bool arrival_fires_sub_status = false;
};
// Every trigger id the event means for an integration of this kind, in table order. Routing is judged elsewhere.
std::vector<std::string> triggers_of(referral::EventType type, const referral::Facts& facts,
                                     const TriggerOptions& options);

}  // namespace handoff::exchange

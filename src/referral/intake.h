// Reading content that comes from outside: every fault at once, each with a pointer into what was sent.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "referral/referral.h"

namespace handoff::referral {

struct ContentRules {
  const directory::Listing* listing = nullptr;  // null: no form (recipient outside the exchange)
  Instant now{};
  bool draft = false;              // what is required is asked at submit
  const Json* previous = nullptr;  // answers that did not change are not judged by today's form again
  const std::vector<Attachment>* attachments = nullptr;  // that answer attachment fields
  std::string region = "CA";                             // for phones without a country code
  bool first_name_required = true;                       // a CRM knows persons by their last name alone
};

// Completes and checks {registrant, requester, priority, notes, answers, details}. The answer has every property of the
// contract, null or empty where nothing was sent. Pointers start at `body`'s root.
Json read_content(const Json& body, const ContentRules& rules, Faults& faults, std::vector<Warning>& warnings);
// The names of the content's members, for faces that read bodies holding more than content.
const std::vector<std::string>& content_members();

// {start, durationMinutes, timeZone?, location?, providerName?}; pointers start at `at`.
Appointment read_appointment(const Json& body, const std::string& at, Faults& faults);
// {name, contactId?}
Json read_recipient(const Json& body, const std::string& at, Faults& faults);

// A fault for every member of `object` that is not `known`, with the nearest known name.
void refuse_unknown(const Json& object, const std::string& at, const std::vector<std::string>& known, Faults& faults);

}  // namespace handoff::referral

// Whether a new patient is known already: what shouldUseHighConfidenceMatch and the organization's policy rest on.
#pragma once

#include <optional>
#include <vector>

#include "face/salesforce/call.h"

namespace handoff::face::salesforce {

struct Duplicate {
  record::Record account;
  double confidence = 0;  // 0 to 100
};

// The one account that agrees with every field that was sent, phone numbers as they were written; nothing where there
// is none, and where there are several.
std::optional<record::Record> one_that_agrees(exchange::OfficeUnit& unit, const Json& fields);

// Accounts that the patient may well be, best first: those that agree in all that was sent, and those of persons that
// are recognized as certainly or probably the same.
Result<std::vector<Duplicate>> duplicates_of(exchange::OfficeUnit& unit, const Json& fields, const Json& registrant);

// The body of DUPLICATES_DETECTED. Ids are shown to callers who may read them.
Json duplicates_answer(const Call& call, const std::vector<Duplicate>& duplicates);

}  // namespace handoff::face::salesforce

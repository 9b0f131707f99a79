// What is shown of a person, computed each time from what was said about it: so undoing a merge is exact.
#pragma once

#include <string>
#include <vector>

#include "base/id.h"
#include "base/json.h"
#include "base/private.h"
#include "base/time.h"

namespace handoff::people {

struct Said {
  SourceRecordId record;
  Private<Json> registrant;
  std::string method;  // "edit" and "user": somebody here wrote it down and answers for it
  Instant at{};
};

// {registrant, sources}: for each property the value that survives and the record it is from. What somebody here
// corrected goes before what was sent, then the newest, then what more records say. Address, and each telephone,
// survive as a whole; identifiers are all kept.
Json survivor_of(const std::vector<Said>& said);

}  // namespace handoff::people

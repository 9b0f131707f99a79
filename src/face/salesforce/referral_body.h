// The body of a referral POST (Referral Management Input): its shape, and what of it is required.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "face/salesforce/call.h"

namespace handoff::face::salesforce {

struct RecordInput {  // Record Fields Input
  std::optional<std::string> id;
  std::optional<Json> fields;
};
struct DetailInput {              // Referral Detail Input; exactly one of record_id, code_id and fields
  std::string type, record_type;  // record_type is a known label, or ""
  std::optional<std::string> record_id, code_id;
  std::optional<Json> fields;
};
struct ReferralBody {
  RecordInput patient;
  std::optional<RecordInput> requester;
  std::vector<std::string> performers;  // ids as they were sent
  Json referral = Json::object();       // fields of the request
  std::vector<DetailInput> details;
  std::string notes;
  bool match = false;  // shouldUseHighConfidenceMatch
};

inline constexpr std::size_t performers_max = 5;

// Unknown properties first, then shapes, then what is required, then limits: the first kind of fault ends the reading.
//   salesforce.unreadable, salesforce.missing, salesforce.not_allowed_here, record.value_not_offered
Result<ReferralBody> read_referral_body(const Call& call, const Json& body, bool guest);

}  // namespace handoff::face::salesforce

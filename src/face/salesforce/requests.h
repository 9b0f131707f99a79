// A ClinicalServiceRequest and the referral it is a view of: made, changed and moved together, in one unit of work.
#pragma once

#include <string>
#include <vector>

#include "face/salesforce/call.h"

namespace handoff::face::salesforce {

// A person account as a registrant, anybody who may request as a requester (contract, section 2).
Json registrant_of(const record::Record& account);
Json requester_of(const record::Record& requester);
// What a record says about a detail of a referral: {type, recordType, fields}.
Json detail_of(const std::string& type, const std::string& record_type, const record::Record& record);

struct NewRequest {
  const record::Record* patient = nullptr;
  const record::Record* requester = nullptr;  // null for none
  const record::Record* performer = nullptr;  // null for none
  Json fields = Json::object();               // of the request, read by record::read_fields
  std::string notes;
  Json details = Json::array();  // {type, recordType, fields}
};

// Makes the referral and its record, and brings it to the state that Status and IsAccepted ask for. Answers the
// record's stored id.
Result<std::string> make_request(Call& call, exchange::OfficeUnit& unit, const NewRequest& input);

// `fields` as read for a change. Moves the referral where Status or IsAccepted ask for it.
Result<void> change_request(Call& call, exchange::OfficeUnit& unit, const record::Record& request, const Json& fields);

// A record of the caller's organization that is about to be kept for the first time.
record::Record new_record(exchange::OfficeUnit& unit, const record::Object& object, Json fields);
// One row of the audit trail for what a call made or changed, by shown ids.
void audit_records(exchange::OfficeUnit& unit, const char* action, const std::vector<std::string>& ids);

// The ids that `fields` name, as they were sent: to be loaded before references() looks at them.
std::vector<std::string> ids_in(const record::Object& object, const Json& fields);
// Every reference names a record that is there and of an object that may stand there; the ids are written in full.
//   record.id_of_another_object, salesforce.unknown_reference
void check_references(exchange::OfficeUnit& unit, const record::Object& object, Json& fields, Faults& faults);
// The record that `id` names, of one of `objects` (with ';' between); a fault at `pointer` otherwise.
const record::Record* referenced(exchange::OfficeUnit& unit, const std::string& id, const char* objects,
                                 const std::string& pointer, Faults& faults);

}  // namespace handoff::face::salesforce

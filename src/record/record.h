// One record of the CRM data model: an object's name and the values of its fields, as they are stored.
#pragma once

#include <optional>
#include <string>

#include "base/id.h"
#include "base/json.h"
#include "base/private.h"
#include "record/object.h"

namespace handoff::record {

struct Record {
  OrganizationId organization;
  std::string id;  // as stored: 15 characters, or all 18 of a lenient one
  const Object* object = nullptr;
  std::optional<ReferralId> referral;              // of a ClinicalServiceRequest: the referral it is a view of
  Private<Json> fields = Private(Json::object());  // by the names of the table; what is absent is null
  std::int64_t version = 0;
  Instant created_at{};
  Instant updated_at{};
  std::string created_by;  // actor's id

  const Json& field(std::string_view name) const { return fields.reveal()[name]; }
};

// "First Last" of an account that is a person, else the field Name.
std::string name_of(const Record& record);
// The value of person_name_key; "" for what is no person's account.
std::string person_name_of(const Record& record);
// An account with a last name is a person's.
bool is_person(const Record& record);

}  // namespace handoff::record

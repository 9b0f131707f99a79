// Errors as Salesforce words them: a list of one element {errorCode, message, fields?}. One table from our codes to
// theirs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "net/http.h"

namespace handoff::face::salesforce {

struct Refusal {
  int status = 400;
  std::string code;  // "REQUIRED_FIELD_MISSING"
  std::string message;
  std::vector<std::string> fields;
};

// An error of several faults becomes the refusal of the first, with the fields and sentences of all that share its
// code.
Refusal refusal_of(const Error& error);
Json to_json(const Refusal& refusal);  // the element
net::Response answer(const Refusal& refusal);
net::Response answer(const Error& error);
net::Response json_answer(int status, const Json& body);

// The field of this face behind a pointer into a referral's content ("/registrant/birthDate" is PersonBirthdate), else
// the last name in the pointer.
std::string field_behind(std::string_view pointer);

}  // namespace handoff::face::salesforce

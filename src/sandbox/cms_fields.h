// The wire keys of the sandbox CMS in the order of its document, with the labels a person there reads.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace handoff::sandbox {

enum class FieldGroup { none, registrant, requester, appointment, note };

struct WireField {
  std::string_view key;
  std::string_view label;  // on the page
  std::string_view said;   // in a refusal: "Date of birth is required"
  FieldGroup group;
};

std::span<const WireField> wire_fields();
const WireField* find_wire_field(std::string_view key);  // nullptr when there is none

// The value of a key as a person reads it; "" when absent, null or empty.
std::string shown(const Json& fields, std::string_view key);

// What the CMS refuses: no object, an unknown key, a value that is no text (the duration may be a number), a required
// key without a value. The text is the `message` of its 400; empty when all is well.
std::string refusal_of(const Json& fields, const std::vector<std::string>& required);

}  // namespace handoff::sandbox

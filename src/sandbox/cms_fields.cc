#include "sandbox/cms_fields.h"

#include <array>

#include "base/text.h"

namespace handoff::sandbox {

namespace {

using G = FieldGroup;

constexpr std::array fields_table{
    WireField{"externalId", "External id", "External id", G::none},
    WireField{"firstName", "First Name", "First name", G::registrant},
    WireField{"middleName", "Middle Name", "Middle name", G::registrant},
    WireField{"lastName", "Last Name", "Last name", G::registrant},
    WireField{"dateOfBirth", "Date of Birth", "Date of birth", G::registrant},
    WireField{"gender", "Gender", "Gender", G::registrant},
    WireField{"address", "Address", "Address", G::registrant},
    WireField{"city", "City", "City", G::registrant},
    WireField{"province", "Province", "Province", G::registrant},
    WireField{"country", "Country", "Country", G::registrant},
    WireField{"postalCode", "Postal Code", "Postal code", G::registrant},
    WireField{"preferredLanguage", "Preferred Language", "Preferred language", G::registrant},
    WireField{"phoneMain", "Phone (Home/Main)", "Phone (home/main)", G::registrant},
    WireField{"phoneAlt", "Phone (Alt)", "Phone (alt)", G::registrant},
    WireField{"email", "Email", "Email", G::registrant},
    WireField{"requesterFirstName", "First Name", "Requester first name", G::requester},
    WireField{"requesterLastName", "Last Name", "Requester last name", G::requester},
    WireField{"requesterOrganization", "Organization", "Requester organization", G::requester},
    WireField{"requesterPhone", "Phone", "Requester phone", G::requester},
    WireField{"appointmentStart", "Start", "Appointment start", G::appointment},
    WireField{"appointmentDuration", "Duration", "Appointment duration", G::appointment},
    WireField{"appointmentLocation", "Location", "Appointment location", G::appointment},
    WireField{"appointmentProviderFullName", "Provider Full Name", "Appointment provider full name", G::appointment},
    WireField{"referralNote", "Referral Note", "Referral note", G::note},
};

}  // namespace

std::span<const WireField> wire_fields() { return fields_table; }

const WireField* find_wire_field(std::string_view key) {
  for (const WireField& field : fields_table) {
    if (field.key == key) return &field;
  }
  return nullptr;
}

std::string shown(const Json& fields, std::string_view key) {
  const Json& value = fields[key];
  if (value.is_string()) return value.string();
  if (value.is_number()) return value.number_text();
  return {};
}

std::string refusal_of(const Json& fields, const std::vector<std::string>& required) {
  if (!fields.is_object()) return "The body must be a JSON object of referral fields";
  for (const auto& [key, value] : fields.members()) {
    const WireField* field = find_wire_field(key);
    if (field == nullptr) return "Unknown field: " + utf8_prefix(key, 100);
    const bool may_be_number = field->key == "appointmentDuration";
    if (value.is_null() || value.is_string() || (may_be_number && value.is_number())) continue;
    return std::string(field->said) + (may_be_number ? " must be a number of minutes" : " must be a text");
  }
  for (const WireField& field : fields_table) {
    for (const std::string& key : required) {
      if (key == field.key && trim(shown(fields, key)).empty()) return std::string(field.said) + " is required";
    }
  }
  return {};
}

}  // namespace handoff::sandbox

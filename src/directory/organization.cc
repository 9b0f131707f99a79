#include "directory/organization.h"

#include <algorithm>
#include <set>

#include "base/text.h"

namespace handoff::directory {
namespace {

struct TypeWord {
  FieldType type;
  const char* code;
};
constexpr std::array type_words{
    TypeWord{FieldType::text, "text"},
    TypeWord{FieldType::long_text, "longText"},
    TypeWord{FieldType::choice, "choice"},
    TypeWord{FieldType::multi_choice, "multiChoice"},
    TypeWord{FieldType::date, "date"},
    TypeWord{FieldType::number, "number"},
    TypeWord{FieldType::boolean, "boolean"},
    TypeWord{FieldType::phone, "phone"},
    TypeWord{FieldType::email, "email"},
    TypeWord{FieldType::address, "address"},
    TypeWord{FieldType::attachment, "attachment"},
};

// Keys of the registrant a listing may ask for (contract: first and last name are required always).
const std::vector<std::string> registrant_keys{
    "middleName",      "birthDate",          "gender",       "preferredLanguage", "email",
    "phones.main",     "phones.alternate",   "address.line", "address.city",      "address.province",
    "address.country", "address.postalCode", "firstName",    "lastName"};

constexpr std::size_t name_max = 200, description_max = 4000, fields_max = 300, options_max = 500;

void unknown_members(const Json& object, const std::string& at, const std::vector<std::string>& known, Faults& faults) {
  for (const auto& [key, value] : object.members()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    const auto near = nearest(key, known);
    faults.push_back(
        {at + "/" + pointer_escape(key), "property.unknown",
         near ? "There is no such property here; did you mean \"" + *near + "\"?" : "There is no such property here."});
  }
}

std::optional<std::string> read_text(const Json& value, const std::string& at, std::size_t max, bool required,
                                     Faults& faults) {
  if (value.is_null()) {
    if (required) faults.push_back({at, "property.required", "This is required."});
    return std::nullopt;
  }
  if (!value.is_string()) {
    faults.push_back({at, "property.wrong_type", "Send a text."});
    return std::nullopt;
  }
  if (required && trim(value.string()).empty()) {
    faults.push_back({at, "property.required", "This must not be empty."});
  } else if (utf8_length(value.string()) > max) {
    faults.push_back({at, "property.too_long", "At most " + std::to_string(max) + " characters."});
  }
  return value.string();
}

void read_bool(const Json& value, const std::string& at, bool& into, Faults& faults) {
  if (value.is_null()) return;
  if (!value.is_bool()) {
    faults.push_back({at, "property.wrong_type", "Send true or false."});
  } else {
    into = value.boolean();
  }
}

FormField read_field(const Json& body, const std::string& at, Faults& faults) {
  FormField field;
  if (!body.is_object()) {
    faults.push_back({at, "property.wrong_type", "Send an object with key, label and type."});
    return field;
  }
  unknown_members(body, at, {"key", "label", "type", "required", "options", "maxLength"}, faults);
  field.key = read_text(body["key"], at + "/key", 64, true, faults).value_or("");
  if (!field.key.empty() &&
      field.key.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") !=
          std::string::npos) {
    faults.push_back({at + "/key", "form.bad_key", "A key holds letters, digits, - and _ only."});
  }
  field.label = read_text(body["label"], at + "/label", 500, true, faults).value_or("");
  const std::string type = read_text(body["type"], at + "/type", 40, true, faults).value_or("");
  if (const auto known = field_type_of(type)) {
    field.type = *known;
  } else if (!type.empty()) {
    faults.push_back(
        {at + "/type", "form.unknown_type",
         "One of text, longText, choice, multiChoice, date, number, boolean, phone, email, address, attachment."});
  }
  read_bool(body["required"], at + "/required", field.required, faults);
  const Json& options = body["options"];
  if (options.is_array()) {
    for (std::size_t i = 0; i < options.size(); ++i) {
      const auto text = read_text(options.items()[i], at + "/options/" + std::to_string(i), 500, true, faults);
      if (text) field.options.push_back(*text);
    }
    if (options.size() > options_max) faults.push_back({at + "/options", "property.too_many", "At most 500 options."});
  } else if (!options.is_null()) {
    faults.push_back({at + "/options", "property.wrong_type", "Send a list of texts."});
  }
  if ((field.type == FieldType::choice || field.type == FieldType::multi_choice) && field.options.empty()) {
    faults.push_back({at + "/options", "form.needs_options", "A choice needs options to choose from."});
  }
  const Json& max = body["maxLength"];
  if (!max.is_null()) {
    field.max_length = max.integer();
    if (!field.max_length || *field.max_length < 1 || *field.max_length > 100'000) {
      faults.push_back({at + "/maxLength", "property.out_of_range", "A whole number from 1 to 100000."});
    }
  }
  return field;
}

}  // namespace

const char* plan_code(Plan plan) { return plan_words[static_cast<std::size_t>(plan)].code; }
const char* plan_label(Plan plan) { return plan_words[static_cast<std::size_t>(plan)].label; }
std::optional<Plan> plan_of(std::string_view code) {
  for (const auto& row : plan_words) {
    if (code == row.code) return row.plan;
  }
  return std::nullopt;
}

std::string contact_text(const IntegrationContact& contact) {
  std::vector<std::string> ways;
  if (contact.email) ways.push_back(*contact.email);
  if (contact.phone) ways.push_back(*contact.phone);
  const std::string reach = join(ways, ", ");
  if (!contact.name) return reach;
  return reach.empty() ? *contact.name : *contact.name + " (" + reach + ")";
}

const char* field_type_code(FieldType type) { return type_words[static_cast<std::size_t>(type)].code; }
std::optional<FieldType> field_type_of(std::string_view code) {
  for (const auto& row : type_words) {
    if (code == row.code) return row.type;
  }
  return std::nullopt;
}

const FormField* find_field(const Listing& listing, std::string_view key) {
  const auto found =
      std::find_if(listing.form.begin(), listing.form.end(), [&](const FormField& f) { return f.key == key; });
  return found == listing.form.end() ? nullptr : &*found;
}

Json listing_to_json(const Listing& listing) {
  Json fields = Json::array();
  for (const auto& field : listing.form) {
    Json options = nullptr;
    if (!field.options.empty()) {
      options = Json::array();
      for (const auto& option : field.options) options.push_back(option);
    }
    fields.push_back(Json::object({{"key", field.key},
                                   {"label", field.label},
                                   {"type", field_type_code(field.type)},
                                   {"required", field.required},
                                   {"options", std::move(options)},
                                   {"maxLength", field.max_length}}));
  }
  Json required = Json::array();
  for (const auto& key : listing.registrant_required) required.push_back(key);
  return Json::object({{"id", listing.id.text()},
                       {"organizationId", listing.organization.text()},
                       {"name", listing.name},
                       {"description", listing.description},
                       {"visibility", listing.visibility == Visibility::exchange ? "exchange" : "private"},
                       {"admission", listing.admission},
                       {"arrivalSubStatus", listing.arrival_sub_status},
                       {"registrantRequired", std::move(required)},
                       {"form", Json::object({{"fields", std::move(fields)}})},
                       {"version", listing.version},
                       {"createdAt", format_instant(listing.created_at)}});
}

void read_listing(const Json& body, Listing& into, Faults& faults) {
  if (!body.is_object()) {
    faults.push_back({"", "property.wrong_type", "Send an object."});
    return;
  }
  unknown_members(body, "",
                  {"name", "description", "visibility", "admission", "arrivalSubStatus", "registrantRequired", "form"},
                  faults);
  into.name = read_text(body["name"], "/name", name_max, true, faults).value_or("");
  into.description = read_text(body["description"], "/description", description_max, false, faults);
  const std::string visibility = read_text(body["visibility"], "/visibility", 20, false, faults).value_or("private");
  if (visibility != "private" && visibility != "exchange") {
    faults.push_back({"/visibility", "property.unknown_value", "Either private or exchange."});
  }
  into.visibility = visibility == "exchange" ? Visibility::exchange : Visibility::private_listing;
  into.admission = false;
  read_bool(body["admission"], "/admission", into.admission, faults);
  into.arrival_sub_status = read_text(body["arrivalSubStatus"], "/arrivalSubStatus", 64, false, faults);
  if (into.arrival_sub_status && *into.arrival_sub_status != "requested" && *into.arrival_sub_status != "ready") {
    faults.push_back({"/arrivalSubStatus", "property.unknown_value", "null, requested or ready."});
  }
  into.registrant_required.clear();
  const Json& required = body["registrantRequired"];
  if (required.is_array()) {
    for (std::size_t i = 0; i < required.size(); ++i) {
      const Json& key = required.items()[i];
      const std::string at = "/registrantRequired/" + std::to_string(i);
      if (!key.is_string() ||
          std::find(registrant_keys.begin(), registrant_keys.end(), key.string()) == registrant_keys.end()) {
        faults.push_back({at, "listing.unknown_registrant_field", "One of " + join(registrant_keys, ", ") + "."});
      } else {
        into.registrant_required.push_back(key.string());
      }
    }
  } else if (!required.is_null()) {
    faults.push_back({"/registrantRequired", "property.wrong_type", "Send a list of the registrant's keys."});
  }
  into.form.clear();
  const Json& form = body["form"];
  if (form.is_null()) return;
  if (!form.is_object()) {
    faults.push_back({"/form", "property.wrong_type", "Send an object with a list of fields."});
    return;
  }
  unknown_members(form, "/form", {"fields"}, faults);
  const Json& fields = form["fields"];
  if (fields.is_null()) return;
  if (!fields.is_array()) {
    faults.push_back({"/form/fields", "property.wrong_type", "Send a list."});
    return;
  }
  if (fields.size() > fields_max) faults.push_back({"/form/fields", "property.too_many", "At most 300 fields."});
  std::set<std::string> keys;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const std::string at = "/form/fields/" + std::to_string(i);
    FormField field = read_field(fields.items()[i], at, faults);
    if (!field.key.empty() && !keys.insert(field.key).second) {
      faults.push_back({at + "/key", "form.duplicate_key", "Another field has this key already."});
    }
    into.form.push_back(std::move(field));
  }
}

}  // namespace handoff::directory

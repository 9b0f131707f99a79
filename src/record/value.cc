#include "record/value.h"

#include <algorithm>
#include <cmath>

#include "base/crypto.h"
#include "base/text.h"
#include "record/record.h"
#include "record/record_id.h"

namespace handoff::record {
namespace {

const char* word(FieldType type) {
  switch (type) {
    case FieldType::boolean: return "true or false";
    case FieldType::date: return "a date such as 2026-01-31";
    case FieldType::date_time: return "a time such as 2026-01-31T09:15:00.000+0000";
    case FieldType::number: return "a number";
    case FieldType::base64: return "bytes in base64";
    case FieldType::id:
    case FieldType::text:
    case FieldType::text_area:
    case FieldType::picklist:
    case FieldType::multi_picklist:
    case FieldType::phone:
    case FieldType::email:
    case FieldType::url:
    case FieldType::reference: break;
  }
  return "a text";
}

bool is_email(std::string_view text) {
  const auto sign = text.find('@');
  return sign != std::string_view::npos && sign > 0 && sign + 1 < text.size() &&
         text.find('@', sign + 1) == std::string_view::npos &&
         text.find_first_of(" \t\r\n,;<>") == std::string_view::npos;
}

}  // namespace

std::string format_date_time(Instant at) {
  std::string text = format_instant(at);  // "2026-12-03T14:30:00.000Z", or without a fraction
  text.pop_back();
  if (text.find('.') == std::string::npos) text += ".000";
  return text + "+0000";
}

std::optional<Instant> read_date_time(std::string_view text) {
  std::string mended(text);
  // "+0000" for "+00:00"
  if (mended.size() > 5 && (mended[mended.size() - 5] == '+' || mended[mended.size() - 5] == '-') &&
      mended.find('T') != std::string::npos && mended[mended.size() - 3] != ':')
    mended.insert(mended.size() - 2, ":");
  const auto parsed = parse_instant(mended);
  return parsed ? std::optional(parsed->at) : std::nullopt;
}

std::string key_of(const Field& field, std::string_view value) {
  return field.type == FieldType::reference ? registered_id(value) : ascii_lower(value);
}

bool may_name(const Field& field, std::string_view object) {
  const auto names = words_of(field.values);
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) { return name == object; });
}

std::optional<Json> read_value(const Field& field, const Json& value, Faults& faults) {
  const auto refuse = [&](const char* code, std::string message) {
    faults.push_back({"/" + std::string(field.name), code, std::move(message)});
    return std::optional<Json>();
  };
  const auto wrong_type = [&] {
    return refuse("record.wrong_type", std::string(field.label) + " takes " + word(field.type) + ".");
  };
  if (value.is_null()) return Json();
  switch (field.type) {
    case FieldType::boolean:
      if (value.is_bool()) return value;
      if (value.is_string() && (value.string() == "true" || value.string() == "false"))
        return Json(value.string() == "true");
      return wrong_type();
    case FieldType::number: {
      Json number = value;
      if (value.is_string()) {
        auto parsed = Json::parse(trim(value.string()));
        if (!parsed) return wrong_type();
        number = std::move(*parsed);
      }
      const auto real = number.is_number() ? number.real() : std::nullopt;
      return real && std::isfinite(*real) ? std::optional(number) : wrong_type();
    }
    default: break;
  }
  if (!value.is_string()) return wrong_type();
  const std::string& text = value.string();
  if (trim(text).empty()) return Json();
  switch (field.type) {
    case FieldType::date: {
      // A time is taken for its day, as written.
      const auto day = Date::parse(text.size() > 10 && text[10] == 'T' ? text.substr(0, 10) : text);
      return day ? std::optional(Json(day->text())) : wrong_type();
    }
    case FieldType::date_time: {
      const auto at = read_date_time(text);
      if (at) return Json(format_date_time(*at));
      const auto day = Date::parse(text);
      return day ? std::optional(Json(day->text() + "T00:00:00.000+0000")) : wrong_type();
    }
    case FieldType::id:
    case FieldType::reference:
      if (has_id_form(text)) return value;
      return refuse("record.id_malformed", std::string(field.label) + ": an id has 15 or 18 letters and digits.");
    case FieldType::base64: return base64_decode(text) ? std::optional(value) : wrong_type();
    case FieldType::email:
      if (!is_email(text))
        return refuse("record.bad_email",
                      std::string(field.label) + ": write an e-mail address such as name@example.org.");
      break;
    case FieldType::picklist:
      if (field.use & restricted) {
        const auto words = words_of(field.values);
        if (std::find(words.begin(), words.end(), text) == words.end())
          return refuse("record.value_not_offered", std::string(field.label) + ": one of " + join(words, ", ") + ".");
      }
      break;
    default: break;
  }
  if (field.length > 0 && utf8_length(text) > field.length) {
    return refuse("record.text_too_long", std::string(field.label) + ": data value too large (max length=" +
                                              std::to_string(field.length) + ")");
  }
  return value;
}

Json read_fields(const Object& object, const Json& fields, Write write, Faults& faults) {
  Json out = Json::object();
  std::vector<std::string> faulty;
  for (const auto& [name, value] : fields.members()) {
    const Field* field = find_field(object, name);
    if (field == nullptr) {
      if (name == "attributes") continue;  // {type, url} as records are shown: clients send it back
      faults.push_back(
          {"/" + name, "record.unknown_field", "No such column '" + name + "' on sobject of type " + object.name});
      continue;
    }
    if ((field->use & read_only) || (write == Write::change && (field->use & once))) {
      faults.push_back({"/" + std::string(field->name), "record.not_writable",
                        std::string("Unable to create/update fields: ") + field->name +
                            ". The system keeps it, or it is given on create and then stands."});
      continue;
    }
    auto read = read_value(*field, value, faults);
    if (!read) {
      faulty.emplace_back(field->name);
    } else if (write == Write::change || !read->is_null()) {
      out.set(field->name, *std::move(read));
    }
  }
  const auto missing = [&](const char* name) {
    if (std::find(faulty.begin(), faulty.end(), name) != faulty.end()) return;
    const Json* given = out.find(name);
    const bool empty = write == Write::create ? given == nullptr || given->is_null() : given && given->is_null();
    if (empty)
      faults.push_back({"/" + std::string(name), "record.field_missing",
                        "Required fields are missing: [" + std::string(name) + "]"});
  };
  for (const Field& field : object.fields) {
    if (field.use & required) missing(field.name);
  }
  if (std::string_view(object.name) == "Account" && write == Write::create) {
    // Whoever gives any part of a person means a person.
    const auto& members = out.members();
    const bool person = std::any_of(members.begin(), members.end(), [&](const auto& member) {
      const Field* field = find_field(object, member.first);
      return field && (field->use & of_person);
    });
    missing(person || out["Name"].is_null() ? "LastName" : "Name");
    if (person && !out["Name"].is_null()) {
      faults.push_back({"/Name", "record.not_writable",
                        "Unable to create/update fields: Name. The name of a person account is made of its parts."});
    }
  }
  return out;
}

std::string name_of(const Record& record) {
  const std::string_view object = record.object->name;
  if ((object == "Account" && is_person(record)) || object == "Contact") {
    const std::string first = record.field("FirstName").text_or(), last = record.field("LastName").text_or();
    return first.empty() ? last : first + " " + last;
  }
  return record.field("Name").text_or();
}

std::string person_name_of(const Record& record) {
  if (std::string_view(record.object->name) != "Account" || !is_person(record)) return {};
  return ascii_lower(record.field("LastName").text_or()) + "|" + ascii_lower(record.field("FirstName").text_or());
}

bool is_person(const Record& record) { return !record.field("LastName").is_null(); }

}  // namespace handoff::record

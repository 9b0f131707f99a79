#include "referral/intake.h"

#include <algorithm>

#include "base/text.h"
#include "people/phone_number.h"

namespace handoff::referral {
namespace {

using directory::FieldType;
using directory::FormField;

constexpr std::size_t short_max = 200, line_max = 500, notes_max = 50'000, answer_max = 100'000, details_max = 100;
const std::vector<std::string> priorities{"routine", "urgent", "asap", "stat"};

class Reader {
 public:
  Reader(const ContentRules& rules, Faults& faults, std::vector<Warning>& warnings)
      : rules_(rules), faults_(faults), warnings_(warnings) {}

  void fault(std::string at, std::string code, std::string message) {
    faults_.push_back({std::move(at), std::move(code), std::move(message)});
  }
  void warn(std::string at, std::string code, std::string message) {
    warnings_.push_back({std::move(at), std::move(code), std::move(message)});
  }

  // A text, or null for absent and blank ones.
  Json text(const Json& value, const std::string& at, std::size_t max) {
    if (value.is_null()) return nullptr;
    if (!value.is_string()) {
      fault(at, "property.wrong_type", "Send a text.");
      return nullptr;
    }
    if (utf8_length(value.string()) > max) {
      fault(at, "property.too_long",
            "At most " + std::to_string(max) + " characters; shorten it or attach it as a file.");
      return nullptr;
    }
    return trim(value.string()).empty() ? Json() : value;
  }
  Json phone(const Json& value, const std::string& at) {
    Json out = text(value, at, short_max);
    if (!out.is_string()) return out;
    switch (people::check_phone(out.string(), rules_.region)) {
      case people::PhoneCheck::valid: break;
      case people::PhoneCheck::doubtful:
        warn(at, "phone.doubtful", "This is not a complete phone number; it is kept exactly as given.");
        break;
      case people::PhoneCheck::no_digit:
        fault(at, "phone.no_digit", "A phone number needs digits; leave it empty if there is none.");
        return nullptr;
    }
    return out;
  }
  Json email(const Json& value, const std::string& at) {
    Json out = text(value, at, short_max);
    if (!out.is_string()) return out;
    const std::string& address = out.string();
    const auto sign = address.find('@');
    if (sign == std::string::npos || sign == 0 || sign + 1 == address.size() ||
        address.find_first_of(" \t\r\n,;") != std::string::npos || address.find('@', sign + 1) != std::string::npos) {
      fault(at, "email.malformed", "Write an e-mail address such as name@example.org.");
      return nullptr;
    }
    return out;
  }
  Json date(const Json& value, const std::string& at) {
    Json out = text(value, at, 40);
    if (!out.is_string()) return out;
    const auto parsed = Date::parse(out.string());
    if (!parsed) {
      fault(at, parsed.error().code, parsed.error().for_caller);
      return nullptr;
    }
    return out;
  }
  Json birth_date(const Json& value, const std::string& at) {
    Json out = date(value, at);
    if (!out.is_string()) return out;
    // The latest calendar day anywhere on earth: a birth date is a date, not an instant, and is never shifted by a
    // zone.
    const Date today = Date::of(rules_.now + std::chrono::hours{14});
    const Date born = *Date::parse(out.string());
    if (born > today) {
      fault(at, "birth_date.in_future", "A date of birth cannot lie in the future.");
      return nullptr;
    }
    if (born < *Date::parse("1850-01-01")) {
      fault(at, "birth_date.too_old",
            "A date of birth before 1850 is a slip of the pen; leave it empty if it is not known.");
      return nullptr;
    }
    return out;
  }
  const Json& object(const Json& parent, const char* key, const std::string& at) {
    const Json& value = parent[key];
    if (!value.is_null() && !value.is_object()) {
      fault(at + "/" + key, "property.wrong_type", "Send an object.");
      static const Json null;
      return null;
    }
    return value;
  }
  void required(const Json& value, const std::string& at, const char* label) {
    if (!rules_.draft && value.is_null()) fault(at, "property.required", std::string(label) + " is required.");
  }

  Json address(const Json& from, const std::string& at) {
    refuse_unknown(from, at, {"line", "city", "province", "country", "postalCode"}, faults_);
    return Json::object({{"line", text(from["line"], at + "/line", line_max)},
                         {"city", text(from["city"], at + "/city", short_max)},
                         {"province", text(from["province"], at + "/province", short_max)},
                         {"country", text(from["country"], at + "/country", short_max)},
                         {"postalCode", text(from["postalCode"], at + "/postalCode", 40)}});
  }

  Json identifiers(const Json& from, const std::string& at) {
    Json out = Json::array();
    if (from.is_null()) return out;
    if (!from.is_array() || from.size() > 20) {
      fault(at, "property.wrong_type", "Send a list of at most 20 objects with system and value.");
      return out;
    }
    for (std::size_t i = 0; i < from.size(); ++i) {
      const std::string here = at + "/" + std::to_string(i);
      const Json& item = from.items()[i];
      if (!item.is_object()) {
        fault(here, "property.wrong_type", "Send an object with system and value.");
        continue;
      }
      refuse_unknown(item, here, {"system", "value"}, faults_);
      Json system = text(item["system"], here + "/system", short_max),
           value = text(item["value"], here + "/value", short_max);
      if (system.is_null()) fault(here + "/system", "property.required", "Name the system the identifier belongs to.");
      if (value.is_null()) fault(here + "/value", "property.required", "The identifier itself is required.");
      out.push_back(Json::object({{"system", std::move(system)}, {"value", std::move(value)}}));
    }
    return out;
  }

  Json registrant(const Json& body) {
    const std::string at = "/registrant";
    const Json& from = object(body, "registrant", "");
    refuse_unknown(from, at,
                   {"firstName", "middleName", "lastName", "birthDate", "gender", "preferredLanguage", "address",
                    "phones", "email", "identifiers"},
                   faults_);
    const Json& phones = object(from, "phones", at);
    refuse_unknown(phones, at + "/phones", {"main", "alternate"}, faults_);
    Json out =
        Json::object({{"firstName", text(from["firstName"], at + "/firstName", short_max)},
                      {"middleName", text(from["middleName"], at + "/middleName", short_max)},
                      {"lastName", text(from["lastName"], at + "/lastName", short_max)},
                      {"birthDate", birth_date(from["birthDate"], at + "/birthDate")},
                      {"gender", text(from["gender"], at + "/gender", 60)},
                      {"preferredLanguage", text(from["preferredLanguage"], at + "/preferredLanguage", 60)},
                      {"address", address(object(from, "address", at), at + "/address")},
                      {"phones", Json::object({{"main", phone(phones["main"], at + "/phones/main")},
                                               {"alternate", phone(phones["alternate"], at + "/phones/alternate")}})},
                      {"email", email(from["email"], at + "/email")},
                      {"identifiers", identifiers(from["identifiers"], at + "/identifiers")}});
    if (rules_.first_name_required && (from["firstName"].is_null() || from["firstName"].is_string()))
      required(out["firstName"], at + "/firstName", "The first name");
    if (from["lastName"].is_null() || from["lastName"].is_string())
      required(out["lastName"], at + "/lastName", "The last name");
    if (!rules_.listing) return out;
    for (const auto& key : rules_.listing->registrant_required) {
      if (key == "firstName" || key == "lastName") continue;
      const auto dot = key.find('.');
      const Json& value = dot == std::string::npos ? out[key] : out[key.substr(0, dot)][key.substr(dot + 1)];
      std::string pointer = at + "/" + key;
      std::replace(pointer.begin(), pointer.end(), '.', '/');
      const bool told =
          std::any_of(faults_.begin(), faults_.end(), [&](const Fault& f) { return f.pointer == pointer; });
      if (!told) required(value, pointer, "For this listing the property");
    }
    return out;
  }

  Json requester(const Json& body) {
    const std::string at = "/requester";
    const Json& from = object(body, "requester", "");
    refuse_unknown(from, at, {"firstName", "lastName", "organization", "phone", "email"}, faults_);
    return Json::object({{"firstName", text(from["firstName"], at + "/firstName", short_max)},
                         {"lastName", text(from["lastName"], at + "/lastName", short_max)},
                         {"organization", text(from["organization"], at + "/organization", short_max)},
                         {"phone", phone(from["phone"], at + "/phone")},
                         {"email", email(from["email"], at + "/email")}});
  }

  Json answer(const FormField& field, const Json& value, const std::string& at) {
    const auto max = static_cast<std::size_t>(field.max_length.value_or(static_cast<std::int64_t>(answer_max)));
    const auto offered = [&](const Json& choice) {
      return choice.is_string() &&
             std::find(field.options.begin(), field.options.end(), choice.string()) != field.options.end();
    };
    switch (field.type) {
      case FieldType::text:
      case FieldType::long_text: return text(value, at, max);
      case FieldType::phone: return phone(value, at);
      case FieldType::email: return email(value, at);
      case FieldType::date: return date(value, at);
      case FieldType::choice:
        if (offered(value)) return value;
        fault(at, "answer.not_offered", "One of: " + join(field.options, ", ") + ".");
        return nullptr;
      case FieldType::multi_choice:
        if (value.is_array() && std::all_of(value.items().begin(), value.items().end(), offered)) return value;
        fault(at, "answer.not_offered", "A list of some of: " + join(field.options, ", ") + ".");
        return nullptr;
      case FieldType::number:
        if (value.is_number()) return value;
        fault(at, "property.wrong_type", "Send a number.");
        return nullptr;
      case FieldType::boolean:
        if (value.is_bool()) return value;
        fault(at, "property.wrong_type", "Send true or false.");
        return nullptr;
      case FieldType::address:
        if (value.is_object()) return address(value, at);
        return text(value, at, max);
      case FieldType::attachment:
        fault(at, "answer.is_attachment", "This question is answered by an attachment that names it in \"field\".");
        return nullptr;
    }
    return nullptr;
  }

  Json answers(const Json& body) {
    const std::string at = "/answers";
    const Json& from = object(body, "answers", "");
    static const Json none;
    const Json& before = rules_.previous ? (*rules_.previous)["answers"] : none;
    Json out = Json::object();
    if (from.is_object()) {
      for (const auto& [key, value] : from.members()) {
        if (value.is_null()) continue;
        const std::string here = at + "/" + pointer_escape(key);
        if (const Json* kept = before.find(key); kept && *kept == value) {
          out.set(key, value);
          continue;
        }
        const FormField* field = rules_.listing ? directory::find_field(*rules_.listing, key) : nullptr;
        if (field) {
          Json read = answer(*field, value, here);
          if (!read.is_null()) out.set(key, std::move(read));
        } else if (rules_.listing && !rules_.listing->form.empty()) {
          std::vector<std::string> keys;
          for (const auto& known : rules_.listing->form) keys.push_back(known.key);
          const auto near = nearest(key, keys);
          fault(here, "answer.not_in_form",
                near ? "The listing's form has no such question; did you mean \"" + *near + "\"?"
                     : "The listing's form has no such question.");
        } else if (value.dump().size() > answer_max) {
          fault(here, "property.too_long", "At most 100000 characters.");
        } else {
          out.set(key, value);
          warn(here, "answer.without_form", "The listing has no form; the answer is kept under its key.");
        }
      }
    }
    if (!rules_.listing || rules_.draft) return out;
    for (const auto& field : rules_.listing->form) {
      if (!field.required) continue;
      const std::string here = at + "/" + pointer_escape(field.key);
      const bool told = std::any_of(faults_.begin(), faults_.end(), [&](const Fault& f) { return f.pointer == here; });
      if (field.type == FieldType::attachment) {
        const bool attached =
            rules_.attachments && std::any_of(rules_.attachments->begin(), rules_.attachments->end(),
                                              [&](const Attachment& a) { return a.field == field.key; });
        if (!attached)
          fault(here, "answer.required", "\"" + field.label + "\" is required: attach a file that names this field.");
      } else if (!told && !out.contains(field.key)) {
        fault(here, "answer.required", "\"" + field.label + "\" is required.");
      }
    }
    return out;
  }

  Json details(const Json& body) {
    Json out = Json::array();
    const Json& from = body["details"];
    if (from.is_null()) return out;
    if (!from.is_array() || from.size() > details_max) {
      fault("/details", "property.wrong_type", "Send a list of at most 100 objects with type, recordType and fields.");
      return out;
    }
    for (std::size_t i = 0; i < from.size(); ++i) {
      const std::string at = "/details/" + std::to_string(i);
      const Json& item = from.items()[i];
      if (!item.is_object()) {
        fault(at, "property.wrong_type", "Send an object with type, recordType and fields.");
        continue;
      }
      refuse_unknown(item, at, {"type", "recordType", "fields"}, faults_);
      Json type = text(item["type"], at + "/type", short_max);
      if (type.is_null() && !item["type"].is_string())
        fault(at + "/type", "property.required", "Name what the detail is, for example Insurance.");
      Json fields = Json::object();
      if (item["fields"].is_object()) {
        for (const auto& [key, value] : item["fields"].members()) {
          if (value.is_array() || value.is_object()) {
            fault(at + "/fields/" + pointer_escape(key), "property.wrong_type",
                  "Send a text, a number, true, false or null.");
          } else {
            fields.set(key, value);
          }
        }
      } else if (!item["fields"].is_null()) {
        fault(at + "/fields", "property.wrong_type", "Send an object.");
      }
      out.push_back(Json::object({{"type", std::move(type)},
                                  {"recordType", text(item["recordType"], at + "/recordType", short_max)},
                                  {"fields", std::move(fields)}}));
    }
    return out;
  }

  Json priority(const Json& body) {
    const Json& value = body["priority"];
    if (value.is_null()) return "routine";
    if (!value.is_string() || std::find(priorities.begin(), priorities.end(), value.string()) == priorities.end()) {
      fault("/priority", "property.unknown_value", "One of routine, urgent, asap, stat.");
      return "routine";
    }
    return value;
  }

 private:
  const ContentRules& rules_;
  Faults& faults_;
  std::vector<Warning>& warnings_;
};

}  // namespace

void refuse_unknown(const Json& object, const std::string& at, const std::vector<std::string>& known, Faults& faults) {
  if (!object.is_object()) return;
  for (const auto& [key, value] : object.members()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    const auto near = nearest(key, known);
    faults.push_back(
        {at + "/" + pointer_escape(key), "property.unknown",
         near ? "There is no such property here; did you mean \"" + *near + "\"?" : "There is no such property here."});
  }
}

const std::vector<std::string>& content_members() {
  static const std::vector<std::string> names{"registrant", "requester", "priority", "notes", "answers", "details"};
  return names;
}

Json read_content(const Json& body, const ContentRules& rules, Faults& faults, std::vector<Warning>& warnings) {
  Reader reader(rules, faults, warnings);
  if (!rules.draft && body["registrant"].is_null()) {
    faults.push_back(
        {"/registrant", "property.required", "The person who is referred is required, with first and last name."});
  }
  Json out = Json::object();
  if (rules.draft || !body["registrant"].is_null()) out.set("registrant", reader.registrant(body));
  out.set("requester", reader.requester(body));
  out.set("priority", reader.priority(body));
  out.set("notes", reader.text(body["notes"], "/notes", notes_max));
  out.set("answers", reader.answers(body));
  out.set("details", reader.details(body));
  return out;
}

Appointment read_appointment(const Json& body, const std::string& at, Faults& faults) {
  Appointment appointment;
  if (!body.is_object()) {
    faults.push_back({at, "property.wrong_type", "Send an object with start and durationMinutes."});
    return appointment;
  }
  refuse_unknown(body, at, {"start", "durationMinutes", "timeZone", "location", "providerName"}, faults);
  const auto optional_text = [&](const char* key) -> std::optional<std::string> {
    const Json& value = body[key];
    if (value.is_null()) return std::nullopt;
    if (!value.is_string()) {
      faults.push_back({at + "/" + key, "property.wrong_type", "Send a text."});
      return std::nullopt;
    }
    if (utf8_length(value.string()) > line_max)
      faults.push_back({at + "/" + key, "property.too_long", "At most 500 characters."});
    return trim(value.string()).empty() ? std::nullopt : std::optional(value.string());
  };
  appointment.location = optional_text("location");
  appointment.provider_name = optional_text("providerName");
  appointment.time_zone = optional_text("timeZone");
  if (appointment.time_zone && !zone_exists(*appointment.time_zone)) {
    faults.push_back({at + "/timeZone", "time_zone.unknown", "Write an IANA time zone such as America/Toronto."});
    appointment.time_zone.reset();
  }
  const Json& start = body["start"];
  if (!start.is_string()) {
    faults.push_back({at + "/start", start.is_null() ? "property.required" : "property.wrong_type",
                      "The start is required, for example 2026-12-03T09:30:00-05:00."});
  } else if (const auto parsed = parse_instant(start.string()); !parsed) {
    faults.push_back({at + "/start", parsed.error().code, parsed.error().for_caller});
  } else {
    appointment.start = parsed->at;
    // The place's own offset wins over the one it was written with: the instant is the same, and people read local
    // time.
    appointment.offset = appointment.time_zone
                             ? zone_offset(*appointment.time_zone, parsed->at).value_or(parsed->offset)
                             : parsed->offset;
  }
  const Json& duration = body["durationMinutes"];
  const auto minutes_given = duration.integer();
  if (duration.is_null()) {
    faults.push_back({at + "/durationMinutes", "property.required", "The duration in minutes is required."});
  } else if (!minutes_given || *minutes_given < 1 || *minutes_given > 7 * 24 * 60) {
    faults.push_back({at + "/durationMinutes", "property.out_of_range", "A whole number of minutes from 1 to 10080."});
  } else {
    appointment.duration_minutes = *minutes_given;
  }
  return appointment;
}

Json read_recipient(const Json& body, const std::string& at, Faults& faults) {
  if (!body.is_object()) {
    faults.push_back({at, "property.wrong_type", "Send an object with name and contactId."});
    return nullptr;
  }
  refuse_unknown(body, at, {"name", "contactId"}, faults);
  if (!body["name"].is_string() || trim(body["name"].string()).empty()) {
    faults.push_back({at + "/name", "property.required", "Name who is to receive the referral."});
  } else if (utf8_length(body["name"].string()) > short_max) {
    faults.push_back({at + "/name", "property.too_long", "At most 200 characters."});
  }
  if (!body["contactId"].is_null() && !body["contactId"].is_string())
    faults.push_back({at + "/contactId", "property.wrong_type", "Send a text."});
  return Json::object({{"name", body["name"]}, {"contactId", body["contactId"]}});
}

}  // namespace handoff::referral

// Every datum of a snapshot under the label people know it by. The summary PDF, the note field of a destination and the
// coverage of a mapping are made from this one list, so what is missing here is lost: unknown keys come out as well.
#include <unicode/locid.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/text.h"
#include "referral/snapshot.h"

namespace handoff::referral {
namespace {

struct KnownLabel {
  const char* path;
  const char* label;
};
// The words of the CRMS document, in its order.
constexpr std::array registrant_labels{
    KnownLabel{"firstName", "First Name"},
    KnownLabel{"middleName", "Middle Name"},
    KnownLabel{"lastName", "Last Name"},
    KnownLabel{"birthDate", "Date of Birth"},
    KnownLabel{"gender", "Gender"},
    KnownLabel{"address.line", "Address"},
    KnownLabel{"address.city", "City"},
    KnownLabel{"address.province", "Province"},
    KnownLabel{"address.country", "Country"},
    KnownLabel{"address.postalCode", "Postal Code"},
    KnownLabel{"preferredLanguage", "Preferred Language"},
    KnownLabel{"phones.main", "Phone (Home/Main)"},
    KnownLabel{"phones.alternate", "Phone (Alt)"},
    KnownLabel{"email", "Email"},
};
constexpr std::array requester_labels{
    KnownLabel{"firstName", "First Name"},
    KnownLabel{"lastName", "Last Name"},
    KnownLabel{"organization", "Organization"},
    KnownLabel{"phone", "Phone"},
    KnownLabel{"email", "Email"},
};

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "healthCardNumber", "health_card_number" and "Health_Card_Number__c" all become "Health Card Number"; a key that
// holds spaces is a label already. Letters beyond ASCII are left as they are.
std::string label_of_key(std::string_view key) {
  if (key.find(' ') != std::string_view::npos) return std::string(key);
  if (key.size() > 3 && key.ends_with("__c")) key.remove_suffix(3);
  std::string label;
  bool word_start = true;
  for (std::size_t i = 0; i < key.size(); ++i) {
    const char c = key[i];
    if (c == '_' || c == '-' || c == '.') {
      word_start = true;
      continue;
    }
    // An acronym ends before its last capital when a small letter follows: "OHIPNumber" is "OHIP Number".
    const bool hump = i > 0 && is_upper(c) &&
                      (is_lower(key[i - 1]) || is_digit(key[i - 1]) ||
                       (is_upper(key[i - 1]) && i + 1 < key.size() && is_lower(key[i + 1])));
    if ((word_start || hump) && !label.empty()) label += ' ';
    label += (word_start || hump) && is_lower(c) ? static_cast<char>(c - 'a' + 'A') : c;
    word_start = false;
  }
  return label.empty() ? std::string(key) : label;
}

// Codes stay as they were given, because somebody may look for them; what they mean follows in brackets.
std::string with_meaning(const std::string& code, const icu::UnicodeString& meaning) {
  std::string text;
  meaning.toUTF8String(text);
  return text.empty() || ascii_equal_fold(text, code) ? code : code + " (" + text + ")";
}

bool all_of(std::string_view text, bool (*test)(char)) { return std::all_of(text.begin(), text.end(), test); }

std::string language_text(const std::string& code) {
  const auto primary = std::string_view(code).substr(0, code.find_first_of("-_"));
  if (primary.size() < 2 || primary.size() > 3 || !all_of(primary, is_lower)) return code;
  icu::UnicodeString name;
  return with_meaning(code, icu::Locale::createCanonical(code.c_str()).getDisplayName(icu::Locale::getEnglish(), name));
}

std::string country_text(const std::string& code) {
  if (code.size() != 2 || !all_of(code, is_upper)) return code;
  icu::UnicodeString name;
  return with_meaning(code, icu::Locale("", code.c_str()).getDisplayCountry(icu::Locale::getEnglish(), name));
}

// "Thu 3 Dec 2026, 09:30 (America/Toronto, UTC-05:00)": the clock on the wall of the place, and which wall it is.
std::string wall_time(Instant at, minutes offset, const std::optional<std::string>& zone) {
  static constexpr std::array weekdays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (zone) offset = zone_offset(*zone, at).value_or(offset);
  // "2026-12-03T09:30:00-05:00": the parts are taken from the one formatter that knows the calendar.
  const std::string text = format_instant(at, offset);
  const std::string clock = text.substr(11, 5);
  const std::string shift = text.substr(text.size() - 6);
  const auto day = std::chrono::floor<std::chrono::days>(at + offset);
  const std::chrono::year_month_day date{day};
  const std::string calendar = std::string(weekdays[std::chrono::weekday{day}.c_encoding()]) + " " +
                               std::to_string(unsigned(date.day())) + " " + months[unsigned(date.month()) - 1] + " " +
                               std::to_string(int(date.year()));
  std::string place = shift == "+00:00" ? "UTC" : "UTC" + shift;
  if (zone && *zone != "UTC") place = *zone + ", " + place;
  return calendar + ", " + clock + " (" + place + ")";
}
std::string wall_time(Instant at) { return wall_time(at, minutes{0}, std::nullopt); }

// 18231 is "18,231 bytes".
std::string size_text(std::uint64_t size) {
  std::string digits = std::to_string(size);
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, ",");
  return digits + (size == 1 ? " byte" : " bytes");
}

bool is_scalar(const Json& json) { return !json.is_array() && !json.is_object(); }

std::string scalar_text(const Json& json) {
  if (json.is_bool()) return json.boolean() ? "Yes" : "No";
  if (json.is_number()) return json.number_text();
  return json.text_or();
}

// Options that hold commas of their own would run into each other.
std::string list_text(const Json::Array& items) {
  std::vector<std::string> parts;
  for (const Json& item : items) {
    if (std::string text = scalar_text(item); !trim(text).empty()) parts.push_back(std::move(text));
  }
  const bool has_comma = std::any_of(parts.begin(), parts.end(),
                                     [](const std::string& part) { return part.find(',') != std::string::npos; });
  return join(parts, has_comma ? "; " : ", ");
}

std::string method_text(Method method) {
  switch (method) {
    case Method::form: return "Form";
    case Method::api: return "API";
    case Method::salesforce: return "Salesforce";
    case Method::emr: return "EMR";
    case Method::user: return "User";
  }
  return word(method);
}

std::string capitalised(std::string text) {
  if (!text.empty() && is_lower(text[0])) text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

class Collector {
 public:
  explicit Collector(const Snapshot& snapshot)
      : snapshot_(snapshot), referral_(snapshot.referral), content_(snapshot.referral.content.reveal()) {}

  std::vector<Datum> collect() && {
    header();
    people("Registrant", "registrant", registrant_labels);
    people("Requester", "requester", requester_labels);
    answers();
    details();
    section_ = "Notes";
    value("notes", "Notes", content_["notes"]);
    unknown_content();
    appointments();
    messages();
    attachments();
    return std::move(data_);
  }

 private:
  // What is blank has no value.
  void add(std::string path, std::string label, std::string text) {
    if (trim(text).empty()) return;
    data_.push_back({section_, std::move(path), std::move(label), Text(std::move(text))});
  }

  // Any value at all: lists of plain values on one line, everything nested under its own label.
  void value(const std::string& path, const std::string& label, const Json& json) {
    if (is_scalar(json)) return add(path, label, scalar_text(json));
    if (json.is_array()) {
      const auto& items = json.items();
      if (std::all_of(items.begin(), items.end(), is_scalar)) return add(path, label, list_text(items));
      for (std::size_t i = 0; i < items.size(); ++i) {
        value(path + "." + std::to_string(i), label + " " + std::to_string(i + 1), items[i]);
      }
      return;
    }
    for (const auto& [key, member] : json.members()) {
      value(path + "." + key, label.empty() ? label_of_key(key) : label + " – " + label_of_key(key), member);
    }
  }

  void header() {
    section_ = "Referral";
    add("number", "Reference Number", referral_.number);
    add("status", "Status", capitalised(word(referral_.status)));
    sub_status();
    value("priority", "Priority", content_["priority"]);
    if (snapshot_.listing) add("listing.name", "Listing", snapshot_.listing->name);
    std::string source = method_text(referral_.method);
    if (!referral_.source_name.empty()) source += " – " + referral_.source_name;
    add("source", "Source", std::move(source));
    organization("sender", "Sender", "senderOrganizationId", snapshot_.sender_name, referral_.sender);
    organization("receiver", "Receiver", "receiverOrganizationId", snapshot_.receiver_name, referral_.receiver);
    const Json& recipient = referral_.recipient.reveal();
    if (recipient.is_object()) {
      value("recipient.name", "Recipient", recipient["name"]);
      for (const auto& [key, member] : recipient.members()) {
        if (key != "name") value("recipient." + key, "Recipient – " + label_of_key(key), member);
      }
    }
    if (referral_.routed_from) add("routedFromId", "Routed From", referral_.routed_from->text());
    std::vector<std::string> routed_to;
    for (const ReferralId& id : referral_.routed_to) routed_to.push_back(id.text());
    add("routedToIds", "Routed To", join(routed_to, ", "));
    if (referral_.cancellation_requested) add("cancellationRequested", "Cancellation Requested", "Yes");
    if (referral_.archived) add("archived", "Archived", "Yes");
    if (referral_.test) add("test", "Test Referral", "Yes");
    add("createdAt", "Created", wall_time(referral_.created_at));
    add("updatedAt", "Updated", wall_time(referral_.updated_at));
    add("version", "Version", std::to_string(referral_.version));
    add("id", "Referral ID", referral_.id.text());
  }

  void sub_status() {
    std::string text = snapshot_.sub_status_label.empty() ? referral_.sub_status : snapshot_.sub_status_label;
    if (!text.empty() && referral_.category) {
      // An organization's own word ("Waitlisted") is told with what it means.
      const std::string category = category_label(*referral_.category);
      if (!ascii_equal_fold(category, text)) text += " (" + category + ")";
    }
    add("subStatus", "Sub-status", std::move(text));
  }

  void organization(const std::string& path, const char* label, const char* id_path, const std::string& name,
                    const std::optional<OrganizationId>& id) {
    if (!name.empty()) return add(path + ".name", label, name);
    if (id) add(id_path, label, id->text());
  }

  template <std::size_t n>
  void people(const char* section, const std::string& root, const std::array<KnownLabel, n>& labels) {
    section_ = section;
    const Json& person = content_[root];
    for (const KnownLabel& known : labels) {
      const std::string_view path = known.path;
      const auto dot = path.find('.');
      const Json& found =
          dot == std::string_view::npos ? person[path] : person[path.substr(0, dot)][path.substr(dot + 1)];
      const std::string full = root + "." + known.path;
      if (found.is_string() && path == "preferredLanguage") {
        add(full, known.label, language_text(found.string()));
      } else if (found.is_string() && path == "address.country") {
        add(full, known.label, country_text(found.string()));
      } else {
        value(full, known.label, found);
      }
    }
    if (!person.is_object()) return value(root, section, person);
    for (const auto& [key, member] : person.members()) unknown_member(root, key, member, labels);
  }

  // What stands beside the known keys of a person, or beside those of the address and the phones.
  template <std::size_t n>
  void unknown_member(const std::string& root, const std::string& key, const Json& member,
                      const std::array<KnownLabel, n>& labels) {
    const auto known = [&](const std::string& path) {
      return std::any_of(labels.begin(), labels.end(), [&](const KnownLabel& row) { return path == row.path; });
    };
    const auto known_group = [&](const std::string& group) {
      return std::any_of(labels.begin(), labels.end(),
                         [&](const KnownLabel& row) { return std::string_view(row.path).starts_with(group + "."); });
    };
    if (known(key)) return;
    const std::string path = root + "." + key;
    if (!member.is_object() || !known_group(key)) return value(path, label_of_key(key), member);
    for (const auto& [inner, json] : member.members()) {
      if (!known(key + "." + inner)) value(path + "." + inner, label_of_key(key) + " – " + label_of_key(inner), json);
    }
  }

  void answers() {
    section_ = "Answers";
    const Json& answers = content_["answers"];
    if (!answers.is_object()) return value("answers", "Answers", answers);
    if (snapshot_.listing) {
      for (const directory::FormField& field : snapshot_.listing->form) {
        const std::string& label = field.label.empty() ? field.key : field.label;
        value("answers." + field.key, label, answers[field.key]);
      }
    }
    for (const auto& [key, json] : answers.members()) {
      if (!snapshot_.listing || !directory::find_field(*snapshot_.listing, key)) value("answers." + key, key, json);
    }
  }

  // "Insurance (Member Plan) – Name"; a second one of the same kind is "Insurance (Member Plan) 2 – Name".
  void details() {
    section_ = "Details";
    const Json& details = content_["details"];
    if (!details.is_array()) return value("details", "Details", details);
    std::map<std::string, int> seen;
    for (std::size_t i = 0; i < details.size(); ++i) {
      const Json& detail = details.items()[i];
      const std::string path = "details." + std::to_string(i);
      if (!detail.is_object()) {
        value(path, "Detail " + std::to_string(i + 1), detail);
        continue;
      }
      const std::string type = detail["type"].text_or(), record_type = detail["recordType"].text_or();
      const std::string name = type.empty()          ? record_type
                               : record_type.empty() ? type
                                                     : type + " (" + record_type + ")";
      std::string title = name.empty() ? "Detail" : name;
      if (const int count = ++seen[title]; count > 1) title += " " + std::to_string(count);
      const std::size_t before = data_.size();
      for (const auto& [key, json] : detail.members()) {
        // Type and record type stand in the label.
        if ((key == "type" || key == "recordType") && json.is_string()) continue;
        if (key == "fields") {
          value(path + ".fields", title, json);
        } else {
          value(path + "." + key, title + " – " + label_of_key(key), json);
        }
      }
      if (data_.size() == before) add(path, "Detail " + std::to_string(i + 1), name);
    }
  }

  void unknown_content() {
    section_ = "Further Information";
    static const std::set<std::string, std::less<>> known{"registrant", "requester", "priority",
                                                          "notes",      "answers",   "details"};
    if (!content_.is_object()) return;
    for (const auto& [key, json] : content_.members()) {
      if (!known.contains(key)) value(key, label_of_key(key), json);
    }
  }

  void appointments() {
    section_ = "Appointments";
    const auto& all = referral_.appointments;
    for (std::size_t i = 0; i < all.size(); ++i) {
      const Appointment& a = all[i];
      const std::string path = "appointments." + std::to_string(i) + ".";
      const std::string prefix = all.size() == 1 ? "" : "Appointment " + std::to_string(i + 1) + " – ";
      add(path + "start", prefix + "Start", wall_time(a.start, a.offset, a.time_zone));
      if (a.duration_minutes > 0) {
        const char* unit = a.duration_minutes == 1 ? " minute" : " minutes";
        add(path + "durationMinutes", prefix + "Duration", std::to_string(a.duration_minutes) + unit);
      }
      add(path + "location", prefix + "Location", a.location.value_or(""));
      add(path + "providerName", prefix + "Provider Full Name", a.provider_name.value_or(""));
    }
  }

  void messages() {
    section_ = "Messages";
    for (std::size_t i = 0; i < snapshot_.messages.size(); ++i) {
      const Message& message = snapshot_.messages[i];
      const char* side = message.from == Side::receiver ? "Provider" : "Requester";
      add("messages." + std::to_string(i) + ".text", std::string(side) + ", " + wall_time(message.at),
          message.text.reveal());
    }
  }

  // A file's name may tell who it is about, so it stands in the value and never in the label.
  void attachments() {
    section_ = "Attachments";
    for (std::size_t i = 0; i < referral_.attachments.size(); ++i) {
      const Attachment& a = referral_.attachments[i];
      std::vector<std::string> facts;
      if (!a.content_type.empty()) facts.push_back(a.content_type);
      facts.push_back(size_text(a.size));
      std::string text = a.file_name.reveal() + "\n" + join(facts, ", ");
      if (!a.sha256.empty()) text += "\nSHA-256 " + a.sha256;
      if (a.field) {
        const auto* field = snapshot_.listing ? directory::find_field(*snapshot_.listing, *a.field) : nullptr;
        text += "\nAnswers: " + (field && !field->label.empty() ? field->label : *a.field);
      }
      add("attachments." + std::to_string(i), "Attachment " + std::to_string(i + 1), std::move(text));
    }
  }

  const Snapshot& snapshot_;
  const Referral& referral_;
  const Json& content_;
  std::string section_;
  std::vector<Datum> data_;
};

}  // namespace

std::vector<Datum> all_data(const Snapshot& snapshot) { return Collector(snapshot).collect(); }

}  // namespace handoff::referral

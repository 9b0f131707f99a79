#include "sandbox/kipu_clinic.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/crypto.h"
#include "base/text.h"

namespace handoff::sandbox {

namespace {

constexpr std::int64_t first_patient_id = 1001;
constexpr std::int64_t first_contact_id = 501;
constexpr std::int64_t text_length_max = 2000;

Error bad_request(std::string text) { return Error{Kind::invalid_input, "sandbox.bad_request", std::move(text), {}}; }

bool is_day_key(std::string_view wire) { return wire == "dob" || wire.ends_with("_date"); }

// A calendar day, a local time or an instant: only the day must be a real one, because that is all the EMR's own
// clients can rely on.
bool is_day(std::string_view text) {
  return Date::parse(text.substr(0, 10)).has_value() && (text.size() == 10 || text[10] == 'T' || text[10] == ' ') &&
         text.size() <= 40;
}

std::string control_key_of(std::string_view wire) {
  if (wire == "dob") return "dateOfBirth";
  std::string key;
  for (std::size_t i = 0; i < wire.size(); ++i) {
    if (wire[i] == '_' && i + 1 < wire.size()) {
      key.push_back(static_cast<char>(wire[++i] - 'a' + 'A'));
    } else {
      key.push_back(wire[i]);
    }
  }
  return key;
}

// Told by other keys, or by the EMR itself.
bool is_own_key(std::string_view wire) {
  return wire == "casefile_id" || wire == "created_at" || wire == "last_updated_at" || wire == "location_id" ||
         wire == "location_name" || wire.starts_with("discharge_or_transition");
}

std::vector<std::string> control_keys() {
  std::vector<std::string> keys{"locationId", "dischargeTo", "dischargeToContactId"};
  for (const KipuField& field : kipu_fields()) {
    if (!is_own_key(field.wire)) keys.push_back(control_key_of(field.wire));
  }
  return keys;
}

void put(Json& fields, std::string_view key, Json value) {
  if (value.is_null()) {
    fields.erase(key);
  } else {
    fields.set(key, std::move(value));
  }
}

std::string day_of(Instant at) { return Date::of(at).text(); }

constexpr std::array first_names{"Amara",  "Bastien", "Chidi",  "Dalia", "Emre",  "Fern",  "Goran",  "Hana",
                                 "Idris",  "Jolene",  "Kofi",   "Lucia", "Milan", "Nadia", "Otis",   "Petra",
                                 "Quincy", "Rosa",    "Stefan", "Tamar", "Umar",  "Vera",  "Wendel", "Yara"};
constexpr std::array last_names{"Abernathy",  "Brightwater", "Castellan", "Dunmore",  "Eastlake",     "Fairweather",
                                "Greenhalgh", "Hollowell",   "Ironwood",  "Juniper",  "Kestrel",      "Lindqvist",
                                "Marchbank",  "Northcote",   "Oakhurst",  "Pemberly", "Quillfeather", "Ravenscar"};

}  // namespace

const std::vector<KipuField>& kipu_fields() {
  using P = KipuPhi;
  static const std::vector<KipuField> fields{
      {"casefile_id", P::low},
      {"admission_date", P::low},
      {"discharge_date", P::low},
      {"anticipated_discharge_date", P::low},
      {"next_level_of_care_date", P::low},
      {"location_id", P::low},
      {"location_name", P::low},
      {"building_name", P::low},
      {"room_name", P::low},
      {"bed_name", P::low},
      {"created_at", P::low},
      {"last_updated_at", P::low},
      {"first_name", P::medium},
      {"middle_name", P::medium},
      {"last_name", P::medium},
      {"mr_number", P::medium},
      {"dob", P::medium},  // its year only, below high
      {"preferred_name", P::high},
      {"maiden_name", P::high},
      {"gender", P::high},
      {"gender_identity", P::high},
      {"race", P::high},
      {"ethnicity", P::high},
      {"marital_status", P::high},
      {"email", P::high},
      {"phone", P::high},
      {"alternate_phone", P::high},
      {"preferred_language", P::high},
      {"preferred_contact", P::high},
      {"address_street", P::high},
      {"address_city", P::high},
      {"state", P::high},
      {"address_zip", P::high},
      {"address_country", P::high},
      {"pre_admission_status", P::high},
      {"level_of_care", P::high},
      {"next_level_of_care", P::high},
      {"program", P::high},
      {"record_source", P::high},
      {"discharge_or_transition_id", P::high},
      {"discharge_or_transition_name", P::high},
      {"discharge_type", P::high},
      {"discharge_type_code", P::high},
      {"referrer_name", P::high},
      {"first_contact_name", P::high},
      {"first_contact_date", P::high},
      {"payment_method", P::high},
      {"payment_method_category", P::high},
      {"insurance_company", P::high},
      {"diagnosis_codes", P::high},
      {"sobriety_date", P::high},
      {"date_of_death", P::high},
      {"cause_of_death", P::high},
      {"sending_app_patient_id", P::high},
      {"sending_app_patient_master_id", P::high},
  };
  return fields;
}

std::optional<std::string> kipu_wire_key(std::string_view control_key) {
  static const std::map<std::string, std::string, std::less<>> keys = [] {
    std::map<std::string, std::string, std::less<>> made;
    for (const KipuField& field : kipu_fields()) {
      if (!is_own_key(field.wire)) made.emplace(control_key_of(field.wire), field.wire);
    }
    return made;
  }();
  const auto found = keys.find(control_key);
  if (found == keys.end()) return std::nullopt;
  return found->second;
}

KipuClinic::KipuClinic(Random& random) : random_(random) {
  for (const char* name : {"Riverbend Residential", "Riverbend Outpatient"}) {
    locations_.push_back(Json::object({{"location_id", static_cast<std::int64_t>(locations_.size() + 1)},
                                       {"location_name", name},
                                       {"enabled", true}}));
  }
}

std::string KipuClinic::uuid() {
  std::array<unsigned char, 16> bytes{};
  random_.fill(bytes);
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0FU) | 0x40U);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3FU) | 0x80U);
  std::string text = hex(std::string(bytes.begin(), bytes.end()));
  for (const std::size_t at : {20U, 16U, 12U, 8U}) text.insert(at, "-");
  return text;
}

KipuChart& KipuClinic::open_chart(std::string master_id, Instant at) {
  KipuChart& chart = charts_.emplace_back();
  chart.patient_id = first_patient_id + static_cast<std::int64_t>(charts_.size()) - 1;
  chart.master_id = std::move(master_id);
  chart.created_at = at;
  by_patient_id_[chart.patient_id] = charts_.size() - 1;
  return chart;
}

const Json* KipuClinic::contact(std::int64_t id) const {
  const std::int64_t place = id - first_contact_id;
  return place >= 0 && place < static_cast<std::int64_t>(contacts_.size()) ? &contacts_[std::size_t(place)] : nullptr;
}

const Json* KipuClinic::location(std::int64_t id) const {
  return id >= 1 && id <= static_cast<std::int64_t>(locations_.size()) ? &locations_[std::size_t(id - 1)] : nullptr;
}

// As in the EMR: a name that is typed is looked for among the contacts, and becomes one where it is new. An id that is
// told as null leaves the name without a contact, which older entries of the field have.
Result<void> KipuClinic::apply_destination(const Json& given, Json& fields) {
  const Json* name = given.find("dischargeTo");
  const Json* id = given.find("dischargeToContactId");
  if (name == nullptr && id == nullptr) return {};
  if (name != nullptr && !name->is_null() && !name->is_string()) return bad_request("dischargeTo must be a text");
  const bool cleared = name != nullptr ? name->text_or().empty() : id->is_null();
  if (cleared) {
    fields.erase("discharge_or_transition_id");
    fields.erase("discharge_or_transition_name");
    return {};
  }
  std::optional<std::int64_t> found;
  if (id != nullptr && !id->is_null()) {
    found = id->is_string() ? parse_int(id->string()) : id->integer();
    if (!found || contact(*found) == nullptr) return bad_request("dischargeToContactId is not the id of a contact");
  } else if (id == nullptr) {
    for (const Json& one : contacts_) {
      if (one["name"].text_or() == name->string()) found = one["id"].integer();
    }
    if (!found) found = add_contact(Json::object({{"name", name->string()}}));
  }
  put(fields, "discharge_or_transition_id", found ? Json(*found) : Json());
  put(fields, "discharge_or_transition_name", name != nullptr ? *name : (*contact(*found))["name"]);
  return {};
}

Result<void> KipuClinic::apply(const Json& given, Json& fields) {
  if (!given.is_object()) return bad_request("The body must be a JSON object");
  for (const auto& [key, value] : given.members()) {
    if (key == "dischargeTo" || key == "dischargeToContactId") continue;
    if (key == "locationId") {
      const auto id = value.is_string() ? parse_int(value.string()) : value.integer();
      if (!id || location(*id) == nullptr) return bad_request("locationId is not the id of a location");
      fields.set("location_id", *id);
      fields.set("location_name", (*location(*id))["location_name"]);
      continue;
    }
    const std::optional<std::string> wire = kipu_wire_key(key);
    if (!wire) {
      const auto near = nearest(key, control_keys());
      return bad_request("There is no field " + utf8_prefix(key, 100) + (near ? "; did you mean " + *near + "?" : "."));
    }
    if (value.is_number()) {
      fields.set(*wire, value.number_text());
      continue;
    }
    const bool list_allowed = *wire == "diagnosis_codes" && value.is_array();
    if (!value.is_null() && !value.is_string() && !list_allowed) return bad_request(key + " must be a text");
    if (value.is_string() && static_cast<std::int64_t>(value.string().size()) > text_length_max) {
      return bad_request(key + " is longer than 2000 bytes");
    }
    if (value.is_string() && !value.string().empty() && is_day_key(*wire) && !is_day(value.string())) {
      return bad_request(key + " must begin with a day, YYYY-MM-DD");
    }
    put(fields, *wire, value);
  }
  return apply_destination(given, fields);
}

void KipuClinic::record(KipuChart& chart, KipuVersion version, KipuMoment at, KipuEvent event) {
  const Json none;
  const Json& before = chart.newest == nullptr ? none : chart.newest->fields["program"];
  if (!version.fields["program"].is_null() && version.fields["program"] != before) {
    chart.program_history.push_back(Json::object({{"program", version.fields["program"]},
                                                  {"start_date", day_of(at.now)},
                                                  {"logged_by", "Sandbox Staff"},
                                                  {"logged_at", format_instant(at.now)}}));
  }
  version.updated_at = at.now;
  ++revision_;
  chart.newest = std::make_shared<const KipuVersion>(std::move(version));
  auto visible_at = at.elapsed;
  if (late_count_ > 0 && late_by_.count() > 0) {
    --late_count_;
    visible_at += late_by_;
    chart.waiting.push_back({visible_at, chart.newest});
    unsettled_.push_back(chart.patient_id);
  } else {
    // It was made on top of those that still wait, so it brings them along.
    chart.waiting.clear();
    chart.seen = chart.newest;
  }
  changes_.push_back({event, chart.patient_id, chart.master_id, at.now, visible_at});
}

Result<const KipuChart*> KipuClinic::create(const Json& given, KipuMoment at) {
  KipuVersion version;
  version.fields.set("location_id", 1);
  version.fields.set("location_name", locations_.front()["location_name"]);
  HANDOFF_TRY(apply(given, version.fields));
  KipuChart& chart = open_chart(uuid(), at.now);
  record(chart, std::move(version), at, KipuEvent::patient_creation);
  return &chart;
}

Result<void> KipuClinic::edit(KipuChart& chart, const Json& given, KipuMoment at) {
  KipuVersion version = *chart.newest;
  HANDOFF_TRY(apply(given, version.fields));
  record(chart, std::move(version), at, KipuEvent::chart_update);
  return {};
}

Result<void> KipuClinic::discharge(KipuChart& chart, const Json& given, KipuMoment at) {
  if (!given.is_object()) return bad_request("The body must be a JSON object");
  Json changes = Json::object({{"dischargeDate", given.contains("date") ? given["date"] : Json(day_of(at.now))}});
  for (const auto& [key, value] : given.members()) {
    if (key == "date") continue;
    if (key != "type" && key != "typeCode" && key != "dischargeTo" && key != "dischargeToContactId") {
      return bad_request("A discharge has date, type, typeCode, dischargeTo and dischargeToContactId");
    }
    changes.set(key == "type" ? "dischargeType" : key == "typeCode" ? "dischargeTypeCode" : key, value);
  }
  return edit(chart, changes, at);
}

// The destination stays: the EMR takes the discharge back, not what staff planned.
Result<void> KipuClinic::undo_discharge(KipuChart& chart, KipuMoment at) {
  return edit(chart,
              Json::object({{"dischargeDate", nullptr}, {"dischargeType", nullptr}, {"dischargeTypeCode", nullptr}}),
              at);
}

Result<const KipuChart*> KipuClinic::readmit(KipuChart& chart, const Json& given, KipuMoment at) {
  if (!given.is_object()) return bad_request("The body must be a JSON object");
  KipuVersion version = *chart.newest;
  for (const std::string_view key :
       {"discharge_date", "discharge_type", "discharge_type_code", "discharge_or_transition_id",
        "discharge_or_transition_name", "anticipated_discharge_date"}) {
    version.fields.erase(key);
  }
  version.fields.set("admission_date", day_of(at.now));
  Json changes = Json::object();
  for (const auto& [key, value] : given.members()) {
    if (key != "newCasefile") changes.set(key == "date" ? "admissionDate" : key, value);
  }
  HANDOFF_TRY(apply(changes, version.fields));
  if (!given["newCasefile"].bool_or(false)) {
    ++version.episode;
    record(chart, std::move(version), at, KipuEvent::chart_update);
    return &chart;
  }
  version.episode = 1;
  version.deleted_at.reset();
  KipuChart& fresh = open_chart(chart.master_id, at.now);
  record(fresh, std::move(version), at, KipuEvent::patient_creation);
  return &fresh;
}

Result<const KipuChart*> KipuClinic::transfer(KipuChart& chart, const Json& given, KipuMoment at) {
  if (!given.is_object()) return bad_request("The body must be a JSON object");
  const bool new_casefile = given["newCasefile"].bool_or(false);
  Json to = given["locationId"];
  if (to.is_null()) {
    const std::int64_t here = chart.newest->fields["location_id"].int_or(1);
    to = here % static_cast<std::int64_t>(locations_.size()) + 1;
  }
  KipuVersion version = *chart.newest;
  HANDOFF_TRY(apply(Json::object({{"locationId", to}}), version.fields));
  if (!new_casefile) {
    record(chart, std::move(version), at, KipuEvent::chart_update);
    return &chart;
  }
  // The older way: a chart of its own at the other location, and this one ends with that location as its destination.
  const Json destination = version.fields["location_name"];
  HANDOFF_TRY(discharge(chart, Json::object({{"type", "Transfer"}, {"dischargeTo", destination}}), at));
  version.episode = 1;
  version.fields.set("admission_date", day_of(at.now));
  version.fields.erase("mr_number");
  if (given.contains("mrNumber")) put(version.fields, "mr_number", given["mrNumber"]);
  KipuChart& fresh = open_chart(chart.master_id, at.now);
  record(fresh, std::move(version), at, KipuEvent::patient_creation);
  return &fresh;
}

Result<void> KipuClinic::remove(KipuChart& chart, KipuMoment at) {
  KipuVersion version = *chart.newest;
  version.deleted_at = at.now;
  record(chart, std::move(version), at, KipuEvent::chart_update);
  return {};
}

Result<std::int64_t> KipuClinic::add(KipuChart& chart, std::string_view list, Json entry, KipuMoment at) {
  if (!entry.is_object()) return bad_request("The body must be a JSON object");
  entry.set("id", ++last_entry_id_);
  entry.set("casefile_id", chart.casefile_id());
  if (!entry.contains("created_at")) entry.set("created_at", format_instant(at.now));
  Json& place = list == "care-team"     ? chart.care_team
                : list == "consents"    ? chart.consents
                : list == "evaluations" ? chart.evaluations
                                        : chart.appointments;
  place.push_back(std::move(entry));
  KipuVersion version = *chart.newest;
  record(chart, std::move(version), at, KipuEvent::chart_update);
  return last_entry_id_;
}

void KipuClinic::attach(KipuChart& chart, Json attachments, KipuMoment at) {
  for (Json& one : attachments.items()) {
    one.set("created_at", format_instant(at.now));
    chart.attachments.push_back(std::move(one));
  }
}

Result<void> KipuClinic::seed(std::int64_t count, KipuMoment at) {
  for (std::int64_t i = 0; i < count; ++i) {
    const auto number = static_cast<std::int64_t>(charts_.size()) + 1;
    const auto admitted = at.now - std::chrono::days(random_.below(30));
    const auto born = at.now - std::chrono::days(365 * 18 + static_cast<std::int64_t>(random_.below(365 * 60)));
    const Json given = Json::object({{"firstName", first_names[random_.below(first_names.size())]},
                                     {"lastName", last_names[random_.below(last_names.size())]},
                                     {"dateOfBirth", day_of(born)},
                                     {"mrNumber", "MR-" + std::to_string(number)},
                                     {"admissionDate", day_of(admitted)},
                                     {"levelOfCare", "Residential"},
                                     {"program", "Residential"}});
    HANDOFF_TRY(create(given, at));
  }
  return {};
}

std::int64_t KipuClinic::add_contact(Json fields) {
  const std::int64_t id = first_contact_id + static_cast<std::int64_t>(contacts_.size());
  Json one = Json::object({{"id", id}});
  for (auto& [key, value] : fields.members()) {
    if (key != "id") one.set(key, std::move(value));
  }
  contacts_.push_back(std::move(one));
  return id;
}

bool KipuClinic::edit_contact(std::int64_t id, const Json& fields) {
  if (contact(id) == nullptr) return false;
  for (const auto& [key, value] : fields.members()) {
    if (key != "id") contacts_[static_cast<std::size_t>(id - first_contact_id)].set(key, value);
  }
  return true;
}

Result<std::int64_t> KipuClinic::add_location(std::string name) {
  if (trim(name).empty()) return bad_request("A location needs a name");
  const auto id = static_cast<std::int64_t>(locations_.size() + 1);
  locations_.push_back(Json::object({{"location_id", id}, {"location_name", std::move(name)}, {"enabled", true}}));
  return id;
}

void KipuClinic::commit_late(std::chrono::milliseconds by, std::int64_t count) {
  late_by_ = by;
  late_count_ = count;
}

void KipuClinic::settle(std::chrono::milliseconds elapsed) {
  std::erase_if(unsettled_, [&](std::int64_t id) {
    KipuChart& chart = *find(id);
    while (!chart.waiting.empty() && chart.waiting.front().visible_at <= elapsed) {
      chart.seen = chart.waiting.front().version;
      ++revision_;
      chart.waiting.pop_front();
    }
    return chart.waiting.empty();
  });
}

std::vector<KipuChange> KipuClinic::take_changes() { return std::exchange(changes_, {}); }

KipuChart* KipuClinic::find(std::int64_t patient_id) {
  const auto at = by_patient_id_.find(patient_id);
  return at == by_patient_id_.end() ? nullptr : &charts_[at->second];
}

KipuChart* KipuClinic::find(std::string_view casefile_id) {
  const std::size_t colon = casefile_id.find(':');
  const auto id = parse_int(casefile_id.substr(0, colon));
  KipuChart* chart = id && colon != std::string_view::npos ? find(*id) : nullptr;
  return chart != nullptr && chart->master_id == casefile_id.substr(colon + 1) ? chart : nullptr;
}

}  // namespace handoff::sandbox

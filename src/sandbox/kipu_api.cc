#include "sandbox/kipu_api.h"

#include <algorithm>
#include <array>
#include <functional>

#include "base/text.h"

namespace handoff::sandbox {

namespace {

constexpr std::int64_t per_default = 20;
constexpr std::int64_t per_max = 1000;

struct Serving {
  const KipuCall& call;
  KipuClinic& clinic;
  const KipuSettings& settings;
  KipuRoster& roster;
};

using Rows = std::vector<Json>;
using MakeRow = std::function<Json(std::size_t)>;  // called for those on the page that is asked for

KipuAnswer unprocessable(std::string_view text) { return kipu_error(422, text); }
KipuAnswer no_such(std::string_view what) { return kipu_error(404, std::string(what) + " not found"); }

// A range of calendar days in the zone of the settings, as instants.
struct Range {
  std::optional<Instant> from, before;
  std::string first_day, last_day;  // "" where open
  bool holds(Instant at) const { return (!from || at >= *from) && (!before || at < *before); }
};

Instant midnight(const Date& day, const std::string& zone, int days_later) {
  const Instant utc = parse_instant(day.text() + "T00:00:00Z").value().at + std::chrono::days(days_later);
  const auto offset = [&](Instant at) { return zone_offset(zone, at).value_or(minutes{0}); };
  // The offset in force at that midnight is found from a first guess; they differ only beside a change of the clocks.
  return utc - offset(utc - offset(utc));
}

// Either the range, or why there is none.
struct RangeOrRefusal {
  Range range;
  std::optional<KipuAnswer> refusal;
};

RangeOrRefusal read_range(const Serving& in, bool start_required, bool end_required) {
  RangeOrRefusal out;
  for (const bool start : {true, false}) {
    const std::string name = start ? "start_date" : "end_date";
    const auto text = in.call.parameter(name);
    if (!text || text->empty()) {
      if (start ? start_required : end_required) out.refusal = unprocessable(name + " is missing");
      continue;
    }
    const Result<Date> day = Date::parse(*text);
    if (!day) {
      out.refusal = unprocessable(name + " is not a date");
      continue;
    }
    (start ? out.range.first_day : out.range.last_day) = day->text();
    if (start) {
      out.range.from = midnight(*day, in.settings.zone, 0);
    } else {
      out.range.before = midnight(*day, in.settings.zone, 1);
      const Instant today = in.call.at.now + zone_offset(in.settings.zone, in.call.at.now).value_or(minutes{0});
      if (in.settings.refuse_future_end_date && *day > Date::of(today)) {
        out.refusal = unprocessable("end_date lies in the future");
      }
    }
  }
  return out;
}

std::string today_of(const Serving& in) {
  return Date::of(in.call.at.now + zone_offset(in.settings.zone, in.call.at.now).value_or(minutes{0})).text();
}

std::string day_part(const Json& value) { return value.text_or().substr(0, 10); }

bool discharged_by(const KipuVersion& version, const std::string& day) {
  const std::string discharge = day_part(version.fields["discharge_date"]);
  return !discharge.empty() && discharge <= day;
}

std::optional<KipuPhi> read_phi(const Serving& in) {
  const std::string level = in.call.parameter("phi_level").value_or("");
  if (level == "low") return KipuPhi::low;
  if (level == "medium") return KipuPhi::medium;
  if (level == "high") return KipuPhi::high;
  return std::nullopt;
}

KipuAnswer needs_phi() { return unprocessable("phi_level is missing or not one of low, medium, high"); }

Json row_of(const Serving& in, const KipuChart& chart, const KipuVersion& version, KipuPhi phi, bool destination) {
  Json row = Json::object();
  for (const KipuField& field : kipu_fields()) {
    if (field.least > phi) continue;
    if (!destination && field.wire.starts_with("discharge_or_transition")) continue;
    Json value = version.fields[field.wire];
    if (field.wire == "casefile_id") value = chart.casefile_id();
    if (field.wire == "created_at") value = format_instant(chart.created_at);
    if (field.wire == "last_updated_at") value = format_instant(version.updated_at);
    if (field.wire == "dob" && phi == KipuPhi::medium && value.is_string()) value = value.string().substr(0, 4);
    row.set(field.wire, std::move(value));
  }
  if (in.call.version == 4) row.set("treatment_episode_id", chart.episode_id(version));
  return row;
}

bool at_location(const Serving& in, const KipuVersion& version) {
  const auto wanted = in.call.parameter("location_id");
  return !wanted || wanted->empty() || version.fields["location_id"].int_or(0) == parse_int(*wanted).value_or(-1);
}

// Page and size as asked for; the numbers go out as texts, which is how the EMR writes them.
KipuAnswer paged(const Serving& in, std::string_view name, std::size_t count, const MakeRow& make) {
  const auto number = [&](std::string_view key, std::int64_t fallback) {
    const auto text = in.call.parameter(key);
    return !text || text->empty() ? fallback : parse_int(*text).value_or(-1);
  };
  const std::int64_t page = number("page", 1), per = number("per", per_default);
  if (page < 1 || page > 1'000'000 || per < 1 || per > per_max) {
    return unprocessable("page counts from 1, per goes from 1 to 1000");
  }
  const auto all = static_cast<std::int64_t>(count);
  std::int64_t total = all;
  std::int64_t begin = (page - 1) * per;
  if (in.call.skip_row && page > 1) {
    ++begin;
    if (!in.call.skip_silently) --total;
  }
  Json list = Json::array();
  const auto end = std::min(begin + per, all);
  for (std::int64_t i = begin; i < end; ++i) list.push_back(make(static_cast<std::size_t>(i)));
  KipuAnswer answer;
  answer.rows = name;
  answer.body = Json::object(
      {{std::string(name), std::move(list)},
       {"pagination", Json::object({{"current_page", std::to_string(page)},
                                    {"total_pages", std::to_string(std::max<std::int64_t>(1, (total + per - 1) / per))},
                                    {"records_per_page", std::to_string(per)},
                                    {"total_records", std::to_string(total)}})}});
  return answer;
}

KipuAnswer paged(const Serving& in, std::string_view name, const Rows& rows) {
  return paged(in, name, rows.size(), [&](std::size_t i) { return rows[i]; });
}

using Charts = std::vector<std::pair<const KipuChart*, const KipuVersion*>>;

KipuAnswer paged_charts(const Serving& in, const Charts& found, KipuPhi phi, bool destination) {
  return paged(in, "patients", found.size(),
               [&](std::size_t i) { return row_of(in, *found[i].first, *found[i].second, phi, destination); });
}

template <class Wanted>
Charts charts_where(const Serving& in, const Wanted& wanted) {
  Charts found;
  for (const KipuChart& chart : in.clinic.charts()) {
    if (chart.seen != nullptr && wanted(chart, *chart.seen)) found.emplace_back(&chart, chart.seen.get());
  }
  return found;
}

// What `look` finds, or what it found for the page before.
template <class Look>
const Charts& roster(const Serving& in, const Look& look) {
  std::string asked = join(in.call.path, "/") + " " + today_of(in) + " " + in.settings.zone;
  for (const auto& [key, value] : in.call.query) {
    if (key != "page" && key != "per") asked.append("&").append(key).append("=").append(value);
  }
  if (in.roster.asked != asked || in.roster.revision != in.clinic.revision()) {
    in.roster = {std::move(asked), in.clinic.revision(), look()};
  }
  return in.roster.found;
}

KipuAnswer latest(const Serving& in) {
  const RangeOrRefusal read = read_range(in, true, true);
  if (read.refusal) return *read.refusal;
  const Range& days = read.range;
  const Charts& found = roster(in, [&] {
    auto changed = charts_where(in, [&](const KipuChart&, const KipuVersion& version) {
      return days.holds(version.updated_at) && !version.deleted_at && at_location(in, version);
    });
    std::stable_sort(changed.begin(), changed.end(),
                     [](const auto& a, const auto& b) { return a.second->updated_at < b.second->updated_at; });
    return changed;
  });
  return paged_charts(in, found, KipuPhi::high, !in.settings.latest_omits_destination);
}

// Without dates those who are here; with dates everyone who was here on one of those days.
KipuAnswer census(const Serving& in) {
  const auto phi = read_phi(in);
  if (!phi) return needs_phi();
  const RangeOrRefusal read = read_range(in, false, false);
  if (read.refusal) return *read.refusal;
  const Range& days = read.range;
  const bool ranged = days.from || days.before;
  const bool no_preadmission = in.call.parameter("exclude_preadmission").value_or("") == "true";
  const std::string today = today_of(in);
  const auto wanted = [&](const KipuChart&, const KipuVersion& version) {
    if (version.deleted_at || !at_location(in, version)) return false;
    const std::string admission = day_part(version.fields["admission_date"]);
    if (admission.empty() && no_preadmission) return false;
    if (!ranged) return !discharged_by(version, today);
    const std::string discharge = day_part(version.fields["discharge_date"]);
    return (days.last_day.empty() || admission <= days.last_day) &&
           (days.first_day.empty() || discharge.empty() || discharge >= days.first_day);
  };
  const Charts& found = roster(in, [&] { return charts_where(in, wanted); });
  if (!in.call.half_census) return paged_charts(in, found, *phi, true);
  return paged_charts(in, Charts(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(found.size() / 2)), *phi,
                      true);
}

KipuAnswer admissions(const Serving& in) {
  const auto phi = read_phi(in);
  if (!phi) return needs_phi();
  const RangeOrRefusal read = read_range(in, true, true);
  if (read.refusal) return *read.refusal;
  const Range& days = read.range;
  auto found = charts_where(in, [&](const KipuChart&, const KipuVersion& version) {
    const std::string day = day_part(version.fields["admission_date"]);
    return !version.deleted_at && !day.empty() && day >= days.first_day && day <= days.last_day &&
           at_location(in, version);
  });
  return paged_charts(in, found, *phi, true);
}

// The chart that {id} and patient_master_id name together, or why there is none.
struct ChartOrRefusal {
  KipuChart* chart = nullptr;
  KipuAnswer refusal;
};

ChartOrRefusal chart_of(const Serving& in, bool master_required = true) {
  const std::string& text = in.call.path[1];
  const auto id = parse_int(text);
  if (!id) return {nullptr, no_such("Patient")};
  std::string master = in.call.parameter("patient_master_id").value_or("");
  if (master.empty()) master = in.call.body["document"]["data"]["patient_master_id"].text_or();
  if (master.empty() && master_required) return {nullptr, unprocessable("patient_master_id is missing")};
  KipuChart* chart = in.clinic.find(*id);
  const bool there = chart != nullptr && chart->seen != nullptr && !chart->seen->deleted_at &&
                     (master.empty() || chart->master_id == master);
  return there ? ChartOrRefusal{chart, {}} : ChartOrRefusal{nullptr, no_such("Patient")};
}

KipuAnswer detail(const Serving& in) {
  const auto phi = read_phi(in);
  if (!phi) return needs_phi();
  const auto [chart, refusal] = chart_of(in);
  if (chart == nullptr) return refusal;
  const KipuVersion& version = *chart->seen;
  Json patient = row_of(in, *chart, version, *phi, true);
  if (*phi == KipuPhi::high) {
    if (in.call.parameter("insurance_detail")) {
      const Json& company = version.fields["insurance_company"];
      patient.set("insurances", company.is_null()
                                    ? Json::array()
                                    : Json::array({Json::object({{"insurance_company", company}, {"priority", "1"}})}));
    }
    if (in.call.parameter("patient_contacts_detail").value_or("") == "true") {
      const Json& name = version.fields["first_contact_name"];
      patient.set("patient_contacts",
                  name.is_null() ? Json::array() : Json::array({Json::object({{"full_name", name}})}));
    }
    if (in.call.parameter("patient_status_detail")) {
      patient.set("patient_status", version.fields["admission_date"].is_null() ? "Planned"
                                    : discharged_by(version, today_of(in))     ? "Discharged"
                                                                               : "Admitted");
    }
  }
  KipuAnswer answer;
  answer.body = Json::object({{"patient", std::move(patient)}});
  return answer;
}

KipuAnswer occupancy(const Serving& in) {
  const auto phi = read_phi(in);
  if (!phi) return needs_phi();
  const std::string today = today_of(in);
  Json beds = Json::array();
  for (const auto& [chart, version] : charts_where(in, [&](const KipuChart&, const KipuVersion& one) {
         return !one.deleted_at && !one.fields["bed_name"].is_null() && !discharged_by(one, today);
       })) {
    beds.push_back(row_of(in, *chart, *version, *phi, true));
  }
  KipuAnswer answer;
  answer.rows = "occupancy";
  answer.body = Json::object({{"occupancy", std::move(beds)}});
  return answer;
}

KipuAnswer program_history(const Serving& in) {
  const auto [chart, refusal] = chart_of(in);
  if (chart == nullptr) return refusal;
  KipuAnswer answer;
  answer.body = Json::object({{"patient", Json::object({{"casefile_id", chart->casefile_id()},
                                                        {"program_history", chart->program_history}})}});
  return answer;
}

// Everything of one kind that hangs on the charts, oldest chart first.
KipuAnswer entries(const Serving& in, std::string_view name, Json KipuChart::*list, const Range& range,
                   const KipuChart* only, std::string_view day_key) {
  Rows rows;
  for (const KipuChart& chart : in.clinic.charts()) {
    if ((only != nullptr && only != &chart) || chart.seen == nullptr || chart.seen->deleted_at) continue;
    for (const Json& entry : (chart.*list).items()) {
      const std::string day = day_part(entry[day_key]);
      if (!range.first_day.empty() && day < range.first_day) continue;
      if (!range.last_day.empty() && day > range.last_day) continue;
      if (in.call.parameter("completed_only").value_or("") == "true" && !entry["complete"].bool_or(false)) continue;
      rows.push_back(entry);
    }
  }
  return paged(in, name, rows);
}

KipuAnswer entries_of_all(const Serving& in, std::string_view name, Json KipuChart::*list, std::string_view day_key,
                          bool start_required) {
  const RangeOrRefusal read = read_range(in, start_required, false);
  if (read.refusal) return *read.refusal;
  const Range& days = read.range;
  const KipuChart* only = nullptr;
  if (const auto patient = in.call.parameter("patient_id"); patient && !patient->empty()) {
    only = in.clinic.find(parse_int(*patient).value_or(0));
    if (only == nullptr) return no_such("Patient");
  }
  return entries(in, name, list, days, only, day_key);
}

KipuAnswer entries_of_one(const Serving& in, std::string_view name, Json KipuChart::*list) {
  const auto [chart, refusal] = chart_of(in, list == &KipuChart::care_team);
  if (chart == nullptr) return refusal;
  return entries(in, name, list, {}, chart, "created_at");
}

KipuAnswer care_teams(const Serving& in) {
  return entries_of_all(in, "care_teams", &KipuChart::care_team, "created_at", false);
}
KipuAnswer care_team(const Serving& in) { return entries_of_one(in, "care_team", &KipuChart::care_team); }
KipuAnswer appointments(const Serving& in) {
  return entries_of_all(in, "appointments", &KipuChart::appointments, "start_date", true);
}
KipuAnswer consents(const Serving& in) {
  return entries_of_all(in, "consent_form_records", &KipuChart::consents, "created_at", false);
}
KipuAnswer consents_of_one(const Serving& in) {
  return entries_of_one(in, "consent_form_records", &KipuChart::consents);
}
KipuAnswer evaluations(const Serving& in) {
  return entries_of_all(in, "patient_evaluations", &KipuChart::evaluations, "created_at", false);
}

KipuAnswer evaluation(const Serving& in) {
  const auto id = parse_int(in.call.path[1]);
  for (const KipuChart& chart : in.clinic.charts()) {
    if (chart.seen == nullptr || chart.seen->deleted_at) continue;
    for (const Json& entry : chart.evaluations.items()) {
      if (entry["id"].integer() == id) return {200, Json::object({{"patient_evaluation", entry}}), {}};
    }
  }
  return no_such("Evaluation");
}

KipuAnswer insurances(const Serving& in) {
  const RangeOrRefusal read = read_range(in, true, true);
  if (read.refusal) return *read.refusal;
  const Range& days = read.range;
  Rows rows;
  for (const auto& [chart, version] : charts_where(in, [&](const KipuChart&, const KipuVersion& one) {
         return !one.deleted_at && !one.fields["insurance_company"].is_null() && days.holds(one.updated_at);
       })) {
    rows.push_back(Json::object({{"casefile_id", chart->casefile_id()},
                                 {"insurance_company", version->fields["insurance_company"]},
                                 {"last_updated_at", format_instant(version->updated_at)}}));
  }
  return paged(in, "insurances", rows);
}

KipuAnswer vaults(const Serving& in) {
  const RangeOrRefusal read = read_range(in, false, false);
  if (read.refusal) return *read.refusal;
  const Range& days = read.range;
  Rows rows;
  for (const auto& [chart, version] : charts_where(in, [&](const KipuChart&, const KipuVersion& one) {
         return one.deleted_at && days.holds(*one.deleted_at);
       })) {
    rows.push_back(Json::object({{"casefile_id", chart->casefile_id()},
                                 {"mr_number", version->fields["mr_number"]},
                                 {"deleted_at", format_instant(*version->deleted_at)}}));
  }
  return paged(in, "patients", rows);
}

KipuAnswer locations(const Serving& in) {
  return {200, Json::object({{"locations", Json(in.clinic.locations())}}), "locations"};
}

KipuAnswer care_levels(const Serving& in) {
  Json everywhere = Json::array();
  for (const Json& one : in.clinic.locations()) {
    everywhere.push_back(Json::object({{"id", one["location_id"]}, {"name", one["location_name"]}}));
  }
  Json levels = Json::array();
  for (const char* name : {"Detox", "Residential", "Partial Hospitalization", "Intensive Outpatient", "Outpatient"}) {
    levels.push_back(Json::object({{"care_level_id", levels.size() + 1},
                                   {"care_level_name", name},
                                   {"enabled", true},
                                   {"locations", everywhere}}));
  }
  return {200, Json::object({{"care_levels", std::move(levels)}}), "care_levels"};
}

bool contact_wanted(const KipuCall& call, const Json& contact) {
  const std::string name = ascii_lower(contact["name"].text_or());
  for (const auto& [key, value] : call.query) {
    if (value.empty()) continue;
    if (key == "contains" && name.find(ascii_lower(value)) == std::string::npos) return false;
    if (key == "begins_with" && !name.starts_with(ascii_lower(value))) return false;
    if (key == "address_state" || key == "address_city" || key == "address_zip" || key == "contact_type_id" ||
        key == "company_ext_id" || key == "kipu_crm_rs_id") {
      const Json& own = contact[key];
      if ((own.is_number() ? own.number_text() : own.text_or()) != value) return false;
    }
  }
  return true;
}

KipuAnswer contacts_that(const Serving& in, bool referrers) {
  Rows rows;
  for (const Json& contact : in.clinic.contacts()) {
    if (referrers && !contact["referrer"].bool_or(false)) continue;
    if (contact_wanted(in.call, contact)) rows.push_back(contact);
  }
  return paged(in, "contacts", rows);
}

KipuAnswer contacts(const Serving& in) { return contacts_that(in, false); }
KipuAnswer referrers(const Serving& in) { return contacts_that(in, true); }

KipuAnswer contact(const Serving& in) {
  const auto id = parse_int(in.call.path[1]);
  for (const Json& one : in.clinic.contacts()) {
    if (id && one["id"].integer() == id) return {200, Json::object({{"contact", one}}), {}};
  }
  return no_such("Contact");
}

KipuAnswer contact_types(const Serving& in) {
  Rows rows;
  std::int64_t id = 0;
  for (const char* name : {"Treatment Center", "Sober Living", "Hospital", "Therapist"}) {
    ++id;
    rows.push_back(Json::object({{"id", id}, {"name", name}}));
  }
  return paged(in, "contact_types", rows);
}

const Json& contact_data(const Serving& in) {
  const Json& document = in.call.body["document"];
  return document["data"].is_object() ? document["data"] : in.call.body;
}

KipuAnswer create_contact(const Serving& in) {
  const Json& data = contact_data(in);
  if (data["name"].text_or().empty()) return unprocessable("name is missing");
  const std::int64_t id = in.clinic.add_contact(data);
  return {201, Json::object({{"contact", Json::object({{"id", id}, {"name", data["name"]}})}}), {}};
}

KipuAnswer update_contact(const Serving& in) {
  const Json& data = contact_data(in);
  if (!data.is_object()) return unprocessable("The document holds no data");
  if (!in.clinic.edit_contact(parse_int(in.call.path[1]).value_or(0), data)) return no_such("Contact");
  return {200, Json::object({{"status", "accepted"}}), {}};
}

// The fields of a written document in the words of the control plane, which the clinic takes. What the EMR does not
// know is ignored, as empty texts are: senders write those for what they do not know.
Json given_by(const Json& data) {
  Json given = Json::object();
  for (const auto& [key, value] : data.members()) {
    if (value.is_null() || (value.is_string() && value.string().empty())) continue;
    const std::string text = value.is_string() ? value.string() : value.is_number() ? value.number_text() : "";
    if (key == "discharge_to_name") given.set("dischargeTo", text);
    if (key == "discharge_to_id") given.set("dischargeToContactId", text);
    if (key == "location_id") given.set("locationId", text);
    if (key == "mr") given.set("mrNumber", text);
    if (key == "dob") given.set("dateOfBirth", text);
    if (key == "address_state") given.set("state", text);
    for (const KipuField& field : kipu_fields()) {
      if (field.wire != key || key == "dob") continue;
      std::string control;
      for (std::size_t i = 0; i < key.size(); ++i) {
        control.push_back(key[i] == '_' && i + 1 < key.size() ? static_cast<char>(key[++i] - 'a' + 'A') : key[i]);
      }
      if (kipu_wire_key(control)) given.set(control, text);
    }
  }
  return given;
}

KipuAnswer written(KipuClinic& clinic, const KipuChart& chart, const Json& document, KipuMoment at, int status) {
  if (document["attachments_attributes"].is_array()) {
    if (KipuChart* own = clinic.find(chart.patient_id)) clinic.attach(*own, document["attachments_attributes"], at);
  }
  return {status,
          Json::object({{"status", status == 201 ? "created" : "accepted"},
                        {"casefile_id", chart.casefile_id()},
                        {"patient_id", chart.patient_id},
                        {"patient_master_id", chart.master_id}}),
          {}};
}

KipuAnswer create_patient(const Serving& in) {
  const Json& document = in.call.body["document"];
  const Json& data = document["data"];
  if (!data.is_object()) return kipu_error(400, "The body holds no document.data");
  for (const char* key : {"first_name", "last_name", "dob"}) {
    if (data[key].text_or().empty()) return unprocessable(std::string(key) + " is missing");
  }
  const Result<const KipuChart*> chart = in.clinic.create(given_by(data), in.call.at);
  if (!chart) return unprocessable(chart.error().for_caller);
  return written(in.clinic, **chart, document, in.call.at, 201);
}

KipuAnswer update_patient(const Serving& in) {
  const Json& document = in.call.body["document"];
  if (!document["data"].is_object()) return kipu_error(400, "The body holds no document.data");
  const auto [chart, refusal] = chart_of(in, false);
  if (chart == nullptr) return refusal;
  const Result<void> edited = in.clinic.edit(*chart, given_by(document["data"]), in.call.at);
  if (!edited) return unprocessable(edited.error().for_caller);
  return written(in.clinic, *chart, document, in.call.at, 200);
}

// In version 4 rosters and charts are called episodes; all else kept its name.
enum class Named { same, episodes_in_v4 };

}  // namespace

struct KipuRoute {
  std::string_view word;
  std::string_view method;
  std::string_view pattern;  // "#" stands for an id
  Named named;
  KipuAnswer (*serve)(const Serving&);
};

namespace {

constexpr auto same = Named::same, renamed = Named::episodes_in_v4;
constexpr std::array routes{
    KipuRoute{"latest", "GET", "patients/latest", renamed, latest},
    KipuRoute{"census", "GET", "patients/census", renamed, census},
    KipuRoute{"admissions", "GET", "patients/admissions", same, admissions},
    KipuRoute{"occupancy", "GET", "patients/occupancy", same, occupancy},
    KipuRoute{"care_teams", "GET", "patients/care_teams", same, care_teams},
    KipuRoute{"detail", "GET", "patients/#", renamed, detail},
    KipuRoute{"program_history", "GET", "patients/#/program_history", renamed, program_history},
    KipuRoute{"care_team", "GET", "patients/#/care_team", renamed, care_team},
    KipuRoute{"patient_consents", "GET", "patients/#/consent_form_records", renamed, consents_of_one},
    KipuRoute{"create", "POST", "patients", same, create_patient},
    KipuRoute{"update", "PATCH", "patients/#", same, update_patient},
    KipuRoute{"vaults", "GET", "vaults/patients", same, vaults},
    KipuRoute{"locations", "GET", "locations", same, locations},
    KipuRoute{"care_levels", "GET", "care_levels", same, care_levels},
    KipuRoute{"contacts", "GET", "contacts", same, contacts},
    KipuRoute{"referrers", "GET", "contacts/referrers", same, referrers},
    KipuRoute{"contact", "GET", "contacts/#", same, contact},
    KipuRoute{"create_contact", "POST", "contacts", same, create_contact},
    KipuRoute{"update_contact", "PATCH", "contacts/#", same, update_contact},
    KipuRoute{"contact_types", "GET", "contact_types", same, contact_types},
    KipuRoute{"appointments", "GET", "scheduler/appointments", same, appointments},
    KipuRoute{"consents", "GET", "consent_form_records", same, consents},
    KipuRoute{"evaluations", "GET", "patient_evaluations", same, evaluations},
    KipuRoute{"evaluation", "GET", "patient_evaluations/#", same, evaluation},
    KipuRoute{"insurances", "GET", "insurances/latest", same, insurances},
};

bool matches(const KipuRoute& route, const KipuCall& call) {
  std::vector<std::string> pattern = split(route.pattern, '/');
  if (route.method != call.method || pattern.size() != call.path.size()) return false;
  if (route.named == Named::episodes_in_v4) {
    // A request that names no version is taken for the one whose paths it uses.
    const bool new_path = call.path[0] == "episodes";
    if (call.version != 0 && new_path != (call.version == 4)) return false;
    if (new_path) pattern[0] = "episodes";
  }
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != "#" && pattern[i] != call.path[i]) return false;
  }
  return true;
}

}  // namespace

std::optional<std::string> KipuCall::parameter(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return value;
  }
  return std::nullopt;
}

const KipuRoute* find_kipu_route(const KipuCall& call) {
  const auto route =
      std::find_if(routes.begin(), routes.end(), [&](const KipuRoute& one) { return matches(one, call); });
  return route == routes.end() ? nullptr : &*route;
}

std::string_view word(const KipuRoute& route) { return route.word; }

std::vector<std::string> kipu_route_words() {
  std::vector<std::string> words;
  for (const KipuRoute& route : routes) words.emplace_back(route.word);
  return words;
}

KipuAnswer answer_kipu(const KipuRoute& route, const KipuCall& call, KipuClinic& clinic, const KipuSettings& settings,
                       KipuRoster& roster) {
  return route.serve({call, clinic, settings, roster});
}

KipuAnswer kipu_error(int status, std::string_view text) { return {status, Json::object({{"errors", text}}), {}}; }

}  // namespace handoff::sandbox

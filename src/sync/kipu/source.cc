#include "sync/kipu/source.h"

#include <algorithm>
#include <array>

#include "base/crypto.h"
#include "base/http_date.h"
#include "base/text.h"
#include "sync/hook.h"

namespace handoff::sync::kipu {
namespace {

struct WireField {
  const char* wire;
  const char* key;
};
// Later rows win where a system tells both names.
constexpr std::array wire_fields{
    WireField{"first_name", "firstName"},
    WireField{"middle_name", "middleName"},
    WireField{"last_name", "lastName"},
    WireField{"dob", "birthDate"},
    WireField{"gender", "gender"},
    WireField{"preferred_language", "preferredLanguage"},
    WireField{"phone", "phone"},
    WireField{"email", "email"},
    WireField{"address_street", "addressLine"},
    WireField{"address_city", "city"},
    WireField{"state", "province"},
    WireField{"address_state", "province"},
    WireField{"address_zip", "postalCode"},
    WireField{"address_country", "country"},
    WireField{"mr_number", "mrNumber"},
    WireField{"admission_date", "admissionDate"},
    WireField{"discharge_date", "dischargeDate"},
    WireField{"anticipated_discharge_date", "anticipatedDischargeDate"},
    WireField{"discharge_type", "dischargeType"},
    WireField{"discharge_type_code", "dischargeTypeCode"},
    WireField{"discharge_to_id", "destinationId"},
    WireField{"discharge_to_name", "destinationName"},
    WireField{"discharge_or_transition_id", "destinationId"},
    WireField{"discharge_or_transition_name", "destinationName"},
    WireField{"level_of_care", "levelOfCare"},
    WireField{"next_level_of_care", "nextLevelOfCare"},
    WireField{"program", "program"},
    WireField{"location_id", "locationId"},
    WireField{"location_name", "locationName"},
    WireField{"insurance_company", "insuranceCompany"},
    WireField{"payment_method", "paymentMethod"},
    WireField{"date_of_death", "deathDate"},
    WireField{"created_at", "createdAt"},
    WireField{"last_updated_at", "updatedAt"},
    WireField{"updated_at", "updatedAt"},
};

// A text, or null. Numbers are told as texts by some routes and as numbers by others.
Json plain(const Json& value) {
  if (value.is_number()) return value.number_text();
  if (value.is_string()) return value.string().empty() ? Json() : value;
  if (value.is_bool()) return value.boolean() ? "true" : "false";
  return nullptr;
}

std::string scalar(const Json& value) { return value.is_number() ? value.number_text() : value.text_or(); }

// Members in the order of their names, so that the same content has the same digest.
std::string canonical(const Json& value) {
  if (value.is_array()) {
    std::string out = "[";
    for (const Json& item : value.items()) out += canonical(item) + ",";
    return out + "]";
  }
  if (!value.is_object()) return value.dump();
  std::vector<const Json::Member*> members;
  for (const auto& member : value.members()) members.push_back(&member);
  std::sort(members.begin(), members.end(), [](const auto* a, const auto* b) { return a->first < b->first; });
  std::string out = "{";
  for (const auto* member : members) out += json_quote(member->first) + ":" + canonical(member->second) + ",";
  return out + "}";
}

ChartRow row_of(const Json& patient) {
  ChartRow row;
  row.casefile = casefile_of(patient);
  Json chart = chart_of(patient);
  row.updated_at = instant_in_text(chart["updatedAt"].text_or());
  row.digest = hex(sha256(canonical(patient))).substr(0, 32);
  row.chart = Private(std::move(chart));
  return row;
}

int version_of(const EmrConnection& connection, Goal goal) {
  const auto route = connection.routes.find(word(goal));
  if (route != connection.routes.end() && route->second.version != 0) return route->second.version;
  // Locations are still written with version 3 by those who use version 4 (kipu-dazos, 5).
  return goal == Goal::locations ? 3 : connection.version;
}

std::string path_of(const EmrConnection& connection, const Question& question) {
  const std::string patient = question.casefile.substr(0, question.casefile.find(':'));
  const auto route = connection.routes.find(word(question.goal));
  if (route != connection.routes.end() && !route->second.path.empty()) {
    std::string path = route->second.path;
    if (const auto at = path.find("{id}"); at != std::string::npos) path.replace(at, 4, patient);
    return path;
  }
  const std::string charts = version_of(connection, question.goal) >= 4 ? "/api/episodes" : "/api/patients";
  switch (question.goal) {
    case Goal::changes: return charts + "/latest";
    case Goal::census: return charts + "/census";
    case Goal::detail: return charts + "/" + patient;
    case Goal::vaults: return "/api/vaults/patients";
    case Goal::locations: return "/api/locations";
    case Goal::contacts: return "/api/contacts";
  }
  return "";
}

std::optional<std::int64_t> number_in(const Json& value) {
  return value.is_string() ? parse_int(trim(value.string())) : value.integer();
}

// The list of an answer: under one of its known names, or the answer itself where nothing wraps it.
const Json* list_in(const Json& body, std::initializer_list<const char*> names) {
  if (body.is_array()) return &body;
  for (const char* name : names) {
    if (const Json* found = body.find(name); found && found->is_array()) return found;
  }
  return nullptr;
}

bool read_answer(const Json& body, const Question& question, Answer& into) {
  switch (question.goal) {
    case Goal::detail: {
      const Json& wrapped = body["patient"].is_object()   ? body["patient"]
                            : body["episode"].is_object() ? body["episode"]
                                                          : body;
      if (!wrapped.is_object()) return false;
      ChartRow row = row_of(wrapped);
      if (row.casefile.empty()) row.casefile = question.casefile;
      if (row.casefile != question.casefile) return false;
      into.rows.push_back(std::move(row));
      return true;
    }
    case Goal::locations:
    case Goal::contacts: {
      const Json* list = list_in(body, {"locations", "contacts"});
      if (!list) return false;
      for (const Json& item : list->items()) {
        const bool place = question.goal == Goal::locations;
        NamedThing thing{scalar(item[place && item.contains("location_id") ? "location_id" : "id"]),
                         scalar(item[place && item.contains("location_name") ? "location_name" : "name"])};
        if (!thing.id.empty()) into.named.push_back(std::move(thing));
      }
      break;
    }
    default: {
      const Json* list = list_in(body, {"patients", "episodes", "census", "vaults"});
      if (!list) return false;
      for (const Json& item : list->items()) {
        const Json& patient = item["patient"].is_object() ? item["patient"] : item;
        ChartRow row = row_of(patient);
        if (!row.casefile.empty()) into.rows.push_back(std::move(row));
      }
    }
  }
  const Json& pagination = body["pagination"];
  into.total_pages = number_in(pagination["total_pages"]);
  into.total_records = number_in(pagination["total_records"]);
  return true;
}

// What the system said is for an administrator: short, one line, no digits that could be a number of a person's.
std::string said_in(const std::string& body) {
  const auto json = Json::parse(body);
  if (!json) return "";
  const Json& told = json->contains("errors") ? (*json)["errors"] : (*json)["error"];
  std::string text = told.is_array() && told.size() > 0 ? told.items()[0].text_or() : told.text_or();
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
  return is_utf8(text) ? utf8_prefix(trim(text), 200) : "";
}

std::optional<std::chrono::milliseconds> retry_after(const Reply& reply, const std::optional<Instant>& server_time) {
  const std::string text = reply.header("Retry-After");
  if (text.empty()) return std::nullopt;
  if (const auto wait = parse_int(trim(text))) return seconds{std::clamp<std::int64_t>(*wait, 0, 24 * 3600)};
  const auto at = parse_http_date(text);
  if (!at || !server_time) return std::nullopt;
  return std::clamp<milliseconds>(*at - *server_time, milliseconds{0}, std::chrono::hours{24});
}

Trouble trouble_of(int status) {
  switch (status) {
    case 200:
    case 201: return Trouble::none;
    case 401:
    case 403: return Trouble::refused;
    case 404: return Trouble::not_there;
    case 410: return Trouble::gone;
    case 429: return Trouble::slow_down;
    case 408: return Trouble::no_answer;
    default: return status >= 500 ? Trouble::server_fault : Trouble::bad_request;
  }
}

}  // namespace

const std::string& KipuSource::kind() const {
  static const std::string text = "kipu";
  return text;
}

std::string casefile_of(const Json& patient) {
  const std::string casefile(trim(scalar(patient["casefile_id"])));
  if (is_casefile(casefile)) return casefile;
  const std::string pair = scalar(patient["patient_id"]) + ":" + scalar(patient["patient_master_id"]);
  return is_casefile(pair) ? pair : "";
}

Json chart_of(const Json& patient) {
  Json chart = Json::object();
  Json other = Json::object();
  for (const auto& [key, value] : patient.members()) {
    const auto field =
        std::find_if(wire_fields.begin(), wire_fields.end(), [&](const WireField& one) { return key == one.wire; });
    if (field == wire_fields.end() && key != "insurances" && key != "casefile_id") other.set(key, value);
  }
  for (const WireField& field : wire_fields) {
    const Json* value = patient.find(field.wire);
    if (value == nullptr) continue;
    Json told = plain(*value);
    // Of two names for one thing, the one that says something.
    if (told.is_null() && chart.contains(field.key)) continue;
    chart.set(field.key, std::move(told));
  }
  const Json& insurances = patient["insurances"];
  if (!chart.contains("insuranceCompany") && insurances.is_array()) {
    const Json first = insurances.size() > 0 ? insurances.items()[0]["insurance_company"] : Json();
    chart.set("insuranceCompany", plain(first));
  }
  if (other.size() > 0) chart.set("other", std::move(other));
  return chart;
}

Request KipuSource::ask(const EmrConnection& connection, const Question& question, Instant server_now) const {
  const bool paged = question.goal != Goal::detail && question.goal != Goal::locations;
  std::string uri = path_of(connection, question) + "?app_id=" + percent_encode(connection.app_id);
  const auto add = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) uri.append("&").append(name).append("=").append(percent_encode(value));
  };
  if (question.goal == Goal::detail) {
    add("phi_level", "high");
    add("patient_master_id", std::string_view(question.casefile).substr(question.casefile.find(':') + 1));
    add("insurance_detail", "v121");
    add("demographics_detail", "v121");
    add("patient_status_detail", "v121");
  }
  if (question.goal == Goal::census) add("phi_level", "high");
  add("start_date", question.first_day);
  add("end_date", question.last_day);
  if (question.goal == Goal::changes || question.goal == Goal::census) add("location_id", question.location);
  if (paged) {
    add("page", std::to_string(question.page));
    add("per", std::to_string(connection.page_size));
  }
  const int version = version_of(connection, question.goal);
  // Signed is the path as it is sent, with whatever path the base URL brings along.
  const std::size_t host = connection.base_url.find("://");
  const std::size_t path = connection.base_url.find('/', host == std::string::npos ? 0 : host + 3);
  const std::string signed_uri = (path == std::string::npos ? "" : connection.base_url.substr(path)) + uri;
  const SignedHeaders sign = sign_get(version >= 4 ? Scheme::sha256 : Scheme::sha1,
                                      {connection.access_id, connection.secret}, signed_uri, server_now);
  Request request;
  request.url = Secret(connection.base_url + uri);
  // Some clients and proxies set Date themselves; X-Auth-Date is what the signature was made with.
  request.headers = {{"Accept", "application/vnd.kipusystems+json; version=" + std::to_string(version)},
                     {"Authorization", sign.authorization},
                     {"Date", sign.date},
                     {"X-Auth-Date", sign.date}};
  return request;
}

Heard KipuSource::hear(const EmrConnection&, const Question& question, const Reply& reply) const {
  Heard heard;
  heard.status = reply.status;
  if (reply.not_allowed) {
    heard.trouble = Trouble::not_allowed;
    heard.said = reply.error;
    return heard;
  }
  if (reply.status == 0) {
    heard.trouble = Trouble::no_answer;
    heard.said = reply.error;
    return heard;
  }
  heard.server_time = parse_http_date(reply.header("Date"));
  heard.trouble = trouble_of(reply.status);
  if (heard.trouble != Trouble::none) {
    heard.said = said_in(reply.body);
    heard.retry_after = retry_after(reply, heard.server_time);
    return heard;
  }
  const auto body = Json::parse(reply.body);
  if (!body || !read_answer(*body, question, heard.answer)) {
    heard.trouble = Trouble::server_fault;
    heard.said = body ? "the answer is not of the expected shape" : "the answer is not complete JSON";
    heard.answer = {};
  }
  return heard;
}

}  // namespace handoff::sync::kipu

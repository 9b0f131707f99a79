#include "sync/content.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "sync/evaluate.h"
#include "sync/words.h"

namespace handoff::sync {
namespace {

Json text_in(const Json& chart, std::string_view key, std::size_t characters_max) {
  const std::string text = clean(chart, key);
  return text.empty() ? Json() : Json(utf8_prefix(text, characters_max));
}

std::string gender_of(const Json& chart) {
  const std::string word = ascii_lower(clean(chart, "gender"));
  if (word == "m" || word == "male") return "male";
  if (word == "f" || word == "female") return "female";
  return utf8_prefix(clean(chart, "gender"), 60);
}

const Json* find_path(const Json& content, const std::string& path) {
  const Json* here = &content;
  for (const auto& step : split(path, '.')) {
    here = here->find(step);
    if (here == nullptr) return nullptr;
  }
  return here;
}

Json value_at(const Json& content, const std::string& path) {
  const Json* found = find_path(content, path);
  return found == nullptr ? Json() : *found;
}

void set_path(Json& patch, const std::string& path, Json value) {
  const std::size_t dot = path.find('.');
  if (dot == std::string::npos) {
    patch.set(path, std::move(value));
    return;
  }
  Json inner = patch[path.substr(0, dot)];
  if (!inner.is_object()) inner = Json::object();
  set_path(inner, path.substr(dot + 1), std::move(value));
  patch.set(path.substr(0, dot), std::move(inner));
}

// Null members count as absent: the content carries every key, a chart only those it fills.
bool same_value(const Json& a, const Json& b) {
  if (a.is_object() || b.is_object()) {
    for (const Json* one : {&a, &b}) {
      if (!one->is_object()) continue;
      for (const auto& [key, value] : one->members()) {
        if (!same_value(a[key], b[key])) return false;
      }
    }
    return (a.is_object() || a.is_null()) && (b.is_object() || b.is_null());
  }
  if (a.is_array() && a.size() == 0 && b.is_null()) return true;
  if (b.is_array() && b.size() == 0 && a.is_null()) return true;
  if (a.is_array() && b.is_array() && a.size() == b.size()) {
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (!same_value(a.items()[i], b.items()[i])) return false;
    }
    return true;
  }
  return a == b;
}

}  // namespace

Json content_of(const Json& chart, const EmrConnection& connection, const std::string& organization) {
  const auto born = day_in_chart(chart, "birthDate", connection);
  const std::string gender = gender_of(chart);
  Json identifiers = Json::array();
  if (const std::string number = clean(chart, "mrNumber"); !number.empty()) {
    identifiers.push_back(Json::object({{"system", "mr_number"}, {"value", utf8_prefix(number, 200)}}));
  }
  Json registrant = Json::object({{"firstName", text_in(chart, "firstName", 200)},
                                  {"middleName", text_in(chart, "middleName", 200)},
                                  {"lastName", text_in(chart, "lastName", 200)},
                                  {"birthDate", day_json(born)},
                                  {"gender", text_or_null(gender)},
                                  {"preferredLanguage", text_in(chart, "preferredLanguage", 60)},
                                  {"address", Json::object({{"line", text_in(chart, "addressLine", 500)},
                                                            {"city", text_in(chart, "city", 200)},
                                                            {"province", text_in(chart, "province", 200)},
                                                            {"country", text_in(chart, "country", 200)},
                                                            {"postalCode", text_in(chart, "postalCode", 40)}})},
                                  {"phones", Json::object({{"main", text_in(chart, "phone", 200)}})},
                                  {"email", text_in(chart, "email", 200)},
                                  {"identifiers", std::move(identifiers)}});
  const Json stay = Json::object({{"AdmissionDate", day_json(day_in_chart(chart, "admissionDate", connection))},
                                  {"DischargeDate", day_json(day_in_chart(chart, "dischargeDate", connection))},
                                  {"DischargeType", text_in(chart, "dischargeType", 200)},
                                  {"AdmittingLevelOfCare", text_in(chart, "admittingLevelOfCare", 200)},
                                  {"CurrentLevelOfCare", text_in(chart, "levelOfCare", 200)},
                                  {"NextLevelOfCare", text_in(chart, "nextLevelOfCare", 200)},
                                  {"Program", text_in(chart, "program", 200)},
                                  {"Location", text_in(chart, "locationName", 200)}});
  Json details = Json::array();
  details.push_back(Json::object({{"type", "Stay"}, {"recordType", "EMR Stay"}, {"fields", stay}}));
  const Json insurance = text_in(chart, "insuranceCompany", 200), payment = text_in(chart, "paymentMethod", 200);
  if (!insurance.is_null() || !payment.is_null()) {
    details.push_back(Json::object({{"type", "Insurance"},
                                    {"recordType", "Member Plan"},
                                    {"fields", Json::object({{"Name", insurance}, {"PaymentMethod", payment}})}}));
  }
  return Json::object({{"registrant", std::move(registrant)},
                       {"requester", Json::object({{"organization", utf8_prefix(organization, 200)}})},
                       {"details", std::move(details)}});
}

std::vector<std::string> owned_fields(const EmrConnection& connection) {
  std::vector<std::string> paths;
  for (const auto& [path, standard] : standard_ownership()) {
    if (ownership_of(connection, path) == Ownership::emr) paths.push_back(path);
  }
  return paths;
}

Json content_patch(const Json& current, const Json& applied_chart, const Json& chart, const EmrConnection& connection,
                   const std::string& organization) {
  const Json before = content_of(applied_chart, connection, organization);
  const Json after = content_of(chart, connection, organization);
  Json patch = Json::object();
  for (const auto& [path, standard] : standard_ownership()) {
    const Ownership owner = ownership_of(connection, path);
    if (owner == Ownership::ours) continue;
    const Json was = value_at(before, path), is = value_at(after, path), here = value_at(current, path);
    // Only what the chart changed: what was left out of the content because it could not be read stays out.
    if (same_value(was, is) || same_value(here, is)) continue;
    if (owner == Ownership::first_wins && !same_value(here, was)) continue;  // somebody edited it here
    set_path(patch, path, is);
  }
  return patch;
}

std::vector<referral::Warning> hold_reasons(const Json& chart, const EmrConnection& connection) {
  std::vector<referral::Warning> reasons;
  if (!connection.consent_exempt) {
    reasons.push_back({"/source", "emr.consent_missing",
                       "Held back as a draft: no consent to share is recorded. Submit the draft where there is one, or "
                       "let the connection declare the site exempt (consentExempt)."});
  }
  for (const auto& what : missing_prerequisites(chart, connection)) {
    const bool number = what == "MR number", admission = what == "admission date";
    reasons.push_back({"/source",
                       number      ? "emr.mr_number_missing"
                       : admission ? "emr.admission_date_missing"
                                   : "emr.birth_date_missing",
                       "Held back as a draft: the chart has no " + what +
                           " yet. It goes on by itself when the EMR has it, or submit the draft."});
  }
  return reasons;
}

bool is_hold_reason(const referral::Warning& warning) {
  constexpr std::array codes{"emr.consent_missing", "emr.mr_number_missing", "emr.admission_date_missing",
                             "emr.birth_date_missing"};
  return std::any_of(codes.begin(), codes.end(), [&](const char* code) { return warning.code == code; });
}

}  // namespace handoff::sync

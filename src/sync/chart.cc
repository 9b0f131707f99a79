#include "sync/chart.h"

#include <algorithm>

#include "base/text.h"

namespace handoff::sync {
namespace {

void replace_all(std::string& text, std::string_view what, std::string_view by) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
}

std::string clean_text(std::string_view raw) {
  std::string text(raw);
  for (const auto& [mark, plain] : {std::pair{"\xE2\x80\x98", "'"},
                                    {"\xE2\x80\x99", "'"},
                                    {"\xE2\x80\x9C", "\""},
                                    {"\xE2\x80\x9D", "\""},
                                    {"\xE2\x80\x93", "-"},
                                    {"\xE2\x80\x94", "-"},
                                    {"\xC2\xA0", " "}}) {
    replace_all(text, mark, plain);
  }
  std::string out;
  bool gap = false;
  for (const char c : text) {
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
      gap = !out.empty();
      continue;
    }
    if (gap) out += ' ';
    gap = false;
    out += c;
  }
  if (out.starts_with("UR LOC:")) out = std::string(trim(std::string_view(out).substr(7)));
  return out;
}

std::string text_of(const Json& value) { return value.is_number() ? value.number_text() : value.text_or(); }

// What a chart says under a key, for comparing.
std::string comparable(const Json& chart, const char* key) { return clean(chart, key); }

}  // namespace

const std::vector<ChartField>& chart_fields() {
  static const std::vector<ChartField> fields{
      {"destinationName", "Discharging To"},
      {"destinationId", "Discharging To"},
      {"dischargeDate", "Discharge Date"},
      {"dischargeType", "Discharge Type"},
      {"dischargeTypeCode", "Discharge Type"},
      {"anticipatedDischargeDate", "Anticipated Discharge Date"},
      {"admissionDate", "Admission Date"},
      {"mrNumber", "MR Number"},
      {"firstName", "First Name"},
      {"middleName", "Middle Name"},
      {"lastName", "Last Name"},
      {"birthDate", "Date of Birth"},
      {"gender", "Gender"},
      {"preferredLanguage", "Preferred Language"},
      {"phone", "Phone"},
      {"email", "E-mail"},
      {"addressLine", "Address"},
      {"city", "City"},
      {"province", "State"},
      {"postalCode", "ZIP Code"},
      {"country", "Country"},
      {"levelOfCare", "Level of Care"},
      {"nextLevelOfCare", "Next Level of Care"},
      {"program", "Program"},
      {"locationId", "Location"},
      {"locationName", "Location"},
      {"insuranceCompany", "Insurance"},
      {"paymentMethod", "Payment Method"},
      {"deathDate", "Date of Death"},
  };
  return fields;
}

Json merge_chart(Json known, const Json& told) {
  if (!known.is_object()) known = Json::object();
  for (const auto& [key, value] : told.members()) {
    if (key == "other" && known["other"].is_object() && value.is_object()) {
      Json other = known["other"];
      for (const auto& [name, item] : value.members()) other.set(name, item);
      known.set("other", std::move(other));
    } else {
      known.set(key, value);
    }
  }
  return known;
}

bool same_chart(const Json& a, const Json& b) {
  return std::all_of(chart_fields().begin(), chart_fields().end(),
                     [&](const ChartField& field) { return comparable(a, field.key) == comparable(b, field.key); });
}

std::vector<WaitingChange> chart_differences(const Json& applied, const Json& read) {
  std::vector<WaitingChange> out;
  for (const auto& field : chart_fields()) {
    if (comparable(applied, field.key) == comparable(read, field.key)) continue;
    const bool told =
        std::any_of(out.begin(), out.end(), [&](const WaitingChange& one) { return one.label == field.label; });
    if (!told) out.push_back({field.key, field.label});
  }
  return out;
}

std::string clean(const Json& chart, std::string_view key) { return clean_text(text_of(chart[key])); }

Destination destination_of(const Json& chart) {
  return {clean(chart, "destinationId"), Text(text_of(chart["destinationName"]))};
}

std::optional<Date> day_in_chart(const Json& chart, std::string_view key, const EmrConnection& connection) {
  const std::string text = clean(chart, key);
  if (text.size() < 10) return std::nullopt;
  if (text.size() > 10) {
    // "2026-03-01T23:30:00-05:00" names a moment; a naive one is local already, and its day is what staff see.
    const auto moment = parse_instant(text);
    const auto zone = connection.location_zones.find(clean(chart, "locationId"));
    if (moment && zone != connection.location_zones.end()) {
      return Date::of(moment->at + zone_offset(zone->second, moment->at).value_or(minutes{0}));
    }
  }
  const auto day = Date::parse(std::string_view(text).substr(0, 10));
  if (day) return *day;
  // MM/DD/YYYY, as an older client wrote it.
  if (text[2] == '/' && text[5] == '/') {
    const auto turned = Date::parse(text.substr(6, 4) + "-" + text.substr(0, 2) + "-" + text.substr(3, 2));
    if (turned) return *turned;
  }
  return std::nullopt;
}

std::optional<Instant> instant_in_text(std::string_view text) {
  std::string moment(trim(text));
  if (moment.size() == 10) moment += "T00:00:00";
  if (moment.size() > 10 && moment[10] == ' ') moment[10] = 'T';
  const auto with_offset = parse_instant(moment);
  if (with_offset) return with_offset->at;
  const auto naive = parse_instant(moment + "Z");
  return naive ? std::optional(naive->at) : std::nullopt;
}

}  // namespace handoff::sync

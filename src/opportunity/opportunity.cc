#include "opportunity/opportunity.h"

#include <algorithm>
#include <array>

#include "base/crypto.h"
#include "base/text.h"
#include "people/fold.h"

namespace handoff::opportunity {
namespace {

struct SourceRow {
  Source source;
  const char* code;
};
constexpr std::array source_rows{SourceRow{Source::referral, "referral"}, SourceRow{Source::emr, "emr"}};
struct BasisRow {
  LinkBasis basis;
  const char* code;
};
constexpr std::array basis_rows{BasisRow{LinkBasis::none, "none"}, BasisRow{LinkBasis::identifier, "identifier"},
                                BasisRow{LinkBasis::person, "person"}, BasisRow{LinkBasis::name, "name"},
                                BasisRow{LinkBasis::hand, "hand"}};

template <class AnyId>
Json id_json(const std::optional<AnyId>& id) {
  return id ? Json(id->text()) : Json();
}
template <class AnyId>
std::optional<AnyId> id_of(const Json& json) {
  return json.is_string() ? std::optional(AnyId::trusted(json.string())) : std::nullopt;
}
Json ids_json(const std::vector<IntakeOpportunityId>& ids) {
  Json out = Json::array();
  for (const auto& id : ids) out.push_back(id.text());
  return out;
}

Json texts_json(const std::vector<std::string>& texts) {
  Json out = Json::array();
  for (const auto& text : texts) out.push_back(text);
  return out;
}
std::vector<std::string> texts_of(const Json& json) {
  std::vector<std::string> out;
  if (!json.is_array()) return out;
  for (const auto& text : json.items()) out.push_back(text.text_or());
  return out;
}

constexpr std::string_view identifier_mark = "i:", number_mark = "m:", name_mark = "n:";

std::string key(std::string_view mark, const std::string& text) {
  return std::string(mark) + hex(sha256(text)).substr(0, 32);
}

}  // namespace

const char* word(Stage stage) { return stage_rows[static_cast<std::size_t>(stage)].code; }
const char* label(Stage stage) { return stage_rows[static_cast<std::size_t>(stage)].label; }
std::optional<Stage> stage_of(std::string_view code) {
  for (const auto& row : stage_rows) {
    if (code == row.code) return row.stage;
  }
  return std::nullopt;
}
const char* word(Source source) { return source_rows[static_cast<std::size_t>(source)].code; }
std::optional<Source> source_of(std::string_view code) {
  for (const auto& row : source_rows) {
    if (code == row.code) return row.source;
  }
  return std::nullopt;
}
const char* word(LinkBasis basis) { return basis_rows[static_cast<std::size_t>(basis)].code; }
std::optional<LinkBasis> basis_of(std::string_view code) {
  for (const auto& row : basis_rows) {
    if (code == row.code) return row.basis;
  }
  return std::nullopt;
}

Json to_json(const IntakeOpportunity& o) {
  return Json::object(
      {{"id", o.id.text()},
       {"version", o.version},
       {"stage", Json::object({{"code", word(o.stage)}, {"label", label(o.stage)}})},
       {"source", Json::object({{"method", word(o.source)}, {"name", o.source_name}})},
       {"person", o.person ? Json::object({{"id", o.person->text()}, {"inReview", o.person_in_review}}) : Json()},
       {"registrant", o.registrant.reveal()},
       {"listingId", id_json(o.listing)},
       {"referralId", id_json(o.referral)},
       {"link",
        Json::object({{"basis", word(o.basis)}, {"inReview", o.in_review}, {"possible", ids_json(o.possible)}})},
       {"createdAt", format_instant(o.created_at)},
       {"updatedAt", format_instant(o.updated_at)}});
}

Json to_stored(const IntakeOpportunity& o) {
  return Json::object({{"sourceName", o.source_name},
                       {"person", id_json(o.home)},
                       {"personInReview", o.person_in_review},
                       {"registrant", o.registrant.reveal()},
                       {"referralKeys", texts_json(o.referral_keys)},
                       {"chartKeys", texts_json(o.chart_keys)},
                       {"listing", id_json(o.listing)},
                       {"basis", word(o.basis)},
                       {"inReview", o.in_review},
                       {"possible", ids_json(o.possible)}});
}

void from_stored(const Json& s, IntakeOpportunity& o) {
  o.source_name = s["sourceName"].text_or();
  o.person = o.home = id_of<PersonId>(s["person"]);
  o.person_in_review = s["personInReview"].bool_or(false);
  o.registrant = Private(s["registrant"]);
  o.referral_keys = texts_of(s["referralKeys"]);
  o.chart_keys = texts_of(s["chartKeys"]);
  o.listing = id_of<ListingId>(s["listing"]);
  o.basis = basis_of(s["basis"].text_or()).value_or(LinkBasis::none);
  o.in_review = s["inReview"].bool_or(false);
  o.possible.clear();
  if (s["possible"].is_array()) {
    for (const auto& id : s["possible"].items()) o.possible.push_back(IntakeOpportunityId::trusted(id.text_or()));
  }
}

std::vector<std::string> match_keys(const Told& told) {
  std::vector<std::string> keys;
  const auto add = [&](std::string made) {
    if (std::find(keys.begin(), keys.end(), made) == keys.end()) keys.push_back(std::move(made));
  };
  for (const auto& identifier : told.identifiers) {
    const std::string plain = ascii_lower(trim(identifier));
    if (!plain.empty()) add(key(identifier_mark, plain));
  }
  if (!told.birth_date.empty()) {
    for (const auto& number : told.record_numbers) {
      const std::string plain = ascii_lower(trim(number));
      if (!plain.empty()) add(key(number_mark, plain + "|" + told.birth_date));
    }
    const std::string first = people::fold(told.first_name), last = people::fold(told.last_name);
    if (!first.empty() && !last.empty()) add(key(name_mark, first + "|" + last + "|" + told.birth_date));
  }
  return keys;
}

bool is_identifier_key(std::string_view text) {
  return text.starts_with(identifier_mark) || text.starts_with(number_mark);
}

std::vector<std::string> all_keys(const IntakeOpportunity& o) {
  std::vector<std::string> keys = o.referral_keys;
  for (const auto& each : o.chart_keys) {
    if (std::find(keys.begin(), keys.end(), each) == keys.end()) keys.push_back(each);
  }
  return keys;
}

}  // namespace handoff::opportunity

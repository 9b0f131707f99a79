#include "people/policy.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

namespace handoff::people {
namespace {

constexpr std::array<std::string_view, 5> grade_words{"certain", "probable", "possible", "none", "certainly-not"};

enum class Agreement : std::uint8_t { no, fuzzy, exact };

bool is_whole(const PartialDate& date) { return date.kind == PartialDate::Kind::day && !date.implausible; }

// How much each part of a combination agrees under the strict reading of the rules: one letter of a name of five or
// more, one day of a birth date; nicknames and sounds do not count.
Agreement given_agrees(const Comparison& c, const Record& a, const Record& b) {
  if (c.of(Field::order) == level::order::swapped) return Agreement::no;
  if (c.of(Field::given) == level::exact) return Agreement::exact;
  return c.of(Field::given) == level::given::close && std::min(a.given.length, b.given.length) >= 5 ? Agreement::fuzzy
                                                                                                    : Agreement::no;
}
Agreement family_agrees(const Comparison& c, const Record& a, const Record& b) {
  if (c.of(Field::order) == level::order::swapped) return Agreement::no;
  if (c.of(Field::family) == level::exact) return Agreement::exact;
  return c.of(Field::family) == level::family::close && std::min(a.family.length, b.family.length) >= 5
             ? Agreement::fuzzy
             : Agreement::no;
}
Agreement birth_agrees(const Comparison& c, const Record& a, const Record& b) {
  if (!is_whole(a.birth) || !is_whole(b.birth)) return Agreement::no;
  if (c.of(Field::birth) == level::exact) return Agreement::exact;
  return std::abs(a.birth.day_number() - b.birth.day_number()) == 1 ? Agreement::fuzzy : Agreement::no;
}
Agreement exactly(const Comparison& c, Field field) {
  return c.of(field) == level::exact ? Agreement::exact : Agreement::no;
}

struct Combination {
  std::string_view id;
  bool given, family, birth;
  Field last;
};
// Approved combinations of the draft United States matching framework, 3.3.0. Refused there, and so not here: name and
// birth date with a postcode only, birth date with an address (twins), name with an address (generations).
constexpr std::array combinations{
    Combination{"first+last+birth+identifier", true, true, true, Field::identifier},
    Combination{"first+last+birth+phone", true, true, true, Field::phone},
    Combination{"first+last+birth+email", true, true, true, Field::email},
    Combination{"first+last+birth+street", true, true, true, Field::address},
    Combination{"first+birth+identifier", true, false, true, Field::identifier},
    Combination{"first+birth+phone", true, false, true, Field::phone},
    Combination{"first+birth+email", true, false, true, Field::email},
    Combination{"last+birth+phone", false, true, true, Field::phone},
};

}  // namespace

std::string_view word(Grade grade) { return grade_words[static_cast<std::size_t>(grade)]; }

std::optional<Rule> deterministic_rule(const Comparison& c, const Record& a, const Record& b) {
  if (c.of(Field::suffix) == level::suffix::different) return std::nullopt;
  for (const auto& combination : combinations) {
    std::array<Agreement, 4> parts{Agreement::exact, Agreement::exact, Agreement::exact, exactly(c, combination.last)};
    if (combination.given) parts[0] = given_agrees(c, a, b);
    if (combination.family) parts[1] = family_agrees(c, a, b);
    if (combination.birth) parts[2] = birth_agrees(c, a, b);
    if (std::find(parts.begin(), parts.end(), Agreement::no) != parts.end()) continue;
    const auto fuzzy = std::count(parts.begin(), parts.end(), Agreement::fuzzy);
    if (fuzzy <= 1) return Rule{combination.id, fuzzy == 1};
  }
  return std::nullopt;
}

namespace {

Grade grade_of(const Policy& policy, double probability, const std::vector<Guard>& fired) {
  if (std::find(fired.begin(), fired.end(), Guard::asserted_different) != fired.end()) return Grade::certainly_not;
  if (probability >= policy.certain && fired.empty()) return Grade::certain;
  if (probability >= policy.probable) return Grade::probable;
  return probability >= policy.review ? Grade::possible : Grade::none;
}

}  // namespace

Assessment assess(const Scorer& scorer, const Frequencies& frequencies, const Record& probe, const Record& candidate,
                  const Circumstances& circumstances) {
  return assess_person(scorer, frequencies, probe, std::span(&candidate, 1), circumstances);
}

Assessment assess_person(const Scorer& scorer, const Frequencies& frequencies, const Record& probe,
                         std::span<const Record> records, const Circumstances& circumstances) {
  auto out = assess_found(scorer, frequencies, probe, records, circumstances);
  const auto asked = probe_keys(probe);
  for (const auto& record : records) add_shared_kinds(asked, record, out.keys);
  return out;
}

Assessment assess_found(const Scorer& scorer, const Frequencies& frequencies, const Record& probe,
                        std::span<const Record> records, const Circumstances& circumstances) {
  HANDOFF_ASSERT(!records.empty());
  Assessment out;
  Comparison best;
  const Record* nearest = &records.front();
  double nearest_bits = -1e9;
  for (const auto& record : records) {
    const auto comparison = compare(probe, record);
    const double bits = scorer.score(comparison, probe, record).bits;
    if (bits > nearest_bits) {
      nearest_bits = bits;
      nearest = &record;
    }
    best = best_of(best, comparison);
  }
  // Frequencies are those of the nearest record; a level reached only through another record keeps its average weight.
  out.evidence = scorer.explain(best, probe, *nearest);
  out.guards = guards(best, probe, *nearest, frequencies, circumstances);
  // An identifier that differs from any of the person's records is a doubt even where another record agrees.
  for (const auto& record : records.size() > 1 ? records : std::span<const Record>()) {
    for (const auto guard : guards(compare(probe, record), probe, record, frequencies, circumstances)) {
      const bool whole_person = guard == Guard::identifiers_differ || guard == Guard::deceased;
      if (whole_person && std::find(out.guards.begin(), out.guards.end(), guard) == out.guards.end())
        out.guards.push_back(guard);
    }
  }
  out.rule = deterministic_rule(best, probe, *nearest);
  out.grade = grade_of(scorer.model().policy, out.evidence.score.probability, out.guards);
  return out;
}

namespace {

// Who bears exactly this name and birth date, beside a twin of another name: a slip of the pen does not make one of
// them the other.
bool tells_from_twin(const Assessment& first, const Assessment& second) {
  const auto& mine = first.evidence.comparison;
  const bool named = mine.of(Field::given) == level::exact && mine.of(Field::family) == level::exact &&
                     mine.of(Field::order) != level::order::swapped && mine.of(Field::birth) == level::exact;
  const auto& fired = second.guards;
  return named && second.evidence.comparison.of(Field::given) != level::exact &&
         std::find(fired.begin(), fired.end(), Guard::twins) != fired.end();
}

}  // namespace

Decision decide(const Model& model, std::span<const Assessment> ranked) {
  Decision decision;
  const Assessment* first = nullptr;
  const Assessment* second = nullptr;
  for (const auto& assessment : ranked) {
    if (assessment.grade == Grade::certainly_not || assessment.grade == Grade::none) continue;
    if (first == nullptr) {
      first = &assessment;
    } else if (second == nullptr && !tells_from_twin(*first, assessment)) {
      second = &assessment;
    }
  }
  if (first == nullptr) return decision;
  decision.too_close = second != nullptr &&
                       first->evidence.score.total_bits - second->evidence.score.total_bits < model.policy.margin_bits;
  decision.kind = first->grade == Grade::certain && !decision.too_close ? Decision::Kind::link : Decision::Kind::review;
  return decision;
}

Json to_json(const Assessment& assessment, const Model& model) {
  const auto rounded = [](double bits) { return Json(std::round(bits * 100) / 100); };
  const auto& evidence = assessment.evidence;
  Json fields = Json::array(), fired = Json::array(), keys = Json::array();
  double running = evidence.prior_bits;
  for (const auto& line : evidence.fields) {
    running += line.bits + line.frequency_bits;
    fields.push_back(Json::object({{"field", field_name(line.field)},
                                   {"level", level_name(line.field, line.level)},
                                   {"bits", rounded(line.bits)},
                                   {"frequencyBits", rounded(line.frequency_bits)},
                                   {"runningBits", rounded(running)}}));
  }
  for (const auto guard : assessment.guards) fired.push_back(word(guard));
  for (const auto kind : assessment.keys) keys.push_back(key_name(kind));
  return Json::object({{"priorBits", rounded(evidence.prior_bits)},
                       {"fields", std::move(fields)},
                       {"householdBits", rounded(evidence.household_bits)},
                       {"totalBits", rounded(evidence.score.total_bits)},
                       {"guards", std::move(fired)},
                       {"keys", std::move(keys)},
                       {"rule", assessment.rule ? Json(assessment.rule->id) : Json()},
                       {"ruleFuzzy", assessment.rule ? Json(assessment.rule->fuzzy) : Json()},
                       {"thresholds", Json::object({{"certain", model.policy.certain},
                                                    {"probable", model.policy.probable},
                                                    {"review", model.policy.review},
                                                    {"marginBits", model.policy.margin_bits}})},
                       {"modelVersion", model.version}});
}

}  // namespace handoff::people

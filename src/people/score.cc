#include "people/score.h"

#include <algorithm>
#include <cmath>

namespace handoff::people {
namespace {

// How strongly the average of unseen values speaks until a file is large, and how rare such a value is.
struct Smoothing {
  double weight, rare;
};

// More persons than this behind one telephone or address and it says nothing any more.
constexpr std::uint32_t shared_max = 20;
constexpr std::uint32_t shared_free = 4;

// The share of persons with this value, the pair itself and `copies` more records of the same person taken out.
double share(std::uint32_t count, std::uint32_t total, Smoothing smoothing, double copies) {
  const double others = std::max(0.5, static_cast<double>(count) - 1.0 - copies);
  return (others + smoothing.weight * smoothing.rare) / (static_cast<double>(total) + smoothing.weight);
}

// One child in twenty bears the given name of a parent: log2(1 / .05), less what a match agrees anyway.
constexpr double namesake_bits = 4;

// A place is said three times: a postcode lies in a locality and a locality in a region. Whatever says most counts, the
// others a little, since they are sometimes wrong.
constexpr double told_again = 0.5;
bool is_place(Field field) { return field == Field::locality || field == Field::postcode || field == Field::region; }

double shared_bits(std::uint32_t count, double level_bits) {
  if (count > shared_max) return -level_bits;
  if (count <= shared_free) return 0;
  return -std::min(level_bits, 1.5 * std::log2(static_cast<double>(count) / shared_free));
}

// Whether both have at least two digits and the same ones.
bool same_digits(std::string_view a, std::string_view b) {
  const auto digits = [](std::string_view text) {
    std::string out;
    for (const char c : text) {
      if (c >= '0' && c <= '9') out.push_back(c);
    }
    return out;
  };
  const auto mine = digits(a);
  return mine.size() >= 2 && mine == digits(b);
}

bool is_same_house(const Record& a, const Record& b) {
  return !a.street.empty() && !a.number.empty() && a.number == b.number && a.street.equals(b.street);
}

std::uint64_t attribute_hash(const Record& a, const Record& b, std::size_t slot) {
  for (const auto& mine : a.attributes) {
    if (mine.value.empty()) break;
    for (const auto& theirs : b.attributes) {
      if (theirs.value.empty() || mine.name != theirs.name) continue;
      if (slot == 0) return hash_text(mine.value.view(), mine.name);
      --slot;
      break;
    }
  }
  return 0;
}

}  // namespace

Scorer::Scorer(const Model& model, const Frequencies& frequencies, Prior prior)
    : model_(model),
      frequencies_(frequencies),
      prior_(prior),
      prior_bits_(std::log2(std::max(prior.match_odds, 1e-15))),
      household_odds_bits_(std::log2(std::max(
          (prior.household_size < 0 ? model.household_size : prior.household_size) / std::max(prior.persons, 1.0),
          1e-15))) {}

double Scorer::probability(double total_bits) {
  if (total_bits > 60) return 1.0 - std::exp2(-total_bits);
  return 1.0 / (1.0 + std::exp2(-total_bits));
}

// How much rarer than the average a value is that only nearly agrees; the more common of two decides, which is the
// lower of their numbers.
double Scorer::near_bits(Field field, const Record& record) const {
  const Value kind = field == Field::given ? Value::given : field == Field::family ? Value::family : Value::postcode;
  const auto total = frequencies_.total(kind);
  if (total < 10) return 0;
  const std::uint64_t hash = field == Field::given    ? record.given.hash
                             : field == Field::family ? record.family.hash
                                                      : hash_text(record.postcode.view());
  const auto count = frequencies_.count(kind, hash);
  const double average = model_.weights[ladder_of(field)][0].stranger;
  const Smoothing smoothing = field == Field::postcode ? Smoothing{100, 1e-3} : Smoothing{300, 1e-4};
  return std::log2(average / share(count, total, smoothing, prior_.copies));
}

double Scorer::near_bits(Field field, std::uint8_t level, double rarity) const {
  // A common name has many neighbours one letter away, and where there are few postcodes most lie one digit from
  // another.
  const double level_bits = model_.stranger_bits[static_cast<std::size_t>(field)][level];
  return std::clamp(rarity, -std::max(0.0, level_bits), 0.0);
}

bool is_near(Field field, std::uint8_t level) {
  if (level <= level::exact) return false;
  return (field == Field::given && level <= level::given::sounds) ||
         (field == Field::family && level <= level::family::sounds) ||
         (field == Field::postcode && level == level::postcode::edit);
}

double Scorer::email_bits(std::uint8_t level, const Record& a, const Record& b) const {
  // Addresses are made from names, so that two people of one name have addresses alike: little is left to say.
  const double level_bits = model_.stranger_bits[static_cast<std::size_t>(Field::email)][level];
  const auto same = [](const Name& x, const Name& y) { return !x.empty() && x.equals(y); };
  const bool from_name =
      same(a.given, b.given) || same(a.family, b.family) || same(a.given, b.family) || same(a.family, b.given);
  if (level == level::missing || level_bits <= 0 || !from_name) return 0.0;
  // Digits behind the name are chosen by each alone.
  return std::min(0.0, (same_digits(a.email_local.view(), b.email_local.view()) ? 7.0 : 1.5) - level_bits);
}

double Scorer::frequency_bits(Field field, std::uint8_t level, const Record& a, const Record& b) const {
  if (level != level::exact) {
    if (field == Field::email) return email_bits(level, a, b);
    if (!is_near(field, level)) return 0;
    return near_bits(field, level, std::min(near_bits(field, a), near_bits(field, b)));
  }
  const double level_bits = model_.stranger_bits[static_cast<std::size_t>(field)][level::exact];
  const double stranger = model_.weights[ladder_of(field)][0].stranger;
  const auto two_sided = [&](Value kind, std::uint64_t hash, Smoothing smoothing, double up) {
    const auto total = frequencies_.total(kind);
    if (total < 10) return 0.0;
    const double bits = std::log2(stranger / share(frequencies_.count(kind, hash), total, smoothing, prior_.copies));
    return std::clamp(bits, -level_bits, std::min(up, model_.frequency_bits_max));
  };
  const auto shared = [&](Value kind, std::uint64_t hash) {
    return shared_bits(frequencies_.count(kind, hash), level_bits);
  };
  switch (field) {
    case Field::given: return a.given.equals(b.given) ? two_sided(Value::given, a.given.hash, {300, 3e-4}, 6) : 0;
    case Field::family: return a.family.equals(b.family) ? two_sided(Value::family, a.family.hash, {300, 8e-5}, 6) : 0;
    case Field::middle: return two_sided(Value::middle, a.middle.hash, {300, 3e-4}, 3);
    case Field::locality: return two_sided(Value::locality, a.locality.hash, {100, 1e-3}, 3);
    case Field::postcode:
      // Of a shelter's people the postcode is the shelter's.
      if (is_same_house(a, b) &&
          frequencies_.count(Value::address, hash_text(a.number.view(), a.street.hash)) > shared_max)
        return -level_bits;
      return two_sided(Value::postcode, hash_text(a.postcode.view()), {100, 1e-3}, 3);
    case Field::region: return two_sided(Value::region, hash_text(a.region.view()), {100, 1e-1}, 3);
    case Field::birth: {
      const auto total = frequencies_.total(Value::birth);
      const auto count = frequencies_.count(Value::birth, hash_text(a.birth.view()));
      if (count < 4 + 2 * prior_.copies || a.birth.view() != b.birth.view()) return 0;
      return std::clamp(std::log2(3 * stranger / share(count, total, {100, 4e-5}, prior_.copies)), -level_bits, 0.0);
    }
    case Field::phone:
      for (const auto mine : a.phones) {
        if (mine != 0 && std::find(b.phones.begin(), b.phones.end(), mine) != b.phones.end())
          return shared(Value::phone, mine);
      }
      return 0;
    case Field::email: return shared(Value::email, hash_text(a.email_local.view(), a.email_domain.hash));
    case Field::address: return shared(Value::address, hash_text(a.number.view(), a.street.hash));
    case Field::identifier:
      for (const auto& mine : a.identifiers) {
        for (const auto& theirs : b.identifiers) {
          if (mine.value.empty() || mine.system != theirs.system || !(mine.value == theirs.value)) continue;
          return shared(Value::identifier, hash_text(mine.value.view(), mine.system));
        }
      }
      return 0;
    case Field::attribute_1:
    case Field::attribute_2:
    case Field::attribute_3:
    case Field::attribute_4: {
      const auto slot = static_cast<std::size_t>(field) - static_cast<std::size_t>(Field::attribute_1);
      return two_sided(Value::attribute, attribute_hash(a, b, slot), {50, 0.02}, 4);
    }
    default: return 0;
  }
}

Score Scorer::finish(double stranger_bits, double household_bits) const {
  Score score;
  score.stranger_bits = stranger_bits;
  score.household_bits = household_bits;
  // Both alternatives in the denominator. Where one is a million times likelier the other is not computed.
  const double relative = household_bits - household_odds_bits_;
  if (relative - stranger_bits > 20)
    score.bits = stranger_bits;
  else if (stranger_bits - relative > 20)
    score.bits = relative;
  else
    score.bits = -std::log2(std::exp2(-stranger_bits) + std::exp2(-relative));
  score.total_bits = score.bits + prior_bits_;
  score.probability = probability(score.total_bits);
  return score;
}

template <class Rarity>
Score Scorer::sum(const Comparison& comparison, Rarity&& rarity) const {
  double stranger = 0, household = 0, place = 0, place_most = 0;
  const auto given = comparison.of(Field::given);
  const bool namesakes = comparison.of(Field::birth) >= level::birth::three_edits;
  // A father who hands on his given name hands on the middle name with it.
  const bool named_after = given != level::missing && given <= level::given::initial;
  for (std::size_t f = 0; f < field_count; ++f) {
    const auto level = comparison.levels[f];
    if (level == level::missing) continue;
    const auto field = static_cast<Field>(f);
    const double bits = model_.stranger_bits[f][level];
    double relative = model_.household_bits[f][level];
    if (field == Field::middle && named_after) relative = std::min(0.0, relative);
    // Of two who share a name and not the birth date, the younger may have been named after the elder.
    if (field == Field::given && namesakes) relative = std::min(relative, namesake_bits);
    household += relative;
    const bool weighed =
        level == level::exact || field <= Field::family || field == Field::postcode || field == Field::email;
    const double frequency = weighed ? rarity(field, level) : 0.0;
    if (is_place(field) && bits + frequency > 0) {
      place += bits + frequency;
      place_most = std::max(place_most, bits + frequency);
      continue;
    }
    stranger += bits + frequency;
    // A relative with the same given name has it by custom, not by chance, so its rarity tells nothing; that it is
    // common does.
    if (field == Field::given || field == Field::middle) household += std::min(frequency, 0.0);
  }
  return finish(stranger + place_most + told_again * (place - place_most), household);
}

Score Scorer::score(const Comparison& comparison, const Record& a, const Record& b) const {
  return sum(comparison, [&](Field field, std::uint8_t level) { return frequency_bits(field, level, a, b); });
}

RarityBits Scorer::rarity(const Record& record) const {
  RarityBits out;
  for (std::size_t f = 0; f < out.exact.size(); ++f) {
    const auto field = static_cast<Field>(f);
    if (field != Field::phone) out.exact[f] = frequency_bits(field, level::exact, record, record);
  }
  out.near_given = near_bits(Field::given, record);
  out.near_family = near_bits(Field::family, record);
  out.near_postcode = near_bits(Field::postcode, record);
  return out;
}

Score Scorer::score(const Record& a, const Record& b, const RarityBits& of_a, const RarityBits& of_b) const {
  return sum(compare(a, b), [&](Field field, std::uint8_t level) -> double {
    if (level != level::exact) {
      if (field == Field::email) return email_bits(level, a, b);
      if (!is_near(field, level)) return 0;
      return near_bits(field, level,
                       field == Field::given    ? std::min(of_a.near_given, of_b.near_given)
                       : field == Field::family ? std::min(of_a.near_family, of_b.near_family)
                                                : std::min(of_a.near_postcode, of_b.near_postcode));
    }
    // Exchanged names and guessed centuries agree without being the same value.
    if (field == Field::given && !a.given.equals(b.given)) return 0;
    if (field == Field::family && !a.family.equals(b.family)) return 0;
    if (field == Field::birth && a.birth.view() != b.birth.view()) return 0;
    if (field == Field::phone || field > Field::region) return frequency_bits(field, level, a, b);
    if (field == Field::postcode && is_same_house(a, b)) return frequency_bits(field, level, a, b);
    return of_a.exact[static_cast<std::size_t>(field)];
  });
}

Evidence Scorer::explain(const Comparison& comparison, const Record& a, const Record& b) const {
  Evidence evidence;
  evidence.comparison = comparison;
  evidence.prior_bits = prior_bits_;
  double stranger = 0, place_most = 0;
  for (std::size_t f = 0; f < field_count; ++f) {
    const auto level = comparison.levels[f];
    if (level == level::missing) continue;
    const auto field = static_cast<Field>(f);
    const FieldEvidence line{field, level, model_.stranger_bits[f][level], frequency_bits(field, level, a, b)};
    if (is_place(field)) place_most = std::max(place_most, line.bits + line.frequency_bits);
    evidence.fields.push_back(line);
  }
  bool most_seen = false;
  for (auto& line : evidence.fields) {
    const double bits = line.bits + line.frequency_bits;
    const bool most = bits == place_most && !most_seen;
    if (is_place(line.field) && bits > 0 && !most) {
      line.bits *= told_again;
      line.frequency_bits *= told_again;
    } else if (is_place(line.field) && bits > 0) {
      most_seen = true;
    }
    stranger += line.bits + line.frequency_bits;
  }
  std::stable_sort(evidence.fields.begin(), evidence.fields.end(), [](const auto& x, const auto& y) {
    return std::abs(x.bits + x.frequency_bits) > std::abs(y.bits + y.frequency_bits);
  });
  evidence.score = score(comparison, a, b);
  evidence.household_bits = std::min(0.0, evidence.score.bits - stranger);
  return evidence;
}

}  // namespace handoff::people

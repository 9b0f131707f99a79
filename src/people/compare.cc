#include "people/compare.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "people/distance.h"

namespace handoff::people {
namespace {

constexpr std::array<LadderNames, ladder_count> names{{
    {"given", {"exact", "nickname", "close", "part", "sounds", "initial", "far", "different"}},
    {"family", {"exact", "close", "part", "sounds", "initial", "far", "different"}},
    {"order", {"as_given", "swapped"}},
    {"middle", {"exact", "initial", "close", "different"}},
    {"suffix", {"exact", "different"}},
    {"birth",
     {"exact", "swapped", "partial", "edit", "year", "parts", "two_edits", "near", "three_edits", "different"}},
    {"gender", {"exact", "different"}},
    {"phone", {"exact", "edit", "different"}},
    {"email", {"exact", "slip", "local", "close", "different"}},
    {"address", {"exact", "unit", "close", "street", "number", "different"}},
    {"locality", {"exact", "close", "different"}},
    {"postcode", {"exact", "edit", "area", "different"}},
    {"region", {"exact", "different"}},
    {"identifier", {"exact", "edit", "tail", "different"}},
    {"attribute", {"exact", "close", "different"}},
}};

double similarity(const Name& a, const Name& b) { return jaro_winkler(a.text, a.length, b.text, b.length); }
double similarity(const Word& a, const Word& b) { return jaro_winkler(a.text, a.length, b.text, b.length); }

template <class Text>
Reach reach_of(const Text& a, const Text& b) {
  return reach(a.text, a.length, a.letters, b.text, b.length, b.letters);
}

enum class Spelling { same, close, sounds, far, other };

// Slips of finger and ear. Short names change meaning with one letter, so they only ever "sound alike".
// `far_counts`: whether a distant likeness is of interest, which costs more to find.
Spelling spelling(const Name& a, const Name& b, bool far_counts = false) {
  if (a.equals(b)) return Spelling::same;
  const std::size_t shorter = std::min(a.length, b.length), longer = std::max(a.length, b.length);
  const auto at_best = reach_of(a, b);
  // Several slips in one name: more is still the same than a stranger's name would be.
  const int far = !far_counts || shorter < 4 || longer < 5 ? 0 : longer >= 11 ? 4 : longer >= 8 ? 3 : 2;
  if (at_best.edits > std::max(far, longer >= 8 ? 2 : 1) && at_best.similarity < (a.sound == b.sound ? 0.7 : 0.86))
    return Spelling::other;
  const double alike = similarity(a, b);
  if (shorter >= 4 && alike >= 0.92) return Spelling::close;
  const bool same_sound = a.sound == b.sound && a.sound > 31 && alike >= 0.7;
  if (alike >= 0.6) {
    const int limit = longer >= 8 ? 2 : 1;
    const int distance = edits(a.view(), b.view(), limit);
    if (distance <= limit && shorter >= 4) return Spelling::close;
    if (distance <= 1 && shorter >= 2) return Spelling::sounds;
  }
  if (same_sound || alike >= 0.86) return Spelling::sounds;
  return at_best.edits <= far && alike >= 0.55 && edits(a.view(), b.view(), far) <= far ? Spelling::far
                                                                                        : Spelling::other;
}

bool share_word(const Name& a, const Name& b) {
  if (a.word_count < 2 && b.word_count < 2) return false;
  for (std::size_t i = 0; i < a.word_count; ++i) {
    const auto mine = a.word(i);
    if (mine.size() < 3) continue;
    for (std::size_t j = 0; j < b.word_count; ++j) {
      const auto theirs = b.word(j);
      if (mine == theirs || (theirs.size() >= 5 && mine.size() >= 5 && edits(mine, theirs, 1) <= 1)) return true;
    }
  }
  return false;
}

bool is_prefix(const Name& a, const Name& b) {
  const auto shorter = a.length < b.length ? a.view() : b.view(), longer = a.length < b.length ? b.view() : a.view();
  return longer.starts_with(shorter);
}

std::uint8_t compare_given(const Name& a, const Name& b) {
  namespace l = level::given;
  if (a.empty() || b.empty()) return level::missing;
  if (a.equals(b)) return level::exact;
  if (a.length == 1 || b.length == 1) return a.text[0] == b.text[0] ? l::initial : l::different;
  const auto alike = spelling(a, b, true);
  if (alike == Spelling::close) return a.nicknames.share(b.nicknames) ? l::nickname : l::close;
  if (a.nicknames.share(b.nicknames)) return l::nickname;
  if (share_word(a, b)) return l::part;
  if (std::min(a.length, b.length) >= 3 && is_prefix(a, b)) return l::close;
  if (alike == Spelling::sounds || is_prefix(a, b)) return l::sounds;
  return alike == Spelling::far ? l::far : l::different;
}

std::uint8_t compare_family(const Name& a, const Name& b) {
  namespace l = level::family;
  if (a.empty() || b.empty()) return level::missing;
  if (a.equals(b)) return level::exact;
  if (a.length == 1 || b.length == 1) return a.text[0] == b.text[0] ? l::initial : l::different;
  const auto alike = spelling(a, b, true);
  if (alike == Spelling::close) return l::close;
  if (share_word(a, b)) return l::part;
  if (alike == Spelling::sounds || (std::min(a.length, b.length) >= 3 && is_prefix(a, b))) return l::sounds;
  return alike == Spelling::far ? l::far : l::different;
}

// A former surname that is the other's present one is a marriage: as good as sharing a word, not as the same name.
std::uint8_t compare_former(const Record& a, const Record& b, std::uint8_t found) {
  if (found <= level::family::part) return found;
  for (const auto* mine : {&a.family, &a.former}) {
    for (const auto* theirs : {&b.family, &b.former}) {
      if (mine == &a.family && theirs == &b.family) continue;
      if (mine->empty() || theirs->empty()) continue;
      if (mine->equals(*theirs) || spelling(*mine, *theirs) == Spelling::close) return level::family::part;
    }
  }
  return found;
}

void compare_names(const Record& a, const Record& b, Comparison& out) {
  auto given = compare_given(a.given, b.given);
  auto family = compare_family(a.family, b.family);
  std::uint8_t order = given != level::missing && family != level::missing ? level::order::as_given : level::missing;
  if (order != level::missing && given > level::given::part && family > level::family::close) {
    const auto crossed = spelling(a.given, b.family), crossed_back = spelling(a.family, b.given);
    // One of the two may only sound alike.
    if (std::max(crossed, crossed_back) <= Spelling::sounds && std::min(crossed, crossed_back) <= Spelling::close) {
      // Both crossings share the two ladders in a fixed order, so that either record may come first.
      const auto better = std::min(crossed, crossed_back), worse = std::max(crossed, crossed_back);
      given = better == Spelling::same ? level::exact : level::given::close;
      family = worse == Spelling::same    ? level::exact
               : worse == Spelling::close ? level::family::close
                                          : level::family::sounds;
      order = level::order::swapped;
    }
  }
  const bool no_given = given == level::missing || given > level::given::part;
  const bool no_family = family == level::missing || family > level::family::sounds;
  if (order == level::missing && no_given && no_family) {
    // One side has a single name, perhaps in the wrong field.
    for (const auto& [mine, theirs] : {std::pair{&a.given, &b.family}, std::pair{&a.family, &b.given}}) {
      if (mine->empty() || theirs->empty()) continue;
      const auto crossed = spelling(*mine, *theirs);
      if (crossed != Spelling::same && crossed != Spelling::close) continue;
      // What the other side has besides has no counterpart.
      given = level::missing;
      family = crossed == Spelling::same ? level::exact : level::family::close;
      order = level::order::swapped;
      break;
    }
  }
  bool middle_as_first = false;
  if (given > level::given::part && order != level::order::swapped) {
    const auto is = [](const Name& middle, const Name& first) {
      return middle.length > 1 && first.length > 1 && spelling(middle, first) <= Spelling::close;
    };
    middle_as_first = is(a.middle, b.given) || is(b.middle, a.given);
    if (middle_as_first) given = level::given::part;
  }
  out.of(Field::given) = given;
  out.of(Field::family) = family == level::missing ? family : compare_former(a, b, family);
  out.of(Field::order) = order;
  // Where the middle name stands in front, what stands in its place tells nothing of its own.
  if (!a.middle.empty() && !b.middle.empty() && !middle_as_first) {
    namespace l = level::middle;
    auto& middle = out.of(Field::middle);
    if (a.middle.equals(b.middle))
      middle = level::exact;
    else if (a.middle.length == 1 || b.middle.length == 1)
      middle = a.middle.text[0] == b.middle.text[0] ? l::initial : l::different;
    else if (spelling(a.middle, b.middle) != Spelling::other || share_word(a.middle, b.middle))
      middle = l::close;
    else
      middle = l::different;
  }
  if (a.generation != 0 && b.generation != 0) {
    out.of(Field::suffix) = a.generation == b.generation ? level::exact : level::suffix::different;
  }
}

std::uint8_t compare_birth(const PartialDate& a, const PartialDate& b) {
  namespace l = level::birth;
  using Kind = PartialDate::Kind;
  if (a.empty() || b.empty()) return level::missing;
  const auto x = a.view(), y = b.view();
  const auto least = std::min(a.kind, b.kind);
  const bool century_open = a.two_digit_year || b.two_digit_year;
  // A year worked out from an age is one too many or too few as often as not.
  if (least == Kind::year) {
    const int apart = std::abs(a.year() - b.year());
    return apart == 0 ? l::year : apart == 1 ? l::near : l::different;
  }
  if (least == Kind::month) {
    if (x.substr(0, 6) == y.substr(0, 6)) return l::partial;
    return edits(x.substr(0, 6), y.substr(0, 6), 1) <= 1 ? l::parts : l::different;
  }
  if (x == y || (century_open && x.substr(2) == y.substr(2))) return level::exact;
  const bool year = x.substr(0, 4) == y.substr(0, 4), month = x.substr(4, 2) == y.substr(4, 2),
             day = x.substr(6) == y.substr(6);
  // First of January stands for "some day of that year" in many systems.
  if (year && a.is_first_january() != b.is_first_january()) return l::year;
  if (!year && a.is_first_january() && b.is_first_january()) {
    // Two years, then, and that both say "some day" tells nothing.
    if (edits(x.substr(0, 4), y.substr(0, 4), 1) <= 1) return l::parts;
    return std::abs(a.year() - b.year()) <= 1 ? l::near : l::different;
  }
  if (year && x.substr(4, 2) == y.substr(6) && x.substr(6) == y.substr(4, 2)) return l::swapped;
  const int distance = century_open ? edits(x.substr(2), y.substr(2), 3) : edits(x, y, 3);
  if (distance <= 1) return l::edit;
  if ((year && (month || day)) || (month && day)) return l::parts;
  if (distance == 2) return l::two_edits;
  const bool days = a.kind == Kind::day && b.kind == Kind::day;
  if (year || (days && std::abs(a.year() - b.year()) <= 1 && std::abs(a.day_number() - b.day_number()) <= 366))
    return l::near;
  return distance == 3 && !century_open ? l::three_edits : l::different;
}

// Whether one number is the other with a digit left out.
bool lacks_a_digit(std::uint64_t shorter, std::uint64_t longer) {
  for (std::uint64_t power = 1; power <= longer; power *= 10) {
    if (longer / (power * 10) * power + longer % power == shorter) return true;
  }
  return false;
}

std::uint8_t compare_phones(const Record& a, const Record& b) {
  if (a.phones[0] == 0 || b.phones[0] == 0) return level::missing;
  std::uint8_t best = level::phone::different;
  for (const auto mine : a.phones) {
    for (const auto theirs : b.phones) {
      if (mine == 0 || theirs == 0) continue;
      if (mine == theirs) return level::exact;
      const auto less = std::min(mine, theirs), more = std::max(mine, theirs);
      if (less >= 10'000'000 && less < more / 5) {  // a digit fewer, as a quotient tells without writing them out
        if (more / 200 < less && lacks_a_digit(less, more)) best = level::phone::edit;
        continue;
      }
      // One digit changed is a difference of one digit and zeros; two neighbours exchanged a difference of nine times
      // one. That is asked first, since it spares writing both numbers out. Lost and added digits are rare.
      std::uint64_t gap = mine > theirs ? mine - theirs : theirs - mine;
      while (gap % 10 == 0) gap /= 10;
      if (gap > 81) continue;
      std::array<char, 24> x{}, y{};
      const auto x_end = std::to_chars(x.data(), x.data() + x.size(), mine).ptr;
      const auto y_end = std::to_chars(y.data(), y.data() + y.size(), theirs).ptr;
      const auto length = x_end - x.data();
      if (length != y_end - y.data() || length < 7) continue;
      int unequal = 0, first = -1, last = -1;
      for (int i = 0; i < length; ++i) {
        if (x[static_cast<std::size_t>(i)] == y[static_cast<std::size_t>(i)]) continue;
        ++unequal;
        if (first < 0) first = i;
        last = i;
      }
      const auto f = static_cast<std::size_t>(first), g = static_cast<std::size_t>(last);
      if (unequal == 1 || (unequal == 2 && last == first + 1 && x[f] == y[g] && x[g] == y[f]))
        best = level::phone::edit;
    }
  }
  return best;
}

std::uint8_t compare_email(const Record& a, const Record& b) {
  namespace l = level::email;
  if (a.email_local.empty() || b.email_local.empty()) return level::missing;
  const bool local = a.email_local.equals(b.email_local), domain = a.email_domain.equals(b.email_domain);
  if (local && domain) return level::exact;
  if (!local && reach_of(a.email_local, b.email_local).similarity < 0.85) return l::different;
  const double alike = local ? 1.0 : similarity(a.email_local, b.email_local);
  if (alike < 0.85) return l::different;
  const bool same_host = domain || similarity(a.email_domain, b.email_domain) >= 0.85;
  // A slip or two in the whole address; nearly the same name at nearly the same host may be a relative's.
  if (same_host &&
      edits(a.email_local.view(), b.email_local.view(), 2) + edits(a.email_domain.view(), b.email_domain.view(), 2) <=
          2)
    return l::slip;
  if (local && a.email_local.length >= 4) return l::local;
  return same_host ? (alike >= 0.88 ? l::close : l::different) : alike >= 0.95 ? l::close : l::different;
}

bool near(std::string_view a, std::string_view b) {
  return edits(a, b, 1) <= 1 || a.starts_with(b) || b.starts_with(a);
}

// Nearly the same street or place: like enough, two slips apart, or one cut off.
bool is_close(const Word& a, const Word& b, double enough, std::size_t length_min) {
  const auto at_best = reach_of(a, b);
  if (at_best.similarity < enough && at_best.edits > 2) return false;
  if (similarity(a, b) >= enough) return true;
  const std::size_t shorter = std::min(a.length, b.length);
  if (shorter >= length_min && edits(a.view(), b.view(), 2) <= 2) return true;
  return shorter >= 5 && (a.view().starts_with(b.view()) || b.view().starts_with(a.view()));
}

std::uint8_t compare_address(const Record& a, const Record& b) {
  namespace l = level::address;
  if (a.street.empty() || b.street.empty()) return level::missing;
  const bool street = a.street.equals(b.street);
  const bool both = !a.number.empty() && !b.number.empty();
  const bool number = both && a.number == b.number;
  if (street && number) return !a.unit.empty() && !b.unit.empty() && !(a.unit == b.unit) ? l::unit : level::exact;
  if (street) return !both || near(a.number.view(), b.number.view()) ? l::close : l::street;
  if (!is_close(a.street, b.street, 0.88, 4)) return number && a.number.length > 1 ? l::number : l::different;
  if (number) return l::close;
  return !both || near(a.number.view(), b.number.view()) ? l::street : l::different;
}

std::uint8_t compare_locality(const Word& a, const Word& b) {
  if (a.empty() || b.empty()) return level::missing;
  if (a.equals(b)) return level::exact;
  const bool close = is_close(a, b, 0.9, 5);
  return close ? level::locality::close : level::locality::different;
}

std::uint8_t compare_postcode(const Code& a, const Code& b) {
  namespace l = level::postcode;
  if (a.empty() || b.empty()) return level::missing;
  if (a == b) return level::exact;
  if (edits(a.view(), b.view(), 1) <= 1) return l::edit;
  if (a.length >= 3 && b.length >= 3 && a.view().substr(0, 3) == b.view().substr(0, 3)) return l::area;
  return l::different;
}

std::uint8_t compare_identifiers(const Record& a, const Record& b) {
  namespace l = level::identifier;
  std::uint8_t best = level::missing;
  for (const auto& mine : a.identifiers) {
    if (mine.value.empty()) break;
    for (const auto& theirs : b.identifiers) {
      if (theirs.value.empty()) break;
      if (mine.system != theirs.system) continue;
      std::uint8_t found = l::different;
      if (mine.tail != theirs.tail) {
        const auto& tail = mine.tail ? mine.value : theirs.value;
        const auto& whole = mine.tail ? theirs.value : mine.value;
        if (whole.view().ends_with(tail.view())) found = l::tail;
      } else if (mine.value == theirs.value) {
        found = mine.tail ? l::tail : level::exact;
      } else if (!mine.tail && edits(mine.value.view(), theirs.value.view(), 1) <= 1) {
        found = l::edit;
      }
      best = best == level::missing ? found : std::min(best, found);
    }
  }
  return best;
}

void compare_attributes(const Record& a, const Record& b, Comparison& out) {
  std::size_t slot = static_cast<std::size_t>(Field::attribute_1);
  for (const auto& mine : a.attributes) {
    if (mine.value.empty()) break;
    for (const auto& theirs : b.attributes) {
      if (theirs.value.empty()) break;
      if (mine.name != theirs.name) continue;
      auto& found = out.levels[slot];
      if (mine.value == theirs.value)
        found = level::exact;
      else
        found = jaro_winkler(mine.value.view(), theirs.value.view()) >= 0.9 ? level::attribute::close
                                                                            : level::attribute::different;
      ++slot;
      break;
    }
  }
}

}  // namespace

std::span<const LadderNames, ladder_count> ladders() { return names; }
std::string_view field_name(Field field) { return names[ladder_of(field)].field; }
std::string_view level_name(Field field, std::uint8_t level) {
  return level == level::missing || level > level_max ? "missing" : names[ladder_of(field)].levels[level - 1U];
}

Comparison compare(const Record& a, const Record& b) {
  Comparison out;
  compare_names(a, b, out);
  out.of(Field::birth) = compare_birth(a.birth, b.birth);
  if (a.gender != Gender::unknown && b.gender != Gender::unknown) {
    out.of(Field::gender) = a.gender == b.gender ? level::exact : level::gender::different;
  }
  out.of(Field::phone) = compare_phones(a, b);
  out.of(Field::email) = compare_email(a, b);
  out.of(Field::address) = compare_address(a, b);
  out.of(Field::locality) = compare_locality(a.locality, b.locality);
  out.of(Field::postcode) = compare_postcode(a.postcode, b.postcode);
  if (!a.region.empty() && !b.region.empty()) {
    out.of(Field::region) = a.region == b.region ? level::exact : level::region::different;
  }
  out.of(Field::identifier) = compare_identifiers(a, b);
  compare_attributes(a, b, out);
  return out;
}

Comparison best_of(const Comparison& a, const Comparison& b) {
  Comparison out;
  for (std::size_t i = 0; i < field_count; ++i) {
    const auto x = a.levels[i], y = b.levels[i];
    out.levels[i] = x == level::missing ? y : y == level::missing ? x : std::min(x, y);
  }
  return out;
}

}  // namespace handoff::people

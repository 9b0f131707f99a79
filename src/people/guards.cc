#include "people/guards.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "people/distance.h"
#include "people/given_names.h"

namespace handoff::people {
namespace {

constexpr std::array<std::string_view, 10> words_of{
    "asserted_different", "linked_by_person", "identifiers_differ",  "twins",        "generations", "household",
    "deceased",           "shared_contact",   "doubtful_birth_date", "thin_evidence"};
constexpr std::uint32_t shared_contact_max = 20;
constexpr int generation_years = 15;

bool identifiers_differ(const Record& a, const Record& b) {
  bool differ = false;
  for (const auto& mine : a.identifiers) {
    for (const auto& theirs : b.identifiers) {
      if (mine.value.empty() || theirs.value.empty() || mine.system != theirs.system || !mine.unique || !theirs.unique)
        continue;
      if (mine.tail != theirs.tail) {
        const auto& tail = mine.tail ? mine.value : theirs.value;
        const auto& whole = mine.tail ? theirs.value : mine.value;
        differ = differ || !whole.view().ends_with(tail.view());
      } else if (mine.value == theirs.value) {
        return false;
      } else {
        differ = true;
      }
    }
  }
  return differ;
}

// One person's number, not a plan's or a family's.
bool same_number(const Record& a, const Record& b) {
  for (const auto& mine : a.identifiers) {
    for (const auto& theirs : b.identifiers) {
      if (!mine.value.empty() && mine.system == theirs.system && mine.unique && theirs.unique && !mine.tail &&
          !theirs.tail && mine.value == theirs.value)
        return true;
    }
  }
  return false;
}

bool same_household(const Comparison& c) {
  const auto address = c.of(Field::address);
  return address == level::exact || address == level::address::unit || address == level::address::close ||
         c.of(Field::phone) == level::exact || c.of(Field::email) == level::exact;
}

// Both spellings are names in their own right (Jayden, Hayden), so the difference is no slip of the pen.
bool both_established(const Record& a, const Record& b, const Frequencies& frequencies) {
  const auto least =
      std::min(frequencies.count(Value::given, a.given.hash), frequencies.count(Value::given, b.given.hash));
  return least >= 4 && static_cast<double>(least) >= 1e-4 * frequencies.total(Value::given);
}

bool ends_with_any(std::string_view text, std::span<const std::string_view> endings) {
  return std::any_of(endings.begin(), endings.end(), [&](std::string_view end) { return text.ends_with(end); });
}

// Names of several words of which one is another: Mary Ann and Mary Jane, and names with a word of the generation.
bool has_own_word(const Name& x, const Name& y) {
  if (x.word_count < 2 || y.word_count < 2) return false;
  if (x.word_count != y.word_count) return true;
  for (std::size_t i = 0; i < x.word_count; ++i) {
    const auto mine = x.word(i), theirs = y.word(i);
    if (mine != theirs && (std::min(mine.size(), theirs.size()) < 4 || edits(mine, theirs, 1) > 1)) return true;
  }
  return false;
}

// Whether two given names that are nearly the same are one name with a slip in it. Parents give twins names that go
// together, so what distinguishes names is heeded more than how many letters do.
bool is_slip(const Record& a, const Record& b, const Frequencies& frequencies) {
  using namespace std::string_view_literals;
  const Name &x = a.given, &y = b.given;
  const auto without_h = [](std::string_view text) {
    return text.ends_with("ah") ? text.substr(0, text.size() - 1) : text;
  };
  if (without_h(x.view()).ends_with('a') != without_h(y.view()).ends_with('a')) return false;  // Eric and Erica
  const bool both_names = is_given_name(x.view()) && is_given_name(y.view());
  if (x.sound == y.sound) {
    static constexpr std::array feminine{"elle"sv, "ine"sv, "ette"sv, "anne"sv};
    return !both_names || ends_with_any(x.view(), feminine) == ends_with_any(y.view(), feminine);
  }
  return !both_names && x.text[0] == y.text[0] && !both_established(a, b, frequencies);
}

bool is_twin(const Comparison& c, const Record& a, const Record& b, const Frequencies& frequencies) {
  const auto given = c.of(Field::given), family = c.of(Field::family), birth = c.of(Field::birth);
  // At one address a birth date with a slip in it, or with day and month exchanged, is still the other twin's.
  const bool same_birth =
      birth == level::exact || (birth != level::missing && birth <= level::birth::edit && same_household(c));
  if (given == level::missing || !same_birth) return false;
  // Names in each other's place, one of them not quite the same: Oliver is no slip of Olivia. Which ladder that one
  // stands on is not told, see compare_names().
  if (c.of(Field::order) == level::order::swapped)
    return (given != level::exact || family != level::exact) && c.of(Field::gender) == level::gender::different;
  if (given == level::exact) return false;
  const bool kin = (family >= level::exact && family <= level::family::sounds) || same_household(c);
  if (!kin) return false;
  if (a.multiple_birth || b.multiple_birth) return given != level::given::nickname;
  // Another name under one person's number is how a sister's record gets it, so the number does not answer for her;
  // that Ka is Kala it does tell.
  if (given == level::given::different || given == level::given::far || has_own_word(a.given, b.given)) return true;
  if (given == level::given::nickname || same_number(a, b)) return false;
  if (given == level::given::sounds) return true;
  // A word of a double name is the same name. A middle name in front may be the other twin's name.
  if (given == level::given::part) return a.given.word_count < 2 && b.given.word_count < 2;
  // An initial under the same roof may be a brother's.
  if (given == level::given::initial) return same_household(c);
  return c.of(Field::gender) == level::gender::different || !is_slip(a, b, frequencies);
}

bool is_other_generation(const Comparison& c, const Record& a, const Record& b) {
  if (c.of(Field::suffix) == level::suffix::different) return true;
  const auto given = c.of(Field::given), family = c.of(Field::family), birth = c.of(Field::birth);
  if (birth == level::exact || birth == level::missing || given == level::missing || family == level::missing)
    return false;
  if (given > level::given::close || family > level::family::part) return false;
  // A slip in the decade looks the same, and is asked about, too.
  const bool near = same_household(c) || c.of(Field::postcode) == level::exact || c.of(Field::locality) == level::exact;
  return near && std::abs(a.birth.year() - b.birth.year()) >= generation_years;
}

bool is_household(const Comparison& c, const Record& a, const Record& b) {
  const auto given = c.of(Field::given);
  if (same_number(a, b)) return false;
  const bool contact = c.of(Field::phone) == level::exact || c.of(Field::email) == level::exact;
  const bool no_birth = c.of(Field::birth) == level::missing;
  // Without a given name any member of the household fits; without a birth date a relative of another name does, and,
  // unless a telephone or e-mail tells them apart, a father or son of the same one.
  if (no_birth && !contact) return true;
  const bool kin =
      same_household(c) || (c.of(Field::family) != level::missing && c.of(Field::family) < level::family::far);
  if (given == level::missing) return kin;
  return given != level::missing && given >= level::given::far && no_birth && same_household(c);
}

bool is_shared_contact(const Comparison& c, const Record& a, const Record& b, const Frequencies& frequencies) {
  if (c.of(Field::birth) == level::exact || c.of(Field::identifier) == level::exact) return false;
  if (c.of(Field::phone) == level::exact) {
    for (const auto phone : a.phones) {
      if (phone != 0 && std::find(b.phones.begin(), b.phones.end(), phone) != b.phones.end() &&
          frequencies.count(Value::phone, phone) > shared_contact_max) {
        return true;
      }
    }
  }
  return c.of(Field::email) == level::exact &&
         frequencies.count(Value::email, hash_text(a.email_local.view(), a.email_domain.hash)) > shared_contact_max;
}

bool is_thin(const Comparison& c) {
  const auto positive = [&](Field field, std::uint8_t worst) {
    return c.of(field) != level::missing && c.of(field) <= worst;
  };
  const bool name = positive(Field::given, level::given::initial) && positive(Field::family, level::family::initial);
  const bool birth = positive(Field::birth, level::birth::parts);
  const bool identifier = positive(Field::identifier, level::identifier::tail);
  // The next number belongs to the neighbour: without the name it is nobody's.
  const bool contact =
      positive(Field::phone, name ? level::phone::edit : level::exact) || positive(Field::email, level::email::close);
  const bool place = positive(Field::address, level::address::close) ||
                     positive(Field::postcode, level::postcode::edit) ||
                     positive(Field::locality, level::locality::close);
  // Half a name does not count: two of one given name and birth date are a coincidence as well as a marriage.
  const int groups = (name ? 1 : 0) + (birth ? 1 : 0) + (identifier ? 1 : 0) + (contact ? 1 : 0) + (place ? 1 : 0);
  if (groups < 2) return true;
  // Of one fuzzy part at most is a draft of the United States framework sure. Where nothing but name and birth date
  // agrees it must not be the date: of one name many are born a digit apart, few on one day with names a letter apart.
  const bool exact_given = positive(Field::given, level::given::nickname),
             exact_family = c.of(Field::family) == level::exact, exact_birth = c.of(Field::birth) == level::exact;
  const bool told = identifier || c.of(Field::phone) == level::exact || c.of(Field::email) == level::exact ||
                    positive(Field::address, level::address::close) || c.of(Field::postcode) == level::exact ||
                    c.of(Field::middle) == level::exact;
  if (!name || !birth || told) return false;
  const bool alone = !contact && !place;
  const int slips = (exact_given ? 0 : 1) + (exact_family ? 0 : 1) + (exact_birth ? 0 : 1);
  return slips > 1 || (alone && !exact_birth);
}

bool is_doubtful_birth(const Comparison& c, const Record& a, const Record& b) {
  const bool impossible =
      a.birth.kind == PartialDate::Kind::impossible || b.birth.kind == PartialDate::Kind::impossible;
  return impossible && c.of(Field::birth) > level::birth::edit;
}

bool is_deceased(const Record& a, const Record& b, const Circumstances& circumstances) {
  return a.deceased != b.deceased && circumstances.active_after_death;
}

}  // namespace

std::string_view word(Guard guard) { return words_of[static_cast<std::size_t>(guard)]; }

std::vector<Guard> guards(const Comparison& c, const Record& a, const Record& b, const Frequencies& frequencies,
                          const Circumstances& circumstances) {
  std::vector<Guard> fired;
  const auto fire = [&](bool yes, Guard guard) {
    if (yes) fired.push_back(guard);
  };
  fire(circumstances.asserted_different, Guard::asserted_different);
  fire(circumstances.linked_by_person, Guard::linked_by_person);
  fire(identifiers_differ(a, b), Guard::identifiers_differ);
  fire(is_twin(c, a, b, frequencies), Guard::twins);
  fire(is_other_generation(c, a, b), Guard::generations);
  fire(is_household(c, a, b), Guard::household);
  fire(is_deceased(a, b, circumstances), Guard::deceased);
  fire(is_shared_contact(c, a, b, frequencies), Guard::shared_contact);
  fire(is_doubtful_birth(c, a, b), Guard::doubtful_birth_date);
  fire(is_thin(c), Guard::thin_evidence);
  return fired;
}

bool forbids_union(const Comparison& c, const Record& a, const Record& b, const Frequencies& frequencies) {
  return identifiers_differ(a, b) || is_twin(c, a, b, frequencies) || is_other_generation(c, a, b) ||
         a.deceased != b.deceased;
}

}  // namespace handoff::people

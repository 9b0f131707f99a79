#include "people/keys.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

#include "people/phonetic.h"

namespace handoff::people {
namespace {

constexpr std::array<std::string_view, key_kind_count> kind_names{
    "identifier",     "birth_initials", "birth_initial", "names",           "phone",          "email",
    "family_year",    "given_month",    "address",       "family_postcode", "given_postcode", "family_locality",
    "given_locality", "family_initial", "given_initial", "birth_place",     "rescue",         "every_pair"};

class Keys {
 public:
  explicit Keys(std::size_t max) : max_(max) {}
  void add(KeyKind kind, std::string_view value) {
    const Key key{kind, hash_text(value, static_cast<std::uint64_t>(kind) + 1)};
    if (keys_.size() < max_ && std::find(keys_.begin(), keys_.end(), key) == keys_.end()) keys_.push_back(key);
  }
  std::vector<Key> take() { return std::move(keys_); }

 private:
  std::size_t max_;
  std::vector<Key> keys_;
};

std::string number(std::uint64_t value) { return std::to_string(value); }
// As sound_code(), of a code that is known already.
std::string code_of(std::string_view code) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < code.size() && i < 6; ++i)
    value = value * 32 + static_cast<std::uint32_t>(code[i] - 'a' + 1);
  return number(value);
}
std::string sound_of(std::string_view name) {
  const auto code = sound_code(name);
  // A name without letters we know has no sound; its own text stands for it.
  return code == 0 ? std::string(name.substr(0, 6)) : number(code);
}

// Short forms meet under their group; every other name under its sound.
std::string given_sound(const Name& name) {
  return name.nicknames.group[0] != 0 ? "g" + number(name.nicknames.group[0]) : sound_of(name.word(0));
}

std::string pair_of(std::string a, std::string b) { return a < b ? a + "/" + b : b + "/" + a; }

void birth_keys(Keys& keys, std::string_view digits, const Record& record) {
  const auto with = [&](std::string_view initials) { return std::string(digits).append(initials); };
  const auto given = record.given.view().substr(0, 1), family = record.family.view().substr(0, 1);
  if (!given.empty() && !family.empty())
    keys.add(KeyKind::birth_initials, with(std::string(std::min(given, family)).append(std::max(given, family))));
  keys.add(KeyKind::birth_initial, with(given.empty() ? family : given));
}

// A coarse place: the area of the postcode, else the beginning of the city's name.
std::string_view place_of(const Record& record) {
  return record.postcode.length >= 3 ? record.postcode.view().substr(0, 3) : record.locality.view().substr(0, 4);
}

bool has_day(const PartialDate& date) {
  return date.kind == PartialDate::Kind::day || date.kind == PartialDate::Kind::impossible;
}
bool has_month(const PartialDate& date) { return has_day(date) || date.kind == PartialDate::Kind::month; }

void basic_keys(Keys& keys, const Record& record) {
  const auto& given = record.given;
  const auto& family = record.family;
  const bool both = !given.empty() && !family.empty();
  for (const auto& identifier : record.identifiers) {
    if (identifier.value.empty() || identifier.tail || !identifier.unique) continue;
    keys.add(KeyKind::identifier, number(identifier.system) + ":" + std::string(identifier.value.view()));
    break;
  }
  if (has_day(record.birth)) birth_keys(keys, record.birth.view(), record);
  if (both) keys.add(KeyKind::names, pair_of(sound_of(given.view()), sound_of(family.view())));
  if (record.phones[0] != 0) keys.add(KeyKind::phone, number(record.phones[0]));
  // Without the host, which is mistyped as often, unless the name alone is everybody's.
  if (record.email_local.length >= 5)
    keys.add(KeyKind::email, record.email_local.view());
  else if (!record.email_local.empty())
    keys.add(KeyKind::email, std::string(record.email_local.view()) + "@" + std::string(record.email_domain.view()));
  if (!family.empty() && !record.birth.empty())
    keys.add(KeyKind::family_year, sound_of(family.view()) + "/" + std::string(record.birth.view().substr(0, 4)));
  if (!record.street.empty() && (!record.number.empty() || !record.postcode.empty())) {
    const auto place = record.number.empty() ? record.postcode.view() : record.number.view();
    keys.add(KeyKind::address, std::string(record.street.view().substr(0, 5)) + "/" + std::string(place));
  }
  if (!family.empty() && record.postcode.length >= 3) {
    keys.add(KeyKind::family_postcode,
             std::string(family.view().substr(0, 4)) + "/" + std::string(record.postcode.view().substr(0, 3)));
  }
  if (!given.empty() && has_month(record.birth))
    keys.add(KeyKind::given_month, given_sound(given) + "/" + std::string(record.birth.view().substr(0, 6)));
  if (has_day(record.birth) && !place_of(record).empty()) {
    keys.add(KeyKind::birth_place, std::string(record.birth.view()) + "/" + std::string(place_of(record)));
  }
  if (!given.empty() && !record.postcode.empty())
    keys.add(KeyKind::given_postcode, given_sound(given) + "/" + std::string(record.postcode.view()));
  if (!family.empty() && !record.locality.empty())
    keys.add(KeyKind::family_locality,
             sound_of(family.view()) + "/" + std::string(record.locality.view().substr(0, 4)));
  if (!given.empty() && !record.locality.empty())
    keys.add(KeyKind::given_locality, given_sound(given) + "/" + std::string(record.locality.view().substr(0, 4)));
  if (record.phones[1] != 0) keys.add(KeyKind::phone, number(record.phones[1]));
  if (both) {
    keys.add(KeyKind::family_initial, sound_of(family.view()) + "/" + given.text[0]);
    keys.add(KeyKind::given_initial, given_sound(given) + "/" + family.text[0]);
  } else if (!family.empty()) {
    keys.add(KeyKind::family_initial, sound_of(family.view()));
  } else if (!given.empty()) {
    keys.add(KeyKind::given_initial, given_sound(given));
  }
}

}  // namespace

bool is_telling(KeyKind kind) {
  return kind == KeyKind::identifier || kind == KeyKind::birth_initials || kind == KeyKind::phone ||
         kind == KeyKind::email || kind == KeyKind::address;
}

Key phone_key(std::uint64_t phone) {
  Keys keys(1);
  keys.add(KeyKind::phone, number(phone));
  return keys.take().front();
}

std::string_view key_name(KeyKind kind) { return kind_names[static_cast<std::size_t>(kind)]; }

std::vector<Key> stored_keys(const Record& record) {
  Keys keys(stored_keys_max);
  basic_keys(keys, record);
  return keys.take();
}

void add_shared_kinds(const std::vector<Key>& probe, const Record& stored, std::vector<KeyKind>& kinds) {
  for (const auto& key : stored_keys(stored)) {
    if (std::find(probe.begin(), probe.end(), key) == probe.end()) continue;
    if (std::find(kinds.begin(), kinds.end(), key.kind) == kinds.end()) kinds.push_back(key.kind);
  }
}

namespace {

void search_keys(Keys& keys, const Record& record) {
  basic_keys(keys, record);
  const auto& given = record.given;
  const auto& family = record.family;
  for (const auto phone : record.phones) {
    if (phone != 0) keys.add(KeyKind::phone, number(phone));
  }
  if (has_day(record.birth)) {
    // A short form or the middle name in front; whose given name is another altogether, or stands in the other's place.
    const std::string digits(record.birth.view());
    std::string initials;
    for (const auto group : given.nicknames.group) {
      if (group == 0) break;
      for (const auto name : nicknames_of(group)) initials += name[0];
    }
    if (!record.middle.empty()) initials += record.middle.text[0];
    for (const char initial : family.empty() ? std::string() : initials) {
      const auto [first, second] = std::minmax(initial, family.text[0]);
      keys.add(KeyKind::birth_initials, digits + first + second);
    }
    if (!family.empty()) keys.add(KeyKind::birth_initial, digits + family.text[0]);
    // Records of whom no name is known.
    keys.add(KeyKind::birth_initial, digits);
    for (char initial = 'a'; given.empty() && family.empty() && initial <= 'z'; ++initial)
      keys.add(KeyKind::birth_initial, digits + initial);
  }
  // Day and month exchanged.
  if (record.birth.kind == PartialDate::Kind::day && record.birth.day() <= 12 &&
      record.birth.day() != record.birth.month()) {
    const auto digits = record.birth.view();
    birth_keys(keys,
               std::string(digits.substr(0, 4)) + std::string(digits.substr(6)) + std::string(digits.substr(4, 2)),
               record);
  }
  // Neighbouring years and the same year ten years off, for the family name, its words, and a given name in its place.
  if (!record.birth.empty() && record.birth.kind != PartialDate::Kind::impossible) {
    std::vector<std::string> sounds;
    if (!family.empty()) sounds.push_back(sound_of(family.view()));
    if (!record.former.empty()) sounds.push_back(sound_of(record.former.view()));
    if (!given.empty()) sounds.push_back(sound_of(given.view()));
    for (std::size_t i = 0; family.word_count > 1 && i < family.word_count; ++i)
      sounds.push_back(sound_of(family.word(i)));
    for (std::size_t s = 0; s < sounds.size(); ++s) {
      for (const int step : {0, -1, 1, -10, 10}) {
        if (s > 0 && step != 0) continue;
        std::array<char, 8> year{};
        const auto end = std::to_chars(year.data(), year.data() + year.size(), record.birth.year() + step).ptr;
        keys.add(KeyKind::family_year, sounds[s] + "/" + std::string(year.data(), end));
      }
    }
  }
  if (has_month(record.birth)) {
    const std::string month(record.birth.view().substr(0, 6));
    for (const auto group : given.nicknames.group) {
      if (group != 0) keys.add(KeyKind::given_month, "g" + number(group) + "/" + month);
    }
    if (!given.empty()) keys.add(KeyKind::given_month, sound_of(given.word(0)) + "/" + month);
    if (!family.empty()) keys.add(KeyKind::given_month, given_sound(family) + "/" + month);
    // Digits exchanged in the year or the month, neighbouring months and years.
    if (!given.empty()) {
      std::string other;
      for (const int step : {-1, 1, -100, 100}) {
        const int shifted = record.birth.year() * 100 + record.birth.month() + step;
        if (shifted % 100 == 0 || shifted % 100 > 12 || record.birth.kind == PartialDate::Kind::impossible) continue;
        std::array<char, 16> text{};
        keys.add(KeyKind::given_month,
                 given_sound(given) + "/" +
                     std::string(text.data(), std::to_chars(text.data(), text.data() + text.size(), shifted).ptr));
      }
      other = month;
      std::swap(other[2], other[3]);
      keys.add(KeyKind::given_month, given_sound(given) + "/" + other);
      other = month;
      std::swap(other[4], other[5]);
      keys.add(KeyKind::given_month, given_sound(given) + "/" + other);
    }
  }
  // Single words of double names, a middle name used as the first, a former surname.
  std::vector<std::string> firsts, lasts;
  const auto words = [](const Name& name, std::vector<std::string>& into) {
    if (name.empty()) return;
    into.push_back(sound_of(name.view()));
    for (std::size_t i = 0; name.word_count > 1 && i < name.word_count; ++i) {
      if (name.word(i).size() >= 3) into.push_back(sound_of(name.word(i)));
    }
  };
  words(given, firsts);
  words(record.middle, firsts);
  words(family, lasts);
  words(record.former, lasts);
  for (const auto& first : firsts) {
    for (const auto& last : lasts) keys.add(KeyKind::names, pair_of(first, last));
  }
  // One letter too many in a name changes its sound; leaving out one sound at a time finds it.
  if (!given.empty() && !family.empty()) {
    const std::string given_code = sound(given.view()), family_code = sound(family.view());
    const auto without_one = [&](const std::string& code, std::string_view other) {
      for (std::size_t i = 0; code.size() >= 3 && i < code.size() && i < 6; ++i) {
        keys.add(KeyKind::names, pair_of(code_of(code.substr(0, i) + code.substr(i + 1)), sound_of(other)));
      }
    };
    without_one(given_code, family.view());
    without_one(family_code, given.view());
  }
  // Names in the wrong field and neighbouring digits of the postcode exchanged.
  if (record.postcode.length >= 3) {
    std::string area(record.postcode.view().substr(0, 3));
    const std::string fourth(record.postcode.view().substr(2, 2));
    if (!given.empty()) keys.add(KeyKind::family_postcode, std::string(given.view().substr(0, 4)) + "/" + area);
    if (!family.empty()) {
      const std::string start(family.view().substr(0, 4));
      std::string other = area;
      std::swap(other[0], other[1]);
      keys.add(KeyKind::family_postcode, start + "/" + other);
      other = area;
      std::swap(other[1], other[2]);
      keys.add(KeyKind::family_postcode, start + "/" + other);
      if (fourth.size() == 2) keys.add(KeyKind::family_postcode, start + "/" + area.substr(0, 2) + fourth[1]);
    }
  }
  if (!family.empty() && !record.postcode.empty()) {
    keys.add(KeyKind::given_postcode, given_sound(family) + "/" + std::string(record.postcode.view()));
  }
}

// A text with each letter left out in turn: two texts one slip apart share one of them.
template <class Use>
void each_without_one(std::string_view text, Use&& use) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i > 0 && text[i] == text[i - 1]) continue;
    use(std::string(text.substr(0, i)) + std::string(text.substr(i + 1)));
  }
}

void rescue_keys(Keys& keys, const Record& record) {
  const auto add = [&](char what, std::string_view a, std::string_view b = {}, std::string_view c = {}) {
    std::string value(1, what);
    value.append(a).append("/").append(b).append("/").append(c);
    keys.add(KeyKind::rescue, value);
  };
  const auto given = record.given.view(), family = record.family.view(), postcode = record.postcode.view();
  std::string first, last;
  if (!given.empty()) first = given_sound(record.given);
  if (!family.empty()) last = sound_of(family);
  std::vector<std::string_view> initials;
  if (!given.empty()) initials.push_back(given.substr(0, 1));
  if (!family.empty() && (given.empty() || family[0] != given[0])) initials.push_back(family.substr(0, 1));
  if (!record.birth.empty()) {
    // One digit of the birth date does not count.
    std::string digits(record.birth.view());
    for (auto& digit : digits) {
      const char kept = digit;
      digit = '*';
      for (const auto initial : initials) add('b', digits, initial);
      if (initials.empty()) add('b', digits, record.locality.view().substr(0, 3));
      digit = kept;
    }
    add('B', digits);
    const auto year = record.birth.view().substr(0, 4), month = record.birth.view().substr(0, 6);
    // Neighbouring years meet in one of two overlapping decades' ends; a slip in the name meets under its neighbours.
    each_without_one(family, [&](const std::string& text) { add('f', text, given.substr(0, 1), year); });
    each_without_one(given, [&](const std::string& text) { add('g', text, family.substr(0, 1), year); });
    add('m', month, postcode.substr(0, 3), record.gender == Gender::female ? "f" : "m");
    if (!postcode.empty()) add('y', year, postcode);
    if (!record.number.empty()) add('h', year, record.number.view(), record.locality.view().substr(0, 3));
  }
  // Slips in both names at once, and whole names that stand in either field.
  each_without_one(given, [&](const std::string& text) { add('n', text, last); });
  each_without_one(family, [&](const std::string& text) { add('n', text, first); });
  if (!record.email_local.empty()) {
    each_without_one(record.email_local.view(), [&](const std::string& text) { add('e', text); });
    add('e', record.email_local.view());
  }
  for (const auto phone : record.phones) {
    if (phone == 0) continue;
    each_without_one(number(phone), [&](const std::string& text) { add('p', text); });
  }
  if (!record.number.empty()) {
    if (!postcode.empty()) add('a', record.number.view(), postcode);
    for (const auto initial : initials) add('s', record.number.view(), initial, record.locality.view().substr(0, 4));
    add('t', record.number.view(), record.street.view().substr(0, 3));
    if (record.street.length > 3) add('u', record.number.view(), record.street.view().substr(record.street.length - 4));
  }
  if (!record.street.empty()) {
    for (const auto initial : initials) add('r', record.street.view().substr(0, 6), initial);
  }
  for (const auto initial : initials) {
    if (!postcode.empty()) add('c', postcode, initial);
  }
}

}  // namespace

std::vector<Key> probe_keys(const Record& record) {
  Keys keys(96);
  search_keys(keys, record);
  return keys.take();
}

std::vector<Key> file_keys(const Record& record) {
  Keys keys(240);
  search_keys(keys, record);
  rescue_keys(keys, record);
  return keys.take();
}

}  // namespace handoff::people

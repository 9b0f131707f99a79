// The comparable record: what one source record says about a person, folded, fixed in size and without pointers, so
// that scoring touches a few cache lines and a copy of it can lie beside each blocking key. It has no printer.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/result.h"
#include "people/lexicon.h"

namespace handoff::people {

// 64 bits of a text, the same on every machine and in every release: stored keys depend on it.
std::uint64_t hash_text(std::string_view text, std::uint64_t seed = 0);

// A name part: its words joined, with the places where words begin. "van der Berg" is "vanderberg", starts 0, 3, 6.
struct Name {
  static constexpr std::size_t capacity = 32;
  char text[capacity]{};
  std::uint32_t starts = 0;
  std::uint32_t hash = 0;     // of the joined text
  std::uint32_t letters = 0;  // which letters occur; most comparisons end here
  std::uint32_t sound = 0;    // phonetic code of the joined text
  NicknameGroups nicknames;
  std::uint8_t length = 0;
  std::uint8_t word_count = 0;

  bool empty() const { return length == 0; }
  std::string_view view() const { return {text, length}; }
  std::string_view word(std::size_t index) const;
  bool equals(const Name& other) const {
    return hash == other.hash && length == other.length && std::memcmp(text, other.text, length) == 0;
  }
};

// A folded text of one piece: street, locality, both halves of an e-mail.
struct Word {
  static constexpr std::size_t capacity = 32;
  char text[capacity]{};
  std::uint32_t hash = 0;
  std::uint32_t letters = 0;
  std::uint8_t length = 0;

  bool empty() const { return length == 0; }
  std::string_view view() const { return {text, length}; }
  bool equals(const Word& other) const { return hash == other.hash && view() == other.view(); }
};

// A short code: house number, postcode, identifier.
struct Code {
  static constexpr std::size_t capacity = 15;
  char text[capacity]{};
  std::uint8_t length = 0;

  bool empty() const { return length == 0; }
  std::string_view view() const { return {text, length}; }
  // The bytes behind the text are zero, so that sixteen of them are compared at once.
  friend bool operator==(const Code& a, const Code& b) { return std::memcmp(&a, &b, sizeof a) == 0; }
};

// As much of a date as was said. An impossible one (30 February) is kept as its digits and compared as such.
struct PartialDate {
  enum class Kind : std::uint8_t { missing, year, month, day, impossible };
  char digits[8]{};  // YYYYMMDD; unknown parts are '0'
  Kind kind = Kind::missing;
  bool two_digit_year = false;  // the century was guessed
  bool implausible = false;     // in the future, or more than 120 years ago

  bool empty() const { return kind == Kind::missing; }
  int year() const {
    return (digits[0] - '0') * 1000 + (digits[1] - '0') * 100 + (digits[2] - '0') * 10 + (digits[3] - '0');
  }
  int month() const { return (digits[4] - '0') * 10 + (digits[5] - '0'); }
  int day() const { return (digits[6] - '0') * 10 + (digits[7] - '0'); }
  std::string_view view() const { return {digits, sizeof digits}; }
  bool is_first_january() const { return kind == Kind::day && month() == 1 && day() == 1; }
  // Days since some fixed day, for distances; only for kind day.
  int day_number() const;
};

enum class Gender : std::uint8_t { unknown, female, male, other };

struct IdentifierCode {
  std::uint32_t system = 0;  // hash of the system's name
  bool unique = false;       // one person each; otherwise a family or plan may share it
  bool tail = false;         // only the last digits were given
  Code value;
};

struct Attribute {
  std::uint32_t name = 0;  // hash of the column's name
  Code value;
};

struct Record {
  Name given, family, middle, former;
  PartialDate birth, death;
  Gender gender = Gender::unknown;
  std::uint8_t generation = 0;  // 0 unknown, 1 senior, 2 junior …
  bool deceased = false;
  bool multiple_birth = false;
  std::array<std::uint64_t, 3> phones{};  // national numbers; 0 none
  Word email_local, email_domain;
  Code number, unit, postcode, region;
  Word street, locality;
  std::array<IdentifierCode, 3> identifiers{};
  std::array<Attribute, 4> attributes{};

  bool has_name() const { return !given.empty() || !family.empty(); }
};
static_assert(std::is_trivially_copyable_v<Record>);
static_assert(sizeof(Code) == 16);

Name make_name(const std::vector<std::string>& words);
Word make_word(std::string_view folded);
Code make_code(std::string_view text);

// A few hundred bytes at most, without what can be derived. The first byte is the version of the form.
std::string serialize(const Record& record);
Result<Record> deserialize(std::string_view bytes);

}  // namespace handoff::people

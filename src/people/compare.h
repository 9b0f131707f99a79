// How alike two records are, field by field: each field climbs down its ladder of levels and stops at the first that
// holds. Levels say nothing about probability; that is the model's part.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "people/record.h"

namespace handoff::people {

enum class Field : std::uint8_t {
  given,
  family,
  order,
  middle,
  suffix,
  birth,
  gender,
  phone,
  email,
  address,
  locality,
  postcode,
  region,
  identifier,
  attribute_1,
  attribute_2,
  attribute_3,
  attribute_4,
};
inline constexpr std::size_t field_count = 18;
inline constexpr std::size_t ladder_count = 15;  // the four attributes share one ladder
inline constexpr std::size_t ladder_of(Field field) {
  return std::min<std::size_t>(static_cast<std::size_t>(field), 14);
}

// Level 0 is "missing on either side" in every ladder; 1 is the best.
inline constexpr std::size_t level_max = 10;
struct LadderNames {
  std::string_view field;
  std::array<std::string_view, level_max> levels;  // of level 1, 2 …; empty ones are not used
  std::size_t size() const {
    std::size_t count = 0;
    while (count < levels.size() && !levels[count].empty()) ++count;
    return count;
  }
};
std::span<const LadderNames, ladder_count> ladders();
std::string_view field_name(Field field);
std::string_view level_name(Field field, std::uint8_t level);

namespace level {
inline constexpr std::uint8_t missing = 0, exact = 1;
namespace given {
inline constexpr std::uint8_t nickname = 2, close = 3, part = 4, sounds = 5, initial = 6, far = 7, different = 8;
}
namespace family {
inline constexpr std::uint8_t close = 2, part = 3, sounds = 4, initial = 5, far = 6, different = 7;
}
namespace order {
inline constexpr std::uint8_t as_given = 1, swapped = 2;
}
namespace middle {
inline constexpr std::uint8_t initial = 2, close = 3, different = 4;
}
namespace suffix {
inline constexpr std::uint8_t different = 2;
}
namespace birth {
inline constexpr std::uint8_t swapped = 2, partial = 3, edit = 4, year = 5, parts = 6, two_edits = 7, near = 8,
                              three_edits = 9, different = 10;
}
namespace gender {
inline constexpr std::uint8_t different = 2;
}
namespace phone {
inline constexpr std::uint8_t edit = 2, different = 3;
}
namespace email {
inline constexpr std::uint8_t slip = 2, local = 3, close = 4, different = 5;
}
namespace address {
inline constexpr std::uint8_t unit = 2, close = 3, street = 4, number = 5, different = 6;
}
namespace locality {
inline constexpr std::uint8_t close = 2, different = 3;
}
namespace postcode {
inline constexpr std::uint8_t edit = 2, area = 3, different = 4;
}
namespace region {
inline constexpr std::uint8_t different = 2;
}
namespace identifier {
inline constexpr std::uint8_t edit = 2, tail = 3, different = 4;
}
namespace attribute {
inline constexpr std::uint8_t close = 2, different = 3;
}
}  // namespace level

struct Comparison {
  std::array<std::uint8_t, field_count> levels{};
  std::uint8_t of(Field field) const { return levels[static_cast<std::size_t>(field)]; }
  std::uint8_t& of(Field field) { return levels[static_cast<std::size_t>(field)]; }
  bool operator==(const Comparison&) const = default;
};

// Symmetric: compare(a, b) == compare(b, a).
Comparison compare(const Record& a, const Record& b);
// The best level of each field over a person's records: an old address must not count against who moved.
Comparison best_of(const Comparison& a, const Comparison& b);

}  // namespace handoff::people

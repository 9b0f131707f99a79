#include "people/distance.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <utility>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace handoff::people {
namespace {

constexpr std::size_t width = 32;

// Bit i is set where text[i] is c.
#if defined(__SSE2__)
class Positions {
 public:
  explicit Positions(const char* text)
      : low_(_mm_loadu_si128(reinterpret_cast<const __m128i*>(text))),
        high_(_mm_loadu_si128(reinterpret_cast<const __m128i*>(text + 16))) {}
  std::uint32_t of(char c) const {
    const __m128i all = _mm_set1_epi8(c);
    const auto low = static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(low_, all)));
    const auto high = static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(high_, all)));
    return low | (high << 16U);
  }

 private:
  __m128i low_, high_;
};
#else
class Positions {
 public:
  explicit Positions(const char* text) : text_(text) {}
  std::uint32_t of(char c) const {
    std::uint32_t mask = 0;
    for (std::size_t i = 0; i < width; ++i) mask |= static_cast<std::uint32_t>(text_[i] == c) << i;
    return mask;
  }

 private:
  const char* text_;
};
#endif

std::uint32_t first_bits(std::size_t count) { return count >= 32 ? ~0U : (1U << count) - 1U; }

}  // namespace

double jaro_winkler(const char* a, std::size_t a_length, const char* b, std::size_t b_length) {
  if (a_length == 0 || b_length == 0) return a_length == b_length ? 1.0 : 0.0;
  // Letters are paired greedily, which may depend on who comes first; a fixed order keeps the score symmetric.
  if (a_length > b_length || (a_length == b_length && std::memcmp(a, b, a_length) > 0)) {
    std::swap(a, b);
    std::swap(a_length, b_length);
  }
  const std::size_t longer = std::max(a_length, b_length);
  const std::size_t reach = longer / 2 > 0 ? longer / 2 - 1 : 0;
  const Positions in_b(b);
  std::uint32_t taken_b = 0, taken_a = 0;
  const std::uint32_t all_b = first_bits(b_length);
  for (std::size_t i = 0; i < a_length; ++i) {
    const std::uint32_t window = all_b & first_bits(i + reach + 1) & ~first_bits(i > reach ? i - reach : 0);
    const std::uint32_t free = in_b.of(a[i]) & window & ~taken_b;
    taken_b |= free & (0U - free);
    taken_a |= static_cast<std::uint32_t>(free != 0) << i;
  }
  const int common = ones(taken_a);
  if (common == 0) return 0.0;
  int out_of_order = 0;
  for (std::uint32_t x = taken_a, y = taken_b; x != 0; x &= x - 1, y &= y - 1) {
    out_of_order += a[std::countr_zero(x)] != b[std::countr_zero(y)] ? 1 : 0;
  }
  const double m = common;
  const double jaro =
      (m / static_cast<double>(a_length) + m / static_cast<double>(b_length) + (m - out_of_order / 2) / m) / 3.0;
  std::size_t prefix = 0;
  while (prefix < 4 && prefix < a_length && prefix < b_length && a[prefix] == b[prefix]) ++prefix;
  return jaro + static_cast<double>(prefix) * 0.1 * (1.0 - jaro);
}

std::uint32_t letters_of(std::string_view text) {
  std::uint32_t mask = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    mask |= 1U << (c >= 'a' && c <= 'z' ? byte - 'a' : 26U + byte % 6U);
  }
  return mask;
}

double jaro_winkler(std::string_view a, std::string_view b) {
  char x[width]{}, y[width]{};
  const std::size_t a_length = std::min(a.size(), width), b_length = std::min(b.size(), width);
  std::memcpy(x, a.data(), a_length);
  std::memcpy(y, b.data(), b_length);
  return jaro_winkler(x, a_length, y, b_length);
}

int edits(std::string_view a, std::string_view b, int limit) {
  a = a.substr(0, width);
  b = b.substr(0, width);
  const int gap = std::abs(static_cast<int>(a.size()) - static_cast<int>(b.size()));
  if (gap > limit) return limit + 1;
  while (!a.empty() && !b.empty() && a.front() == b.front()) a.remove_prefix(1), b.remove_prefix(1);
  while (!a.empty() && !b.empty() && a.back() == b.back()) a.remove_suffix(1), b.remove_suffix(1);
  if (a.empty() || b.empty()) return static_cast<int>(std::max(a.size(), b.size()));
  // A column of the table at a time, a bit for each letter of `a` (Hyyrö 2003, with swaps of neighbours).
  char text[width]{};
  std::memcpy(text, a.data(), a.size());
  const Positions in_a(text);
  const std::uint64_t last = 1ULL << (a.size() - 1);
  std::uint64_t rises = ~0ULL, falls = 0, diagonal = 0, equal_before = 0;
  int distance = static_cast<int>(a.size());
  for (const char c : b) {
    const std::uint64_t equal = in_a.of(c);
    const std::uint64_t swapped = ((~diagonal & equal) << 1U) & equal_before;
    diagonal = (((equal & rises) + rises) ^ rises) | equal | falls | swapped;
    std::uint64_t right = falls | ~(diagonal | rises), left = diagonal & rises;
    distance += (right & last) != 0 ? 1 : 0;
    distance -= (left & last) != 0 ? 1 : 0;
    right = (right << 1U) | 1U;
    left <<= 1U;
    rises = left | ~(diagonal | right);
    falls = right & diagonal;
    equal_before = equal;
  }
  return std::min(distance, limit + 1);
}

}  // namespace handoff::people

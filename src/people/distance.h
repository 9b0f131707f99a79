// Distances between short folded texts. The buffers they are called with are zero-padded to 32 bytes, which lets the
// compiler compare a letter with sixteen others at once.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace handoff::people {

// Jaro-Winkler, 0 … 1. Both texts lie in zero-padded buffers of 32 bytes; lengths are at most 32.
double jaro_winkler(const char* a, std::size_t a_length, const char* b, std::size_t b_length);
// How many bits are set; without the instruction for it, std::popcount is a call.
inline int ones(std::uint32_t bits) {
  bits -= (bits >> 1U) & 0x55555555U;
  bits = (bits & 0x33333333U) + ((bits >> 2U) & 0x33333333U);
  return static_cast<int>((((bits + (bits >> 4U)) & 0x0F0F0F0FU) * 0x01010101U) >> 24U);
}
// A bit for each letter that occurs (digits and other bytes share the rest of the bits).
std::uint32_t letters_of(std::string_view text);
// What two texts can at best reach, known from their letters alone: an upper bound of jaro_winkler() and a lower bound
// of edits(). Strangers' names are told apart here for a fraction of the cost. Buffers as above, of at least 4 bytes.
struct Reach {
  double similarity;
  int edits;
};
inline Reach reach(const char* a, std::size_t a_length, std::uint32_t a_letters, const char* b, std::size_t b_length,
                   std::uint32_t b_letters) {
  const int only_a = ones(a_letters & ~b_letters), only_b = ones(b_letters & ~a_letters);
  const int shared = std::max(0, std::min(static_cast<int>(a_length) - only_a, static_cast<int>(b_length) - only_b));
  if (shared == 0) return {0, std::max(only_a, only_b)};
  const double jaro = (shared / static_cast<double>(a_length) + shared / static_cast<double>(b_length) + 1.0) / 3.0;
  std::uint32_t x = 0, y = 0;
  std::memcpy(&x, a, 4);
  std::memcpy(&y, b, 4);
  const int prefix = x == y ? 4 : std::countr_zero(x ^ y) / 8;
  return {jaro + prefix * 0.1 * (1.0 - jaro), std::max(only_a, only_b)};
}
// For any text; the first 32 bytes count.
double jaro_winkler(std::string_view a, std::string_view b);
// Optimal string alignment (insert, delete, replace, swap of neighbours), at most 32 bytes each; answers `limit + 1`
// as soon as it is known to be more than `limit`.
int edits(std::string_view a, std::string_view b, int limit);

}  // namespace handoff::people

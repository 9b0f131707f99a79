#include "base/id.h"

#include <array>

namespace handoff {
namespace {
constexpr std::string_view alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
}

std::string sortable_text(Instant at, Random& random) {
  std::array<unsigned char, 16> bytes{};
  auto ms = static_cast<std::uint64_t>(to_ms(at));
  for (int i = 5; i >= 0; --i) {
    bytes[static_cast<std::size_t>(i)] = static_cast<unsigned char>(ms);
    ms >>= 8;
  }
  random.fill(std::span(bytes).subspan(6));
  // 128 bits in 26 characters of 5 bits; the first carries 3 bits only.
  std::string text(26, '0');
  for (int i = 0; i < 26; ++i) {
    unsigned value = 0;
    for (int bit = 0; bit < 5; ++bit) {
      const int position = i * 5 + bit - 2;
      value <<= 1;
      if (position >= 0) value |= (bytes[static_cast<std::size_t>(position / 8)] >> (7 - position % 8)) & 1U;
    }
    text[static_cast<std::size_t>(i)] = alphabet[value];
  }
  return text;
}

bool is_sortable_text(std::string_view text) {
  return text.size() == 26 && text.find_first_not_of(alphabet) == std::string_view::npos;
}

}  // namespace handoff

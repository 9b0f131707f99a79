#include "base/random.h"

#include <openssl/rand.h>

#include "base/result.h"

namespace handoff {

std::uint64_t Random::next() {
  std::uint64_t value = 0;
  fill({reinterpret_cast<unsigned char*>(&value), sizeof value});
  return value;
}

std::uint64_t Random::below(std::uint64_t bound) {
  HANDOFF_ASSERT(bound > 0);
  const std::uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
  for (;;) {
    const std::uint64_t value = next();
    if (value < limit) return value % bound;
  }
}

void SystemRandom::fill(std::span<unsigned char> bytes) {
  HANDOFF_ASSERT(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1);
}

SeededRandom::SeededRandom(std::uint64_t seed) : state_(seed) {}

void SeededRandom::fill(std::span<unsigned char> bytes) {
  const std::lock_guard lock(mutex_);
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i % 8 == 0) {  // splitmix64
      state_ += 0x9E3779B97F4A7C15ULL;
      word = state_;
      word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9ULL;
      word = (word ^ (word >> 27)) * 0x94D049BB133111EBULL;
      word ^= word >> 31;
    }
    bytes[i] = static_cast<unsigned char>(word >> (8 * (i % 8)));
  }
}

}  // namespace handoff

// Dice as an argument. Production asks the operating system, tests and simulation use a seed.
#pragma once

#include <cstdint>
#include <mutex>
#include <span>

namespace handoff {

class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<unsigned char> bytes) = 0;
  std::uint64_t next();                      // 64 random bits
  std::uint64_t below(std::uint64_t bound);  // 0 … bound-1; bound > 0
};

// Cryptographic, thread-safe.
class SystemRandom final : public Random {
 public:
  void fill(std::span<unsigned char> bytes) override;
};

// Repeatable: the same seed gives the same bytes. Thread-safe. Never for secrets.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed);
  void fill(std::span<unsigned char> bytes) override;

 private:
  std::mutex mutex_;
  std::uint64_t state_;  // guarded by mutex_
};

}  // namespace handoff

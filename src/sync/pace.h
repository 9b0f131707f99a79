// How fast a record system is asked, and how long to wait after it failed. Pure but for the dice.
#pragma once

#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "base/time.h"

namespace handoff::sync {

// A bucket of requests that fills up with time; a second's worth may be taken at once.
class Pace {
 public:
  // 0: no limit.
  void limit(int per_second) { per_second_ = per_second; }
  bool take(Instant now) {
    if (per_second_ == 0) return true;
    fill(now);
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
  }
  // When the next one may be taken.
  Instant next(Instant now) {
    if (per_second_ == 0) return now;
    fill(now);
    if (tokens_ >= 1) return now;
    return now + milliseconds{static_cast<std::int64_t>(std::ceil((1 - tokens_) * 1000 / per_second_))};
  }

 private:
  void fill(Instant now) {
    if (!filled_at_) tokens_ = per_second_;
    const double seconds_gone =
        filled_at_ && now > *filled_at_ ? static_cast<double>((now - *filled_at_).count()) / 1000.0 : 0;
    tokens_ = std::min<double>(per_second_, tokens_ + seconds_gone * per_second_);
    filled_at_ = now;
  }
  int per_second_ = 4;
  double tokens_ = 0;
  std::optional<Instant> filled_at_;
};

inline constexpr milliseconds wait_max = minutes{5};

// Anything from nothing to the doubled wait, so that many who failed together do not come back together.
inline milliseconds full_jitter(Random& random, milliseconds base, std::int64_t failures,
                                milliseconds most = wait_max) {
  milliseconds wait = base;
  for (std::int64_t i = 1; i < failures && wait < most; ++i) wait *= 2;
  return milliseconds{
      static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(std::min(wait, most).count()) + 1))};
}

}  // namespace handoff::sync

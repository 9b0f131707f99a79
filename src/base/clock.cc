#include "base/clock.h"

namespace handoff {

Instant SystemClock::now() const { return std::chrono::floor<milliseconds>(std::chrono::system_clock::now()); }

milliseconds SystemClock::monotonic() const {
  return std::chrono::floor<milliseconds>(std::chrono::steady_clock::now().time_since_epoch());
}

}  // namespace handoff

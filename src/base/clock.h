// Time as an argument. Nothing below app/ asks the machine what time it is.
#pragma once

#include <atomic>
#include <chrono>

#include "base/time.h"

namespace handoff {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() const = 0;                          // wall time, UTC
  virtual std::chrono::milliseconds monotonic() const = 0;  // never goes back; for leases and timeouts
};

class SystemClock final : public Clock {
 public:
  Instant now() const override;
  std::chrono::milliseconds monotonic() const override;
};

// Stands still until told.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Instant start) : now_(start.time_since_epoch().count()) {}
  Instant now() const override { return Instant{std::chrono::milliseconds{now_.load()}}; }
  std::chrono::milliseconds monotonic() const override { return std::chrono::milliseconds{now_.load()}; }
  void advance(std::chrono::milliseconds by) { now_ += by.count(); }
  void set(Instant at) { now_ = at.time_since_epoch().count(); }

 private:
  std::atomic<std::int64_t> now_;
};

}  // namespace handoff

// The clock of the sandbox EMR. It starts at the time of the machine and goes on with it, until it is set, moved or
// stopped.
#pragma once

#include <mutex>
#include <optional>

#include "base/clock.h"

namespace handoff::sandbox {

class KipuClock {
 public:
  explicit KipuClock(const Clock& base) : base_(base) {}  // outlives this

  Instant now() const {
    const std::lock_guard lock(mutex_);
    return now_locked();
  }
  // Time that has gone by, moves forward included; never goes back. Delays and retries are counted in it, so that
  // moving the clock makes them due and setting it back postpones none.
  std::chrono::milliseconds elapsed() const {
    const std::lock_guard lock(mutex_);
    return base_.monotonic() + moved_;
  }
  void set(Instant at) {
    const std::lock_guard lock(mutex_);
    set_locked(at);
  }
  void advance(std::chrono::milliseconds by) {
    const std::lock_guard lock(mutex_);
    set_locked(now_locked() + by);
  }
  // A stopped clock gives changes equal timestamps.
  void stop(bool stopped) {
    const std::lock_guard lock(mutex_);
    const Instant at = now_locked();
    if (stopped) {
      stopped_at_ = at;
    } else {
      stopped_at_.reset();
      offset_ = at - base_.now();
    }
  }
  bool stopped() const {
    const std::lock_guard lock(mutex_);
    return stopped_at_.has_value();
  }

 private:
  Instant now_locked() const { return stopped_at_ ? *stopped_at_ : base_.now() + offset_; }
  void set_locked(Instant at) {
    const auto by = at - now_locked();
    if (by > by.zero()) moved_ += by;
    if (stopped_at_) {
      stopped_at_ = at;
    } else {
      offset_ += by;
    }
  }

  const Clock& base_;
  mutable std::mutex mutex_;
  std::chrono::milliseconds offset_{0};  // guarded by mutex_, as all below
  std::chrono::milliseconds moved_{0};
  std::optional<Instant> stopped_at_;
};

}  // namespace handoff::sandbox

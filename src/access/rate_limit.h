// How many requests a credential may make: a bucket that fills steadily and holds a burst. In memory, per process.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/time.h"

namespace handoff::access {

class RateLimit {
 public:
  RateLimit(double per_second, double burst) : per_second_(per_second), burst_(burst) {}
  // Nothing where the request may go ahead; else how long to wait. `now` never goes back.
  std::optional<std::chrono::milliseconds> take(const std::string& credential, std::chrono::milliseconds now);

 private:
  struct Bucket {
    double tokens = 0;
    std::chrono::milliseconds filled_at{0};
  };
  const double per_second_, burst_;
  std::mutex mutex_;
  std::unordered_map<std::string, Bucket> buckets_;  // guarded by mutex_
};

}  // namespace handoff::access

#include "access/rate_limit.h"

#include <algorithm>
#include <cmath>

namespace handoff::access {

std::optional<milliseconds> RateLimit::take(const std::string& credential, milliseconds now) {
  constexpr std::size_t buckets_max = 100'000;
  const std::lock_guard lock(mutex_);
  // A full bucket is the same as none, so those of credentials that went quiet can be dropped.
  if (buckets_.size() >= buckets_max) {
    const auto full_after = milliseconds{static_cast<std::int64_t>(burst_ / per_second_ * 1000) + 1};
    std::erase_if(buckets_, [&](const auto& entry) { return now - entry.second.filled_at > full_after; });
  }
  auto [found, is_new] = buckets_.try_emplace(credential, Bucket{burst_, now});
  Bucket& bucket = found->second;
  bucket.tokens =
      std::min(burst_, bucket.tokens + per_second_ * static_cast<double>((now - bucket.filled_at).count()) / 1000.0);
  bucket.filled_at = now;
  if (bucket.tokens >= 1) {
    bucket.tokens -= 1;
    return std::nullopt;
  }
  return milliseconds{static_cast<std::int64_t>(std::ceil((1 - bucket.tokens) / per_second_ * 1000))};
}

}  // namespace handoff::access

#include "face/metrics.h"

#include <fmt/format.h>

namespace handoff::face {
namespace {
constexpr std::size_t looks_max = 100'000, callers_max = 10'000;
std::int64_t minute_of(Instant at) { return to_ms(at) / 60'000; }
}  // namespace

void Metrics::count(std::string_view operation, int status, milliseconds took) {
  const std::lock_guard lock(mutex_);
  Sum& sum = sums_[{std::string(operation), status}];
  ++sum.count;
  sum.ms += took.count();
}

std::string Metrics::text() const {
  std::string counts =
      "# HELP handoff_requests_total Requests answered, by operation and status.\n"
      "# TYPE handoff_requests_total counter\n";
  std::string times =
      "# HELP handoff_request_seconds_total Time spent on answering them.\n"
      "# TYPE handoff_request_seconds_total counter\n";
  const std::lock_guard lock(mutex_);
  for (const auto& [key, sum] : sums_) {
    const std::string labels = fmt::format("{{operation=\"{}\",status=\"{}\"}}", key.first, key.second);
    counts += fmt::format("handoff_requests_total{} {}\n", labels, sum.count);
    times += fmt::format("handoff_request_seconds_total{} {:.3f}\n", labels, static_cast<double>(sum.ms) / 1000.0);
  }
  return counts + times;
}

bool AuditedLooks::is_known(const std::string& look, Instant now) const {
  const std::lock_guard lock(mutex_);
  return minute_ == minute_of(now) && looks_.contains(look);
}

void AuditedLooks::remember(const std::string& look, Instant now) {
  const std::lock_guard lock(mutex_);
  // A full set is forgotten as a whole: the price is a row too many, never one too few.
  if (minute_ != minute_of(now) || looks_.size() >= looks_max) looks_.clear();
  minute_ = minute_of(now);
  looks_.insert(look);
}

bool RecentDeliveries::is_repeated(const std::string& delivery, milliseconds now, milliseconds within) {
  constexpr std::size_t seen_max = 50'000;
  const std::lock_guard lock(mutex_);
  if (seen_.size() >= seen_max) std::erase_if(seen_, [&](const auto& each) { return each.second + within < now; });
  // A full memory is forgotten as a whole: the price is a read too many.
  if (seen_.size() >= seen_max) seen_.clear();
  const auto [found, fresh] = seen_.try_emplace(delivery, now);
  if (fresh) return false;
  if (found->second + within >= now) return true;
  found->second = now;
  return false;
}
void RecentDeliveries::forget(const std::string& delivery) {
  const std::lock_guard lock(mutex_);
  seen_.erase(delivery);
}

std::int64_t RefusalCount::take(const std::string& key, milliseconds now) {
  constexpr milliseconds apart{1000};
  const std::lock_guard lock(mutex_);
  Count& count = counts_[key];
  ++count.count;
  if (count.told_at && *count.told_at + apart > now) return 0;
  count.told_at = now;
  return std::exchange(count.count, 0);
}

bool KnownCallers::contains(const std::string& hash) const {
  const std::lock_guard lock(mutex_);
  return hashes_.contains(hash);
}
void KnownCallers::add(const std::string& hash) {
  const std::lock_guard lock(mutex_);
  if (hashes_.size() >= callers_max) hashes_.clear();
  hashes_.insert(hash);
}
void KnownCallers::remove(const std::string& hash) {
  const std::lock_guard lock(mutex_);
  hashes_.erase(hash);
}

}  // namespace handoff::face

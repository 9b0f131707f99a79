// What the faces count and remember while they run: requests, looks at records that were audited, callers at work.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "base/time.h"

namespace handoff::face {

// Requests by operation and status. Thread-safe.
class Metrics {
 public:
  void count(std::string_view operation, int status, std::chrono::milliseconds took);
  // Prometheus text.
  std::string text() const;

 private:
  struct Sum {
    std::int64_t count = 0;
    std::int64_t ms = 0;
  };
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, int>, Sum> sums_;  // guarded by mutex_
};

// A look at a record is audited once per actor, record and minute. Thread-safe.
class AuditedLooks {
 public:
  bool is_known(const std::string& look, Instant now) const;
  void remember(const std::string& look, Instant now);

 private:
  mutable std::mutex mutex_;
  std::int64_t minute_ = 0;                // guarded by mutex_
  std::unordered_set<std::string> looks_;  // guarded by mutex_; of `minute_`
};

// Keyed hashes of credentials that were good a moment ago. Says nothing about whether they still are: it only spares
// the io thread a question to the store for callers who are at work. Thread-safe.
class KnownCallers {
 public:
  bool contains(const std::string& hash) const;
  void add(const std::string& hash);
  void remove(const std::string& hash);

 private:
  mutable std::mutex mutex_;
  std::unordered_set<std::string> hashes_;  // guarded by mutex_
};

// Deliveries of webhooks seen a moment ago, by their bytes. Thread-safe.
class RecentDeliveries {
 public:
  // Whether the same was told within this time; remembers it.
  bool is_repeated(const std::string& delivery, milliseconds now, milliseconds within);
  void forget(const std::string& delivery);

 private:
  std::mutex mutex_;
  std::map<std::string, milliseconds> seen_;  // guarded by mutex_
};

// Counts refusals and says about once a second how many there were. Thread-safe.
class RefusalCount {
 public:
  std::int64_t take(const std::string& key, milliseconds now);  // 0: not yet

 private:
  struct Count {
    std::int64_t count = 0;
    std::optional<milliseconds> told_at;
  };
  std::mutex mutex_;
  std::map<std::string, Count> counts_;  // guarded by mutex_; one for each webhook
};

}  // namespace handoff::face

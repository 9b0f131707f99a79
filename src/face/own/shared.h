// What lives as long as the face: its parts, counters, and which looks at records were audited this minute.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <unordered_set>
#include <utility>

#include "face/own/own.h"

namespace handoff::face::own {

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

struct Shared {
  OwnFaceParts parts;
  Metrics metrics;
  AuditedLooks looks;
  KnownCallers known;
  std::string documentation;  // the page at /docs
};

}  // namespace handoff::face::own

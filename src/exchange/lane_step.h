// One step of a lane, pure over its unit of work: file the answer that came, find what is next, and either say what to
// send or when to look again. The runner does the waiting.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "exchange/follow.h"
#include "exchange/store.h"
#include "exchange/transport.h"

namespace handoff::exchange {

inline constexpr std::chrono::milliseconds request_timeout{15'000};
inline constexpr std::chrono::milliseconds lane_lease{20'000};  // outlasts a request and its margin
inline constexpr std::chrono::milliseconds status_polls_for = std::chrono::hours{24 * 90};

// A request on its way.
struct Sent {
  LaneKey key;
  std::int64_t fence = 0;
  Instant leased_at{};                 // what is left of the lease counts from here
  std::optional<DeliveryId> delivery;  // nothing: a status poll between deliveries
  Attempt attempt;
  HttpRequest request;
  std::shared_ptr<const referral::Snapshot> snapshot;
  Progress poll_progress;  // of a status poll
};

// Short-lived secrets of integrations (access tokens), in memory only. Thread-safe: steps run on several writers.
class EphemeralSecrets {
 public:
  std::shared_ptr<const std::map<std::string, Secret>> find(const IntegrationId& id, std::int64_t version,
                                                            Instant now) const;
  void keep(const IntegrationId& id, std::int64_t version, std::map<std::string, Secret> secrets, Instant until);
  void forget(const IntegrationId& id);

 private:
  struct Kept {
    std::int64_t version = 0;
    std::shared_ptr<const std::map<std::string, Secret>> secrets;
    Instant until{};
  };
  mutable std::mutex mutex_;
  std::map<IntegrationId, Kept> kept_;  // guarded by mutex_
};

struct StepInput {
  LaneKey key;
  std::int64_t fence = 0;
  const Sent* sent = nullptr;  // with `reply`: the answer to file first
  const Reply* reply = nullptr;
  std::chrono::milliseconds duration{0};
  bool send_nothing = false;  // the server stops: the answer is filed, and whoever comes next goes on
};

struct StepOutput {
  std::optional<Sent> send;  // to be sent after the commit
  bool lease_lost = false;   // somebody else holds the lane: nothing was filed
  bool failed = false;       // the answer was a failure of the destination as a whole (for the circuit)
  bool succeeded = false;
};

// May run more than once with the same input: everything it leaves is in `unit` and the returned value.
StepOutput step_lane(Unit& unit, const ConnectorSource& connectors, EphemeralSecrets& ephemeral,
                     const StepInput& input);

// Sentences for problems; one place, so that they read alike.
Problem problem_of(const Verdict& verdict, const Integration& integration, const directory::Organization* organization);

}  // namespace handoff::exchange

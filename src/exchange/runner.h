// The lane runner: claims lanes that are due, sends what their next step says, files what comes back. It has no thread
// and no clock of its own: `tick(now)` does what can be done now and never waits for the network.
#pragma once

#include <atomic>
#include <map>
#include <memory>

#include "exchange/lane_step.h"

namespace handoff::exchange {

struct RunnerOptions {
  std::size_t in_flight_max = 256;
  std::size_t in_flight_per_integration_max = 16;  // a destination that hangs spends its own lanes, not the others'
  std::size_t claim_at_once_min = 8;               // an integration is left alone until it has room for so many
  std::size_t claim_at_once_max = 32;
};

class Runner {
 public:
  // Everything passed by reference outlives the runner.
  Runner(LaneStore& store, Transport& transport, const ConnectorSource& connectors, RunnerOptions options)
      : store_(store), transport_(transport), connectors_(connectors), options_(options) {}

  // From one thread at a time. True where something was done, so that another tick soon may find more.
  Result<bool> tick(Instant now);
  std::size_t in_flight() const { return in_flight_count_; }
  // No more claims; what is in flight is filed when it comes, and what would follow is left for later.
  void stop_claiming() { claiming_ = false; }

 private:
  // A destination that fails as a whole opens its circuit: its lanes are left alone for a while.
  struct Circuit {
    int failures = 0;
    Instant open_until{};
  };
  struct Work {
    StepInput input;
    std::shared_ptr<Sent> sent;
    std::shared_ptr<Reply> reply;
    std::shared_ptr<StepOutput> output;
  };
  Result<bool> file_arrived(Instant now);
  Result<bool> claim(Instant now);
  void run(std::vector<Work> work, Instant now);
  void note_outcome(const IntegrationId& integration, const StepOutput& output, Instant now);

  LaneStore& store_;
  Transport& transport_;
  const ConnectorSource& connectors_;
  const RunnerOptions options_;
  std::map<std::uint64_t, std::shared_ptr<Sent>> in_flight_;
  std::map<IntegrationId, std::size_t> in_flight_of_;
  std::map<IntegrationId, Circuit> circuits_;
  EphemeralSecrets ephemeral_;
  std::uint64_t next_ticket_ = 1;
  std::atomic<std::size_t> in_flight_count_{0};
  std::atomic<bool> claiming_{true};
};

}  // namespace handoff::exchange

// Pulls from every connection whose turn it is. It has no thread and no clock of its own: `tick(now)` does what can be
// done now and never waits for the network.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>

#include "base/random.h"
#include "referral/commands.h"
#include "sync/reader.h"
#include "sync/store.h"
#include "sync/transport.h"

namespace handoff::sync {

class PullOfOne;

struct PullerOptions {
  std::chrono::milliseconds lease{15'000};             // short: after a crash nobody pulls until it ends
  std::chrono::milliseconds manual_retry_for{10'000};  // a pull that somebody waits for gives up after so long
  std::size_t connections_max = 64;                    // pulled at once
};

class Puller {
 public:
  // `finished` is called from tick() with the run that answers each number ask() gave. Everything passed by reference
  // outlives the puller.
  using Finished = std::function<void(std::uint64_t number, const Run& run)>;
  Puller(PullStore& store, Reader& reader, Transport& transport, referral::Commands& commands, RecordFollower& follower,
         Random& random, PullerOptions options, Finished finished);
  ~Puller();

  // From one thread at a time. True where something was done, so that another tick soon may find more.
  Result<bool> tick(Instant now);
  // When a tick is worth while though nothing arrives and nobody asks. Never far in the future where a connection is
  // being pulled. Call after tick(), from its thread.
  std::optional<Instant> next_at() const;

  // "Sync now": a pull that has not asked for anything yet, or the next one, answers it. From any thread; wake the
  // thread that ticks afterwards. A connection that another process pulls is asked by a hint with why "sync" instead.
  // `reconcile`: with the comparison of the rosters that otherwise comes once a day.
  std::uint64_t ask(const EmrConnectionId& id, bool reconcile = false);
  // A hint was stored, or settings changed: the connection is looked at in the next tick. From any thread.
  void look_at(const EmrConnectionId& id);
  std::size_t in_flight() const;
  // No more claims and no more requests; what is in flight is filed when it comes. Runs go on after a restart.
  void stop();

 private:
  struct Asked {
    std::uint64_t number;
    EmrConnectionId id;
    bool reconcile = false;
  };
  struct Work;
  Result<bool> claim(Instant now);

  PullStore& store_;
  Reader& reader_;
  Transport& transport_;
  referral::Commands& commands_;
  RecordFollower& follower_;
  Random& random_;
  const PullerOptions options_;
  const Finished finished_;
  const std::unique_ptr<Work> work_;  // of the thread that ticks
  std::mutex mutex_;
  std::vector<Asked> asked_;           // guarded by mutex_
  std::set<EmrConnectionId> look_at_;  // guarded by mutex_
  std::uint64_t next_number_ = 1;      // guarded by mutex_
  bool stopped_ = false;               // guarded by mutex_
};

}  // namespace handoff::sync

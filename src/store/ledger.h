// The writing side of the store: commands queue up, a writer takes what has queued and commits once. A batch loads all
// its sets in one sorted, locked round trip, runs each command pure over what was loaded, and writes in one go;
// refusals happen before any write. A constraint error or deadlock re-runs the batch's commands singly.
#pragma once

#include <functional>
#include <memory>

#include "base/clock.h"
#include "base/crypto.h"
#include "exchange/ledger.h"
#include "store/sql.h"

namespace handoff::store {

struct LedgerOptions {
  std::size_t writers = 1;  // 1 for SQLite; PostgreSQL gains with 2
  std::size_t batch_max = 64;
};

class WritingLedger : public exchange::Ledger, public exchange::LaneStore {
 public:
  // Everything passed by reference outlives the ledger.
  static Result<std::unique_ptr<WritingLedger>> start(Database& database, const ServerKey& key, const Clock& clock,
                                                      Random& random, LedgerOptions options);
  // Called after a commit that made a lane due now; on a writer's thread, must be quick.
  virtual void on_due(std::function<void()> wake) = 0;
  // Runs what is queued, then answers every later command with "store.stopped". May be called twice.
  virtual void stop() = 0;
};

}  // namespace handoff::store

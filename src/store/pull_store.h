// What the puller wants of the store beside the reader: whose turn it is, and commits.
#pragma once

#include <memory>

#include "exchange/ledger.h"
#include "store/sql.h"
#include "sync/store.h"

namespace handoff::store {

// `ledger` and `random` outlive it. From one thread at a time, but for run().
Result<std::unique_ptr<sync::PullStore>> open_pull_store(Database& database, exchange::Ledger& ledger, Random& random);

}  // namespace handoff::store

// What one room adds to a batch of commands: the records it loads, what each command changes of them, and the rows to
// write. One object lives as long as one batch. Internal to the ledger.
#pragma once

#include <memory>
#include <typeindex>
#include <vector>

#include "access/actor.h"
#include "base/part.h"
#include "store/sql.h"

namespace handoff::store {

class CommandUnit;
struct BatchState;

class RoomBatch {
 public:
  virtual ~RoomBatch() = default;
  // Of the interface that part() answers with: typeid(record::Unit).
  virtual std::type_index kind() const = 0;

  // Called for every command and each of its needs, before anything is loaded; those of other rooms are passed over.
  virtual void need(const access::Actor& actor, const RoomNeeds& needs) = 0;
  // Loads (and locks, in sorted order) what was needed, once per batch, after the core's records. The connection is in
  // the batch's transaction and stays until the batch ends, so that a command may also read lazily through it. Such a
  // read sees nothing of what earlier commands of the batch changed: this object must remember that itself.
  virtual Result<void> load(Connection& connection, const BatchState& core) = 0;

  // A command begins: whatever an earlier one left unmerged is forgotten. What fails in the store under the command is
  // told to `unit.fail`, and the batch is given up.
  virtual void begin(CommandUnit& unit) = 0;
  // The interface as void*, for the command that has begun.
  virtual void* part() = 0;
  // The command succeeded: what it changed belongs to the batch now.
  virtual void merge() = 0;

  // The rows of all merged commands, in an order every batch keeps.
  virtual void write(std::vector<Connection::Call>& calls) = 0;
};

std::unique_ptr<RoomBatch> make_people_batch();
std::unique_ptr<RoomBatch> make_opportunity_batch();
std::unique_ptr<RoomBatch> make_sync_batch();

// One of each room, for one batch.
std::vector<std::unique_ptr<RoomBatch>> room_batches();

}  // namespace handoff::store

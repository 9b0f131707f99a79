#include "store/room_batch.h"

namespace handoff::store {

std::vector<std::unique_ptr<RoomBatch>> room_batches() {
  std::vector<std::unique_ptr<RoomBatch>> rooms;
  return rooms;
}

}  // namespace handoff::store

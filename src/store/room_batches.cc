#include "store/batch_record.h"
#include "store/room_batch.h"

namespace handoff::store {

std::vector<std::unique_ptr<RoomBatch>> room_batches() {
  std::vector<std::unique_ptr<RoomBatch>> rooms;
  rooms.push_back(make_people_batch());
  rooms.push_back(make_sync_batch());
  rooms.push_back(make_opportunity_batch());
  rooms.push_back(make_record_batch());
  return rooms;
}

}  // namespace handoff::store

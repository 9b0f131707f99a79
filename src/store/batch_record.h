// The part of a batch that keeps records of the CRM data model.
#pragma once

#include "record/reader.h"
#include "store/room_batch.h"

namespace handoff::store {

std::unique_ptr<RoomBatch> make_record_batch();

// organization_id, id, object, referral_id, fields, version, created_at, updated_at, created_by
record::Record record_of(const Row& row, std::size_t from);

}  // namespace handoff::store

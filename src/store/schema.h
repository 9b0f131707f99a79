// The tables, as numbered migrations. Keys carry the owning organization first (design, section 4).
#pragma once

#include <span>

#include "store/sql.h"

namespace handoff::store {

std::span<const Migration> migrations();

// The tables of the rooms that came later, a file each.
extern const char* const people_schema;  // persons, links, candidates, reviews
extern const char* const record_schema;  // records of the CRM data model
extern const char* const emr_schema;     // record systems and intake opportunities

}  // namespace handoff::store

// The tables, as numbered migrations. Keys carry the owning organization first (design, section 4).
#pragma once

#include <span>

#include "store/sql.h"

namespace handoff::store {

std::span<const Migration> migrations();

}  // namespace handoff::store

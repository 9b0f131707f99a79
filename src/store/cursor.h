// Where a page of a list ended: the sort key and the id of its last row, so that the next page starts behind it
// whatever has changed in between. Opaque to whoever carries it, and checked when it comes back.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace handoff::store {

struct Position {
  std::int64_t key = 0;  // the sort key, where it is not the id
  std::string id;
  friend bool operator==(const Position&, const Position&) = default;
};

// `list` names the list and its order: a cursor of another one is refused.
std::string write_cursor(std::string_view list, const Position& position);
// Error "cursor.invalid".
Result<Position> read_cursor(std::string_view list, std::string_view cursor);
Error invalid_cursor();

}  // namespace handoff::store

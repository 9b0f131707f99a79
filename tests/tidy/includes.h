// The include table of docs/rooms.md and what it says about a tree.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/tidy/tree.h"

namespace handoff::tidy {

struct IncludeTable {
  // By room: the words of the last column. "everything" stands for itself.
  std::map<std::string, std::set<std::string>, std::less<>> rows;

  static IncludeTable parse(const File& document);
};

// The row that a path under src/ belongs to: "connector/rest/auth.cc" -> "connector/*", "base/json.cc" -> "base".
std::string row_of(std::string_view path_in_src);

// A line for each include that the table does not allow: "src/a/b.cc:3: …".
std::vector<std::string> include_faults(const Tree& tree, const IncludeTable& table);

}  // namespace handoff::tidy

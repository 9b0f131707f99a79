// The stable codes of errors: those the source can answer with, and those docs/reference/errors.md explains.
#pragma once

#include <map>
#include <set>
#include <string>

#include "tests/tidy/tree.h"

namespace handoff::tidy {

// Code -> the first place in the source that makes it: `Error{Kind::…, "code"`, `Fault{…, "code"`,
// `faults.push_back({…, "code"` and `faults.emplace_back(…, "code"`.
std::map<std::string, std::string> codes_in_source(const Tree& tree);

// The codes that have a heading of their own: "### `code`".
std::set<std::string> codes_explained(const File& document);

}  // namespace handoff::tidy

// The stable codes of errors: those the source can answer with, and those docs/reference/errors.md explains.
#pragma once

#include <map>
#include <set>
#include <string>

#include "tests/tidy/tree.h"

namespace handoff::tidy {

// Code -> the first place in the source that makes it: the second of what stands in `Error{Kind::…, "code"`,
// `Fault{…, "code"`, `Refusal{…, "code"` and additions to `faults`, and any code that a sentence follows, as in
// `fault("key", "code", "A sentence.")` or `Problem{"code", "A sentence."`.
std::map<std::string, std::string> codes_in_source(const Tree& tree);

// Every text of the source that has the shape of a code. What is explained must be among them.
std::set<std::string> code_like_texts(const Tree& tree);

// The codes that have a heading of their own: "### `code`".
std::set<std::string> codes_explained(const File& document);

}  // namespace handoff::tidy

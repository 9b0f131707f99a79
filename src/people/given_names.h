// Given names that are known to be names in their own right: what lies between two of them is another name, not a slip
// of the pen.
#pragma once

#include <string_view>

namespace handoff::people {

bool is_given_name(std::string_view folded_name);

}  // namespace handoff::people

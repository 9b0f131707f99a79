// The sandbox CMS as its staff see it: plain HTML, everything escaped.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sandbox/cms_memory.h"

namespace handoff::sandbox {

// At most the newest `shown_max`, newest first; the page says how many there are.
std::string inbox_page(std::string_view product_name, const std::vector<Received>& received, std::size_t shown_max);

}  // namespace handoff::sandbox

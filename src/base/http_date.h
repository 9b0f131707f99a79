// The date of HTTP headers, "Sun, 01 Mar 2026 15:04:05 GMT": always in GMT, always in whole seconds.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace handoff {

std::string format_http_date(Instant at);
// Nothing for another form, a day that does not exist, or a weekday that is not that day's.
std::optional<Instant> parse_http_date(std::string_view text);

}  // namespace handoff

// Queries, paths, media types: small parsers of what HTTP carries.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace handoff::net {

// Decoded name/value pairs in order; error "request.bad_query" where an escape is broken or not UTF-8.
Result<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view query);
// application/x-www-form-urlencoded, the same rules.
Result<std::vector<std::pair<std::string, std::string>>> parse_form(std::string_view body);
// Decoded path segments; empty ones are dropped, so doubled slashes do not matter. Refuses "..", NUL, broken escapes.
Result<std::vector<std::string>> path_segments(std::string_view path);
// "application/json; charset=utf-8" -> "application/json", lower case.
std::string media_type(std::string_view content_type);
// A parameter of a header value such as boundary=, charset=; quoted strings are unquoted.
std::optional<std::string> header_parameter(std::string_view value, std::string_view name);

}  // namespace handoff::net

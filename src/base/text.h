// Small text helpers. Everything is UTF-8.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace handoff {

bool is_utf8(std::string_view text);
std::size_t utf8_length(std::string_view text);  // code points; text must be UTF-8
std::string utf8_prefix(std::string_view text, std::size_t code_points);
std::string_view trim(std::string_view text);  // spaces, tabs, line ends
std::string ascii_lower(std::string_view text);
bool ascii_equal_fold(std::string_view a, std::string_view b);
std::vector<std::string> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& parts, std::string_view between);
std::optional<std::int64_t> parse_int(std::string_view text);  // the whole text, decimal
std::string percent_encode(std::string_view text);             // everything but unreserved
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space);
std::string html_escape(std::string_view text);
// The nearest of `known` by edit distance, where near enough to be a slip of the finger.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& known);

}  // namespace handoff

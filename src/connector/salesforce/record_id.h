// Record ids of an org: 15 characters that tell upper from lower case, or 18 where three say which is which.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace handoff::connector::salesforce {

inline constexpr std::size_t short_id = 15, long_id = 18;
// The published sample of an answer has ids of 19 characters; what an org gives is taken as it is.
inline constexpr std::size_t given_id_max = 19;

inline bool is_alphanumeric(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); });
}
// As a person writes one into the settings.
inline bool is_record_id(std::string_view text) {
  return (text.size() == short_id || text.size() == long_id) && is_alphanumeric(text);
}
// As an org answers one.
inline bool is_given_id(std::string_view text) {
  return text.size() >= short_id && text.size() <= given_id_max && is_alphanumeric(text);
}
// Two of full length are one record where all of it agrees; a short one is known by its 15 characters.
inline bool same_record(std::string_view a, std::string_view b) {
  if (a.size() >= long_id && b.size() >= long_id) return a == b;
  return a.substr(0, short_id) == b.substr(0, short_id);
}

}  // namespace handoff::connector::salesforce

// Enums and their words, both ways, and small readers of bodies. Internal to sync.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/text.h"
#include "base/time.h"

namespace handoff::sync {

template <class Enum, std::size_t N>
std::optional<Enum> value_of(const std::array<const char*, N>& words, std::string_view word) {
  for (std::size_t i = 0; i < N; ++i) {
    if (word == words[i]) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

inline Json instant_json(const std::optional<Instant>& at) { return at ? Json(format_instant(*at)) : Json(); }
inline Json ms_json(const std::optional<Instant>& at) { return at ? Json(to_ms(*at)) : Json(); }
inline std::optional<Instant> ms_of(const Json& value) {
  const auto ms = value.integer();
  return ms ? std::optional(from_ms(*ms)) : std::nullopt;
}
inline Json day_json(const std::optional<Date>& day) { return day ? Json(day->text()) : Json(); }
inline std::optional<Date> day_of(const Json& value) {
  if (!value.is_string()) return std::nullopt;
  const auto day = Date::parse(value.string());
  return day ? std::optional(*day) : std::nullopt;
}
inline Json texts_json(const std::vector<std::string>& list) {
  Json out = Json::array();
  for (const auto& item : list) out.push_back(item);
  return out;
}
inline std::vector<std::string> texts_of(const Json& value) {
  std::vector<std::string> out;
  if (!value.is_array()) return out;
  for (const Json& item : value.items()) out.push_back(item.text_or());
  return out;
}
inline Json text_or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

}  // namespace handoff::sync

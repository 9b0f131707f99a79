// A JSON tree. Parsing caps the depth before a tree is built, refuses duplicate keys, invalid UTF-8 and NUL, and keeps
// the text of numbers. Objects keep their order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace handoff {

class Json {
 public:
  using Array = std::vector<Json>;
  using Member = std::pair<std::string, Json>;
  using Object = std::vector<Member>;

  Json() = default;
  Json(std::nullptr_t) {}                                              // NOLINT
  Json(bool value) : state_(value) {}                                  // NOLINT
  Json(int value) : state_(Number{std::to_string(value)}) {}           // NOLINT
  Json(std::int64_t value) : state_(Number{std::to_string(value)}) {}  // NOLINT
  Json(std::size_t value) : state_(Number{std::to_string(value)}) {}   // NOLINT
  Json(double value);                                                  // NOLINT: shortest text that reads back
  Json(const char* value) : state_(std::string(value)) {}              // NOLINT
  Json(std::string_view value) : state_(std::string(value)) {}         // NOLINT
  Json(std::string value) : state_(std::move(value)) {}                // NOLINT
  Json(Array value) : state_(std::move(value)) {}                      // NOLINT
  Json(Object value) : state_(std::move(value)) {}                     // NOLINT
  template <class T>
  Json(const std::optional<T>& value) {  // NOLINT: absent is null
    if (value) *this = Json(*value);
  }
  static Json array(std::initializer_list<Json> items = {}) { return Json(Array(items)); }
  static Json object(std::initializer_list<Member> members = {}) { return Json(Object(members)); }
  static Json number(std::string text) {
    Json j;
    j.state_ = Number{std::move(text)};
    return j;
  }

  struct Limits {
    std::size_t depth_max = 64;
  };
  static Result<Json> parse(std::string_view text, Limits limits);
  static Result<Json> parse(std::string_view text) { return parse(text, Limits{}); }
  std::string dump() const;         // compact
  std::string dump_pretty() const;  // two spaces

  bool is_null() const { return state_.index() == 0; }
  bool is_bool() const { return state_.index() == 1; }
  bool is_number() const { return state_.index() == 2; }
  bool is_string() const { return state_.index() == 3; }
  bool is_array() const { return state_.index() == 4; }
  bool is_object() const { return state_.index() == 5; }
  bool is_integer() const { return integer().has_value(); }

  // Each asserts the type, so ask first where the value came from outside.
  bool boolean() const { return get<bool>(); }
  const std::string& string() const { return get<std::string>(); }
  const std::string& number_text() const { return get<Number>().text; }
  std::optional<std::int64_t> integer() const;  // nothing when not a whole number of 64 bits
  std::optional<double> real() const;
  const Array& items() const { return get<Array>(); }
  Array& items() { return std::get<Array>(state_); }
  const Object& members() const { return get<Object>(); }
  Object& members() { return std::get<Object>(state_); }

  // Lenient readers: the value, or the fallback where it is absent or of another type.
  std::string text_or(std::string_view fallback = {}) const { return is_string() ? string() : std::string(fallback); }
  bool bool_or(bool fallback) const { return is_bool() ? boolean() : fallback; }
  std::int64_t int_or(std::int64_t fallback) const { return integer().value_or(fallback); }

  const Json* find(std::string_view key) const;        // nullptr when absent or not an object
  const Json& operator[](std::string_view key) const;  // null when absent
  bool contains(std::string_view key) const { return find(key) != nullptr; }
  Json& set(std::string_view key, Json value);  // replaces or appends; null becomes an object first
  bool erase(std::string_view key);
  void push_back(Json value);  // null becomes an array first
  std::size_t size() const;    // items, members; 0 otherwise

  friend bool operator==(const Json& a, const Json& b);

 private:
  struct Number {
    std::string text;
  };
  template <class T>
  const T& get() const {
    const T* value = std::get_if<T>(&state_);
    HANDOFF_ASSERT(value != nullptr);
    return *value;
  }
  void write(std::string& out, int indent, int level) const;
  std::variant<std::monostate, bool, Number, std::string, Array, Object> state_;
  friend struct JsonBuilder;
};

// RFC 7396.
Json merge_patch(Json target, const Json& patch);
// A member name escaped for a JSON pointer: "a/b" becomes "a~1b".
std::string pointer_escape(std::string_view name);
// The text as a JSON string, with quotes.
std::string json_quote(std::string_view text);

}  // namespace handoff

#include "base/json.h"

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "base/text.h"

namespace handoff {
namespace {

Error malformed(std::string code, std::string text) {
  return Error{Kind::malformed, std::move(code), std::move(text), {}, {}};
}

std::string shortest(double value) {
  HANDOFF_ASSERT(std::isfinite(value));
  char buffer[40];
  const auto done = std::to_chars(buffer, buffer + sizeof buffer, value);
  return std::string(buffer, done.ptr);
}

}  // namespace

// The SAX consumer that builds a tree within the limits. nlohmann's reader is iterative, so depth is ours to cap.
struct JsonBuilder {
  using number_integer_t = nlohmann::json::number_integer_t;
  using number_unsigned_t = nlohmann::json::number_unsigned_t;
  using number_float_t = nlohmann::json::number_float_t;
  using string_t = nlohmann::json::string_t;
  using binary_t = nlohmann::json::binary_t;

  explicit JsonBuilder(Json::Limits allowed) : limits(allowed) {}
  Json::Limits limits;
  Json root;
  std::vector<Json*> open;
  std::vector<std::unordered_set<std::string>> large_keys;  // only where an object grew beyond a linear search
  std::string key;
  std::optional<Error> fault;

  bool refuse(Error error) {
    fault = std::move(error);
    return false;
  }
  Json* place(Json value) {
    if (open.empty()) {
      root = std::move(value);
      return &root;
    }
    Json& parent = *open.back();
    if (parent.is_array()) {
      auto& items = std::get<Json::Array>(parent.state_);
      items.push_back(std::move(value));
      return &items.back();
    }
    auto& members = std::get<Json::Object>(parent.state_);
    members.back().second = std::move(value);
    return &members.back().second;
  }
  bool null() { return place(Json()), true; }
  bool boolean(bool value) { return place(Json(value)), true; }
  bool number_integer(number_integer_t value) { return place(Json(static_cast<std::int64_t>(value))), true; }
  bool number_unsigned(number_unsigned_t value) { return place(Json::number(std::to_string(value))), true; }
  bool number_float(number_float_t, const string_t& text) { return place(Json::number(text)), true; }
  bool string(string_t& value) {
    if (value.find('\0') != std::string::npos) return refuse(nul());
    return place(Json(std::move(value))), true;
  }
  bool binary(binary_t&) { return false; }
  static Error nul() {
    return malformed("json.nul", "The JSON contains a NUL character (\\u0000), which cannot be stored; remove it.");
  }
  bool start(Json empty) {
    if (open.size() >= limits.depth_max) {
      return refuse(malformed("json.too_deep",
                              "The JSON is nested deeper than " + std::to_string(limits.depth_max) + " levels."));
    }
    open.push_back(place(std::move(empty)));
    large_keys.emplace_back();
    return true;
  }
  bool end() {
    open.pop_back();
    large_keys.pop_back();
    return true;
  }
  bool start_object(std::size_t) { return start(Json::object()); }
  bool end_object() { return end(); }
  bool start_array(std::size_t) { return start(Json::array()); }
  bool end_array() { return end(); }
  bool key_is_new(const Json::Object& members, const std::string& name) {
    constexpr std::size_t linear_max = 24;
    auto& seen = large_keys.back();
    if (members.size() < linear_max) {
      for (const auto& member : members) {
        if (member.first == name) return false;
      }
      return true;
    }
    if (seen.empty()) {
      for (const auto& member : members) seen.insert(member.first);
    }
    return seen.insert(name).second;
  }
  bool key_impl(string_t& name) {
    if (name.find('\0') != std::string::npos) return refuse(nul());
    auto& members = std::get<Json::Object>(open.back()->state_);
    if (!key_is_new(members, name)) {
      return refuse(
          malformed("json.duplicate_key", "The JSON names the same member twice in one object; send it once."));
    }
    members.emplace_back(std::move(name), Json());
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) {
    return refuse(malformed("json.malformed", "The body is not valid JSON: it breaks off or goes wrong at byte " +
                                                  std::to_string(position) + "."));
  }
};

namespace {
// nlohmann asks for a member function called key().
struct Sax : JsonBuilder {
  using JsonBuilder::JsonBuilder;
  bool key(string_t& name) { return key_impl(name); }
};
}  // namespace

Json::Json(double value) : state_(Number{shortest(value)}) {}

Result<Json> Json::parse(std::string_view text, Limits limits) {
  if (!is_utf8(text)) return malformed("json.invalid_utf8", "The body is not valid UTF-8.");
  Sax sax(limits);
  bool ok = false;
  try {
    ok = nlohmann::json::sax_parse(text.begin(), text.end(), &sax);
  } catch (const std::exception&) {
    return malformed("json.malformed", "The body is not valid JSON.");
  }
  if (sax.fault) return *std::move(sax.fault);
  if (!ok) return malformed("json.malformed", "The body is not valid JSON.");
  return std::move(sax.root);
}

std::optional<std::int64_t> Json::integer() const {
  const auto* number = std::get_if<Number>(&state_);
  if (!number) return std::nullopt;
  std::int64_t value = 0;
  const auto* end = number->text.data() + number->text.size();
  const auto done = std::from_chars(number->text.data(), end, value);
  if (done.ec != std::errc{} || done.ptr != end) return std::nullopt;
  return value;
}

std::optional<double> Json::real() const {
  const auto* number = std::get_if<Number>(&state_);
  if (!number) return std::nullopt;
  double value = 0;
  const auto* end = number->text.data() + number->text.size();
  const auto done = std::from_chars(number->text.data(), end, value);
  if (done.ec != std::errc{} || done.ptr != end) return std::nullopt;
  return value;
}

const Json* Json::find(std::string_view key) const {
  const auto* object = std::get_if<Object>(&state_);
  if (!object) return nullptr;
  for (const auto& member : *object) {
    if (member.first == key) return &member.second;
  }
  return nullptr;
}

const Json& Json::operator[](std::string_view key) const {
  static const Json null;
  const Json* found = find(key);
  return found ? *found : null;
}

Json& Json::set(std::string_view key, Json value) {
  if (is_null()) state_ = Object{};
  auto* object = std::get_if<Object>(&state_);
  HANDOFF_ASSERT(object != nullptr);
  for (auto& member : *object) {
    if (member.first == key) return member.second = std::move(value);
  }
  return object->emplace_back(std::string(key), std::move(value)).second;
}

bool Json::erase(std::string_view key) {
  auto* object = std::get_if<Object>(&state_);
  return object && std::erase_if(*object, [&](const Member& m) { return m.first == key; }) > 0;
}

void Json::push_back(Json value) {
  if (is_null()) state_ = Array{};
  auto* array = std::get_if<Array>(&state_);
  HANDOFF_ASSERT(array != nullptr);
  array->push_back(std::move(value));
}

std::size_t Json::size() const {
  if (is_array()) return items().size();
  if (is_object()) return members().size();
  return 0;
}

bool operator==(const Json& a, const Json& b) {
  if (a.state_.index() != b.state_.index()) return false;
  if (a.is_object()) {  // order of members carries no meaning
    if (a.size() != b.size()) return false;
    for (const auto& [key, value] : a.members()) {
      const Json* other = b.find(key);
      if (!other || !(value == *other)) return false;
    }
    return true;
  }
  if (a.is_number()) return a.number_text() == b.number_text();
  if (a.is_array()) return a.items() == b.items();
  if (a.is_string()) return a.string() == b.string();
  return !a.is_bool() || a.boolean() == b.boolean();
}

namespace {

// Whatever needs no escape is taken over in whole runs: most texts are one.
void append_quoted(std::string& out, std::string_view text) {
  const auto plain = [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\'; };
  out.push_back('"');
  std::size_t from = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (plain(text[at])) continue;
    out.append(text, from, at - from);
    from = at + 1;
    switch (const char c = text[at]) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      case '\b': out += "\\b"; break;
      case '\f': out += "\\f"; break;
      default: {
        constexpr char digits[] = "0123456789abcdef";
        out += "\\u00";
        out.push_back(digits[(c >> 4) & 15]);
        out.push_back(digits[c & 15]);
      }
    }
  }
  out.append(text, from, text.size() - from);
  out.push_back('"');
}

}  // namespace

std::string json_quote(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 2);
  append_quoted(out, text);
  return out;
}

void Json::write(std::string& out, int indent, int level) const {
  const auto line = [&](int at) {
    if (indent > 0) {
      out.push_back('\n');
      out.append(static_cast<std::size_t>(indent * at), ' ');
    }
  };
  switch (state_.index()) {
    case 0: out += "null"; break;
    case 1: out += boolean() ? "true" : "false"; break;
    case 2: out += number_text(); break;
    case 3: append_quoted(out, string()); break;
    case 4: {
      out.push_back('[');
      bool first = true;
      for (const auto& item : items()) {
        if (!std::exchange(first, false)) out.push_back(',');
        line(level + 1);
        item.write(out, indent, level + 1);
      }
      if (!first) line(level);
      out.push_back(']');
      break;
    }
    default: {
      out.push_back('{');
      bool first = true;
      for (const auto& [key, value] : members()) {
        if (!std::exchange(first, false)) out.push_back(',');
        line(level + 1);
        append_quoted(out, key);
        out += indent > 0 ? ": " : ":";
        value.write(out, indent, level + 1);
      }
      if (!first) line(level);
      out.push_back('}');
    }
  }
}

std::string Json::dump() const {
  std::string out;
  write(out, 0, 0);
  return out;
}

std::string Json::dump_pretty() const {
  std::string out;
  write(out, 2, 0);
  return out;
}

Json merge_patch(Json target, const Json& patch) {
  if (!patch.is_object()) return patch;
  if (!target.is_object()) target = Json::object();
  for (const auto& [key, value] : patch.members()) {
    if (value.is_null()) {
      target.erase(key);
    } else {
      target.set(key, merge_patch(target[key], value));
    }
  }
  return target;
}

std::string pointer_escape(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out.push_back(c);
    }
  }
  return out;
}

}  // namespace handoff

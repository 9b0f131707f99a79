#include "net/uri.h"

#include <algorithm>

#include "base/text.h"

namespace handoff::net {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

// One spelling for the query and for a form body; a NUL would end a text early in C libraries further in.
std::optional<std::string> decode(std::string_view text) {
  auto decoded = percent_decode(text, true);
  if (!decoded || !is_utf8(*decoded) || decoded->find('\0') != std::string::npos) return std::nullopt;
  return decoded;
}

Result<Pairs> parse_pairs(std::string_view text, std::string_view what) {
  Pairs pairs;
  while (!text.empty()) {
    const auto end = text.find('&');
    const std::string_view piece = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (piece.empty()) continue;
    const auto equals = piece.find('=');
    auto name = decode(piece.substr(0, equals));
    auto value = equals == std::string_view::npos ? std::string{} : decode(piece.substr(equals + 1));
    if (!name || !value) {
      return Error{Kind::malformed,
                   "request.bad_query",
                   "The " + std::string(what) + " cannot be read: an escape is broken or is not UTF-8 text.",
                   {}};
    }
    pairs.emplace_back(std::move(*name), std::move(*value));
  }
  return pairs;
}

}  // namespace

Result<Pairs> parse_query(std::string_view query) { return parse_pairs(query, "query"); }
Result<Pairs> parse_form(std::string_view body) { return parse_pairs(body, "form"); }

Result<std::vector<std::string>> path_segments(std::string_view path) {
  std::vector<std::string> segments;
  while (!path.empty()) {
    const auto end = path.find('/');
    const std::string_view raw = path.substr(0, end);
    path.remove_prefix(end == std::string_view::npos ? path.size() : end + 1);
    if (raw.empty()) continue;
    auto segment = percent_decode(raw, false);
    // Dot segments are the client's to resolve (RFC 3986, 5.2.4); one that arrives is a slip or an attempt to climb.
    if (!segment || !is_utf8(*segment) || segment->find('\0') != std::string::npos || *segment == ".." ||
        *segment == ".") {
      return Error{Kind::malformed,
                   "request.bad_path",
                   "The path cannot be read: an escape is broken, is not UTF-8 text or climbs with dots.",
                   {}};
    }
    segments.push_back(std::move(*segment));
  }
  return segments;
}

std::string media_type(std::string_view content_type) {
  return ascii_lower(trim(content_type.substr(0, content_type.find(';'))));
}

std::optional<std::string> header_parameter(std::string_view value, std::string_view name) {
  // The first parameter starts after the first semicolon outside of quotes.
  std::size_t at = value.find(';');
  while (at < value.size()) {
    ++at;
    const std::size_t start = at;
    while (at < value.size() && value[at] != '=' && value[at] != ';') ++at;
    const std::string_view key = trim(value.substr(start, at - start));
    if (at == value.size() || value[at] == ';') continue;
    ++at;
    while (at < value.size() && (value[at] == ' ' || value[at] == '\t')) ++at;
    std::string text;
    if (at < value.size() && value[at] == '"') {
      ++at;
      bool closed = false;
      for (; at < value.size(); ++at) {
        const char c = value[at];
        if (c == '"') {
          closed = true;
          break;
        }
        // Only \" and \\ are escapes: some clients send whole Windows paths as file names.
        if (c == '\\' && at + 1 < value.size() && (value[at + 1] == '"' || value[at + 1] == '\\')) ++at;
        text.push_back(value[at]);
      }
      if (!closed) return std::nullopt;
      at = value.find(';', at);
    } else {
      const std::size_t end = std::min(value.find(';', at), value.size());
      text = std::string(trim(value.substr(at, end - at)));
      at = end;
    }
    if (ascii_equal_fold(key, name)) return text;
  }
  return std::nullopt;
}

}  // namespace handoff::net

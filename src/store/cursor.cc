#include "store/cursor.h"

#include <algorithm>

#include "base/crypto.h"
#include "base/text.h"

namespace handoff::store {
namespace {

constexpr std::size_t cursor_size_max = 600;
constexpr std::size_t id_size_max = 300;

// base64_decode() takes the other alphabet, padded.
Result<std::string> unpack(std::string_view text) {
  std::string padded(text);
  for (char& c : padded) {
    if (c == '+' || c == '/' || c == '=') return invalid_cursor();
    if (c == '-') c = '+';
    if (c == '_') c = '/';
  }
  while (padded.size() % 4 != 0) padded += '=';
  return base64_decode(padded);
}

}  // namespace

Error invalid_cursor() {
  return Error{Kind::invalid_input,
               "cursor.invalid",
               "This cursor was not given by this list in this order; start again without one.",
               {},
               {}};
}

std::string write_cursor(std::string_view list, const Position& position) {
  return base64url(std::string(list) + ":" + std::to_string(position.key) + ":" + position.id);
}

Result<Position> read_cursor(std::string_view list, std::string_view cursor) {
  if (cursor.empty() || cursor.size() > cursor_size_max) return invalid_cursor();
  const auto plain = unpack(cursor);
  if (!plain) return invalid_cursor();
  const auto parts = split(*plain, ':');
  if (parts.size() != 3 || parts[0] != list) return invalid_cursor();
  const auto key = parse_int(parts[1]);
  const bool id_fits = parts[2].size() <= id_size_max && std::all_of(parts[2].begin(), parts[2].end(), [](char c) {
                         return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
                       });
  if (!key || !id_fits) return invalid_cursor();
  return Position{*key, parts[2]};
}

}  // namespace handoff::store

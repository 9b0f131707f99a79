#include "record/record_id.h"

#include <algorithm>

#include "base/crypto.h"

namespace handoff::record {
namespace {

constexpr std::string_view suffix_letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
constexpr std::string_view id_letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::size_t plain_size = 15, full_size = 18, group_size = 5, prefix_size = 3;
constexpr std::size_t time_size = 7, chance_size = 5;

bool is_capital(char c) { return c >= 'A' && c <= 'Z'; }
bool is_small(char c) { return c >= 'a' && c <= 'z'; }
bool is_id_letter(char c) { return is_capital(c) || is_small(c) || (c >= '0' && c <= '9'); }
char small(char c) { return is_capital(c) ? static_cast<char>(c - 'A' + 'a') : c; }
char capital(char c) { return is_small(c) ? static_cast<char>(c - 'a' + 'A') : c; }

void append_number(std::string& out, std::uint64_t number, std::size_t size) {
  std::string digits(size, '0');
  for (std::size_t i = size; i > 0; --i) {
    digits[i - 1] = id_letters[number % id_letters.size()];
    number /= id_letters.size();
  }
  out += digits;
}

}  // namespace

std::string suffix_of(std::string_view fifteen) {
  std::string out;
  for (std::size_t group = 0; group + group_size <= fifteen.size(); group += group_size) {
    std::size_t capitals = 0;
    for (std::size_t i = 0; i < group_size; ++i) {
      if (is_capital(fifteen[group + i])) capitals |= std::size_t{1} << i;
    }
    out.push_back(suffix_letters[capitals]);
  }
  return out;
}

bool has_id_form(std::string_view text) {
  return (text.size() == plain_size || text.size() == full_size) && std::all_of(text.begin(), text.end(), is_id_letter);
}

std::optional<std::string> plain_id(std::string_view text) {
  if (!has_id_form(text)) return std::nullopt;
  std::string plain(text.substr(0, plain_size));
  if (text.size() == plain_size) return plain;
  for (std::size_t group = 0; group < full_size - plain_size; ++group) {
    const auto capitals = suffix_letters.find(capital(text[plain_size + group]));
    if (capitals == std::string_view::npos) return std::nullopt;
    for (std::size_t i = 0; i < group_size; ++i) {
      char& letter = plain[group * group_size + i];
      const bool wanted = (capitals >> i & 1) != 0;
      letter = wanted ? capital(letter) : small(letter);
      if (wanted && !is_capital(letter)) return std::nullopt;  // a digit has no capital form
    }
  }
  return plain;
}

std::string registered_id(std::string_view text) {
  if (text.size() == plain_size) return std::string(text);
  const std::string plain(text.substr(0, plain_size));
  return suffix_of(plain) == text.substr(plain_size) ? plain : std::string(text);
}

std::vector<std::string> stored_ids(std::string_view text) {
  if (!has_id_form(text)) return {};
  std::vector<std::string> out{registered_id(text)};
  if (const auto plain = plain_id(text); plain && *plain != out.front()) out.push_back(*plain);
  return out;
}

std::string shown_id(std::string_view stored) {
  return stored.size() == plain_size ? std::string(stored) + suffix_of(stored) : std::string(stored);
}

std::string make_id(std::string_view prefix, Instant now, Random& random) {
  std::string out(prefix.substr(0, prefix_size));
  append_number(out, static_cast<std::uint64_t>(to_ms(now)), time_size);
  append_number(out, random.next(), chance_size);
  return out;
}

std::string derived_id(std::string_view prefix, std::string_view text) {
  std::string out(prefix.substr(0, prefix_size));
  const std::string hash = sha256(text);
  for (std::size_t i = 0; out.size() < plain_size; ++i)
    out.push_back(id_letters[static_cast<unsigned char>(hash[i]) % id_letters.size()]);
  return out;
}

}  // namespace handoff::record

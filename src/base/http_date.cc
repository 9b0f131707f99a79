#include "base/http_date.h"

#include <array>
#include <cstdio>

#include "base/text.h"

namespace handoff {

namespace {

constexpr std::array<const char*, 7> weekdays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                             "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// Two digits, or -1.
int two_digits(std::string_view text) {
  if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9') return -1;
  return (text[0] - '0') * 10 + (text[1] - '0');
}

}  // namespace

std::string format_http_date(Instant at) {
  const auto second = std::chrono::floor<std::chrono::seconds>(at);
  const auto day = std::chrono::floor<std::chrono::days>(second);
  const std::chrono::year_month_day date{day};
  const auto time = static_cast<int>((second - day).count());
  std::array<char, 64> text{};
  const int length =
      std::snprintf(text.data(), text.size(), "%s, %02u %s %04d %02d:%02d:%02d GMT",
                    weekdays[std::chrono::weekday{day}.c_encoding()], unsigned(date.day()),
                    months[unsigned(date.month()) - 1], int(date.year()), time / 3600, time / 60 % 60, time % 60);
  return std::string(text.data(), static_cast<std::size_t>(length));
}

std::optional<Instant> parse_http_date(std::string_view text) {
  if (text.size() != 29) return std::nullopt;
  const int day = two_digits(text.substr(5, 2)), century = two_digits(text.substr(12, 2));
  const int year = two_digits(text.substr(14, 2));
  const int hour = two_digits(text.substr(17, 2)), minute = two_digits(text.substr(20, 2));
  const int second = two_digits(text.substr(23, 2));
  unsigned month = 0;
  for (unsigned i = 0; i < months.size(); ++i) {
    if (text.substr(8, 3) == months[i]) month = i + 1;
  }
  if (day < 1 || century < 0 || year < 0 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
      second > 59 || month == 0) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year{century * 100 + year}, std::chrono::month{month},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return std::nullopt;
  const Instant at = Instant{std::chrono::sys_days{date}} + std::chrono::hours{hour} + std::chrono::minutes{minute} +
                     std::chrono::seconds{second};
  // One spelling for each second: what does not come out as it went in is not this form.
  if (format_http_date(at) != text) return std::nullopt;
  return at;
}

}  // namespace handoff

#include "base/time.h"

#include <date/tz.h>

#include <cstdio>

namespace handoff {
namespace {

using std::chrono::sys_days;
using std::chrono::year_month_day;

// Reads exactly `count` digits at `at`, or -1.
int digits(std::string_view text, std::size_t at, std::size_t count) {
  if (at + count > text.size()) return -1;
  int value = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

Error bad_instant() {
  return Error{Kind::invalid_input,
               "instant.malformed",
               "Write a time as RFC 3339 with an offset, for example 2026-12-03T09:30:00-05:00.",
               {},
               {}};
}

const date::time_zone* find_zone(std::string_view zone) {
  try {
    return date::locate_zone(std::string(zone));
  } catch (const std::exception&) {
    return nullptr;
  }
}

year_month_day calendar(int year, int month, int day) {
  return year_month_day{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                        std::chrono::day{static_cast<unsigned>(day)}};
}

}  // namespace

Result<OffsetInstant> parse_instant(std::string_view text) {
  const int year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2);
  const int hour = digits(text, 11, 2), minute = digits(text, 14, 2), second = digits(text, 17, 2);
  if (year < 1 || month < 1 || day < 1 || hour < 0 || minute < 0 || second < 0) return bad_instant();
  if (text[4] != '-' || text[7] != '-' || (text[10] != 'T' && text[10] != 't') || text[13] != ':' || text[16] != ':') {
    return bad_instant();
  }
  if (hour > 23 || minute > 59 || second > 59) return bad_instant();
  const auto ymd = calendar(year, month, day);
  if (!ymd.ok()) return bad_instant();
  std::size_t at = 19;
  int fraction = 0;
  if (at < text.size() && text[at] == '.') {
    std::size_t count = 0;
    for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, ++count) {
      if (count < 3) fraction = fraction * 10 + (text[at] - '0');
    }
    if (count == 0) return bad_instant();
    for (; count < 3; ++count) fraction *= 10;
  }
  if (at >= text.size()) return bad_instant();
  minutes offset{0};
  if (text[at] == 'Z' || text[at] == 'z') {
    if (at + 1 != text.size()) return bad_instant();
  } else {
    const int oh = digits(text, at + 1, 2), om = digits(text, at + 4, 2);
    if ((text[at] != '+' && text[at] != '-') || at + 6 != text.size() || oh < 0 || oh > 23 || om < 0 || om > 59 ||
        text[at + 3] != ':') {
      return bad_instant();
    }
    offset = minutes{oh * 60 + om};
    if (text[at] == '-') offset = -offset;
  }
  const Instant local = Instant{sys_days{ymd}.time_since_epoch()} + std::chrono::hours{hour} + minutes{minute} +
                        seconds{second} + milliseconds{fraction};
  return OffsetInstant{local - offset, offset};
}

namespace {
std::string local_text(Instant at, minutes offset) {
  const Instant local = at + offset;
  const auto day = std::chrono::floor<std::chrono::days>(local);
  const year_month_day ymd{day};
  const auto ms = (local - day).count();
  char buffer[48];
  int length =
      std::snprintf(buffer, sizeof buffer, "%04d-%02u-%02uT%02d:%02d:%02d", int(ymd.year()), unsigned(ymd.month()),
                    unsigned(ymd.day()), int(ms / 3'600'000), int(ms / 60'000 % 60), int(ms / 1000 % 60));
  if (ms % 1000 != 0) {
    length += std::snprintf(buffer + length, sizeof buffer - std::size_t(length), ".%03d", int(ms % 1000));
  }
  return std::string(buffer, std::size_t(length));
}
}  // namespace

std::string format_instant(Instant at) { return local_text(at, minutes{0}) + "Z"; }

std::string format_instant(Instant at, minutes offset) {
  char buffer[16];
  const auto magnitude = std::abs(static_cast<int>(offset.count()));
  std::snprintf(buffer, sizeof buffer, "%c%02d:%02d", offset.count() < 0 ? '-' : '+', magnitude / 60 % 100,
                magnitude % 60);
  return local_text(at, offset) + buffer;
}

Result<Date> Date::parse(std::string_view text) {
  const int year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2);
  if (text.size() != 10 || year < 1 || month < 1 || day < 1 || text[4] != '-' || text[7] != '-') {
    return Error{Kind::invalid_input, "date.malformed", "Write a date as YYYY-MM-DD, for example 1987-02-11.", {}, {}};
  }
  if (!calendar(year, month, day).ok()) {
    return Error{Kind::invalid_input, "date.impossible", "There is no such day in the calendar.", {}, {}};
  }
  Date date;
  date.year_ = year;
  date.month_ = month;
  date.day_ = day;
  return date;
}

Date Date::of(Instant at) {
  const year_month_day ymd{std::chrono::floor<std::chrono::days>(at)};
  Date date;
  date.year_ = int(ymd.year());
  date.month_ = static_cast<int>(unsigned(ymd.month()));
  date.day_ = static_cast<int>(unsigned(ymd.day()));
  return date;
}

std::string Date::text() const {
  char buffer[40];
  std::snprintf(buffer, sizeof buffer, "%04d-%02d-%02d", year_, month_, day_);
  return buffer;
}

bool zone_exists(std::string_view zone) { return find_zone(zone) != nullptr; }

std::optional<minutes> zone_offset(std::string_view zone, Instant at) {
  const auto* found = find_zone(zone);
  if (!found) return std::nullopt;
  const auto info = found->get_info(date::sys_seconds{std::chrono::floor<seconds>(at.time_since_epoch())});
  return std::chrono::floor<minutes>(info.offset);
}

}  // namespace handoff

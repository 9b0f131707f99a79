// Instants (UTC, milliseconds), dates without a time, and local time of a place.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace handoff {

using Instant = std::chrono::sys_time<std::chrono::milliseconds>;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

inline std::int64_t to_ms(Instant at) { return at.time_since_epoch().count(); }
inline Instant from_ms(std::int64_t ms) { return Instant{milliseconds{ms}}; }

// An instant with the offset it was written with.
struct OffsetInstant {
  Instant at;
  minutes offset{0};
};

// RFC 3339 with an offset, which is required. Fractions beyond milliseconds are cut.
Result<OffsetInstant> parse_instant(std::string_view text);
// "2026-12-03T14:30:00.000Z"; whole seconds are written without a fraction.
std::string format_instant(Instant at);
// "2026-12-03T09:30:00-05:00"
std::string format_instant(Instant at, minutes offset);

// A calendar date; always a real one.
class Date {
 public:
  Date() = default;
  static Result<Date> parse(std::string_view text);  // YYYY-MM-DD
  static Date of(Instant at);                        // the date in UTC
  std::string text() const;
  friend auto operator<=>(const Date&, const Date&) = default;
  friend bool operator==(const Date&, const Date&) = default;

 private:
  int year_ = 1970, month_ = 1, day_ = 1;
};

// True for an IANA zone the machine knows ("America/Toronto").
bool zone_exists(std::string_view zone);
// The zone's offset from UTC at an instant; nothing for an unknown zone.
std::optional<minutes> zone_offset(std::string_view zone, Instant at);

}  // namespace handoff

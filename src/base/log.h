// One JSON object a line on standard error. There is no way to pass a Private: it has no printer and no conversion.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "base/json.h"

namespace handoff {

enum class Level { debug, info, warn, error };

class Clock;
class Log {
 public:
  // Where lines go: a file descriptor, 2 by default. Clock is for the time stamp and outlives the log.
  static void configure(const Clock* clock, Level least, int descriptor = 2);
  // `event` is a stable dotted word ("delivery.settled"); fields follow in order.
  static void line(Level level, std::string_view event, std::initializer_list<Json::Member> fields = {});
};

inline void log_info(std::string_view event, std::initializer_list<Json::Member> fields = {}) {
  Log::line(Level::info, event, fields);
}
inline void log_warn(std::string_view event, std::initializer_list<Json::Member> fields = {}) {
  Log::line(Level::warn, event, fields);
}
inline void log_error(std::string_view event, std::initializer_list<Json::Member> fields = {}) {
  Log::line(Level::error, event, fields);
}

// The id of the request being served on this thread; "" outside of one. Every log line carries it.
class RequestScope {
 public:
  explicit RequestScope(std::string id);
  ~RequestScope();
  static const std::string& current();
};

}  // namespace handoff

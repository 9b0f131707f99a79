#include "base/log.h"

#include <unistd.h>

#include <atomic>

#include "base/clock.h"

namespace handoff {
namespace {
std::atomic<const Clock*> log_clock{nullptr};
std::atomic<int> log_level{static_cast<int>(Level::info)};
std::atomic<int> log_descriptor{2};

std::string& request_id() {
  thread_local std::string id;
  return id;
}

const char* word(Level level) {
  switch (level) {
    case Level::debug: return "debug";
    case Level::info: return "info";
    case Level::warn: return "warn";
    case Level::error: return "error";
  }
  return "error";
}
}  // namespace

void Log::configure(const Clock* clock, Level least, int descriptor) {
  log_clock = clock;
  log_level = static_cast<int>(least);
  log_descriptor = descriptor;
}

void Log::line(Level level, std::string_view event, std::initializer_list<Json::Member> fields) {
  if (static_cast<int>(level) < log_level.load()) return;
  Json object = Json::object();
  if (const Clock* clock = log_clock.load()) object.set("at", format_instant(clock->now()));
  object.set("level", word(level));
  object.set("event", event);
  if (!request_id().empty()) object.set("requestId", request_id());
  for (const auto& [key, value] : fields) object.set(key, value);
  const std::string text = object.dump() + "\n";
  // One write, so that lines of several threads do not mix; a log that cannot be written must not stop the work.
  [[maybe_unused]] const auto written = ::write(log_descriptor.load(), text.data(), text.size());
}

RequestScope::RequestScope(std::string id) { request_id() = std::move(id); }
RequestScope::~RequestScope() { request_id().clear(); }
const std::string& RequestScope::current() { return request_id(); }

}  // namespace handoff

// Just enough HTTP/1.1 for a load client and a receiver: whole messages with Content-Length, found in a buffer. Kept
// away from src/net on purpose, so that what is measured is not measured with its own yardstick.
#pragma once

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace handoff::bench {

struct Message {
  std::string_view start;  // "POST /x HTTP/1.1" or "HTTP/1.1 201 Created"
  std::string_view head;   // header lines
  std::string_view body;
  std::size_t bytes = 0;  // of the whole message in the buffer
};

inline std::string_view header(std::string_view head, std::string_view name) {
  while (!head.empty()) {
    const std::size_t end = std::min(head.find("\r\n"), head.size());
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(std::min(end + 2, head.size()));
    if (line.size() <= name.size() || line[name.size()] != ':') continue;
    const bool same = std::equal(name.begin(), name.end(), line.begin(), [](char a, char b) {
      return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
    });
    if (!same) continue;
    std::string_view value = line.substr(name.size() + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    return value;
  }
  return {};
}

// The first message of the buffer, or nothing while it is not complete.
inline std::optional<Message> first_message(std::string_view buffer) {
  const std::size_t end = buffer.find("\r\n\r\n");
  if (end == std::string_view::npos) return std::nullopt;
  Message message;
  const std::size_t line = buffer.find("\r\n");
  message.start = buffer.substr(0, line);
  message.head = buffer.substr(line + 2, end - std::min(end, line + 2));
  const std::string length(header(message.head, "Content-Length"));
  const std::size_t size = length.empty() ? 0 : std::strtoull(length.c_str(), nullptr, 10);
  if (buffer.size() < end + 4 + size) return std::nullopt;
  message.body = buffer.substr(end + 4, size);
  message.bytes = end + 4 + size;
  return message;
}

inline std::int64_t now_us(clockid_t clock) {
  timespec at{};
  clock_gettime(clock, &at);
  return static_cast<std::int64_t>(at.tv_sec) * 1'000'000 + at.tv_nsec / 1000;
}

// The value below which a share of the numbers lies; sorts them. 0 without any.
inline double quantile(std::vector<double>& numbers, double share) {
  if (numbers.empty()) return 0;
  std::sort(numbers.begin(), numbers.end());
  return numbers[std::min(numbers.size() - 1, static_cast<std::size_t>(static_cast<double>(numbers.size()) * share))];
}

[[noreturn]] inline void fail(const char* program, const std::string& what) {
  std::fprintf(stderr, "%s: %s\n", program, what.c_str());
  std::exit(1);
}

}  // namespace handoff::bench

// multipart/form-data: the first line is the Content-Type, the rest the body. Parts lie inside it, in order.
#include "net/multipart.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto line = text.find('\n');
  if (line == std::string_view::npos) return 0;
  const auto body = handoff::net::body_of(std::string(text.substr(line + 1)));
  const auto parts = handoff::net::parse_multipart(*body, text.substr(0, line), 20);
  if (!parts) {
    handoff::fuzz::require_told(parts.error());
    return 0;
  }
  handoff::fuzz::require(parts->size() <= 20, "no more parts than allowed");
  std::uint64_t from = 0;
  for (const auto& part : *parts) {
    handoff::fuzz::require(part.offset >= from && part.offset + part.size <= body->size(), "a part lies in the body");
    from = part.offset + part.size;
    handoff::fuzz::require(part.file_name.find('/') == std::string::npos || !part.file_name.starts_with("../"),
                           "a file name is no way out");
  }
  return 0;
}

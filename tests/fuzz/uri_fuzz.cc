// Queries, forms, paths and header parameters.
#include "base/text.h"
#include "net/uri.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace handoff;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto segments = net::path_segments(text)) {
    for (const auto& segment : *segments) {
      fuzz::require(!segment.empty() && segment != ".." && is_utf8(segment), "a segment is a name");
      fuzz::require(segment.find('\0') == std::string::npos, "a segment has no NUL");
    }
  } else {
    fuzz::require_told(segments.error());
  }
  for (const auto& pairs : {net::parse_query(text), net::parse_form(text)}) {
    if (!pairs) {
      fuzz::require_told(pairs.error());
      continue;
    }
    for (const auto& [name, value] : *pairs) fuzz::require(is_utf8(name) && is_utf8(value), "what is decoded is text");
  }
  (void)net::media_type(text);
  (void)net::header_parameter(text, "boundary");
  return 0;
}

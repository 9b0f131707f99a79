// The chunked transfer coding (RFC 9112, 7.1), strict: CRLF only, bounded sizes, extensions and trailers dropped.
#pragma once

#include <cstdint>
#include <string_view>

namespace handoff::net {

class ChunkDecoder {
 public:
  struct Step {
    std::size_t used = 0;   // bytes taken from the input
    std::string_view data;  // body bytes found, part of the input
    bool done = false;      // the last chunk and the trailer were read
    bool bad = false;
  };
  // Takes what it can; call again while `used` is not 0 and neither `done` nor `bad` is set.
  Step next(std::string_view in);

 private:
  enum class At {
    size_first,
    size,
    extension,
    size_end,
    data,
    data_end,
    data_end2,
    trailer,
    trailer_line,
    trailer_end,
    last
  };
  // Extensions and trailers carry nothing for us; they may be this many bytes more than the data they come with.
  static constexpr std::size_t overhead_bytes_max = 16 * 1024;
  At at_ = At::size_first;
  std::uint64_t left_ = 0;
  int digits_ = 0;
  std::uint64_t overhead_ = 0;
  std::uint64_t data_ = 0;
};

}  // namespace handoff::net

#include "net/chunked.h"

#include <algorithm>

namespace handoff::net {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool in_line(char c) { return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F); }

}  // namespace

ChunkDecoder::Step ChunkDecoder::next(std::string_view in) {
  Step step;
  for (; step.used < in.size(); ++step.used) {
    const char c = in[step.used];
    switch (at_) {
      case At::size_first:
      case At::size: {
        const int digit = hex_digit(c);
        if (digit >= 0) {
          // 15 digits hold any size there is and cannot overflow.
          if (++digits_ > 15) return step.bad = true, step;
          left_ = left_ * 16 + static_cast<std::uint64_t>(digit);
          at_ = At::size;
          break;
        }
        if (at_ == At::size_first) return step.bad = true, step;
        if (c == '\r') {
          at_ = At::size_end;
        } else if (c == ';' || c == ' ' || c == '\t') {
          at_ = At::extension;
        } else {
          return step.bad = true, step;
        }
        break;
      }
      case At::extension:
        if (c == '\r') {
          at_ = At::size_end;
        } else if (!in_line(c) || ++overhead_ > overhead_bytes_max + data_) {
          return step.bad = true, step;
        }
        break;
      case At::size_end:
        if (c != '\n') return step.bad = true, step;
        at_ = left_ > 0 ? At::data : At::trailer;
        break;
      case At::data: {
        const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(left_, in.size() - step.used));
        step.data = in.substr(step.used, length);
        step.used += length;
        left_ -= length;
        data_ += length;
        if (left_ == 0) at_ = At::data_end;
        return step;
      }
      case At::data_end:
        if (c != '\r') return step.bad = true, step;
        at_ = At::data_end2;
        break;
      case At::data_end2:
        if (c != '\n') return step.bad = true, step;
        at_ = At::size_first;
        digits_ = 0;
        break;
      case At::trailer:  // at the start of a trailer line
        if (c == '\r') {
          at_ = At::last;
          break;
        }
        at_ = At::trailer_line;
        [[fallthrough]];
      case At::trailer_line:
        if (c == '\r') {
          at_ = At::trailer_end;
        } else if (!in_line(c) || ++overhead_ > overhead_bytes_max + data_) {
          return step.bad = true, step;
        }
        break;
      case At::trailer_end:
        if (c != '\n') return step.bad = true, step;
        at_ = At::trailer;
        break;
      case At::last:
        if (c != '\n') return step.bad = true, step;
        ++step.used;
        step.done = true;
        return step;
    }
  }
  return step;
}

}  // namespace handoff::net

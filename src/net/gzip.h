// gzip (RFC 1952), both ways; zlib stays behind gzip.cc.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace handoff::net {

// The text packed; at a level that favours speed, because it is done for each answer.
std::string gzip(std::string_view text);

// Unpacks piece by piece. What comes out goes to `out` in pieces of bounded size, so the taker can stop a bomb early.
class GzipDecoder {
 public:
  using Out = std::function<Result<void>(std::string_view)>;
  GzipDecoder();
  ~GzipDecoder();
  GzipDecoder(const GzipDecoder&) = delete;
  GzipDecoder& operator=(const GzipDecoder&) = delete;
  // The error is "request.bad_gzip", or what `out` said.
  Result<void> feed(std::string_view bytes, const Out& out);
  // True where the bytes so far are whole gzip members.
  bool complete() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace handoff::net

// The body of a request from the bytes of the connection: framing, decoding and the limit, without any waiting.
#pragma once

#include <optional>

#include "net/body.h"
#include "net/chunked.h"
#include "net/gzip.h"
#include "net/head.h"

namespace handoff::net {

class BodyReader {
 public:
  // Refused before any of the body is read: an unknown coding, a length over the limit.
  static std::optional<Refusal> refusal_of(const Head& head, const BodyLimit& limit);

  BodyReader(const Head& head, BodyLimit limit, std::size_t memory_max, std::string temporary_dir);
  bool done() const { return done_; }
  struct Fed {
    std::size_t used = 0;
    std::optional<Refusal> refusal;
  };
  // Takes what belongs to this body and leaves the rest, which is the next request.
  Fed feed(std::string_view bytes);
  std::unique_ptr<Body> finish() { return sink_.finish(); }

 private:
  std::optional<Refusal> take(std::string_view bytes);
  std::optional<Refusal> end();

  const BodyLimit limit_;
  BodySink sink_;
  std::optional<GzipDecoder> gzip_;
  std::optional<ChunkDecoder> chunks_;
  std::uint64_t left_ = 0;      // of Content-Length
  std::uint64_t received_ = 0;  // before gzip
  bool done_ = false;
};

}  // namespace handoff::net

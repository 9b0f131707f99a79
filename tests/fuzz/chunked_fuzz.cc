// The chunked coding, in one piece and byte by byte: the same body, and never more of it than came.
#include <string>

#include "net/chunked.h"
#include "tests/fuzz/fuzz.h"

namespace {

struct Outcome {
  bool done = false, bad = false;
  std::string body;
};

Outcome decoded(std::string_view text, std::size_t piece_max) {
  handoff::net::ChunkDecoder decoder;
  Outcome out;
  for (std::size_t at = 0; at < text.size();) {
    const auto step = decoder.next(text.substr(at, piece_max));
    out.body.append(step.data);
    at += step.used;
    out.done = step.done;
    out.bad = step.bad;
    if (step.done || step.bad || step.used == 0) break;
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Outcome whole = decoded(text, size);
  const Outcome bytes = decoded(text, 1);
  handoff::fuzz::require(whole.done == bytes.done && whole.bad == bytes.bad, "pieces change nothing");
  if (!whole.bad) handoff::fuzz::require(whole.body == bytes.body, "pieces change nothing of the body");
  handoff::fuzz::require(whole.body.size() <= size, "a body is part of what came");
  return 0;
}

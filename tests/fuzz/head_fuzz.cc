// The head of a request, fed whole and in two pieces: the same answer however the bytes arrive.
#include "net/head.h"
#include "net/uri.h"
#include "tests/fuzz/fuzz.h"

namespace {

struct Outcome {
  bool done = false;
  int refused = 0;
  std::size_t used = 0;
  std::string method, path, query;
};

Outcome fed(std::string_view text, std::size_t first) {
  handoff::net::HeadParser parser(16 * 1024);
  Outcome out;
  std::string pending;
  for (const std::string_view piece : {text.substr(0, first), text.substr(first)}) {
    if (piece.empty()) continue;
    pending += piece;
    const auto step = parser.feed(pending);
    out.used += step.used;
    pending.erase(0, step.used);
    if (step.refusal) {
      out.refused = step.refusal->status;
      handoff::fuzz::require(!step.refusal->code.empty() && !step.refusal->detail.empty(), "a refusal says why");
      return out;
    }
    if (step.done) {
      auto head = parser.take();
      out.done = true;
      out.method = head.request.method;
      out.path = head.request.path;
      out.query = head.request.query;
      return out;
    }
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Outcome whole = fed(text, size);
  const Outcome pieces = fed(text, size / 2);
  // A head that is broken is noticed sooner or later, depending on the pieces; it is never taken for a whole one.
  handoff::fuzz::require(whole.done == pieces.done, "pieces change nothing");
  if (!whole.done) return 0;
  handoff::fuzz::require(whole.path == pieces.path && whole.query == pieces.query && whole.method == pieces.method,
                         "pieces change nothing of what was read");
  handoff::fuzz::require(whole.used <= size, "no more is taken than came");
  (void)handoff::net::path_for_log(whole.path);
  return 0;
}

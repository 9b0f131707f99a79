// JSON from a request body: what is read and written again reads as the same, merging never grows beyond its parts.
#include "base/json.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using handoff::Json;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto parsed = Json::parse(text);
  if (!parsed) {
    handoff::fuzz::require_told(parsed.error());
    return 0;
  }
  const std::string written = parsed->dump();
  const auto again = Json::parse(written);
  handoff::fuzz::require(again.has_value(), "what we write we can read");
  handoff::fuzz::require(*again == *parsed, "what is read again is the same");
  handoff::fuzz::require(again->dump() == written, "writing is stable");
  const auto pretty = Json::parse(parsed->dump_pretty());
  handoff::fuzz::require(pretty && *pretty == *parsed, "the pretty form says the same");
  const Json merged = handoff::merge_patch(*parsed, *parsed);
  handoff::fuzz::require(handoff::merge_patch(merged, *parsed) == merged, "the same patch twice changes nothing more");
  return 0;
}

// A connector profile, as an administrator may send one to be checked: every fault is told, and what is valid has a
// manifest.
#include "connector/list.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace handoff;
  const Json answer = connector::validate_profile(std::string_view(reinterpret_cast<const char*>(data), size));
  const bool valid = answer["valid"].bool_or(false);
  fuzz::require(valid == (answer["faults"].size() == 0), "valid is what has no fault");
  fuzz::require(valid == answer["manifest"].is_object(), "what is valid has a manifest");
  if (!valid) {
    for (const auto& fault : answer["faults"].items())
      fuzz::require(!fault["code"].text_or().empty() && !fault["message"].text_or().empty(),
                    "a fault says what and why");
  }
  return 0;
}

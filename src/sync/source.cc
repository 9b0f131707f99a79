#include "sync/source.h"

#include <array>

#include "base/text.h"
#include "sync/kipu/source.h"

namespace handoff::sync {
namespace {
constexpr std::array goal_words{"latest", "census", "detail", "vaults", "locations", "contacts"};
}

const char* word(Goal goal) { return goal_words[static_cast<std::size_t>(goal)]; }

std::string Reply::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (ascii_equal_fold(key, name)) return value;
  }
  return "";
}

const Source* find_source(std::string_view kind) {
  static const kipu::KipuSource kipu_source;
  return kind == kipu_source.kind() ? &kipu_source : nullptr;
}

}  // namespace handoff::sync

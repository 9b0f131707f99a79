// TOML read into a JSON tree, with the line each value stands on, so that a fault found later still names its line.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/json.h"

namespace handoff {

struct Toml {
  Json root = Json::object();
  std::map<std::string, int> lines;  // by JSON pointer

  // The line of the value at `pointer`, or of the nearest one around it; 0 where there is none.
  int line_of(std::string_view pointer) const;
};

// Dates and times become texts. Where the text is no TOML the error's only fault carries the line as its pointer
// ("12").
Result<Toml> parse_toml(std::string_view text);

}  // namespace handoff

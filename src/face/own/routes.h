// The table of routes. Dispatch, the test of the walls and the comparison with the OpenAPI document all read it.
#pragma once

#include <span>

#include "face/own/call.h"

namespace handoff::face::own {

std::span<const Route> routes();

struct Match {
  const Route* route = nullptr;      // null: nothing stands there
  std::vector<std::string> names;    // what stands for {…}
  std::vector<std::string> methods;  // of the routes on this path, for 405
};
// By decoded segments. A name beats a {placeholder}.
Match find_route(std::string_view method, const std::vector<std::string>& segments);

}  // namespace handoff::face::own

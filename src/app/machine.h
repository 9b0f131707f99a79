// What the machine has to give.
#pragma once

#include <cstdint>

namespace handoff::app {

// Memory that can be taken without swapping, within what a container allows; 0 where it cannot be told.
std::uint64_t free_memory_bytes();

}  // namespace handoff::app

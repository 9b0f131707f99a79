#include "app/machine.h"

#include <algorithm>
#include <fstream>
#include <string>

namespace handoff::app {
namespace {

// The number a file of the kernel begins with; 0 where it is none ("max") or the file is not there.
std::uint64_t number_in(const char* path) {
  std::ifstream in(path);
  std::uint64_t value = 0;
  return in >> value ? value : 0;
}

std::uint64_t available_bytes() {
  std::ifstream in("/proc/meminfo");
  for (std::string word; in >> word;) {
    std::uint64_t kilobytes = 0;
    if (word == "MemAvailable:" && in >> kilobytes) return kilobytes * 1024;
  }
  return 0;
}

}  // namespace

std::uint64_t free_memory_bytes() {
  const std::uint64_t available = available_bytes();
  const std::uint64_t most = number_in("/sys/fs/cgroup/memory.max"), taken = number_in("/sys/fs/cgroup/memory.current");
  if (most == 0) return available;
  const std::uint64_t left = most > taken ? most - taken : 0;
  return available == 0 ? left : std::min(available, left);
}

}  // namespace handoff::app

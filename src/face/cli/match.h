// `handoff match evaluate | link | train | generate`: matching of people over files, without a database.
#pragma once

#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "base/clock.h"

namespace handoff::face::cli {

struct MatchEnvironment {
  std::ostream& out;   // the answer
  std::ostream& err;   // problems, and progress where `terminal`
  const Clock& clock;  // the present year, and how long it took
  bool terminal = false;
  std::uint64_t memory_bytes = 0;  // free for the work; 0: not known
};

// `args` are the words behind `handoff`; nothing when the first is not "match". Otherwise the exit status: 0 done,
// 1 refused with a sentence on `err`, 2 wrong use.
std::optional<int> run_match(const std::vector<std::string>& args, const MatchEnvironment& environment);

}  // namespace handoff::face::cli

// What the answers to questions tell about the thresholds. Nothing here changes one: they are the model's.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "people/model.h"

namespace handoff::people {

// Where the bands of the score begin; the last one ends at 1.
inline constexpr std::array band_starts{0.0, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95, 0.98, 0.99};

// Questions whether two are one, by the score of the likeliest option and whether a guard had fired.
struct Band {
  double from = 0, to = 1;
  bool guarded = false;
  std::int64_t same = 0, different = 0, unsure = 0, waiting = 0;  // what was answered about the likeliest option
  std::int64_t answered() const { return same + different; }
};

// How many of the answered were the same person, and between which shares the true one lies with 95 in 100 (Wilson's
// interval). All 0 to 1 where nothing was answered.
struct Share {
  double observed = 0, low = 0, high = 1;
};
Share share_of(std::int64_t same, std::int64_t answered);

struct ThresholdProposal {
  double present = 0, proposed = 0;
  std::string sentence;  // why, for an administrator
};
struct Proposal {
  ThresholdProposal certain;  // link without asking from here
  ThresholdProposal review;   // ask from here
};
// `certain` is proposed lower only where more than 99 in 100 questions without a guard were the same person for sure,
// and `review` higher only where fewer than 2 in 100 were. `bands` need not be complete or in order.
Proposal propose(const std::vector<Band>& bands, const Policy& policy);

}  // namespace handoff::people

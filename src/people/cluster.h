// From scored pairs to clusters. Chains of weak links would join strangers, so links are taken in falling order of
// evidence and a union is refused where any pair across it must not be one person.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "people/batch.h"

namespace handoff::people {

struct ClusterOptions {
  double from_probability = 0.9;  // links from here
  // Evidence a pair across a union must have, prior included. A pair that merely lacks data is no contradiction, hence
  // a bound on bits and not on the probability.
  double cross_total_bits_min = -12;
  // And all pairs across it together, on average: one lucky link does not outweigh many doubts.
  double cross_mean_bits_min = 1;
  std::size_t size_max = 10'000;
  // Pairs looked at before two large clusters are joined; beyond it they are sampled evenly.
  std::size_t cross_checks_max = 256;
  // A group of records knows more of its person than each of them: after the links, groups are compared as a search
  // compares a person, by the best of each field. Pairs below a link but above this may then join; not with guards.
  double second_look_bits_min = -9;
  bool guards = true;
  // Pairs a person declared different; first < second, sorted.
  std::vector<std::pair<std::uint32_t, std::uint32_t>> different;
};

struct Clusters {
  std::vector<std::uint32_t> of;  // cluster of each record, numbered by first appearance
  std::size_t count = 0;
  std::uint64_t unions_refused = 0;
  std::uint64_t cut_by_size = 0;
};

// The result depends on the set of pairs, not on their order.
Clusters cluster(std::span<const Record> records, std::span<const ScoredPair> pairs, const Scorer& scorer,
                 const Frequencies& frequencies, const ClusterOptions& options);

}  // namespace handoff::people

// Records that cannot all be of one person: somebody's data written over somebody else's, or two strangers linked by a
// third record that fits both.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "people/policy.h"

namespace handoff::people {

// Whether a guard forbids that the two are one person's (other numbers of one system, twins, parent and child), given
// name and birth date are both others, or what they say speaks against it by four bits before any prior. That one lacks
// what the other says is no contradiction.
bool contradict(const Scorer& scorer, const Frequencies& frequencies, const Record& a, const Record& b);

// The parts into which the records fall, as places among them, the largest first and then the one with the earliest
// record; a single part where nothing contradicts. `agree(i, j)`: a person has said that these two are one's.
std::vector<std::vector<std::size_t>> parts_of(const Scorer& scorer, const Frequencies& frequencies,
                                               std::span<const Record> records,
                                               const std::function<bool(std::size_t, std::size_t)>& agree);

}  // namespace handoff::people

#include "people/overlay.h"

#include <algorithm>
#include <numeric>

namespace handoff::people {
namespace {

constexpr double contradiction_bits = -4;

}  // namespace

bool contradict(const Scorer& scorer, const Frequencies& frequencies, const Record& a, const Record& b) {
  const Comparison comparison = compare(a, b);
  if (scorer.score(comparison, a, b).bits <= contradiction_bits) return true;
  // Two of one household agree on the rest, which outweighs this in any sum.
  const bool others = comparison.of(Field::given) >= level::given::far &&
                      comparison.of(Field::birth) >= level::birth::near &&
                      comparison.of(Field::identifier) != level::exact;
  if (others) return true;
  const auto fired = guards(comparison, a, b, frequencies);
  return std::any_of(fired.begin(), fired.end(), [](Guard guard) {
    return guard == Guard::identifiers_differ || guard == Guard::twins || guard == Guard::generations;
  });
}

std::vector<std::vector<std::size_t>> parts_of(const Scorer& scorer, const Frequencies& frequencies,
                                               std::span<const Record> records,
                                               const std::function<bool(std::size_t, std::size_t)>& agree) {
  const std::size_t count = records.size();
  struct Pair {
    double bits = 0;
    std::size_t a = 0, b = 0;
  };
  std::vector<Pair> likely;
  std::vector<char> against(count * count, 0);
  bool any = false;
  for (std::size_t a = 0; a < count; ++a) {
    for (std::size_t b = a + 1; b < count; ++b) {
      if (!agree(a, b) && contradict(scorer, frequencies, records[a], records[b])) {
        against[a * count + b] = against[b * count + a] = 1;
        any = true;
      } else {
        likely.push_back({scorer.score(records[a], records[b]).bits, a, b});
      }
    }
  }
  std::vector<std::size_t> of(count);
  std::iota(of.begin(), of.end(), std::size_t{0});
  if (!any) return {of};
  // The strongest links first; no two that contradict each other come into one part, whatever lies between them.
  std::stable_sort(likely.begin(), likely.end(), [](const Pair& x, const Pair& y) { return x.bits > y.bits; });
  for (const Pair& pair : likely) {
    const std::size_t into = of[pair.a], from = of[pair.b];
    if (into == from) continue;
    bool allowed = true;
    for (std::size_t i = 0; allowed && i < count; ++i) {
      for (std::size_t j = 0; allowed && of[i] == into && j < count; ++j)
        allowed = of[j] != from || against[i * count + j] == 0;
    }
    if (!allowed) continue;
    for (auto& part : of) part = part == from ? into : part;
  }
  std::vector<std::vector<std::size_t>> parts;
  std::vector<std::size_t> place(count, count);
  for (std::size_t i = 0; i < count; ++i) {
    if (place[of[i]] == count) {
      place[of[i]] = parts.size();
      parts.emplace_back();
    }
    parts[place[of[i]]].push_back(i);
  }
  std::stable_sort(parts.begin(), parts.end(), [](const auto& x, const auto& y) { return x.size() > y.size(); });
  return parts;
}

}  // namespace handoff::people

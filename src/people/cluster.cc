#include "people/cluster.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "people/guards.h"

namespace handoff::people {
namespace {

class Forest {
 public:
  explicit Forest(std::size_t size) : parent_(size), members_(size) {
    std::iota(parent_.begin(), parent_.end(), 0U);
    for (std::uint32_t i = 0; i < size; ++i) members_[i] = {i};
  }
  std::uint32_t root(std::uint32_t node) {
    while (parent_[node] != node) {
      parent_[node] = parent_[parent_[node]];
      node = parent_[node];
    }
    return node;
  }
  const std::vector<std::uint32_t>& members(std::uint32_t root) const { return members_[root]; }
  void join(std::uint32_t a, std::uint32_t b) {
    if (members_[a].size() < members_[b].size()) std::swap(a, b);
    parent_[b] = a;
    members_[a].insert(members_[a].end(), members_[b].begin(), members_[b].end());
    members_[b] = {};
  }

 private:
  std::vector<std::uint32_t> parent_;
  std::vector<std::vector<std::uint32_t>> members_;
};

// Joins groups whose records only together say that they are one person.
template <class Fits>
void second_look(std::span<const Record> records, std::span<const ScoredPair> pairs, const Scorer& scorer,
                 const ClusterOptions& options, Forest& forest, Fits&& fits) {
  constexpr std::size_t cross_max = 64;
  struct Doubt {
    std::uint32_t first, second;
    double bits;
  };
  std::vector<Doubt> doubts;
  for (const auto& pair : pairs) {
    const double bits = scorer.total_bits(pair.stranger_bits, pair.household_bits);
    if (bits >= options.second_look_bits_min && forest.root(pair.first) != forest.root(pair.second))
      doubts.push_back({pair.first, pair.second, bits});
  }
  std::sort(doubts.begin(), doubts.end(), [](const auto& a, const auto& b) {
    return a.bits != b.bits ? a.bits > b.bits : a.first != b.first ? a.first < b.first : a.second < b.second;
  });
  const double from = std::log2(options.from_probability / (1 - options.from_probability));
  for (const auto& doubt : doubts) {
    const auto a = forest.root(doubt.first), b = forest.root(doubt.second);
    if (a == b) continue;
    const auto& mine = forest.members(a);
    const auto& theirs = forest.members(b);
    const std::size_t cross = mine.size() * theirs.size();
    if (cross < 2 || cross > cross_max || mine.size() + theirs.size() > options.size_max) continue;
    Comparison best;
    bool allowed = true;
    double sum = 0;
    for (std::size_t i = 0; allowed && i < cross; ++i) {
      const auto x = mine[i / theirs.size()], y = theirs[i % theirs.size()];
      const auto comparison = compare(records[x], records[y]);
      best = best_of(best, comparison);
      sum += std::max(-15.0, scorer.score(comparison, records[x], records[y]).total_bits);
      allowed = fits(x, y);
    }
    if (!allowed) continue;
    // More pairs have more chances to agree on something.
    const double bits = scorer.score(best, records[doubt.first], records[doubt.second]).total_bits -
                        std::log2(static_cast<double>(cross));
    if (bits >= from + 1 && sum >= -8.0 * static_cast<double>(cross)) forest.join(a, b);
  }
}

}  // namespace

Clusters cluster(std::span<const Record> records, std::span<const ScoredPair> pairs, const Scorer& scorer,
                 const Frequencies& frequencies, const ClusterOptions& options) {
  struct Link {
    std::uint32_t first, second;
    double bits;
  };
  std::vector<Link> links;
  for (const auto& pair : pairs) {
    const double bits = scorer.total_bits(pair.stranger_bits, pair.household_bits);
    if (Scorer::probability(bits) >= options.from_probability) links.push_back({pair.first, pair.second, bits});
  }
  std::sort(links.begin(), links.end(), [](const auto& a, const auto& b) {
    return a.bits != b.bits ? a.bits > b.bits : a.first != b.first ? a.first < b.first : a.second < b.second;
  });
  Clusters result;
  Forest forest(records.size());
  constexpr double loudest = 15;  // what one pair can say for or against all of them
  double sum = 0;
  const auto fits = [&](std::uint32_t a, std::uint32_t b) {
    if (std::binary_search(options.different.begin(), options.different.end(),
                           std::pair(std::min(a, b), std::max(a, b))))
      return false;
    const auto comparison = compare(records[a], records[b]);
    if (options.guards && forbids_union(comparison, records[a], records[b], frequencies)) return false;
    const double bits = scorer.score(comparison, records[a], records[b]).total_bits;
    sum += std::clamp(bits, -loudest, loudest);
    return bits >= options.cross_total_bits_min;
  };
  // A link that asks for a person joins nothing by itself. Where a file has no birth dates at all, their absence cannot
  // be held against every pair; and what is thin is for the score to say, which knows the file's own prior.
  const bool births_known = frequencies.total(Value::birth) * 10 >= records.size();
  const auto unguarded = [&](std::uint32_t a, std::uint32_t b) {
    const auto fired = people::guards(compare(records[a], records[b]), records[a], records[b], frequencies);
    return std::all_of(fired.begin(), fired.end(), [&](Guard guard) {
      return guard == Guard::thin_evidence || (guard == Guard::household && !births_known);
    });
  };
  for (const auto& link : links) {
    const auto a = forest.root(link.first), b = forest.root(link.second);
    if (a == b) continue;
    const auto& mine = forest.members(a);
    const auto& theirs = forest.members(b);
    if (mine.size() + theirs.size() > options.size_max) {
      ++result.cut_by_size;
      continue;
    }
    const std::size_t cross = mine.size() * theirs.size();
    // Identical records fall out of the sample first: whoever fits one of them fits the others.
    const std::size_t step = std::max<std::size_t>(1, cross / options.cross_checks_max);
    bool joined = fits(link.first, link.second) && (!options.guards || unguarded(link.first, link.second));
    sum = 0;
    double asked = 0;
    for (std::size_t i = 0; joined && i < cross; i += step, asked += 1)
      joined = fits(mine[i / theirs.size()], theirs[i % theirs.size()]);
    joined = joined && sum >= options.cross_mean_bits_min * asked;
    if (joined)
      forest.join(a, b);
    else
      ++result.unions_refused;
  }
  // Where doubts are a person's to decide, nothing joins on a second look.
  for (int round = 0; round < 2 && !options.guards; ++round) second_look(records, pairs, scorer, options, forest, fits);
  constexpr std::uint32_t none = ~0U;
  std::vector<std::uint32_t> number(records.size(), none);
  result.of.resize(records.size());
  for (std::uint32_t i = 0; i < records.size(); ++i) {
    auto& slot = number[forest.root(i)];
    if (slot == none) slot = static_cast<std::uint32_t>(result.count++);
    result.of[i] = slot;
  }
  return result;
}

}  // namespace handoff::people

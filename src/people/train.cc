#include "people/train.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <unordered_map>

#include "base/crypto.h"
#include "base/random.h"
#include "people/keys.h"

namespace handoff::people {
namespace {

using Counts = std::array<std::array<double, level_max>, ladder_count>;
using Groups = std::unordered_map<std::string, std::vector<std::uint32_t>>;

void note(Counts& counts, const Comparison& comparison, double weight) {
  for (std::size_t f = 0; f < field_count; ++f) {
    const auto level = comparison.levels[f];
    if (level != level::missing) counts[ladder_of(static_cast<Field>(f))][level - 1U] += weight;
  }
}

Groups groups_of(const std::vector<std::string>& labels) {
  Groups groups;
  for (std::uint32_t i = 0; i < labels.size(); ++i) {
    if (!labels[i].empty()) groups[labels[i]].push_back(i);
  }
  return groups;
}

// Each person counts alike: a cluster of forty records does not speak forty times as loud as twenty pairs.
template <class Take>
std::size_t each_pair(const Groups& groups, std::size_t pairs_max, Take&& take) {
  std::size_t pairs = 0;
  std::vector<std::pair<std::string, const std::vector<std::uint32_t>*>> ordered;
  for (const auto& [label, members] : groups) ordered.emplace_back(label, &members);
  std::sort(ordered.begin(), ordered.end());
  for (const auto& [label, members] : ordered) {
    const std::size_t size = std::min<std::size_t>(members->size(), 30);
    for (std::size_t i = 0; i < size && pairs < pairs_max; ++i) {
      for (std::size_t j = i + 1; j < size && pairs < pairs_max; ++j) {
        take((*members)[i], (*members)[j], 2.0 / static_cast<double>(size));
        ++pairs;
      }
    }
  }
  return pairs;
}

// Observed counts with the base model's distribution as a prior.
void blend(Model& model, const Counts& counts, double LevelWeights::*side, double base_weight) {
  for (std::size_t ladder = 0; ladder < ladder_count; ++ladder) {
    const std::size_t size = ladders()[ladder].size();
    double total = 0, base_total = 0;
    for (std::size_t i = 0; i < size; ++i) {
      total += counts[ladder][i];
      base_total += model.weights[ladder][i].*side;
    }
    if (total < 1) continue;
    for (std::size_t i = 0; i < size; ++i) {
      auto& value = model.weights[ladder][i].*side;
      value = std::clamp((counts[ladder][i] + base_weight * value / base_total) / (total + base_weight), 1e-9, 1.0);
    }
  }
}

// Fields a key consists of; its own session says nothing about them.
std::vector<Field> fields_of(KeyKind kind) {
  switch (kind) {
    case KeyKind::identifier: return {Field::identifier};
    case KeyKind::birth_initials:
    case KeyKind::birth_initial: return {Field::birth};
    case KeyKind::names: return {Field::given, Field::family, Field::order};
    case KeyKind::phone: return {Field::phone};
    case KeyKind::email: return {Field::email};
    case KeyKind::address: return {Field::address, Field::postcode, Field::locality, Field::region};
    case KeyKind::family_postcode: return {Field::family, Field::postcode, Field::locality, Field::region};
    default: return {};
  }
}

constexpr std::array session_keys{KeyKind::birth_initial, KeyKind::names,   KeyKind::phone,
                                  KeyKind::email,         KeyKind::address, KeyKind::family_postcode};

struct Pattern {
  Comparison comparison;
  double count = 0;
};

std::vector<Pattern> patterns_under(const Dataset& data, KeyKind kind, std::size_t pairs_max, std::size_t& pairs) {
  std::vector<std::pair<std::uint64_t, std::uint32_t>> entries;
  for (std::uint32_t i = 0; i < data.records.size(); ++i) {
    for (const auto& key : stored_keys(data.records[i])) {
      if (key.kind == kind) entries.emplace_back(key.hash, i);
    }
  }
  std::sort(entries.begin(), entries.end());
  std::map<std::array<std::uint8_t, field_count>, double> counts;
  pairs = 0;
  for (std::size_t begin = 0, end = 0; begin < entries.size(); begin = end) {
    while (end < entries.size() && entries[end].first == entries[begin].first) ++end;
    const std::size_t size = std::min<std::size_t>(end - begin, 200);
    for (std::size_t i = begin; i < begin + size && pairs < pairs_max; ++i) {
      for (std::size_t j = i + 1; j < begin + size && pairs < pairs_max; ++j, ++pairs) {
        counts[compare(data.records[entries[i].second], data.records[entries[j].second]).levels] += 1;
      }
    }
  }
  std::vector<Pattern> patterns;
  for (const auto& [levels, count] : counts) {
    Pattern pattern;
    pattern.comparison.levels = levels;
    pattern.count = count;
    patterns.push_back(pattern);
  }
  return patterns;
}

// One session; adds the expected levels of matches to `counts` and answers the expected number of matches.
double session(const std::vector<Pattern>& patterns, const std::vector<Field>& left_out, const Model& start,
               Counts& counts) {
  Model model = start;
  // Relatives share keys too, and are kept apart from matches as the score does.
  double match_share = 0.2, relative_share = 0.1;
  const auto used = [&](std::size_t f) {
    return std::find(left_out.begin(), left_out.end(), static_cast<Field>(f)) == left_out.end();
  };
  double expected = 0;
  Counts found{};
  for (int round = 0; round < 10; ++round) {
    found = {};
    expected = 0;
    double relatives = 0, total = 0;
    for (const auto& pattern : patterns) {
      double match = std::log2(match_share), relative = std::log2(relative_share);
      double stranger = std::log2(1 - match_share - relative_share);
      for (std::size_t f = 0; f < field_count; ++f) {
        const auto level = pattern.comparison.levels[f];
        if (level == level::missing || !used(f)) continue;
        const auto& weights = model.weights[ladder_of(static_cast<Field>(f))][level - 1U];
        match += std::log2(weights.match);
        relative += std::log2(weights.household);
        stranger += std::log2(weights.stranger);
      }
      const double p = 1 / (1 + std::exp2(relative - match) + std::exp2(stranger - match));
      const double q = 1 / (1 + std::exp2(match - relative) + std::exp2(stranger - relative));
      note(found, pattern.comparison, p * pattern.count);
      expected += p * pattern.count;
      relatives += q * pattern.count;
      total += pattern.count;
    }
    match_share = std::clamp(expected / std::max(total, 1.0), 1e-4, 0.9);
    relative_share = std::clamp(relatives / std::max(total, 1.0), 1e-4, 0.98 - match_share);
    model.weights = start.weights;
    blend(model, found, &LevelWeights::match, 50);
  }
  for (const auto field : left_out) found[ladder_of(field)] = {};
  for (std::size_t ladder = 0; ladder < ladder_count; ++ladder) {
    for (std::size_t i = 0; i < level_max; ++i) counts[ladder][i] += found[ladder][i];
  }
  return expected;
}

// The base's own hash is left behind: a model trained again is named after the release it began with.
std::string version_of(Model model, const Model& base) {
  model.version = base.version.substr(0, base.version.find('+'));
  return model.version + "+" + hex(sha256(model.to_json().dump())).substr(0, 8);
}

}  // namespace

Trained train(const Dataset& data, const Model& base, const TrainOptions& options) {
  Trained out;
  out.model = base;
  out.report = Json::object({{"records", static_cast<std::int64_t>(data.records.size())}});
  const auto& records = data.records;
  const auto step = [&](std::uint64_t done) {
    if (options.progress) options.progress(done, 10);
  };
  // Strangers: random pairs, the known matches and relatives among them left out.
  Counts strangers{};
  std::size_t random_pairs = 0;
  if (records.size() >= 2) {
    SeededRandom random(20260);
    const std::size_t wanted = std::min(options.random_pairs, records.size() * (records.size() - 1) / 2);
    for (std::size_t i = 0; i < wanted; ++i) {
      const auto a = random.below(records.size()), b = random.below(records.size());
      if (a == b || (!data.labels.empty() && data.labels[a] == data.labels[b])) continue;
      if (!data.related.empty() && data.related[a] == data.related[b]) continue;
      note(strangers, compare(records[a], records[b]), 1);
      ++random_pairs;
    }
  }
  step(3);
  // The base model keeps weight where a level is too rare to be seen by chance in so many pairs.
  blend(out.model, strangers, &LevelWeights::stranger,
        std::max(options.base_weight, static_cast<double>(random_pairs) * 0.02));
  out.report.set("randomPairs", static_cast<std::int64_t>(random_pairs));

  if (!data.labels.empty()) {
    Counts matches{};
    const auto pairs = each_pair(groups_of(data.labels), options.pairs_max, [&](auto a, auto b, double weight) {
      note(matches, compare(records[a], records[b]), weight);
    });
    blend(out.model, matches, &LevelWeights::match, options.base_weight);
    out.report.set("matchingPairs", static_cast<std::int64_t>(pairs));
  } else {
    Counts matches{};
    Json sessions = Json::array();
    for (std::size_t i = 0; i < session_keys.size(); ++i) {
      std::size_t pairs = 0;
      const auto patterns = patterns_under(data, session_keys[i], options.pairs_max, pairs);
      if (pairs < 50) continue;
      const double expected = session(patterns, fields_of(session_keys[i]), out.model, matches);
      sessions.push_back(Json::object({{"key", key_name(session_keys[i])},
                                       {"pairs", static_cast<std::int64_t>(pairs)},
                                       {"expectedMatches", Json(std::round(expected))}}));
      step(4 + i);
    }
    blend(out.model, matches, &LevelWeights::match, options.base_weight);
    out.report.set("sessions", std::move(sessions));
  }
  if (!data.related.empty() && !data.labels.empty()) {
    Counts relatives{};
    std::size_t pairs = 0;
    each_pair(groups_of(data.related), options.pairs_max, [&](auto a, auto b, double weight) {
      if (data.labels[a] == data.labels[b]) return;
      note(relatives, compare(records[a], records[b]), weight);
      ++pairs;
    });
    blend(out.model, relatives, &LevelWeights::household, options.base_weight);
    out.report.set("householdPairs", static_cast<std::int64_t>(pairs));
  }
  for (auto& ladder : out.model.weights) {
    for (auto& level : ladder) {
      if (options.ends != TrainOptions::Ends::noisy) level.clean = level.match;
      if (options.ends != TrainOptions::Ends::clean) level.noisy = level.match;
    }
  }
  out.model.prepare();
  out.model.version = options.version.empty() ? version_of(out.model, base) : options.version;
  out.report.set("version", out.model.version);
  step(10);
  return out;
}

}  // namespace handoff::people

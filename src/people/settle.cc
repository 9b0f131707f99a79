#include "people/settle.h"

#include <algorithm>
#include <cmath>

#include "base/random.h"

namespace handoff::people {
namespace {

// Pairs looked at to learn how careless a file is, and how many bits they must bring to move it a whole step away from
// what the model takes a file for.
constexpr std::size_t samples_max = 20'000;
constexpr double noise_belief = 20;
// How many of a person's further records carry a value unchanged.
constexpr double copies_share = 0.6;

// Populations have a relative on file for two persons in five at least, or none at all: where hardly anyone seems to
// live with anyone, what looks like a relative is more likely a record with two wrong fields.
constexpr double families_min = 0.4;
// Where nearly all relatives stay unseen (a file of names and birth dates shows the twins only), a few such records
// would make a crowd of relatives; then a household is believed to be no larger than one other member.
constexpr double barely_seen = 0.1;
double believable(double household_size, double seen) {
  const double size = std::min(household_size, 1.0) + std::max(0.0, household_size - 1) * seen / (seen + barely_seen);
  return size * std::min(1.0, std::pow(size / families_min, 1.5));
}

// How many matches' worth of belief the model's distribution over the levels of a field keeps, and how many times it
// must have been seen by chance before a level's frequency between strangers is the file's own.
constexpr double match_belief = 50;
constexpr double chance_belief = 10;

// How far a level may move. Names and places of relatives agree as those of one person do, so names move little, and
// places not at all where there are families. No field may come to differ more often than the model says: what differs
// everywhere is not one person.
struct Bounds {
  double down, up;
};
Bounds bounds_of(NoiseGroup group, bool last, bool families) {
  if (group == NoiseGroup::place && families) return {1, 1};
  const double down = group == NoiseGroup::place ? 1.5 : last ? 3 : 30;
  const double up = last ? 1 : group == NoiseGroup::names || group == NoiseGroup::place ? 3 : 30;
  return {down, up};
}

using Counts = std::array<std::array<double, level_max>, ladder_count>;
void note(Counts& counts, const Comparison& comparison, double weight) {
  for (std::size_t f = 0; f < field_count; ++f) {
    const auto level = comparison.levels[f];
    if (level != level::missing) counts[ladder_of(static_cast<Field>(f))][level - 1U] += weight;
  }
}

void set_match(LevelWeights& level, double match) { level.match = level.clean = level.noisy = match; }

// Random pairs of a file, which are strangers but for a few.
class RandomPairs {
 public:
  RandomPairs(std::span<const Record> records, const Model& model, const Frequencies& frequencies, double persons,
              std::size_t first_of_second)
      : records_(records),
        scorer_(model, frequencies, Prior::of_persons(persons)),
        keeper_(model, frequencies, without_families(Prior::of_persons(persons))) {
    SeededRandom random(7);
    const std::size_t split = first_of_second, all = records.size();
    if (all < 2 || split >= all) return;
    for (std::size_t i = 0; i < draws; ++i) {
      const auto a = random.below(split != 0 ? split : all);
      auto b = split != 0 ? split + random.below(all - split) : random.below(all);
      if (a == b) b = (b + 1) % all;
      pairs_.push_back({static_cast<std::uint32_t>(a), static_cast<std::uint32_t>(b), compare(records[a], records[b])});
    }
  }

  // What chance agreement is worth in this file.
  void learn_strangers(Model& model, const Frequencies& frequencies, const Prior& prior) const {
    const Scorer scorer(model, frequencies, prior);
    const double household_odds = prior.household_size / prior.persons;
    Counts counts{};
    for (const auto& pair : pairs_) {
      const auto score = scorer.score(pair.comparison, records_[pair.first], records_[pair.second]);
      const double others = prior.match_odds * std::exp2(score.stranger_bits) +
                            household_odds * std::exp2(score.stranger_bits - score.household_bits);
      note(counts, pair.comparison, 1 / (1 + others));
    }
    for (std::size_t ladder = 0; ladder < ladder_count; ++ladder) {
      const std::size_t size = ladders()[ladder].size();
      double total = 0;
      for (std::size_t i = 0; i < size; ++i) total += counts[ladder][i];
      for (std::size_t i = 0; i < size; ++i) {
        auto& level = model.weights[ladder][i].stranger;
        level = (counts[ladder][i] + chance_belief) / (total + chance_belief / level);
      }
    }
  }

  // Pairs that are not kept are not seen. Drawing pairs as the model describes them tells which share of a kind is kept
  // and what the others look like.
  struct Drawn {
    double seen = 1;
    Counts unseen{};  // levels of the pairs not kept, by drawn pair
  };
  Drawn draw(const Model& model, double LevelWeights::*kind) const {
    Drawn drawn;
    if (pairs_.empty()) return drawn;
    Counts up_to{};
    for (std::size_t ladder = 0; ladder < ladder_count; ++ladder) {
      const std::size_t size = ladders()[ladder].size();
      double sum = 0;
      for (std::size_t i = 0; i < size; ++i) up_to[ladder][i] = sum += model.weights[ladder][i].*kind;
      for (auto& at : up_to[ladder]) at /= sum;
    }
    SeededRandom random(11);
    double seen = 0;
    for (const auto& pair : pairs_) {
      // As many fields are missing as between two records of the file.
      Comparison comparison;
      for (std::size_t f = 0; f < field_count; ++f) {
        if (pair.comparison.levels[f] == level::missing) continue;
        const std::size_t ladder = ladder_of(static_cast<Field>(f)), last = ladders()[ladder].size() - 1;
        const double dice = static_cast<double>(random.next() >> 11) * 0x1.0p-53;
        std::size_t level = 0;
        while (level < last && up_to[ladder][level] < dice) ++level;
        comparison.levels[f] = static_cast<std::uint8_t>(level + 1);
      }
      const auto& record = records_[pair.first];
      const auto score = scorer_.score(comparison, record, record);
      if (keeper_.total_bits(score.stranger_bits, score.household_bits) >= BatchOptions{}.keep_total_bits)
        seen += 1;
      else
        note(drawn.unseen, comparison, 1 / static_cast<double>(pairs_.size()));
    }
    drawn.seen = std::max(seen, 1.0) / static_cast<double>(pairs_.size());
    return drawn;
  }

 private:
  static constexpr std::size_t draws = 20'000;
  struct Pair {
    std::uint32_t first, second;
    Comparison comparison;
  };
  std::span<const Record> records_;
  Scorer scorer_, keeper_;
  std::vector<Pair> pairs_;
};

// Where only years are known, the ladder of the birth date is another one: the same year is all that can agree.
void ask_for_years_only(Model& model, std::span<const Record> records) {
  std::size_t births = 0, years = 0;
  for (const auto& record : records) {
    births += record.birth.empty() ? 0 : 1;
    years += record.birth.kind == PartialDate::Kind::year ? 1 : 0;
  }
  if (years * 10 <= births * 9) return;
  auto& ladder = model.weights[ladder_of(Field::birth)];
  double wrong = 0;
  for (std::size_t i = level::birth::two_edits; i <= level::birth::different; ++i) wrong += ladder[i - 1].match;
  for (auto& level : ladder) set_match(level, 1e-6);
  const auto set = [&](std::uint8_t level, double match, double household, double stranger) {
    set_match(ladder[level - 1U], match);
    ladder[level - 1U].household = household;
    ladder[level - 1U].stranger = stranger;
  };
  // Seventy years of births; members of a household are of two or three generations.
  set(level::birth::year, 1 - wrong, 0.05, 0.014);
  set(level::birth::near, 0.4 * wrong, 0.08, 0.028);
  set(level::birth::different, 0.6 * wrong, 0.87, 0.958);
}

// Without given names and without birth dates nothing tells members of a household apart, and nothing can be learned
// from pairs that may be either.
bool tells_relatives_apart(const Frequencies& frequencies, std::size_t records) {
  return 2 * std::size_t{std::max(frequencies.total(Value::given), frequencies.total(Value::birth))} >= records;
}

class Settling {
 public:
  Settling(std::span<const Record> records, std::vector<ScoredPair>& pairs, const Model& model,
           const Frequencies& frequencies, std::size_t first_of_second)
      : records_(records),
        pairs_(pairs),
        first_(model),
        frequencies_(frequencies),
        first_of_second_(first_of_second),
        random_(records, model, frequencies,
                static_cast<double>(first_of_second != 0 ? first_of_second : records.size()), first_of_second),
        matches_(random_.draw(model, &LevelWeights::match)),
        relatives_(random_.draw(model, &LevelWeights::household)),
        settled_{model, {}} {
    const std::size_t step = pairs.size() / samples_max + 1;
    weight_ = static_cast<double>(step);
    for (std::size_t i = 0; i < pairs.size(); i += step)
      samples_.push_back({&pairs[i], compare(records[pairs[i].first], records[pairs[i].second])});
    settled_.prior = prior();
    settled_.prior.copies = copies();
  }

  Settled run() {
    // Scoring anew is dear where one person has thousands of records, and then one look has seen enough.
    const bool many = pairs_.size() > 2'000'000;
    for (int sweep = 0; sweep < (many ? 1 : 2); ++sweep) {
      learn_noise();
      score();
    }
    if (!tells_relatives_apart(frequencies_, records_.size())) return std::move(settled_);
    ask_for_years_only(settled_.model, records_);
    random_.learn_strangers(settled_.model, frequencies_, settled_.prior);
    score();
    const Model base = settled_.model;
    for (int turn = 0; turn < (many ? 1 : 3); ++turn) {
      for (int round = 0; round < 4; ++round) learn_matches(base);
      score();
    }
    return std::move(settled_);
  }

 private:
  double copies() const {
    const auto& prior = settled_.prior;
    return first_of_second_ != 0 ? 0.0 : copies_share * std::max(0.0, prior.match_odds * prior.persons - 1);
  }
  Prior prior() const {
    return estimate_prior(pairs_, settled_.model, records_.size(), first_of_second_, {matches_.seen, relatives_.seen});
  }

  double likelihood(const Noise& noise) const {
    Model tried = first_;
    tried.noise = noise;
    tried.prepare();
    const Scorer scorer(tried, frequencies_, settled_.prior);
    const double household_odds = settled_.prior.household_size / settled_.prior.persons;
    double sum = 0;
    for (const auto& sample : samples_) {
      const auto score = scorer.score(sample.comparison, records_[sample.pair->first], records_[sample.pair->second]);
      const double relative = std::exp2(score.stranger_bits - score.household_bits);
      sum += std::log2(settled_.prior.match_odds * std::exp2(score.stranger_bits) + 1 + household_odds * relative);
    }
    sum *= weight_;
    for (std::size_t g = 0; g < noise.size(); ++g)
      sum -= noise_belief * (noise[g] - first_.noise[g]) * (noise[g] - first_.noise[g]);
    return sum;
  }

  void learn_noise() {
    double best = likelihood(settled_.model.noise);
    for (std::size_t g = 0; g < noise_group_count; ++g) {
      for (const double share : {0.25, 0.4, 0.55, 0.7, 0.85, 1.0}) {
        Noise noise = settled_.model.noise;
        noise[g] = share;
        const double found = likelihood(noise);
        if (found <= best) continue;
        best = found;
        settled_.model.noise = noise;
      }
    }
  }

  // One round of expectation and maximization over the levels of records of one person; `base` is believed.
  void learn_matches(const Model& base) {
    Counts counts{};
    double expected = 0;
    const Scorer scorer(settled_.model, frequencies_, settled_.prior);
    for (const auto& sample : samples_) {
      const auto score = scorer.score(sample.comparison, records_[sample.pair->first], records_[sample.pair->second]);
      expected += score.probability * weight_;
      note(counts, sample.comparison, score.probability * weight_);
    }
    matches_ = random_.draw(settled_.model, &LevelWeights::match);
    const bool families = settled_.prior.household_size >= families_min;
    for (std::size_t ladder = 0; ladder < ladder_count; ++ladder) {
      const std::size_t size = ladders()[ladder].size();
      const auto group = noise_group_of(ladder);
      double total = 0, base_total = 0, kept = 0;
      for (std::size_t i = 0; i < size; ++i) {
        counts[ladder][i] += matches_.unseen[ladder][i] * expected / matches_.seen;
        total += counts[ladder][i];
        base_total += base.weights[ladder][i].match;
      }
      for (std::size_t i = 0; i < size; ++i) {
        const double before = base.weights[ladder][i].match / base_total;
        const auto bounds = bounds_of(group, i + 1 == size, families);
        auto& share = counts[ladder][i];
        share = std::clamp((share + match_belief * before) / (total + match_belief), before / bounds.down,
                           before * bounds.up);
        kept += share;
      }
      for (std::size_t i = 0; i < size; ++i)
        set_match(settled_.model.weights[ladder][i], std::max(counts[ladder][i] / kept, 1e-7));
    }
    settled_.model.prepare();
  }

  void score() {
    settled_.model.prepare();
    const Scorer scorer(settled_.model, frequencies_, settled_.prior);
    for (auto& pair : pairs_) {
      const auto score = scorer.score(records_[pair.first], records_[pair.second]);
      pair.stranger_bits = static_cast<float>(score.stranger_bits);
      pair.household_bits = static_cast<float>(score.household_bits);
    }
    matches_ = random_.draw(settled_.model, &LevelWeights::match);
    settled_.prior = prior();
    settled_.prior.household_size = believable(settled_.prior.household_size, relatives_.seen);
    settled_.prior.copies = copies();
  }

  // The pairs that speak: what is certainly no match says nothing about matches.
  struct Sample {
    const ScoredPair* pair;
    Comparison comparison;
  };

  std::span<const Record> records_;
  std::vector<ScoredPair>& pairs_;
  const Model& first_;
  const Frequencies& frequencies_;
  std::size_t first_of_second_;
  RandomPairs random_;
  RandomPairs::Drawn matches_, relatives_;
  Settled settled_;
  std::vector<Sample> samples_;
  double weight_ = 1;  // pairs a sample stands for
};

}  // namespace

Prior estimate_prior(std::span<const ScoredPair> pairs, const Model& model, std::size_t records,
                     std::size_t first_of_second, SeenShares seen) {
  const double count = static_cast<double>(std::max<std::size_t>(records, 2));
  const double first = static_cast<double>(first_of_second), second = count - first;
  const double possible = first_of_second == 0 ? count * (count - 1) / 2 : std::max(first * second, 1.0);
  const double persons = first_of_second == 0 ? count : std::max(first, 1.0);
  Prior prior = Prior::of_persons(persons);
  prior.household_size = model.household_size;
  const double lowest = 0.02 / persons, highest = 20.0 / persons;
  // Millions of pairs say no more than a million of them.
  constexpr std::size_t pairs_max = 1'000'000;
  const std::size_t step = pairs.size() / pairs_max + 1;
  // How many records' worth of belief the model's household size keeps.
  constexpr double inertia = 1;
  for (int round = 0; round < 25; ++round) {
    double matches = 0, relatives = 0;
    const double household_odds = prior.household_size / persons;
    for (std::size_t i = 0; i < pairs.size(); i += step) {
      const auto& pair = pairs[i];
      const double stranger = std::exp2(-double{pair.stranger_bits}),
                   relative = household_odds * std::exp2(-double{pair.household_bits});
      const double all = prior.match_odds + stranger + relative;
      matches += prior.match_odds / all;
      relatives += relative / all;
    }
    matches *= static_cast<double>(step) / seen.matches;
    relatives *= static_cast<double>(step);
    // Half a pair stands for what was not among the candidates, and keeps an empty file from odds of nothing.
    prior.match_odds = std::clamp((matches + 0.5) / possible, lowest, highest);
    const double found = relatives / possible * persons;
    prior.household_size = (found * count + inertia * model.household_size) / (count * seen.relatives + inertia);
  }
  return prior;
}

Settled settle(std::span<const Record> records, std::vector<ScoredPair>& pairs, const Model& model,
               const Frequencies& frequencies, std::size_t first_of_second) {
  return Settling(records, pairs, model, frequencies, first_of_second).run();
}

}  // namespace handoff::people

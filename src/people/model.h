// The matching model: for each level of each field, how often it is seen between two records of one person, of two
// strangers, and of two people of one household. A model is a versioned file; every decision names the version.
#pragma once

#include <array>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "people/compare.h"

namespace handoff::people {

// Probabilities, > 0. Records of one person differ more often where people are careless: `clean` and `noisy` are the
// ends between which a file lies, `match` what the model takes it for.
struct LevelWeights {
  double clean = 0, noisy = 0, match = 0, stranger = 0, household = 0;
};

// Fields that are careless together: a file may have tidy dates and dirty names.
enum class NoiseGroup : std::uint8_t { names, birth, contact, place };
inline constexpr std::size_t noise_group_count = 4;
NoiseGroup noise_group_of(std::size_t ladder);
using Noise = std::array<double, noise_group_count>;  // 0 clean … 1 noisy

struct Policy {
  double certain = 0.99;   // link by itself from here
  double probable = 0.80;  // top of the review band
  double review = 0.20;    // below it is another person
  double margin_bits = 5;  // the best must beat the second best by this
  double clusters = 0.90;  // batch linkage joins from here
};

struct Model {
  std::string version;
  Policy policy;
  // Expected other members of a person's household among the stored records.
  double household_size = 1.0;
  double frequency_bits_max = 6;
  Noise noise{};
  // weights[ladder][level - 1]
  std::array<std::array<LevelWeights, level_max>, ladder_count> weights{};

  // log2 ratios, derived by prepare(); index 0 is "missing" and always 0.
  std::array<std::array<float, level_max + 1>, field_count> stranger_bits{};
  std::array<std::array<float, level_max + 1>, field_count> household_bits{};
  // Mixes `match`, makes every ladder fall (a better level never weighs less) and fills the bits.
  void prepare();

  static Result<Model> parse(std::string_view text);
  Json to_json() const;
  // Compiled in from default_model.json.inc, made by `handoff match train`.
  static const Model& standard();
};

}  // namespace handoff::people

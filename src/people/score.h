// How probable it is that two records speak of one person. Evidence is summed in bits (Fellegi-Sunter) against two
// alternatives at once: that they are strangers, and that they share a household. The second keeps a twin, who agrees
// on surname, birth date, telephone and address, from looking certain; a cap on groups of fields would do so only
// roughly.
#pragma once

#include <array>
#include <vector>

#include "people/compare.h"
#include "people/frequency.h"
#include "people/model.h"

namespace handoff::people {

struct Score {
  double stranger_bits = 0;   // evidence against two strangers
  double household_bits = 0;  // evidence against two people of one household
  double bits = 0;            // both alternatives together, without the prior
  double total_bits = 0;      // with it
  double probability = 0;     // 2^total / (1 + 2^total)
};

// One line of the explanation.
struct FieldEvidence {
  Field field = Field::given;
  std::uint8_t level = 0;
  double bits = 0;            // of the level
  double frequency_bits = 0;  // more for a rare value, less for a common one
};

struct Evidence {
  Comparison comparison;
  std::vector<FieldEvidence> fields;  // largest absolute bits first; missing fields are left out
  double household_bits = 0;          // what is taken away because a relative would agree on the same fields; <= 0
  double prior_bits = 0;
  Score score;
};

// Odds that a record belongs to a given stored person before anything is compared.
struct Prior {
  double persons = 1;          // active persons
  double match_odds = 1.0;     // 1 / persons unless a batch has estimated it
  double household_size = -1;  // other members of one's household on file; negative: the model's
  // Further records of one person, beyond the two compared, that a value is counted for; a store counts persons, so 0.
  double copies = 0;
  static Prior of_persons(double persons) {
    return {persons < 1 ? 1 : persons, 1.0 / (persons < 1 ? 1 : persons), -1, 0};
  }
};

// What agreeing on a record's values tells by their rarity, worked out once for a record that is compared with many:
// the same numbers as without it.
struct RarityBits {
  std::array<double, static_cast<std::size_t>(Field::region) + 1> exact{};
  double near_given = 0, near_family = 0, near_postcode = 0;
};

class Scorer {
 public:
  // Both are kept by reference and must outlive the scorer.
  Scorer(const Model& model, const Frequencies& frequencies, Prior prior);

  Score score(const Record& a, const Record& b) const { return score(compare(a, b), a, b); }
  Score score(const Comparison& comparison, const Record& a, const Record& b) const;
  RarityBits rarity(const Record& record) const;
  Score score(const Record& a, const Record& b, const RarityBits& of_a, const RarityBits& of_b) const;
  Evidence explain(const Record& a, const Record& b) const { return explain(compare(a, b), a, b); }
  Evidence explain(const Comparison& comparison, const Record& a, const Record& b) const;
  const Model& model() const { return model_; }
  const Prior& prior() const { return prior_; }
  static double probability(double total_bits);
  // The same evidence under another prior.
  double total_bits(double stranger_bits, double household_bits) const {
    return finish(stranger_bits, household_bits).total_bits;
  }

 private:
  double frequency_bits(Field field, std::uint8_t level, const Record& a, const Record& b) const;
  double near_bits(Field field, const Record& record) const;
  double near_bits(Field field, std::uint8_t level, double rarity) const;
  double email_bits(std::uint8_t level, const Record& a, const Record& b) const;
  template <class Rarity>
  Score sum(const Comparison& comparison, Rarity&& rarity) const;
  Score finish(double stranger_bits, double household_bits) const;

  const Model& model_;
  const Frequencies& frequencies_;
  Prior prior_;
  double prior_bits_;
  double household_odds_bits_;
};

}  // namespace handoff::people

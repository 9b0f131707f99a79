// How well a model finds the true pairs of a labelled file: pairwise and clustered, at fixed probabilities and at the
// best one, and how many of the true pairs the keys let through at all.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "people/batch.h"
#include "people/cluster.h"
#include "people/dataset.h"

namespace handoff::people {

enum class Outcome : std::uint8_t { match, possible, none };
std::optional<Outcome> outcome_of(std::string_view label);  // "match", "possible_match", "no", "1", "0.5" …

struct LabelledPair {
  std::uint32_t first = 0, second = 0;
  std::optional<Outcome> label;  // none: the file has no third column, the pair is a true one
};

// What is known to be true of a data set.
struct Truth {
  std::vector<LabelledPair> pairs;  // where given, otherwise the data set's labels
  bool labelled = false;            // pairs say what they are; only these are judged
};
// The paths of the data name the file in an error: a pair that names an identifier of two rows is refused. So is a file
// where some lines have a label and others have none.
Result<Truth> read_pairs(const std::string& path, const Dataset& dataset, const std::string& data_path = "the file",
                         const std::string& second_path = "the second file");

struct At {
  double p = 0, precision = 0, recall = 0, f1 = 0;
};
struct Evaluation {
  std::size_t records = 0;
  std::uint64_t true_pairs = 0, scored_pairs = 0;
  double pairs_completeness = 0;
  // The same for a search, which asks with many keys and finds at most eight of each record.
  double search_completeness = 0;
  std::vector<At> at;
  At best, clustered;
  // Records without any true partner that nevertheless have a pair at certain, not stopped by a guard; per thousand.
  std::uint64_t lonely_records = 0;
  double false_links_per_thousand = 0;
  // Of the records with a partner: how often the best candidate is one.
  double right_first = 0;
  // Rows: what the label says; columns: what the policy says.
  std::optional<std::array<std::array<std::uint64_t, 3>, 3>> outcomes;
  double seconds = 0;
  std::string model_version;
  double prior_odds = 0, household_size = 0;
  Noise noise{};
  Json to_json() const;
};

struct EvaluateOptions {
  unsigned threads = 1;
  double clustered_p = 0.5;
  std::function<void(std::uint64_t, std::uint64_t)> progress;
};
Evaluation evaluate(const Dataset& dataset, const Truth& truth, const Model& model, const EvaluateOptions& options);

}  // namespace handoff::people

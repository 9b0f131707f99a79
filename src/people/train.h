// Makes a model from data. With labels the levels are counted; without, matches are found by expectation and
// maximization with the strangers' frequencies held fixed, once for each blocking key and without the fields that key
// consists of, and the results are averaged: one run over all keys together takes agreement on the key for evidence.
#pragma once

#include <functional>
#include <string>

#include "people/dataset.h"
#include "people/model.h"

namespace handoff::people {

struct TrainOptions {
  // Empty: that of the base and a short hash of what the model says, so that the same model has the same version and
  // another model another one.
  std::string version;
  // Which end of the matches' weights the file shows; both unless the model is made from files of either kind.
  enum class Ends { both, clean, noisy } ends = Ends::both;
  // How many pairs the base model counts for; keeps rare levels sane in small files.
  double base_weight = 100;
  std::size_t random_pairs = 2'000'000;
  std::size_t pairs_max = 400'000;
  std::function<void(std::uint64_t, std::uint64_t)> progress;
};

struct Trained {
  Model model;
  Json report;  // pairs of each kind, sessions
};

// Labels are in data.labels, households in data.related; either may be empty.
Trained train(const Dataset& data, const Model& base, const TrainOptions& options);

}  // namespace handoff::people

// What a file says about itself before it is judged: how many of its pairs are one person, whether it holds families,
// how careless it is, and what chance agreement is worth in it. Only a batch asks this; online the model stays as it
// is.
#pragma once

#include <span>

#include "people/batch.h"

namespace handoff::people {

// How many pairs of a file are one person, and how many are of one household, so that the expected numbers agree with
// the pairs found (two parameters, by expectation and maximization). Starts from one match per record and the model's
// household size. `seen` says which share of either kind of pair is kept at all (see without_families()).
struct SeenShares {
  double matches = 1, relatives = 1;
};
Prior estimate_prior(std::span<const ScoredPair> pairs, const Model& model, std::size_t records,
                     std::size_t first_of_second, SeenShares seen = {});

// The prior, and the model as it fits the file: first how careless its names, dates, contacts and places are (four
// numbers between the two ends the model was made from), then how often each level is seen between its strangers and
// between records of one person, within bounds around the model. What relatives look like never moves, and little moves
// where there are few pairs. `pairs` are scored anew with it.
struct Settled {
  Model model;
  Prior prior;
};
Settled settle(std::span<const Record> records, std::vector<ScoredPair>& pairs, const Model& model,
               const Frequencies& frequencies, std::size_t first_of_second);

}  // namespace handoff::people

// Batch linkage: finds the candidate pairs of a whole file through the same keys as a search, scores them with the same
// scorer, and keeps the ones that may matter.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "people/keys.h"
#include "people/score.h"

namespace handoff::people {

struct ScoredPair {
  std::uint32_t first = 0, second = 0;  // first < second
  float stranger_bits = 0, household_bits = 0;
  friend bool operator==(const ScoredPair&, const ScoredPair&) = default;
};

struct BatchOptions {
  std::size_t first_of_second = 0;  // pairs only between the records before and from here; 0: among all
  // Records under one key beyond which each is compared only with its neighbours in order of name; without it, one
  // common key costs the square of its length.
  std::size_t block_max = 6000;
  std::size_t neighbours = 40;
  // So many pairs are compared without keys: a file of five thousand records entirely, which takes some seconds.
  std::uint64_t every_pair_max = 15'000'000;
  // Up to so many records both sides of a pair are expanded (file_keys()); beyond it one side, as in a search.
  std::size_t both_sides_max = 200'000;
  // A key that only rescues says too little where more records share it.
  std::size_t rescue_max = 30;
  double keep_total_bits = -7;  // p of about .008
  unsigned threads = 1;
  std::function<void(std::uint64_t done, std::uint64_t total)> progress;
};

struct BatchResult {
  std::vector<ScoredPair> pairs;  // by first, second
  std::uint64_t pairs_scored = 0;
  std::array<std::uint64_t, key_kind_count> pairs_by_key{};  // by the first key that found them
  std::uint64_t blocks_cut = 0;                              // keys longer than block_max
};

// What is kept must still be there when a file turns out to have no families: pairs are kept under this prior.
Prior without_families(Prior prior);

class Batch {
 public:
  explicit Batch(std::span<const Record> records, BatchOptions options);
  // The candidates of one record, sorted, without itself.
  void candidates(std::uint32_t record, std::vector<std::uint32_t>& out) const;
  bool is_candidate(std::uint32_t a, std::uint32_t b) const;
  BatchResult score(const Scorer& scorer);
  // Before score_chunk(): works out once what each record's values tell by their rarity.
  void prepare(const Scorer& scorer);

  // The same in pieces, for runs that must be able to stop: any thread may score any chunk.
  std::size_t chunk_count() const;
  // Whom each record was last compared with; one a thread.
  using Seen = std::vector<std::uint32_t>;
  Seen make_seen() const { return Seen(records_.size(), ~0U); }
  BatchResult score_chunk(const Scorer& scorer, std::size_t chunk, Seen& seen) const;
  // Puts chunks together, in any order.
  static BatchResult merge(std::span<BatchResult> parts);
  std::uint64_t blocks_cut() const { return blocks_cut_; }

 private:
  struct Entry {
    std::uint64_t hash;
    std::uint32_t record;
    std::uint32_t rank;  // place of the record in order of name
  };
  void index_one_side();
  void index_both_sides();
  void collect(std::uint32_t record, std::vector<std::uint64_t>& found) const;
  void collect_all(std::uint32_t record, std::vector<std::uint64_t>& found) const;

  std::span<const Record> records_;
  BatchOptions options_;
  std::vector<Entry> entries_;         // by hash, then rank
  std::vector<std::uint32_t> bucket_;  // where each value of the hash's high bits begins
  int bucket_shift_ = 0;
  std::vector<std::uint32_t> ranks_;
  std::vector<RarityBits> rarity_;
  std::uint64_t blocks_cut_ = 0;
  bool every_pair_ = false, both_sides_ = false;

  // Where both sides are expanded: records that share a key, and for each record where it is one of them.
  struct Block {
    std::uint32_t begin, size;
    KeyKind kind;
  };
  std::vector<Block> blocks_;
  std::vector<std::uint32_t> members_;        // in order of name within a block
  std::vector<std::uint32_t> record_blocks_;  // numbers of blocks
  std::vector<std::size_t> record_begin_;     // one more than there are records
};

}  // namespace handoff::people

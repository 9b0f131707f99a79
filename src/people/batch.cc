#include "people/batch.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <mutex>
#include <numeric>
#include <thread>

namespace handoff::people {
namespace {

std::string order_of(const Record& record) {
  std::string text(record.family.view());
  text.push_back(' ');
  text.append(record.given.view());
  text.push_back(' ');
  text.append(record.birth.view());
  return text;
}

// A found candidate and how: bits 0-31 the record, 32-39 the kind of key, 40 whether both store the key.
constexpr std::uint64_t stored_on_both = 1ULL << 40;
// Records of one piece of work.
constexpr std::uint32_t chunk_size = 2048;
const NoFrequencies no_frequencies;

}  // namespace

Batch::Batch(std::span<const Record> records, BatchOptions options) : records_(records), options_(std::move(options)) {
  std::vector<std::uint32_t> order(records.size());
  std::iota(order.begin(), order.end(), 0U);
  {
    std::vector<std::string> names;
    names.reserve(records.size());
    for (const auto& record : records) names.push_back(order_of(record));
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return names[a] < names[b]; });
  }
  ranks_.resize(records.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) ranks_[order[i]] = i;
  entries_.reserve(records.size() * stored_keys_max);
  for (std::uint32_t i = 0; i < records.size(); ++i) {
    for (const auto& key : stored_keys(records[i])) entries_.push_back({key.hash, i, ranks_[i]});
  }
  std::sort(entries_.begin(), entries_.end(),
            [](const Entry& a, const Entry& b) { return a.hash != b.hash ? a.hash < b.hash : a.rank < b.rank; });
  int bits = 8;
  while ((std::size_t{1} << bits) < entries_.size() && bits < 26) ++bits;
  bucket_shift_ = 64 - bits;
  bucket_.assign((std::size_t{1} << bits) + 1, static_cast<std::uint32_t>(entries_.size()));
  for (std::size_t i = entries_.size(); i-- > 0;)
    bucket_[entries_[i].hash >> bucket_shift_] = static_cast<std::uint32_t>(i);
  for (std::size_t i = bucket_.size() - 1; i-- > 0;) bucket_[i] = std::min(bucket_[i], bucket_[i + 1]);
  for (std::size_t i = 0, begin = 0; i <= entries_.size(); ++i) {
    if (i < entries_.size() && entries_[i].hash == entries_[begin].hash) continue;
    blocks_cut_ += i - begin > options_.block_max ? 1 : 0;
    begin = i;
  }
}

void Batch::collect(std::uint32_t record, std::vector<std::uint64_t>& found) const {
  found.clear();
  const auto stored = stored_keys(records_[record]);
  for (const auto& key : probe_keys(records_[record])) {
    const bool both = std::find(stored.begin(), stored.end(), key) != stored.end();
    const std::size_t bucket = key.hash >> bucket_shift_;
    const auto from = entries_.begin() + bucket_[bucket], to = entries_.begin() + bucket_[bucket + 1];
    auto low = std::lower_bound(from, to, key.hash, [](const Entry& e, std::uint64_t h) { return e.hash < h; });
    auto high = std::upper_bound(low, to, key.hash, [](std::uint64_t h, const Entry& e) { return h < e.hash; });
    if (static_cast<std::size_t>(high - low) > options_.block_max) {
      const auto place =
          std::lower_bound(low, high, ranks_[record], [](const Entry& e, std::uint32_t rank) { return e.rank < rank; });
      const auto reach = static_cast<std::ptrdiff_t>(options_.neighbours);
      if (place - low > reach) low = place - reach;
      if (high - place > reach) high = place + reach;
    }
    const std::uint64_t mark = (std::uint64_t{static_cast<std::uint8_t>(key.kind)} << 32) | (both ? stored_on_both : 0);
    for (auto it = low; it != high; ++it) {
      if (it->record == record) continue;
      if (options_.first_of_second != 0 &&
          (it->record < options_.first_of_second) == (record < options_.first_of_second))
        continue;
      found.push_back(mark | it->record);
    }
  }
}

void Batch::candidates(std::uint32_t record, std::vector<std::uint32_t>& out) const {
  std::vector<std::uint64_t> found;
  collect(record, found);
  out.clear();
  for (const auto one : found) out.push_back(static_cast<std::uint32_t>(one));
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
}

bool Batch::is_candidate(std::uint32_t a, std::uint32_t b) const {
  std::vector<std::uint32_t> found;
  candidates(a, found);
  if (std::binary_search(found.begin(), found.end(), b)) return true;
  candidates(b, found);
  return std::binary_search(found.begin(), found.end(), a);
}

std::size_t Batch::chunk_count() const { return (records_.size() + chunk_size - 1) / chunk_size; }

BatchResult Batch::score_chunk(const Scorer& scorer, std::size_t chunk, Seen& seen) const {
  // What is kept must still be there when the file turns out to have no families.
  Prior without_families = scorer.prior();
  without_families.household_size = 0.001;
  const Scorer careless(scorer.model(), no_frequencies, without_families);
  BatchResult part;
  std::vector<std::uint64_t> found;
  const auto end = std::min<std::size_t>((chunk + 1) * chunk_size, records_.size());
  for (auto record = static_cast<std::uint32_t>(chunk * chunk_size); record < end; ++record) {
    collect(record, found);
    for (const auto one : found) {
      const auto other = static_cast<std::uint32_t>(one);
      if (seen[other] == record) continue;
      seen[other] = record;
      // A key stored with both is found from both sides; the later record scores it. Cut blocks and expansions may be
      // found from one side only, so they are scored from each and made unique at the end.
      if ((one & stored_on_both) != 0 && other > record && blocks_cut_ == 0) continue;
      ++part.pairs_scored;
      ++part.pairs_by_key[(one >> 32) & 0xFF];
      const auto first = std::min(record, other), second = std::max(record, other);
      const auto score = scorer.score(records_[first], records_[second]);
      if (careless.total_bits(score.stranger_bits, score.household_bits) < options_.keep_total_bits) continue;
      part.pairs.push_back(
          {first, second, static_cast<float>(score.stranger_bits), static_cast<float>(score.household_bits)});
    }
  }
  return part;
}

BatchResult Batch::merge(std::span<BatchResult> parts) {
  BatchResult result;
  for (auto& part : parts) {
    result.pairs.insert(result.pairs.end(), part.pairs.begin(), part.pairs.end());
    part.pairs = {};
    result.pairs_scored += part.pairs_scored;
    for (std::size_t i = 0; i < key_kind_count; ++i) result.pairs_by_key[i] += part.pairs_by_key[i];
  }
  std::sort(result.pairs.begin(), result.pairs.end(),
            [](const auto& a, const auto& b) { return a.first != b.first ? a.first < b.first : a.second < b.second; });
  result.pairs.erase(std::unique(result.pairs.begin(), result.pairs.end()), result.pairs.end());
  return result;
}

BatchResult Batch::score(const Scorer& scorer) const {
  std::vector<BatchResult> parts(chunk_count());
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::size_t done = 0;  // guarded by mutex
  const auto work = [&] {
    auto seen = make_seen();
    for (std::size_t chunk = next++; chunk < parts.size(); chunk = next++) {
      parts[chunk] = score_chunk(scorer, chunk, seen);
      const std::lock_guard lock(mutex);
      if (options_.progress) options_.progress(++done, parts.size());
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 1; i < options_.threads; ++i) threads.emplace_back(work);
  work();
  for (auto& thread : threads) thread.join();
  auto result = merge(parts);
  result.blocks_cut = blocks_cut_;
  return result;
}

Prior estimate_prior(std::span<const ScoredPair> pairs, const Model& model, std::size_t records,
                     std::size_t first_of_second) {
  const double count = static_cast<double>(std::max<std::size_t>(records, 2));
  const double first = static_cast<double>(first_of_second), second = count - first;
  const double possible = first_of_second == 0 ? count * (count - 1) / 2 : first * second;
  const double persons = first_of_second == 0 ? count : std::max(first, 1.0);
  Prior prior = Prior::of_persons(persons);
  prior.household_size = model.household_size;
  const double lowest = 0.02 / persons, highest = 20.0 / persons;
  // How many records' worth of belief the model's household size keeps.
  constexpr double inertia = 5;
  for (int round = 0; round < 25; ++round) {
    double matches = 0, relatives = 0;
    const double household_odds = prior.household_size / persons;
    for (const auto& pair : pairs) {
      const double stranger = std::exp2(-double{pair.stranger_bits}),
                   relative = household_odds * std::exp2(-double{pair.household_bits});
      const double all = prior.match_odds + stranger + relative;
      matches += prior.match_odds / all;
      relatives += relative / all;
    }
    // Half a pair stands for what was not among the candidates, and keeps an empty file from odds of nothing.
    prior.match_odds = std::clamp((matches + 0.5) / possible, lowest, highest);
    const double seen = relatives / possible * persons;
    prior.household_size = (seen * count + inertia * model.household_size) / (count + inertia);
  }
  return prior;
}

}  // namespace handoff::people

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
  const std::uint64_t all = records.size(), first = options_.first_of_second;
  every_pair_ = (first == 0 ? all * (all > 0 ? all - 1 : 0) / 2 : first * (all - first)) <= options_.every_pair_max;
  if (every_pair_) return;
  both_sides_ = all <= options_.both_sides_max;
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
  both_sides_ ? index_both_sides() : index_one_side();
}

void Batch::index_one_side() {
  entries_.reserve(records_.size() * stored_keys_max);
  for (std::uint32_t i = 0; i < records_.size(); ++i) {
    for (const auto& key : stored_keys(records_[i])) entries_.push_back({key.hash, i, ranks_[i]});
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

void Batch::index_both_sides() {
  // The kind in front, so that each record meets its most telling keys first. Most keys have one record and are
  // dropped.
  constexpr int kind_bits = 5;
  std::vector<Entry> entries;
  for (std::uint32_t i = 0; i < records_.size(); ++i) {
    for (const auto& key : file_keys(records_[i])) {
      const auto kind = static_cast<std::uint64_t>(key.kind);
      entries.push_back({(kind << (64 - kind_bits)) | (key.hash >> kind_bits), i, ranks_[i]});
    }
  }
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return a.hash != b.hash ? a.hash < b.hash : a.rank < b.rank; });
  record_begin_.assign(records_.size() + 1, 0);
  for (std::size_t begin = 0, end = 0; begin < entries.size(); begin = end) {
    while (end < entries.size() && entries[end].hash == entries[begin].hash) ++end;
    const auto kind = static_cast<KeyKind>(entries[begin].hash >> (64 - kind_bits));
    if (end - begin < 2 || (kind == KeyKind::rescue && end - begin > options_.rescue_max)) continue;
    blocks_cut_ += end - begin > options_.block_max ? 1 : 0;
    blocks_.push_back({static_cast<std::uint32_t>(members_.size()), static_cast<std::uint32_t>(end - begin), kind});
    for (std::size_t i = begin; i < end; ++i) {
      members_.push_back(entries[i].record);
      ++record_begin_[entries[i].record + 1];
    }
  }
  for (std::size_t i = 1; i < record_begin_.size(); ++i) record_begin_[i] += record_begin_[i - 1];
  record_blocks_.resize(members_.size());
  std::vector<std::size_t> next(record_begin_.begin(), record_begin_.end() - 1);
  for (std::uint32_t b = 0; b < blocks_.size(); ++b) {
    for (std::uint32_t i = 0; i < blocks_[b].size; ++i) record_blocks_[next[members_[blocks_[b].begin + i]]++] = b;
  }
}

void Batch::collect_all(std::uint32_t record, std::vector<std::uint64_t>& found) const {
  const auto split = static_cast<std::uint32_t>(options_.first_of_second);
  const auto count = static_cast<std::uint32_t>(records_.size());
  const std::uint32_t from = split != 0 && record < split ? split : 0,
                      to = split != 0 && record >= split ? split : count;
  const std::uint64_t mark = (std::uint64_t{static_cast<std::uint8_t>(KeyKind::every_pair)} << 32) | stored_on_both;
  for (std::uint32_t other = from; other < to; ++other) {
    if (other != record) found.push_back(mark | other);
  }
}

void Batch::collect(std::uint32_t record, std::vector<std::uint64_t>& found) const {
  found.clear();
  if (every_pair_) return collect_all(record, found);
  const std::size_t split = options_.first_of_second;
  const auto take = [&](std::uint32_t other, std::uint64_t mark) {
    if (other == record || (split != 0 && (other < split) == (record < split))) return;
    found.push_back(mark | other);
  };
  // Only the neighbours in order of name where a key is too common.
  const auto window = [&](auto& low, auto& high, auto&& rank) {
    if (static_cast<std::size_t>(high - low) <= options_.block_max) return;
    const auto place = std::lower_bound(low, high, ranks_[record],
                                        [&](const auto& entry, std::uint32_t mine) { return rank(entry) < mine; });
    const auto reach = static_cast<std::ptrdiff_t>(options_.neighbours);
    if (place - low > reach) low = place - reach;
    if (high - place > reach) high = place + reach;
  };
  if (both_sides_) {
    for (std::size_t i = record_begin_[record]; i < record_begin_[record + 1]; ++i) {
      const Block& block = blocks_[record_blocks_[i]];
      const std::uint64_t mark = (std::uint64_t{static_cast<std::uint8_t>(block.kind)} << 32) | stored_on_both;
      auto low = members_.begin() + block.begin, high = low + block.size;
      window(low, high, [&](std::uint32_t other) { return ranks_[other]; });
      for (auto it = low; it != high; ++it) take(*it, mark);
    }
    return;
  }
  const auto stored = stored_keys(records_[record]);
  for (const auto& key : probe_keys(records_[record])) {
    const bool both = std::find(stored.begin(), stored.end(), key) != stored.end();
    const std::size_t bucket = key.hash >> bucket_shift_;
    const auto from = entries_.begin() + bucket_[bucket], to = entries_.begin() + bucket_[bucket + 1];
    auto low = std::lower_bound(from, to, key.hash, [](const Entry& e, std::uint64_t h) { return e.hash < h; });
    auto high = std::upper_bound(low, to, key.hash, [](std::uint64_t h, const Entry& e) { return h < e.hash; });
    window(low, high, [](const Entry& entry) { return entry.rank; });
    const std::uint64_t mark = (std::uint64_t{static_cast<std::uint8_t>(key.kind)} << 32) | (both ? stored_on_both : 0);
    for (auto it = low; it != high; ++it) take(it->record, mark);
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

Prior without_families(Prior prior) {
  prior.household_size = 0.001;
  return prior;
}

std::size_t Batch::chunk_count() const { return (records_.size() + chunk_size - 1) / chunk_size; }

void Batch::prepare(const Scorer& scorer) {
  rarity_.clear();
  rarity_.reserve(records_.size());
  for (const auto& record : records_) rarity_.push_back(scorer.rarity(record));
}

BatchResult Batch::score_chunk(const Scorer& scorer, std::size_t chunk, Seen& seen) const {
  const Scorer careless(scorer.model(), no_frequencies, without_families(scorer.prior()));
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
      const auto score = scorer.score(records_[first], records_[second], rarity_[first], rarity_[second]);
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

BatchResult Batch::score(const Scorer& scorer) {
  prepare(scorer);
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

}  // namespace handoff::people

#include "people/link.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <optional>
#include <thread>

#include "people/cluster.h"
#include "people/csv.h"
#include "people/guards.h"
#include "people/settle.h"

namespace handoff::people {
namespace {

Error cannot_write(const std::string& path) {
  return Error{Kind::unavailable, "people.file.unwritable", "The file " + path + " cannot be written.", path};
}

// What the journal belongs to: other records or another model begin anew.
std::uint64_t fingerprint(const Dataset& data, const Model& model) {
  std::uint64_t hash = hash_text(model.to_json().dump());
  for (std::size_t i = 0; i < data.records.size(); ++i)
    hash = hash_text(data.ids[i], hash_text(serialize(data.records[i]), hash));
  return hash;
}

struct ChunkHead {
  std::uint64_t chunk = 0, pairs = 0, pairs_scored = 0;
  std::array<std::uint64_t, key_kind_count> pairs_by_key{};
  std::uint64_t check = 0;
};

std::uint64_t check_of(const ChunkHead& head, std::span<const ScoredPair> pairs) {
  const std::string_view bytes(reinterpret_cast<const char*>(pairs.data()), pairs.size_bytes());
  return hash_text(bytes, head.chunk * 31 + head.pairs * 7 + head.pairs_scored);
}

// The scored chunks, one after another. A torn last one is ignored and scored again.
class Journal {
 public:
  Journal(std::string path, std::uint64_t fingerprint) : path_(std::move(path)), fingerprint_(fingerprint) {}

  std::size_t load(std::vector<std::optional<BatchResult>>& parts) {
    std::ifstream in(path_, std::ios::binary);
    std::uint64_t of = 0;
    if (!in.read(reinterpret_cast<char*>(&of), sizeof of) || of != fingerprint_) return 0;
    std::size_t loaded = 0;
    good_bytes_ = sizeof of;
    for (ChunkHead head; in.read(reinterpret_cast<char*>(&head), sizeof head);) {
      if (head.chunk >= parts.size() || head.pairs > (1ULL << 32)) break;
      BatchResult part;
      part.pairs.resize(head.pairs);
      if (!in.read(reinterpret_cast<char*>(part.pairs.data()),
                   static_cast<std::streamsize>(head.pairs * sizeof(ScoredPair))))
        break;
      if (check_of(head, part.pairs) != head.check) break;
      part.pairs_scored = head.pairs_scored;
      part.pairs_by_key = head.pairs_by_key;
      loaded += parts[head.chunk] ? 0 : 1;
      parts[head.chunk] = std::move(part);
      good_bytes_ += sizeof head + head.pairs * sizeof(ScoredPair);
    }
    return loaded;
  }

  Result<void> open(bool keep) {
    std::error_code status;
    if (keep && good_bytes_ > 0) {
      std::filesystem::resize_file(path_, good_bytes_, status);
      out_.open(path_, std::ios::binary | std::ios::app);
    } else {
      out_.open(path_, std::ios::binary | std::ios::trunc);
      out_.write(reinterpret_cast<const char*>(&fingerprint_), sizeof fingerprint_);
    }
    if (!out_) return cannot_write(path_);
    return {};
  }

  void append(std::uint64_t chunk, const BatchResult& part) {
    ChunkHead head{chunk, part.pairs.size(), part.pairs_scored, part.pairs_by_key, 0};
    head.check = check_of(head, part.pairs);
    out_.write(reinterpret_cast<const char*>(&head), sizeof head);
    out_.write(reinterpret_cast<const char*>(part.pairs.data()),
               static_cast<std::streamsize>(part.pairs.size() * sizeof(ScoredPair)));
    out_.flush();
  }

  bool good() const { return out_.good(); }
  void remove() {
    out_.close();
    std::error_code status;
    std::filesystem::remove(path_, status);
  }

 private:
  std::string path_;
  std::uint64_t fingerprint_;
  std::uint64_t good_bytes_ = 0;
  std::ofstream out_;
};

struct Strongest {
  double probability = 1;  // weakest link a record hangs by; 1 for a record alone
  bool review = false;
};

// For each record the probability of its best link inside the cluster, and whether a pair that leads out of it asks for
// a person.
std::vector<Strongest> strengths(const Dataset& data, std::span<const ScoredPair> pairs, const Clusters& clusters,
                                 const Policy& policy, const Scorer& scorer) {
  std::vector<Strongest> out(data.records.size());
  std::vector<double> best(data.records.size(), -1);
  for (const auto& pair : pairs) {
    const double p = Scorer::probability(scorer.total_bits(pair.stranger_bits, pair.household_bits));
    const bool together = clusters.of[pair.first] == clusters.of[pair.second];
    for (const auto record : {pair.first, pair.second}) {
      if (together)
        best[record] = std::max(best[record], p);
      else if (p >= policy.review)
        out[record].review = true;
    }
  }
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (best[i] >= 0) out[i].probability = best[i];
  }
  return out;
}

}  // namespace

Result<void> can_write(const std::string& path) {
  std::error_code status;
  // What is there and no file (a folder, a device) would be replaced by one.
  if (path.empty() || (std::filesystem::exists(path, status) && !std::filesystem::is_regular_file(path, status)))
    return cannot_write(path);
  const std::string partial = path + ".partial";
  const bool was_there = std::filesystem::exists(partial, status);
  std::ofstream out(partial, std::ios::binary | std::ios::app);
  if (!out) return cannot_write(path);
  out.close();
  if (!was_there) std::filesystem::remove(partial, status);
  return {};
}

Result<void> write_file(const std::string& path, std::string_view text) {
  const std::string partial = path + ".partial";
  {
    std::ofstream out(partial, std::ios::binary | std::ios::trunc);
    out.write(text.data(), static_cast<std::streamsize>(text.size()));
    out.close();
    if (!out) return cannot_write(path);
  }
  std::error_code status, ignored;
  std::filesystem::rename(partial, path, status);
  if (!status) return {};
  std::filesystem::remove(partial, ignored);
  return cannot_write(path);
}

Result<LinkReport> link_file(const Dataset& data, const Model& model, const std::string& out_path,
                             const LinkOptions& options) {
  HANDOFF_TRY(can_write(out_path));
  LinkReport report;
  report.records = data.records.size();
  report.model_version = model.version;
  CountedFrequencies frequencies;
  for (const auto& record : data.records) frequencies.add(record);
  Batch batch(data.records, BatchOptions{});
  const Scorer first_scorer(model, frequencies, Prior::of_persons(static_cast<double>(data.records.size())));

  batch.prepare(first_scorer);
  std::vector<std::optional<BatchResult>> parts(batch.chunk_count());
  Journal journal(out_path + ".journal", fingerprint(data, model));
  if (options.resume) report.chunks_resumed = journal.load(parts);
  HANDOFF_TRY(journal.open(options.resume));
  {
    std::atomic<std::size_t> next{0};
    std::mutex mutex;
    std::size_t done = report.chunks_resumed;  // guarded by mutex, as the journal is
    const auto work = [&] {
      auto seen = batch.make_seen();
      for (std::size_t chunk = next++; chunk < parts.size(); chunk = next++) {
        if (parts[chunk]) continue;
        auto part = batch.score_chunk(first_scorer, chunk, seen);
        const std::lock_guard lock(mutex);
        journal.append(chunk, part);
        parts[chunk] = std::move(part);
        if (options.progress) options.progress(++done, parts.size());
      }
    };
    std::vector<std::thread> threads;
    for (unsigned i = 1; i < options.threads; ++i) threads.emplace_back(work);
    work();
    for (auto& thread : threads) thread.join();
  }
  if (!journal.good()) return cannot_write(out_path + ".journal");
  std::vector<BatchResult> complete;
  for (auto& part : parts) complete.push_back(std::move(*part));
  auto result = Batch::merge(complete);

  const auto settled = settle(data.records, result.pairs, model, frequencies, 0);
  const Scorer scorer(settled.model, frequencies, settled.prior);
  ClusterOptions how;
  how.from_probability = options.from_probability > 0 ? options.from_probability : model.policy.clusters;
  const auto clusters = cluster(data.records, result.pairs, scorer, frequencies, how);
  const auto strength = strengths(data, result.pairs, clusters, model.policy, scorer);

  std::string text = "id,cluster,probability,review\n";
  std::vector<std::size_t> sizes(clusters.count);
  for (std::size_t i = 0; i < data.records.size(); ++i) {
    char tail[64];
    std::snprintf(tail, sizeof tail, ",%u,%.4f,%s\n", clusters.of[i] + 1, strength[i].probability,
                  strength[i].review ? "yes" : "no");
    text += csv_field(data.ids[i]) + tail;
    report.largest = std::max(report.largest, ++sizes[clusters.of[i]]);
    report.reviews += strength[i].review ? 1 : 0;
  }
  HANDOFF_TRY(write_file(out_path, text));
  journal.remove();

  report.clusters = clusters.count;
  report.pairs_scored = result.pairs_scored;
  report.pairs_by_key = result.pairs_by_key;
  report.unions_refused = clusters.unions_refused;
  report.blocks_cut = batch.blocks_cut();
  for (const auto& pair : result.pairs) {
    const double slot = std::floor((scorer.total_bits(pair.stranger_bits, pair.household_bits) + 10) / 5);
    ++report.bits_histogram[static_cast<std::size_t>(std::clamp(slot, 0.0, 11.0))];
  }
  return report;
}

Json LinkReport::to_json() const {
  const auto count = [](auto value) { return Json(static_cast<std::int64_t>(value)); };
  Json by_key = Json::object(), histogram = Json::array();
  for (std::size_t i = 0; i < key_kind_count; ++i) {
    if (pairs_by_key[i] > 0) by_key.set(key_name(static_cast<KeyKind>(i)), count(pairs_by_key[i]));
  }
  for (std::size_t i = 0; i < bits_histogram.size(); ++i) {
    histogram.push_back(
        Json::object({{"fromBits", static_cast<int>(i) * 5 - 10}, {"pairs", count(bits_histogram[i])}}));
  }
  return Json::object({{"records", count(records)},
                       {"clusters", count(clusters)},
                       {"largestCluster", count(largest)},
                       {"recordsToReview", count(reviews)},
                       {"scoredPairs", count(pairs_scored)},
                       {"scoredPairsByKey", std::move(by_key)},
                       {"bits", std::move(histogram)},
                       {"unionsRefused", count(unions_refused)},
                       {"blocksCut", count(blocks_cut)},
                       {"chunksResumed", count(chunks_resumed)},
                       {"modelVersion", model_version}});
}

}  // namespace handoff::people

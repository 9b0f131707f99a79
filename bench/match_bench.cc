// How many candidate pairs one core scores in a second, and what a search's own work costs. Pairs are met as a batch
// meets them: through the keys of a generated file, records not in cache order.
#include <unistd.h>

#include <cstdio>
#include <ctime>
#include <filesystem>
#include <string>
#include <vector>

#include "people/batch.h"
#include "people/dataset.h"
#include "people/generate.h"
#include "people/policy.h"

namespace {

using namespace handoff::people;

// Processor time, not the clock on the wall: the figure is per core, whoever else uses the machine.
double seconds_of(std::clock_t start) { return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC; }

void line(const char* metric, double value, const char* unit, const std::string& conditions) {
  std::printf("{\"bench\":\"match\",\"metric\":\"%s\",\"value\":%.3f,\"unit\":\"%s\",\"conditions\":\"%s\"}\n", metric,
              value, unit, conditions.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  GenerateOptions how;
  how.persons = argc > 1 ? std::stoull(argv[1]) : 50'000;
  how.seed = 7;
  const auto path =
      (std::filesystem::temp_directory_path() / ("match_bench." + std::to_string(getpid()) + ".csv")).string();
  if (!generate_file(path, how)) return 1;
  auto start = std::clock();
  const auto data = read_dataset(path, ColumnMap::parse(generated_columns()).value(), {});
  const double reading = seconds_of(start);
  std::filesystem::remove(path);
  if (!data) return 1;
  const auto& records = data->records;
  const std::string size = std::to_string(records.size()) + " records, one thread";
  line("read_and_normalize", static_cast<double>(records.size()) / reading, "records/s", size);

  CountedFrequencies frequencies;
  for (const auto& record : records) frequencies.add(record);
  const Scorer scorer(Model::standard(), frequencies, Prior::of_persons(static_cast<double>(records.size())));
  start = std::clock();
  Batch batch(records, {});
  line("index", static_cast<double>(records.size()) / seconds_of(start), "records/s", size);

  std::vector<std::pair<std::uint32_t, std::uint32_t>> pairs;
  std::vector<std::uint32_t> found;
  for (std::uint32_t i = 0; i < records.size() && pairs.size() < 4'000'000; ++i) {
    batch.candidates(i, found);
    for (const auto other : found) pairs.emplace_back(i, other);
  }
  std::vector<RarityBits> rarity;
  for (const auto& record : records) rarity.push_back(scorer.rarity(record));
  for (int round = 0; round < 3; ++round) {
    double sum = 0;
    start = std::clock();
    for (const auto& [a, b] : pairs) sum += scorer.score(records[a], records[b], rarity[a], rarity[b]).total_bits;
    const double taken = seconds_of(start);
    line("scored_pairs", static_cast<double>(pairs.size()) / taken, "pairs/s",
         size + ", candidates of the keys, mean " + std::to_string(sum / static_cast<double>(pairs.size())) + " bits");
  }
  start = std::clock();
  const auto result = batch.score(scorer);
  line("batch", static_cast<double>(result.pairs_scored) / seconds_of(start), "pairs/s",
       size + ", looking up candidates included");

  start = std::clock();
  std::size_t keys = 0;
  for (const auto& record : records) keys += probe_keys(record).size();
  line("probe_keys", seconds_of(start) / static_cast<double>(records.size()) * 1e6, "us/record",
       "mean " + std::to_string(keys / std::max<std::size_t>(1, records.size())) + " keys");
  start = std::clock();
  std::size_t bytes = 0;
  for (const auto& record : records) bytes += serialize(record).size();
  line("serialize", seconds_of(start) / static_cast<double>(records.size()) * 1e6, "us/record",
       "mean " + std::to_string(bytes / std::max<std::size_t>(1, records.size())) + " bytes");
  return 0;
}

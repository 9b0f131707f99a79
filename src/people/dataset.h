// A file of people, read through its column map into comparable records. The text of the rows is not kept.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "people/columns.h"
#include "people/normalize.h"

namespace handoff::people {

// Bytes done, bytes in all. Called now and then.
using Progress = std::function<void(std::uint64_t done, std::uint64_t total)>;

struct Dataset {
  std::vector<Record> records;
  std::vector<std::string> ids;
  std::vector<std::uint64_t> lines;  // of each record in its file, counted from 1
  std::vector<std::string> labels;   // of the cluster column; empty where none was asked for
  std::vector<std::string> related;  // of the household column of a generated file
  std::size_t first_of_second = 0;   // records from here on come from the second file; 0: there is none
  std::vector<std::string> plain_keys;
  // Files with rows that have fewer fields than the first line names columns; what is missing is taken for empty.
  struct ShortRows {
    std::string path;
    std::uint64_t count = 0, first_line = 0;
  };
  std::vector<ShortRows> short_rows;
};

struct DatasetOptions {
  Locale locale;
  std::string cluster_column;  // empty: none
  std::string household_column;
  std::size_t records_max = 4'000'000;
  // What there is; 0: not known. What would not fit is refused after its first pages.
  std::uint64_t memory_bytes = 0;
  Progress progress;
};

Result<Dataset> read_dataset(const std::string& path, ColumnMap map, const DatasetOptions& options);
// Reads a second file behind the first; `map` is the same.
Result<void> read_second(Dataset& dataset, const std::string& path, ColumnMap map, const DatasetOptions& options);
// Error "people.dataset.no_records" where the file has no row below its first line.
Result<void> has_records(const Dataset& dataset, const std::string& path);
// Error "people.dataset.repeated_id" with the two lines where rows of the (first) file have the same identifier.
Result<void> has_distinct_ids(const Dataset& dataset, const std::string& path);
// The same error, for an identifier that is asked for and stands in both lines.
Error repeated_id(const std::string& path, std::uint64_t line, std::uint64_t second_line, std::uint64_t others = 0);
Result<std::string> read_text_file(const std::string& path, std::size_t size_max);

}  // namespace handoff::people

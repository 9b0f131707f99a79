#include "people/dataset.h"

#include <algorithm>
#include <fstream>
#include <numeric>
#include <sstream>
#include <unordered_set>

#include "base/text.h"
#include "people/csv.h"

namespace handoff::people {
namespace {

Result<Template> column_template(const std::string& column, const std::vector<std::string>& header,
                                 std::vector<std::string>& missing) {
  Template made = HANDOFF_TRY(Template::parse("{" + column + "}"));
  made.bind(header, missing);
  return made;
}

// Rows after which the number of all of them is guessed from the file's size.
constexpr std::uint64_t estimate_after = 20'000;

// With everything that linking and evaluating keep beside it (measured).
constexpr std::uint64_t memory_of_a_record = 3'300;

Error no_room(const std::string& path, std::uint64_t records, std::uint64_t memory) {
  const auto gigabytes = [](std::uint64_t bytes) {
    return std::to_string(bytes / 1'000'000'000) + "." + std::to_string(bytes / 100'000'000 % 10) + " GB";
  };
  return Error{Kind::too_large, "people.dataset.no_room",
               "The file has about " + std::to_string(records) + " records, which take about " +
                   gigabytes(records * memory_of_a_record) + " of memory; " + gigabytes(memory) +
                   " are free. Split the file, or run it where there is more.",
               path};
}

Error too_many(const std::string& path, std::string_view how, std::uint64_t count, const DatasetOptions& options) {
  return Error{
      Kind::too_large, "people.dataset.too_many_records",
      "The file has " + std::string(how) + " " + std::to_string(count) + " records; one run takes " +
          std::to_string(options.records_max) +
          ". Raise that with --records-max if memory allows (about 3.3 GB a million records), or split the file.",
      path};
}

// Whether the one column of names holds whole names: most of them are of two words or more. Looks at the first rows.
Result<bool> has_full_names(const std::string& path, const ColumnMap& map) {
  if (!map.has_one_name()) return false;
  constexpr std::size_t rows_max = 2000;
  CsvReader reader = HANDOFF_TRY(CsvReader::open(path));
  std::vector<std::string> row;
  std::size_t named = 0, long_ones = 0;
  for (std::size_t rows = 0; rows < rows_max && HANDOFF_TRY(reader.next(row)); ++rows) {
    const auto registrant = map.read(row);
    const auto name =
        trim(registrant.first_name.reveal().empty() ? registrant.last_name.reveal() : registrant.first_name.reveal());
    named += name.empty() ? 0 : 1;
    long_ones += name.find_first_of(" ,") != std::string_view::npos ? 1 : 0;
  }
  return long_ones * 10 >= named * 7 && long_ones > 0;
}

Result<void> append(Dataset& dataset, const std::string& path, ColumnMap map, const DatasetOptions& options,
                    bool second) {
  CsvReader reader = HANDOFF_TRY(CsvReader::open(path));
  const auto& header = reader.header();
  std::vector<std::string> missing;
  map.bind(header, second, missing);
  Template label, household;
  if (!options.cluster_column.empty()) label = HANDOFF_TRY(column_template(options.cluster_column, header, missing));
  if (!options.household_column.empty())
    household = HANDOFF_TRY(column_template(options.household_column, header, missing));
  HANDOFF_TRY(none_missing(missing, header));
  const bool full_names = HANDOFF_TRY(has_full_names(path, map));
  std::vector<std::string> row;
  std::uint64_t rows = 0;
  while (HANDOFF_TRY(reader.next(row))) {
    if (dataset.records.size() >= options.records_max) return too_many(path, "more than", options.records_max, options);
    // A file far too large is answered after its first pages, not after hours.
    if (++rows == estimate_after) {
      const std::uint64_t expected = reader.bytes_total() / std::max<std::uint64_t>(1, reader.bytes_read() / rows);
      if (expected > options.records_max + options.records_max / 2) return too_many(path, "about", expected, options);
      const std::uint64_t all = dataset.records.size() - rows + expected;
      if (options.memory_bytes > 0 && all > options.memory_bytes / memory_of_a_record)
        return no_room(path, all, options.memory_bytes);
    }
    std::string id = map.id.fill(row);
    if (id.empty()) {
      return Error{
          Kind::invalid_input, "people.dataset.no_id",
          "Line " + std::to_string(reader.line()) + " of " + path + " has no identifier in the column named by `id`.",
          path};
    }
    dataset.ids.push_back(std::move(id));
    dataset.lines.push_back(reader.line());
    auto registrant = map.read(row);
    if (full_names) split_full_name(registrant);
    dataset.records.push_back(normalize(registrant, options.locale));
    if (!options.cluster_column.empty()) dataset.labels.push_back(label.fill(row));
    if (!options.household_column.empty()) dataset.related.push_back(household.fill(row));
    if (options.progress && dataset.records.size() % 4096 == 0)
      options.progress(reader.bytes_read(), reader.bytes_total());
  }
  if (reader.short_rows() > 0) dataset.short_rows.push_back({path, reader.short_rows(), reader.first_short_line()});
  if (options.progress) options.progress(reader.bytes_total(), reader.bytes_total());
  return {};
}

}  // namespace

Result<Dataset> read_dataset(const std::string& path, ColumnMap map, const DatasetOptions& options) {
  Dataset dataset;
  dataset.plain_keys = map.plain_keys;
  HANDOFF_TRY(append(dataset, path, std::move(map), options, false));
  return dataset;
}

Result<void> read_second(Dataset& dataset, const std::string& path, ColumnMap map, const DatasetOptions& options) {
  dataset.first_of_second = dataset.records.size();
  return append(dataset, path, std::move(map), options, true);
}

Result<void> has_records(const Dataset& dataset, const std::string& path) {
  if (!dataset.records.empty()) return {};
  return Error{Kind::invalid_input, "people.dataset.no_records",
               "The file " + path + " names columns and has no row below them.", path};
}

Result<void> has_distinct_ids(const Dataset& dataset, const std::string& path) {
  const std::size_t size = dataset.first_of_second != 0 ? dataset.first_of_second : dataset.ids.size();
  std::vector<std::uint32_t> order(size);
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&](auto a, auto b) {
    const int by_id = dataset.ids[a].compare(dataset.ids[b]);
    return by_id != 0 ? by_id < 0 : a < b;
  });
  // The repetition that comes first in the file is named, so that the file can be mended from its beginning.
  std::uint64_t repeated = 0, line = 0, second_line = 0;
  for (std::size_t i = 1; i < size; ++i) {
    if (dataset.ids[order[i]] != dataset.ids[order[i - 1]]) continue;
    ++repeated;
    if (second_line == 0 || dataset.lines[order[i]] < second_line) {
      line = dataset.lines[order[i - 1]];
      second_line = dataset.lines[order[i]];
    }
  }
  if (repeated == 0) return {};
  return repeated_id(path, line, second_line, repeated - 1);
}

Error repeated_id(const std::string& path, std::uint64_t line, std::uint64_t second_line, std::uint64_t others) {
  const std::string more =
      others == 0 ? ""
                  : " (and " + std::to_string(others) + (others == 1 ? " row more" : " rows more") + " repeat one)";
  return Error{Kind::invalid_input, "people.dataset.repeated_id",
               "Lines " + std::to_string(line) + " and " + std::to_string(second_line) + " of " + path +
                   " have the same identifier" + more +
                   ", so that it does not say which row is meant. Correct the file, or let `id` of the column map name "
                   "columns that tell the rows apart.",
               path};
}

Result<std::string> read_text_file(const std::string& path, std::size_t size_max) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return Error{Kind::not_found, "people.file.unreadable", "The file " + path + " cannot be opened.", path};
  std::string text;
  char buffer[4096];
  while (in.read(buffer, sizeof buffer) || in.gcount() > 0) {
    text.append(buffer, static_cast<std::size_t>(in.gcount()));
    if (text.size() > size_max)
      return Error{Kind::too_large, "people.file.too_large", "The file " + path + " is larger than expected.", path};
  }
  return text;
}

}  // namespace handoff::people

#include "face/cli/match.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <thread>
#include <utility>

#include "people/evaluate.h"
#include "people/generate.h"
#include "people/link.h"
#include "people/phone_number.h"
#include "people/train.h"

namespace handoff::face::cli {
namespace {

namespace people = handoff::people;

struct Options {
  std::string file, against, columns, cluster, pairs, model, out, household, version, map_out, ends = "both";
  std::string region = "CA";
  bool json = false, resume = false, day_first = false;
  double p = -1;
  std::size_t records_max = 4'000'000;
  unsigned threads = 0;
  std::uint64_t persons = 1000, seed = 1, errors_max = 3;
};

int present_year(const Clock& clock) {
  const std::chrono::year_month_day today{std::chrono::floor<std::chrono::days>(clock.now())};
  return static_cast<int>(today.year());
}

// Whether two paths lead to one file, also through links and where it is not there yet.
bool same_file(const std::string& a, const std::string& b) {
  std::error_code status;
  if (std::filesystem::equivalent(a, b, status)) return true;
  const auto whole = [](const std::string& path) {
    std::error_code failed;
    auto absolute = std::filesystem::absolute(path, failed);
    if (!failed) absolute = std::filesystem::weakly_canonical(absolute, failed);
    return failed ? std::filesystem::path(path) : absolute;
  };
  return whole(a) == whole(b);
}

// A file of the command line, and the word it is given by.
using NamedFile = std::pair<std::string_view, std::string>;

// No output is an input or another output; what is written beside an output until it is whole counts as well.
Result<void> keeps_inputs(const std::vector<NamedFile>& outputs, const std::vector<NamedFile>& inputs) {
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const auto& [option, path] = outputs[i];
    auto others = inputs;
    for (std::size_t j = 0; j < outputs.size(); ++j) {
      if (j != i) others.push_back(outputs[j]);
    }
    for (const auto& [other, other_path] : others) {
      if (path.empty() || other_path.empty()) continue;
      for (const std::string tail : {"", ".partial", ".journal"}) {
        if (!same_file(path + tail, other_path)) continue;
        return Error{Kind::invalid_input, "match.same_file",
                     std::string(option) + " would overwrite " + other_path + ", which is given as " +
                         std::string(other) + ". Name another file with " + std::string(option) +
                         "; nothing has been written.",
                     path};
      }
    }
  }
  return {};
}

// A bar on the last line of the terminal; nothing where the output is kept in a file.
class Bar {
 public:
  Bar(const MatchEnvironment& environment, std::string what) : environment_(environment), what_(std::move(what)) {}
  ~Bar() {
    if (environment_.terminal && shown_ >= 0) environment_.err << "\r\033[K" << std::flush;
  }
  void show(std::uint64_t done, std::uint64_t total) {
    if (!environment_.terminal || total == 0) return;
    const int percent = static_cast<int>(std::min<std::uint64_t>(100, done * 100 / total));
    if (percent == shown_) return;
    shown_ = percent;
    const int filled = percent * 30 / 100;
    environment_.err << '\r' << what_ << " [" << std::string(static_cast<std::size_t>(filled), '#')
                     << std::string(static_cast<std::size_t>(30 - filled), ' ') << "] " << percent << " %"
                     << std::flush;
  }

 private:
  const MatchEnvironment& environment_;
  std::string what_;
  int shown_ = -1;
};

class Match {
 public:
  Match(const Options& options, const MatchEnvironment& environment) : options_(options), environment_(environment) {}

  Result<void> evaluate() {
    const auto started = environment_.clock.monotonic();
    if (options_.cluster.empty() == options_.pairs.empty()) {
      return Error{Kind::invalid_input,
                   "match.truth",
                   "Say what is true with either --cluster COLUMN or --pairs PAIRS.csv.",
                   {}};
    }
    const auto model = HANDOFF_TRY(read_model());
    auto data = HANDOFF_TRY(read(options_.cluster, {}));
    HANDOFF_TRY(people::has_records(data, options_.file));
    people::Truth truth;
    if (!options_.pairs.empty())
      truth = HANDOFF_TRY(people::read_pairs(options_.pairs, data, options_.file, options_.against));
    people::EvaluateOptions how;
    how.threads = threads();
    if (options_.p > 0) how.clustered_p = options_.p;
    Bar bar(environment_, "scoring");
    how.progress = [&](std::uint64_t done, std::uint64_t total) { bar.show(done, total); };
    auto result = people::evaluate(data, truth, model, how);
    result.seconds = static_cast<double>((environment_.clock.monotonic() - started).count()) / 1000.0;
    Json json = result.to_json();
    json.set("shortRows", short_rows(data));
    environment_.out << (options_.json ? json.dump() : json.dump_pretty()) << '\n';
    return {};
  }

  Result<void> link() {
    const auto started = environment_.clock.monotonic();
    HANDOFF_TRY(keeps_inputs({{"--out", options_.out}}, inputs()));
    HANDOFF_TRY(people::can_write(options_.out));
    const auto model = HANDOFF_TRY(read_model());
    auto data = HANDOFF_TRY(read({}, {}));
    HANDOFF_TRY(people::has_distinct_ids(data, options_.file));
    people::LinkOptions how;
    how.threads = threads();
    how.resume = options_.resume;
    if (options_.p > 0) how.from_probability = options_.p;
    Bar bar(environment_, "scoring");
    how.progress = [&](std::uint64_t done, std::uint64_t total) { bar.show(done, total); };
    const auto report = HANDOFF_TRY(people::link_file(data, model, options_.out, how));
    Json json = report.to_json();
    json.set("shortRows", short_rows(data));
    json.set("seconds", Json(static_cast<double>((environment_.clock.monotonic() - started).count()) / 1000.0));
    environment_.out << (options_.json ? json.dump() : json.dump_pretty()) << '\n';
    return {};
  }

  Result<void> train() {
    HANDOFF_TRY(keeps_inputs({{"--out", options_.out}}, inputs()));
    HANDOFF_TRY(people::can_write(options_.out));
    auto base = HANDOFF_TRY(read_model());
    auto data = HANDOFF_TRY(read(options_.cluster, options_.household));
    HANDOFF_TRY(people::has_records(data, options_.file));
    Bar bar(environment_, "training");
    people::TrainOptions how;
    how.version = options_.version;
    how.ends = options_.ends == "clean"   ? people::TrainOptions::Ends::clean
               : options_.ends == "noisy" ? people::TrainOptions::Ends::noisy
                                          : people::TrainOptions::Ends::both;
    how.progress = [&](std::uint64_t done, std::uint64_t total) { bar.show(done, total); };
    auto trained = people::train(data, base, how);
    trained.report.set("shortRows", short_rows(data));
    HANDOFF_TRY(people::write_file(options_.out, trained.model.to_json().dump_pretty() + "\n"));
    environment_.out << (options_.json ? trained.report.dump() : trained.report.dump_pretty()) << '\n';
    return {};
  }

  Result<void> generate() {
    const std::string map = options_.map_out.empty() ? options_.out + ".columns.toml" : options_.map_out;
    HANDOFF_TRY(keeps_inputs({{"--out", options_.out}, {"--columns-out", map}}, {}));
    HANDOFF_TRY(people::can_write(options_.out));
    HANDOFF_TRY(people::can_write(map));
    people::GenerateOptions how;
    how.persons = options_.persons;
    how.seed = options_.seed;
    how.errors_max = static_cast<int>(options_.errors_max);
    how.year_now = present_year(environment_.clock);
    Bar bar(environment_, "generating");
    how.progress = [&](std::uint64_t done, std::uint64_t total) { bar.show(done, total); };
    const auto report = HANDOFF_TRY(people::generate_file(options_.out, how));
    HANDOFF_TRY(people::write_file(map, std::string(people::generated_columns())));
    environment_.out << (options_.json ? report.dump() : report.dump_pretty()) << '\n';
    return {};
  }

 private:
  unsigned threads() const {
    return options_.threads > 0 ? options_.threads : std::max(1U, std::thread::hardware_concurrency());
  }

  Result<people::Model> read_model() const {
    if (options_.model.empty()) return people::Model::standard();
    auto model = people::Model::parse(HANDOFF_TRY(people::read_text_file(options_.model, 1 << 20)));
    if (!model) model.error().for_caller = options_.model + ": " + model.error().for_caller;
    return model;
  }

  std::vector<NamedFile> inputs() const {
    return {{"FILE", options_.file},
            {"--against", options_.against},
            {"--columns", options_.columns},
            {"--model", options_.model}};
  }

  static Json short_rows(const people::Dataset& data) {
    std::uint64_t count = 0;
    for (const auto& file : data.short_rows) count += file.count;
    return Json(static_cast<std::int64_t>(count));
  }

  Result<people::Dataset> read(const std::string& cluster_column, const std::string& household_column) {
    const auto map =
        HANDOFF_TRY(people::ColumnMap::parse(HANDOFF_TRY(people::read_text_file(options_.columns, 1 << 20))));
    for (const auto& key : map.plain_keys) {
      environment_.err << "note: `" << key << "` is no part of a registrant; it is compared as plain text";
      if (const auto meant = people::nearest_key(key)) environment_.err << " (did you mean `" << *meant << "`?)";
      environment_.err << '\n';
    }
    people::DatasetOptions how;
    how.locale.region = options_.region;
    how.locale.day_first = options_.day_first;
    how.locale.year_now = present_year(environment_.clock);
    how.cluster_column = cluster_column;
    how.household_column = household_column;
    how.records_max = options_.records_max;
    how.memory_bytes = environment_.memory_bytes;
    Bar bar(environment_, "reading");
    how.progress = [&](std::uint64_t done, std::uint64_t total) { bar.show(done, total); };
    auto data = HANDOFF_TRY(people::read_dataset(options_.file, map, how));
    if (!options_.against.empty()) HANDOFF_TRY(people::read_second(data, options_.against, map, how));
    for (const auto& file : data.short_rows) {
      environment_.err << "note: " << file.count << (file.count == 1 ? " row of " : " rows of ") << file.path
                       << " with fewer fields than the first line names columns (the first is line " << file.first_line
                       << "); what is missing is taken for empty\n";
    }
    return data;
  }

  const Options& options_;
  const MatchEnvironment& environment_;
};

// The library takes a negative number for a large one, and a probability of 7 for a number.
CLI::Validator whole(std::uint64_t low, std::uint64_t high) {
  const std::string range = std::to_string(low) + " to " + std::to_string(high);
  return {[=](const std::string& text) {
            std::uint64_t value = 0;
            const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
            const bool good =
                problem == std::errc{} && end == text.data() + text.size() && value >= low && value <= high;
            return good ? std::string() : text + " is no whole number from " + range;
          },
          range};
}

CLI::Validator probability() {
  return {[](const std::string& text) {
            char* end = nullptr;
            const double value = std::strtod(text.c_str(), &end);
            const bool good = !text.empty() && *end == 0 && value > 0 && value <= 1;
            return good ? std::string() : text + " is no probability; it must be above 0 and at most 1";
          },
          "above 0, at most 1"};
}

CLI::Validator region() {
  return {[](const std::string& text) {
            return people::is_phone_region(text)
                       ? std::string()
                       : text +
                             " is no country that telephone numbers are known of; write the two capital letters of " +
                             "its code, such as CA or US";
          },
          "two capital letters"};
}

void add_common(CLI::App& command, Options& options) {
  command.add_option("--model", options.model, "model file; without it the one built in");
  command.add_option("--region", options.region, "country of telephone numbers without a code")
      ->check(region())
      ->capture_default_str();
  command.add_flag("--day-first", options.day_first, "3/4/2001 is 3 April where the map gives no format");
  command.add_option("--records-max", options.records_max, "most records to read into memory")
      ->check(whole(1, 4'000'000'000))
      ->capture_default_str();
  command.add_option("--threads", options.threads, "0: as many as there are cores")->check(whole(0, 1024));
  command.add_flag("--json", options.json, "compact JSON on one line");
}

}  // namespace

std::optional<int> run_match(const std::vector<std::string>& args, const MatchEnvironment& environment) {
  if (args.empty() || args.front() != "match") return std::nullopt;
  Options options;
  CLI::App app("Matching of people over files", "handoff match");
  app.require_subcommand(1);

  auto* evaluate = app.add_subcommand("evaluate", "how well the model finds the true pairs of a labelled file");
  evaluate->add_option("FILE", options.file, "CSV in UTF-8")->required();
  evaluate->add_option("--against", options.against, "second file; pairs are formed only between the two");
  evaluate->add_option("--columns", options.columns, "column map (TOML)")->required();
  evaluate->add_option("--cluster", options.cluster, "column that is equal for records of one person");
  evaluate->add_option("--pairs", options.pairs, "CSV of two columns of row identifiers and optionally a label");
  evaluate->add_option("--clustered-at", options.p, "probability from which clusters are joined (0.5)")
      ->check(probability());
  add_common(*evaluate, options);

  auto* link = app.add_subcommand("link", "links a file and writes the cluster of each record");
  link->add_option("FILE", options.file, "CSV in UTF-8")->required();
  link->add_option("--columns", options.columns, "column map (TOML)")->required();
  link->add_option("--out", options.out, "CSV to write: id, cluster, probability, review")->required();
  link->add_flag("--resume", options.resume, "continue an interrupted run");
  link->add_option("--at", options.p, "probability from which records are linked; without it the model's")
      ->check(probability());
  add_common(*link, options);

  auto* train = app.add_subcommand("train", "makes a model from a file, labelled or not");
  train->add_option("FILE", options.file, "CSV in UTF-8")->required();
  train->add_option("--columns", options.columns, "column map (TOML)")->required();
  train->add_option("--out", options.out, "model file to write")->required();
  train->add_option("--cluster", options.cluster,
                    "column that is equal for records of one person; without it the file is unlabelled");
  train->add_option("--household", options.household, "column that is equal for records of one household");
  train->add_option("--ends", options.ends, "which end of carefulness the file shows: clean, noisy or both")
      ->check(CLI::IsMember({"clean", "noisy", "both"}))
      ->capture_default_str();
  train->add_option("--version", options.version, "version of the new model; without it the base's and a hash");
  add_common(*train, options);

  auto* generate = app.add_subcommand("generate", "writes invented people with households, twins and errors");
  generate->add_option("--persons", options.persons, "how many people")->required()->check(whole(1, 50'000'000));
  generate->add_option("--seed", options.seed, "the same number gives the same file")
      ->required()
      ->check(whole(0, std::numeric_limits<std::uint64_t>::max()));
  generate->add_option("--out", options.out, "CSV to write")->required();
  generate->add_option("--errors-max", options.errors_max, "most errors in one record, 0 to 10")
      ->check(whole(0, 10))
      ->capture_default_str();
  generate->add_option("--columns-out", options.map_out, "where to write its column map; default FILE.columns.toml");
  generate->add_flag("--json", options.json, "compact JSON on one line");

  std::vector<std::string> words(args.rbegin(), args.rend() - 1);  // the library takes them from the back
  try {
    app.parse(words);
  } catch (const CLI::ParseError& error) {
    return app.exit(error, environment.out, environment.err) == 0 ? 0 : 2;
  }
  Match match(options, environment);
  const auto result = evaluate->parsed() ? match.evaluate()
                      : link->parsed()   ? match.link()
                      : train->parsed()  ? match.train()
                                         : match.generate();
  if (result) return 0;
  environment.err << result.error().for_caller << " [" << result.error().code << "]\n";
  return 1;
}

}  // namespace handoff::face::cli

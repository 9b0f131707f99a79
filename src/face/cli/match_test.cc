// Goal: a wrong word on the command line is refused before anything is written. Method: run the commands over small
// files in a folder of their own and look at the status, the sentence and the folder afterwards.
#include "face/cli/match.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "base/json.h"

namespace handoff::face::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view map_text = R"(
id = "{id}"
[columns]
firstName = "{first}"
lastName = "{last}"
birthDate = { text = "{birth}", format = "%Y-%m-%d" }
)";
constexpr std::string_view people_text =
    "id,first,last,birth,cluster\n"
    "1,Wilhelmina,Quillcroft,1987-02-11,a\n2,Minnie,Quillcroft,1987-02-11,a\n3,Otto,Zwirnstein,1950-05-05,b\n";

class MatchCommand : public testing::Test {
 protected:
  MatchCommand() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::temp_directory_path() /
              ("handoff_match_" + std::string(test->name()) + std::to_string(getpid()));
    std::filesystem::create_directories(folder_);
    file_ = write("people.csv", people_text);
    map_ = write("map.toml", map_text);
  }
  ~MatchCommand() override {
    std::error_code status;
    std::filesystem::remove_all(folder_, status);
  }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string write(const std::string& name, std::string_view text) const {
    std::ofstream(path(name), std::ios::binary) << text;
    return path(name);
  }
  static std::string read(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::set<std::string> names() const {
    std::set<std::string> out;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) out.insert(entry.path().filename().string());
    return out;
  }
  int run(std::vector<std::string> words) {
    words.insert(words.begin(), "match");
    std::ostringstream out, err;
    const SystemClock clock;
    const int status = run_match(words, {out, err, clock}).value_or(-1);
    out_ = out.str();
    err_ = err.str();
    return status;
  }
  // Refused with this status and words, and the folder is as it was.
  void refuses(const std::vector<std::string>& words, int status, const std::string& said) {
    const auto before = names();
    EXPECT_EQ(run(words), status) << err_;
    EXPECT_THAT(err_, HasSubstr(said));
    EXPECT_EQ(names(), before);
    EXPECT_EQ(read(file_), people_text);
    EXPECT_EQ(read(map_), map_text);
  }

  std::filesystem::path folder_;
  std::string file_, map_, out_, err_;
};

TEST_F(MatchCommand, NoOutputOverwritesAnInput) {
  std::filesystem::create_symlink(file_, path("link.csv"));
  std::filesystem::create_hard_link(file_, path("hard.csv"));
  const auto model = path("model.json");
  ASSERT_EQ(run({"train", file_, "--columns", map_, "--out", model}), 0) << err_;
  const std::string trained = read(model);
  const auto across = path("../" + folder_.filename().string() + "/people.csv");
  for (const std::string command : {"link", "train"}) {
    for (const auto& out : {file_, path("link.csv"), path("hard.csv"), path("./people.csv"), across, map_, model}) {
      refuses({command, file_, "--columns", map_, "--model", model, "--out", out}, 1, "[match.same_file]");
      EXPECT_THAT(err_, HasSubstr("--out would overwrite"));
    }
  }
  EXPECT_EQ(read(model), trained);
  // What is written beside the output until it is whole.
  std::filesystem::rename(file_, path("x.csv.journal"));
  EXPECT_EQ(run({"link", path("x.csv.journal"), "--columns", map_, "--out", path("x.csv")}), 1);
  EXPECT_THAT(err_, HasSubstr("[match.same_file]"));
  std::filesystem::rename(path("x.csv.journal"), file_);
  const auto both = path("g.csv");
  refuses({"generate", "--persons", "5", "--seed", "1", "--out", both, "--columns-out", path("./g.csv")}, 1,
          "[match.same_file]");
  // An earlier output is no input.
  EXPECT_EQ(run({"link", file_, "--columns", map_, "--out", path("out.csv")}), 0) << err_;
  EXPECT_EQ(run({"link", file_, "--columns", map_, "--out", path("out.csv")}), 0) << err_;
}

TEST_F(MatchCommand, WhatCannotBeAFileIsRefusedAndLeavesNothing) {
  const auto folder = folder_.string();
  const bool was_there = std::filesystem::exists(".partial");  // in whatever folder the tests run
  refuses({"link", file_, "--columns", map_, "--out", folder + "/."}, 1, "[people.file.unwritable]");
  refuses({"train", file_, "--columns", map_, "--out", folder + "/."}, 1, "[people.file.unwritable]");
  refuses({"link", file_, "--columns", map_, "--out", ""}, 1, "[people.file.unwritable]");
  refuses({"generate", "--persons", "5", "--seed", "1", "--out", folder + "/."}, 1, "[people.file.unwritable]");
  refuses({"generate", "--persons", "5", "--seed", "1", "--out", path("g.csv"), "--columns-out", folder}, 1,
          "[people.file.unwritable]");
  EXPECT_EQ(std::filesystem::exists(".partial"), was_there);
  EXPECT_FALSE(std::filesystem::exists(folder + ".partial"));
}

TEST_F(MatchCommand, RepeatedIdentifiersAreNamedByTheirLines) {
  const auto twice = write("twice.csv", "id,first,last,birth\n7,A,B,1950-01-01\n8,C,D,1950-01-02\n7,E,F,1950-01-03\n");
  refuses({"link", twice, "--columns", map_, "--out", path("out.csv")}, 1,
          "Lines 2 and 4 of " + twice + " have the same identifier");
  EXPECT_THAT(err_, HasSubstr("[people.dataset.repeated_id]"));
  const auto named = write("named.csv", "a,b\n8,7\n"), unnamed = write("unnamed.csv", "a,b\n8,8\n");
  refuses({"evaluate", twice, "--columns", map_, "--pairs", named}, 1, "Lines 2 and 4 of " + twice);
  EXPECT_EQ(run({"evaluate", twice, "--columns", map_, "--pairs", unnamed}), 0) << err_;
  // One identifier in either file names two rows without a doubt, unless one file has it twice.
  EXPECT_EQ(run({"evaluate", file_, "--against", file_, "--columns", map_, "--pairs", write("p.csv", "a,b\n1,2\n")}), 0)
      << err_;
  refuses({"evaluate", file_, "--against", twice, "--columns", map_, "--pairs", write("q.csv", "a,b\n1,7\n")}, 1,
          "Lines 2 and 4 of " + twice);
}

TEST_F(MatchCommand, OptionsOutOfRangeAreRefusedByName) {
  const std::vector<std::string> generate{"generate", "--persons", "5", "--seed", "1", "--out", path("g.csv")};
  const std::vector<std::string> link{"link", file_, "--columns", map_, "--out", path("out.csv")};
  const std::vector<std::string> evaluate{"evaluate", file_, "--columns", map_, "--cluster", "cluster"};
  const auto with = [](std::vector<std::string> words, const std::string& option, const std::string& value) {
    words.push_back(option);
    words.push_back(value);
    return words;
  };
  refuses(with(generate, "--errors-max", "11"), 2, "--errors-max: 11 is no whole number from 0 to 10");
  refuses(with(generate, "--errors-max", "-1"), 2, "--errors-max: -1 is no whole number from 0 to 10");
  refuses({"generate", "--persons", "5", "--seed", "-1", "--out", path("g.csv")}, 2, "--seed: -1 is no whole number");
  refuses({"generate", "--persons", "0", "--seed", "1", "--out", path("g.csv")}, 2, "--persons: 0 is no whole number");
  for (const std::string value : {"1.5", "-1", "0", "nan", "much"}) {
    refuses(with(link, "--at", value), 2, "--at: " + value + " is no probability; it must be above 0 and at most 1");
    refuses(with(evaluate, "--clustered-at", value), 2, "--clustered-at: " + value + " is no probability");
  }
  for (const std::string value : {"ZZ", "ca", "Canada"})
    refuses(with(link, "--region", value), 2, "--region: " + value);
  refuses(with(link, "--records-max", "-5"), 2, "--records-max: -5 is no whole number");
  refuses(with(link, "--threads", "100000"), 2, "--threads: 100000 is no whole number from 0 to 1024");
  EXPECT_EQ(run(with(evaluate, "--clustered-at", "1")), 0) << err_;
  EXPECT_EQ(run(with(with(link, "--region", "US"), "--at", "0.95")), 0) << err_;
  EXPECT_EQ(run(with(generate, "--errors-max", "10")), 0) << err_;
}

TEST_F(MatchCommand, AFileThatIsNoModelIsNamed) {
  for (const std::string_view text : {"", "not a model", "{\"format\": 1}"}) {
    const auto model = write("bad.json", text);
    EXPECT_EQ(run({"evaluate", file_, "--columns", map_, "--cluster", "cluster", "--model", model}), 1);
    EXPECT_THAT(err_, HasSubstr(model + ": This is not a matching model of this release"));
    EXPECT_THAT(err_, Not(HasSubstr("The body")));
  }
}

TEST_F(MatchCommand, ShortRowsAreCountedAndTold) {
  const auto cut = write("cut.csv", std::string(people_text) + "4,Ute\n5,Ada,Brandt,1971-03-04\n");
  ASSERT_EQ(run({"evaluate", cut, "--columns", map_, "--cluster", "cluster", "--json"}), 0) << err_;
  EXPECT_THAT(err_, HasSubstr("note: 2 rows of " + cut + " with fewer fields"));
  EXPECT_THAT(err_, HasSubstr("(the first is line 5)"));
  EXPECT_EQ(Json::parse(out_).value()["shortRows"].integer(), 2);
  ASSERT_EQ(run({"link", file_, "--columns", map_, "--out", path("out.csv"), "--json"}), 0) << err_;
  EXPECT_EQ(err_, "");
  EXPECT_EQ(Json::parse(out_).value()["shortRows"].integer(), 0);
}

TEST_F(MatchCommand, ATrainedModelIsNamedAfterWhatItSays) {
  const auto version = [&](const std::string& file, std::vector<std::string> more = {}) {
    std::vector<std::string> words{"train", file, "--columns", map_, "--out", path("m.json"), "--json"};
    words.insert(words.end(), more.begin(), more.end());
    EXPECT_EQ(run(words), 0) << err_;
    const auto told = Json::parse(out_).value()["version"].text_or();
    EXPECT_EQ(Json::parse(read(path("m.json"))).value()["version"].text_or(), told);
    return told;
  };
  const auto labelled = version(file_, {"--cluster", "cluster"});
  EXPECT_THAT(labelled, testing::MatchesRegex("[0-9.]+[+][0-9a-f]+"));
  EXPECT_EQ(version(file_, {"--cluster", "cluster"}), labelled);
  EXPECT_NE(version(file_), labelled);
  EXPECT_EQ(version(file_, {"--version", "ours.1"}), "ours.1");
  // Trained again upon a trained one, the name does not grow.
  ASSERT_EQ(version(file_, {"--cluster", "cluster"}), labelled);
  std::filesystem::rename(path("m.json"), path("base.json"));
  const auto again = version(file_, {"--cluster", "cluster", "--model", path("base.json")});
  EXPECT_EQ(again.size(), labelled.size());
  EXPECT_NE(again, labelled);
}

}  // namespace
}  // namespace handoff::face::cli

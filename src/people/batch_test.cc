#include "people/batch.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <set>

#include "base/text.h"
#include "people/cluster.h"
#include "people/csv.h"
#include "people/evaluate.h"
#include "people/generate.h"
#include "people/link.h"
#include "people/settle.h"
#include "people/train.h"

namespace handoff::people {
namespace {

// A folder of its own for each test, gone afterwards.
class Files : public testing::Test {
 protected:
  Files() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::temp_directory_path() /
              ("handoff_people_" + std::string(test->name()) + std::to_string(getpid()));
    std::filesystem::create_directories(folder_);
  }
  ~Files() override {
    std::error_code status;
    std::filesystem::remove_all(folder_, status);
  }
  std::string write(const std::string& name, std::string_view text) {
    const auto path = (folder_ / name).string();
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }

 private:
  std::filesystem::path folder_;
};

constexpr std::string_view map_text = R"(
id = "{id}"
[columns]
firstName = "{first}"
lastName = "{last}"
birthDate = { text = "{birth}", format = "%Y-%m-%d" }
)";

Record someone(std::string first, std::string last, std::string birth) {
  Registrant r;
  r.first_name = Text(std::move(first));
  r.last_name = Text(std::move(last));
  r.birth_date = Text(std::move(birth));
  return normalize(r, Locale{});
}

TEST(Keys, AtMostEightAreStoredAndAllOfThemAreAskedFor) {
  Registrant r;
  r.first_name = Text("Wilhelmina");
  r.last_name = Text("Quillcroft");
  r.birth_date = Text("1987-02-11");
  r.phones = {Text("905 522 0142"), Text("416 522 0199")};
  r.emails = {Text("w@example.org")};
  r.line = Text("12 King St");
  r.city = Text("Hamilton");
  r.postal_code = Text("L8P 1A1");
  r.identifiers = {{"urn:card", Text("4083159267")}};
  const auto record = normalize(r, Locale{});
  const auto stored = stored_keys(record), asked = probe_keys(record);
  EXPECT_EQ(stored.size(), stored_keys_max);
  for (std::size_t i = 0; i < stored.size(); ++i) EXPECT_EQ(stored[i], asked[i]) << "the stored ones come first";
  EXPECT_TRUE(stored_keys(Record{}).empty()) << "a part that is missing is left out, not widened";
}

TEST(Keys, MeetAcrossErrors) {
  const auto meets = [](const Record& a, const Record& b) {
    const auto stored = stored_keys(a);
    for (const auto& key : probe_keys(b)) {
      if (std::find(stored.begin(), stored.end(), key) != stored.end()) return true;
    }
    return false;
  };
  const auto one = someone("Wilhelmina", "Quillcroft", "1987-02-11");
  EXPECT_TRUE(meets(one, someone("Quillcroft", "Wilhelmina", "1987-02-11"))) << "names exchanged";
  EXPECT_TRUE(meets(one, someone("Minnie", "Quilcroft", "1987-11-02"))) << "nickname, slip, day and month exchanged";
  EXPECT_TRUE(meets(one, someone("Wilhelmina", "Thornby", "1987-02-11"))) << "married";
  EXPECT_TRUE(meets(one, someone("W", "Quillcroft", "1988-07-09"))) << "another year";
  EXPECT_FALSE(meets(one, someone("Otto", "Zwirn", "1950-05-05")));
}

TEST_F(Files, CsvIsReadAsPeopleWriteIt) {
  const auto path =
      write("a.csv", "\xEF\xBB\xBFid; name ;note\r\n1; \"Smith; Anna\" ;\"say \"\"hi\"\"\nthere\"\r\n\r\n2;short\n");
  auto reader = CsvReader::open(path);
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->header(), (std::vector<std::string>{"id", "name", "note"}));
  std::vector<std::string> row;
  ASSERT_TRUE(reader->next(row).value());
  EXPECT_EQ(row, (std::vector<std::string>{"1", "Smith; Anna", "say \"hi\"\nthere"}));
  ASSERT_TRUE(reader->next(row).value());
  EXPECT_EQ(row, (std::vector<std::string>{"2", "short", ""}));
  EXPECT_FALSE(reader->next(row).value());
  EXPECT_EQ(csv_field("a,\"b\""), "\"a,\"\"b\"\"\"");
}

TEST_F(Files, BadCsvIsAnsweredWithItsLine) {
  std::vector<std::string> row;
  auto latin = CsvReader::open(write("l.csv", "id,name\n1,Ren\xE9\n"));
  const auto answer = latin->next(row);
  EXPECT_EQ(answer.error().code, "people.csv.not_utf8");
  EXPECT_NE(answer.error().for_caller.find("line 2"), std::string::npos);
  auto open = CsvReader::open(write("q.csv", "id,name\n1,\"never closed\n2,x\n"));
  EXPECT_EQ(open->next(row).error().code, "people.csv.open_quote");
  auto wide = CsvReader::open(write("w.csv", "id,name\n1,a,b\n"));
  EXPECT_EQ(wide->next(row).error().code, "people.csv.row_width");
  EXPECT_EQ(CsvReader::open(write("e.csv", "")).error().code, "people.csv.empty");
  EXPECT_EQ(CsvReader::open(path("none.csv")).error().code, "people.csv.unreadable");
  // A row without an end stops at a bound instead of filling memory.
  auto endless = CsvReader::open(write("n.csv", "id,name\n1,\"" + std::string(CsvReader::row_bytes_max + 10, 'x')));
  EXPECT_EQ(endless->next(row).error().code, "people.csv.row_too_long");
}

TEST_F(Files, AFileFarTooLargeIsAnsweredAfterItsFirstPages) {
  std::string text = "id,first,last,birth\n";
  for (int i = 0; i < 60'000; ++i) text += std::to_string(i) + ",Wilhelmina,Quillcroft,1987-02-11\n";
  const auto file = write("large.csv", text);
  const auto map = ColumnMap::parse(map_text).value();
  DatasetOptions how;
  how.records_max = 25'000;
  std::uint64_t seen = 0;
  how.progress = [&](std::uint64_t done, std::uint64_t) { seen = std::max(seen, done); };
  const auto early = read_dataset(file, map, how);
  ASSERT_FALSE(early);
  EXPECT_EQ(early.error().code, "people.dataset.too_many_records");
  EXPECT_NE(early.error().for_caller.find("about "), std::string::npos) << early.error().for_caller;
  EXPECT_LT(seen, text.size()) << "it was not read to its end";
  how.records_max = 50'000;
  EXPECT_EQ(read_dataset(file, map, how).error().code, "people.dataset.too_many_records") << "or at the limit itself";
  how.records_max = 60'000;
  how.memory_bytes = 10'000'000;
  EXPECT_EQ(read_dataset(file, map, how).error().code, "people.dataset.no_room");
  how.memory_bytes = 4'000'000'000;
  EXPECT_EQ(read_dataset(file, map, how).value().records.size(), 60'000U);
}

TEST_F(Files, ColumnMapsNameWhatIsWrong) {
  const auto file = write("p.csv", "id,first,last,birth\n1,Anna,Smith,1990-02-30\n2,,,\n");
  const auto data = read_dataset(file, ColumnMap::parse(map_text).value(), {});
  ASSERT_TRUE(data);
  EXPECT_EQ(data->records[0].birth.kind, PartialDate::Kind::impossible);
  EXPECT_FALSE(data->records[1].has_name());
  const auto missing =
      read_dataset(file, ColumnMap::parse("id = '{id}'\n[columns]\nfirstName = '{frist}'").value(), {});
  EXPECT_EQ(missing.error().code, "people.columns.missing_column");
  EXPECT_NE(missing.error().for_caller.find("`first`"), std::string::npos) << missing.error().for_caller;
  // All that are missing are named at once, those that options name among them.
  DatasetOptions how;
  how.cluster_column = "cluster";
  const auto several = read_dataset(
      file, ColumnMap::parse("id = '{no}'\n[columns]\nfirstName = '{frist}'\nlastName = '{last} {frist}'").value(),
      how);
  EXPECT_EQ(several.error().for_caller,
            "The file has no columns `no` (did you mean `id`?), `frist` (did you mean `first`?), `cluster`.");
  const auto faults = ColumnMap::parse("nid='{a}'\n[columns]\nfirstName=3\nlastName='{a'");
  EXPECT_EQ(std::count(faults.error().for_caller.begin(), faults.error().for_caller.end(), '\n'), 3)
      << faults.error().for_caller;
  EXPECT_EQ(ColumnMap::parse("id = ").error().code, "people.columns.not_toml");
  EXPECT_EQ(ColumnMap::parse("[columns]\nfirstName='{a}'").error().code, "people.columns.no_id");
  EXPECT_EQ(ColumnMap::parse("id='{a}'").error().code, "people.columns.no_columns");
  EXPECT_EQ(ColumnMap::parse("id='{a}'\n[columns]\nfirstName='{a'").error().code, "people.columns.bad_template");
  EXPECT_EQ(ColumnMap::parse("id='{a}'\n[columns]\nfirstName=3").error().code, "people.columns.bad_value");
  EXPECT_EQ(ColumnMap::parse("id='{a}'\n[columns]\nfirstName={text='{a}', fromat='x'}").error().code,
            "people.columns.unknown_key");
  for (const std::string format : {"nonsense", "%d.%m.", "%Q-%Y", ""}) {
    const auto refused = ColumnMap::parse("id='{a}'\n[columns]\nbirthDate={text='{a}', format='" + format + "'}");
    ASSERT_FALSE(refused) << format;
    EXPECT_EQ(refused.error().code, "people.columns.bad_format") << format;
  }
  EXPECT_TRUE(ColumnMap::parse("id='{a}'\n[columns]\nbirthDate={text='{a}', format='%d %b %y'}"));
  for (const std::string key : {"firstname", "first_name", "FirstName"}) {
    const auto refused = ColumnMap::parse("id='{a}'\n[columns]\n" + key + "='{a}'");
    ASSERT_FALSE(refused) << key;
    EXPECT_EQ(refused.error().code, "people.columns.misspelt_key");
    EXPECT_NE(refused.error().for_caller.find("did you mean `firstName`?"), std::string::npos);
  }
  EXPECT_EQ(ColumnMap::parse("id='{a}'\n[columns]\nAddress.PostalCode='{a}'").error().code,
            "people.columns.misspelt_key");
  EXPECT_EQ(ColumnMap::parse("id='{a}'\n[columns]\noccupation='{a}'")->plain_keys,
            std::vector<std::string>{"occupation"});
  DatasetOptions small;
  small.records_max = 1;
  EXPECT_EQ(read_dataset(file, ColumnMap::parse(map_text).value(), small).error().code,
            "people.dataset.too_many_records");
}

TEST(Batch, FiveThousandRecordsOfOnePersonEndAsOneCluster) {
  std::vector<Record> records(5000, someone("Wilhelmina", "Quillcroft", "1987-02-11"));
  records.push_back(someone("Otto", "Zwirnstein", "1950-05-05"));
  BatchOptions how;
  how.every_pair_max = 0;  // as in a large file: under a common key only neighbours are compared
  how.block_max = 500;
  Batch batch(records, how);
  CountedFrequencies frequencies;
  for (const auto& record : records) frequencies.add(record);
  const Scorer scorer(Model::standard(), frequencies, Prior::of_persons(5001));
  const auto result = batch.score(scorer);
  EXPECT_GT(result.blocks_cut, 0U);
  EXPECT_LT(result.pairs_scored, 5000U * 2 * 200);
  const auto clusters = cluster(records, result.pairs, scorer, frequencies, {});
  EXPECT_EQ(clusters.count, 2U);
}

TEST(Batch, ThreadsDoNotChangeTheResult) {
  std::vector<Record> records;
  for (int i = 0; i < 900; ++i)
    records.push_back(someone("Name" + std::string(1, static_cast<char>('a' + i % 7)),
                              "Fam" + std::string(1, static_cast<char>('a' + i % 23)),
                              "19" + std::to_string(50 + i % 50) + "-01-0" + std::to_string(1 + i % 9)));
  const NoFrequencies none;
  const Scorer scorer(Model::standard(), none, Prior::of_persons(900));
  BatchOptions one, three;
  three.threads = 3;
  const auto a = Batch(records, one).score(scorer), b = Batch(records, three).score(scorer);
  EXPECT_EQ(a.pairs, b.pairs);
  EXPECT_EQ(a.pairs_scored, b.pairs_scored);
}

TEST(Batch, ScoresAsASearchDoes) {
  Dice dice(11);
  const GenerateOptions how;
  std::vector<Record> records;
  CountedFrequencies frequencies;
  for (std::uint64_t h = 0; h < 120; ++h) {
    for (const auto& person : invent_household(dice, how, h * 10 + 1, h)) {
      for (int i = 0; i < 2; ++i) {
        const auto said = invent_record(dice, how, person, records.size(), i == 0);
        auto record = someone(said.first, said.last, said.birth);
        Registrant rest;
        rest.line = Text(said.line);
        rest.city = Text(said.city);
        rest.province = Text(said.province);
        rest.postal_code = Text(said.postal_code);
        rest.emails = {Text(said.email)};
        rest.phones = {Text(said.phone)};
        const auto place = normalize(rest, Locale{});
        record.number = place.number, record.street = place.street, record.locality = place.locality;
        record.postcode = place.postcode, record.region = place.region, record.phones = place.phones;
        record.email_local = place.email_local, record.email_domain = place.email_domain;
        frequencies.add(record);
        records.push_back(record);
      }
    }
  }
  const Scorer scorer(Model::standard(), frequencies, Prior::of_persons(200));
  std::vector<RarityBits> rarity;
  for (const auto& record : records) rarity.push_back(scorer.rarity(record));
  for (std::size_t i = 0; i < records.size(); ++i) {
    for (std::size_t j = 0; j < records.size(); ++j) {
      const auto alone = scorer.score(records[i], records[j]);
      const auto among_many = scorer.score(records[i], records[j], rarity[i], rarity[j]);
      ASSERT_EQ(alone.stranger_bits, among_many.stranger_bits) << i << ' ' << j;
      ASSERT_EQ(alone.household_bits, among_many.household_bits) << i << ' ' << j;
    }
  }
}

TEST(Batch, ASmallFileIsComparedEntirelyAndALargerOneFromBothSides) {
  // One slip in the surname, the birth date and the given name each: no key of a search reaches that.
  std::vector<Record> records{someone("Wilhelmina", "Quillcroft", "1987-02-11"),
                              someone("Wilelmina", "Quiltcroft", "1967-02-17")};
  for (int i = 0; i < 200; ++i)
    records.push_back(someone("Otto" + std::string(1, static_cast<char>('a' + i % 26)),
                              "Zwirn" + std::string(1, static_cast<char>('a' + i / 26)), "1950-05-05"));
  std::vector<std::uint32_t> found;
  BatchOptions how;
  Batch(records, how).candidates(0, found);
  EXPECT_EQ(found.size(), records.size() - 1);
  how.every_pair_max = 0;
  const Batch both(records, how);
  EXPECT_TRUE(both.is_candidate(0, 1));
  both.candidates(0, found);
  EXPECT_LT(found.size(), 10U);
  how.both_sides_max = 0;
  const Batch one(records, how);
  for (std::uint32_t i = 2; i < 20; ++i) EXPECT_EQ(one.is_candidate(2, i), one.is_candidate(i, 2));
}

TEST(Batch, AFileTellsHowCarelessItIs) {
  const auto noise_of = [](int errors_max) {
    Dice dice(5);
    GenerateOptions how;
    how.errors_max = errors_max;
    std::vector<Record> records;
    CountedFrequencies frequencies;
    for (std::uint64_t h = 0; h < 600; ++h) {
      for (const auto& person : invent_household(dice, how, h * 10 + 1, h)) {
        for (int i = 0; i < 2; ++i) {
          const auto said = invent_record(dice, how, person, records.size(), i == 0);
          records.push_back(someone(said.first, said.last, said.birth));
          frequencies.add(records.back());
        }
      }
    }
    Batch batch(records, {});
    const Scorer scorer(Model::standard(), frequencies, Prior::of_persons(static_cast<double>(records.size())));
    auto pairs = batch.score(scorer).pairs;
    return settle(records, pairs, Model::standard(), frequencies, 0).model.noise;
  };
  const auto tidy = noise_of(0), dirty = noise_of(10);
  EXPECT_LT(tidy[static_cast<std::size_t>(NoiseGroup::names)], dirty[static_cast<std::size_t>(NoiseGroup::names)]);
  EXPECT_LT(tidy[static_cast<std::size_t>(NoiseGroup::birth)], dirty[static_cast<std::size_t>(NoiseGroup::birth)]);
  EXPECT_EQ(tidy[static_cast<std::size_t>(NoiseGroup::contact)], Model::standard().noise.front())
      << "what a file does not have, it says nothing about";
}

// Files of names and birth dates: one record a person, and what `also` adds to some of them.
class OneColumnOfDates : public testing::Test {
 protected:
  std::string birth() {
    const auto two = [](std::uint64_t n) { return (n < 10 ? "0" : "") + std::to_string(n); };
    return std::to_string(1940 + dice_.below(60)) + "-" + two(1 + dice_.below(12)) + "-" + two(1 + dice_.below(28));
  }
  void fill(std::size_t persons) {
    GenerateOptions how;
    for (std::uint64_t h = 0; records_.size() < persons; ++h) {
      const auto member = invent_household(dice_, how, h * 10 + 1, h).front();
      names_.push_back({member.truth.first, member.truth.last});
      births_.push_back(birth());
      records_.push_back(someone(names_.back().first, names_.back().second, births_.back()));
    }
  }
  Settled settled() {
    for (const auto& record : records_) frequencies_.add(record);
    const Scorer scorer(Model::standard(), frequencies_, Prior::of_persons(static_cast<double>(records_.size())));
    pairs_ = Batch(records_, {}).score(scorer).pairs;
    return settle(records_, pairs_, Model::standard(), frequencies_, 0);
  }
  double probability(const Settled& settled, std::uint32_t a, std::uint32_t b) const {
    return Scorer(settled.model, frequencies_, settled.prior).score(records_[a], records_[b]).probability;
  }

  Dice dice_{11};
  std::vector<std::pair<std::string, std::string>> names_;
  std::vector<std::string> births_;
  std::vector<Record> records_;
  std::vector<ScoredPair> pairs_;
  CountedFrequencies frequencies_;
};

TEST_F(OneColumnOfDates, AFileTellsHowItsOwnDatesGoWrong) {
  // Here whole days are mistaken, which the model thinks rare.
  fill(1500);
  for (std::size_t i = 0; i < 150; ++i) {
    std::string other = births_[i];
    other.replace(8, 2, i % 2 == 0 ? (other.substr(8) == "17" ? "05" : "17") : other.substr(8));
    records_.push_back(someone(names_[i].first, names_[i].second, other));
  }
  const auto settled = this->settled();
  const auto parts = level::birth::parts - 1U;
  const auto birth = ladder_of(Field::birth);
  EXPECT_GT(settled.model.weights[birth][parts].match, 5 * Model::standard().weights[birth][parts].match);
  EXPECT_EQ(settled.model.weights[birth][parts].household, Model::standard().weights[birth][parts].household)
      << "what relatives look like is not learned from a file";
}

TEST_F(OneColumnOfDates, TwinsShowThatAFileHasFamilies) {
  // Of relatives a file of names and dates shows the twins only; they stand for many more.
  fill(1500);
  for (std::size_t i = 0; i < 20; ++i) records_.push_back(someone(names_[i].first, names_[i].second, births_[i]));
  for (std::size_t i = 100; i < 115; ++i)
    records_.push_back(someone(names_[i + 700].first, names_[i].second, births_[i]));
  const auto settled = this->settled();
  EXPECT_GT(settled.prior.household_size, 0.2);
  int joined = 0, doubted = 0;
  const auto count = static_cast<std::uint32_t>(records_.size());
  for (std::uint32_t i = 0; i < 15; ++i) {
    const bool other_name =
        compare(records_[100 + i], records_[count - 15 + i]).of(Field::given) == level::given::different;
    joined += other_name && probability(settled, 100 + i, count - 15 + i) >= 0.5 ? 1 : 0;
  }
  for (std::uint32_t i = 0; i < 20; ++i) doubted += probability(settled, i, count - 35 + i) < 0.95 ? 1 : 0;
  EXPECT_EQ(joined, 0);
  EXPECT_EQ(doubted, 0);
}

TEST(Settle, FilesWithNextToNothingInThemAreNoTrouble) {
  const NoFrequencies none;
  for (const std::size_t count : {0U, 1U, 2U, 3U}) {
    for (std::size_t split = 0; split <= count; ++split) {
      const std::vector<Record> records(count, someone("Wilhelmina", "Quillcroft", ""));
      BatchOptions how;
      how.first_of_second = split;
      const Scorer scorer(Model::standard(), none, Prior::of_persons(static_cast<double>(count)));
      auto pairs = Batch(records, how).score(scorer).pairs;
      const auto settled = settle(records, pairs, Model::standard(), none, split);
      EXPECT_GT(settled.prior.match_odds, 0) << count << " " << split;
      EXPECT_TRUE(std::isfinite(settled.prior.household_size)) << count << " " << split;
      for (const auto& pair : pairs) EXPECT_TRUE(std::isfinite(pair.stranger_bits));
    }
  }
}

TEST_F(Files, NamesOfOneColumnAreTakenApart) {
  const auto map = write("map.toml", "id = \"{id}\"\n[columns]\nfirstName = \"{name}\"\n");
  const auto full = write("full.csv", "id,name\n1,Ann Mary van der Berg\n2,\"Quill, Oda\"\n3,Cher\n4,Sir Bo Lund Jr\n");
  const auto columns = ColumnMap::parse(read_text_file(map, 10'000).value()).value();
  const auto data = read_dataset(full, columns, {}).value();
  EXPECT_EQ(data.records[0].given.view(), "ann");
  EXPECT_EQ(data.records[0].middle.view(), "mary");
  EXPECT_EQ(data.records[0].family.view(), "vanderberg");
  EXPECT_EQ(data.records[1].given.view(), "oda");
  EXPECT_EQ(data.records[1].family.view(), "quill");
  EXPECT_EQ(data.records[2].family.view(), "cher");
  EXPECT_EQ(data.records[3].given.view(), "bo");
  EXPECT_EQ(data.records[3].family.view(), "lund");
  EXPECT_EQ(data.records[3].generation, 2);
  // Given names alone are mostly of one word, and stay what they are.
  const auto given = write("given.csv", "id,name\n1,Ann Mary\n2,Oda\n3,Cher\n4,Bo\n");
  const auto alone = read_dataset(given, columns, {}).value();
  EXPECT_EQ(alone.records[0].given.view(), "annmary");
  EXPECT_TRUE(alone.records[1].family.empty());
}

TEST(Cluster, AGroupKnowsMoreThanEachOfItsRecords) {
  // Two records of one person, and a third that agrees with one in this and with the other in that.
  auto first = someone("Wilhelmina", "Quillcroft", "1987-02-11"),
       second = someone("Wilhelmina", "Quillcroft", "1987-02-11");
  Registrant moved;
  moved.line = Text("12 Ravensholm Street");
  moved.postal_code = Text("L8P 1A1");
  const auto place = normalize(moved, Locale{});
  second.street = place.street, second.number = place.number, second.postcode = place.postcode;
  auto third = someone("W", "", "1987-02-11");
  third.street = place.street, third.number = place.number;
  const std::vector<Record> records{first, second, third};
  const NoFrequencies none;
  const Scorer scorer(Model::standard(), none, Prior::of_persons(1000));
  const auto pairs = Batch(records, {}).score(scorer).pairs;
  ClusterOptions how;
  how.guards = false;
  how.from_probability = 0.5;
  EXPECT_EQ(cluster(records, pairs, scorer, none, how).count, 1U);
  how.guards = true;
  EXPECT_EQ(cluster(records, pairs, scorer, none, how).count, 2U) << "a relative could have said as much";
}

TEST(Cluster, ADifferenceSaidByAPersonHoldsAgainstAnyChain) {
  const std::vector<Record> records(3, someone("Wilhelmina", "Quillcroft", "1987-02-11"));
  const NoFrequencies none;
  const Scorer scorer(Model::standard(), none, Prior::of_persons(10));
  const auto pairs = Batch(records, {}).score(scorer).pairs;
  ClusterOptions how;
  how.different = {{0, 2}};
  const auto clusters = cluster(records, pairs, scorer, none, how);
  EXPECT_NE(clusters.of[0], clusters.of[2]);
  EXPECT_EQ(clusters.count, 2U);
  auto reversed = pairs;
  std::reverse(reversed.begin(), reversed.end());
  EXPECT_EQ(cluster(records, reversed, scorer, none, how).of, clusters.of) << "order of pairs does not matter";
}

TEST(Labels, AreReadInManyWords) {
  EXPECT_EQ(outcome_of("match"), Outcome::match);
  EXPECT_EQ(outcome_of("possible_match"), Outcome::possible);
  EXPECT_EQ(outcome_of("no_match"), Outcome::none);
  EXPECT_EQ(outcome_of("1.0"), Outcome::match);
  EXPECT_EQ(outcome_of("0"), Outcome::none);
  EXPECT_FALSE(outcome_of("perhaps so"));
}

class Generated : public Files {
 protected:
  Dataset make(std::uint64_t persons, std::uint64_t seed, int errors_max) {
    GenerateOptions how;
    how.persons = persons;
    how.seed = seed;
    how.errors_max = errors_max;
    EXPECT_TRUE(generate_file(path("g.csv"), how));
    DatasetOptions read;
    read.cluster_column = "person";
    read.household_column = "household";
    return read_dataset(path("g.csv"), ColumnMap::parse(generated_columns()).value(), read).value();
  }
};

TEST_F(Generated, TheSameSeedGivesTheSameFile) {
  GenerateOptions how;
  how.persons = 300;
  how.seed = 5;
  ASSERT_TRUE(generate_file(path("a.csv"), how));
  ASSERT_TRUE(generate_file(path("b.csv"), how));
  const auto a = read_text_file(path("a.csv"), 1 << 24).value();
  EXPECT_EQ(a, read_text_file(path("b.csv"), 1 << 24).value());
  how.seed = 6;
  ASSERT_TRUE(generate_file(path("c.csv"), how));
  EXPECT_NE(a, read_text_file(path("c.csv"), 1 << 24).value());
  EXPECT_EQ(generate_file(path("no/such/folder.csv"), how).error().code, "people.file.unwritable");
}

TEST_F(Generated, HouseholdsAreToldApart) {
  const auto data = make(2000, 11, 3);
  const auto result = evaluate(data, {}, Model::standard(), {});
  EXPECT_GE(result.pairs_completeness, 0.99);
  EXPECT_GE(result.at[0].f1, 0.96);
  EXPECT_GE(result.right_first, 0.985);
  EXPECT_LE(result.false_links_per_thousand, 3);
  const auto json = result.to_json();
  for (const auto* key :
       {"records", "truePairs", "scoredPairs", "pairsCompleteness", "at", "best", "clustered", "seconds"}) {
    EXPECT_TRUE(json.contains(key)) << key;
  }
}

TEST_F(Generated, PairsAndSecondFilesAreJudgedAlike) {
  const auto a =
      write("a.csv", "id,first,last,birth\na1,Wilhelmina,Quillcroft,1987-02-11\na2,Otto,Zwirnstein,1950-05-05\n");
  const auto b = write("b.csv", "id,first,last,birth\nb1,Minnie,Quillcroft,1987-02-11\nb2,Ute,Brandt,1971-03-04\n");
  const auto map = ColumnMap::parse(map_text).value();
  auto data = read_dataset(a, map, {}).value();
  ASSERT_TRUE(read_second(data, b, map, {}));
  const auto truth = read_pairs(write("t.csv", "left,right,label\na1,b1,match\nb2,a2,no_match\n"), data);
  ASSERT_TRUE(truth);
  EXPECT_TRUE(truth->labelled);
  const auto result = evaluate(data, *truth, Model::standard(), {});
  EXPECT_EQ(result.true_pairs, 1U);
  EXPECT_DOUBLE_EQ(result.pairs_completeness, 1);
  ASSERT_TRUE(result.outcomes);
  EXPECT_EQ((*result.outcomes)[2][2], 1U);
  EXPECT_EQ(read_pairs(write("u.csv", "x,y\na1,zz\n"), data).error().code, "people.pairs.unknown_row");
  EXPECT_EQ(read_pairs(write("v.csv", "x,y,l\na1,b1,perhaps so\n"), data).error().code, "people.pairs.label");
  const auto half = read_pairs(write("h.csv", "x,y,l\na1,b1,match\na2,b2,\n"), data);
  EXPECT_EQ(half.error().code, "people.pairs.label");
  EXPECT_NE(half.error().for_caller.find("Line 3 "), std::string::npos) << half.error().for_caller;
  const auto none = read_pairs(write("n.csv", "x,y,l\na1,b1,\na2,b2,\n"), data);
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->labelled) << "a column of labels that is empty throughout is none";
  EXPECT_EQ(read_pairs(write("w.csv", "x\na1\n"), data).error().code, "people.pairs.columns");
}

TEST_F(Generated, LinkingResumesAndLeavesNothingHalfDone) {
  const auto data = make(1500, 21, 2);
  LinkOptions how;
  const auto whole = link_file(data, Model::standard(), path("out.csv"), how);
  ASSERT_TRUE(whole);
  const auto text = read_text_file(path("out.csv"), 1 << 24).value();
  EXPECT_EQ(text.substr(0, text.find('\n')), "id,cluster,probability,review");
  EXPECT_FALSE(std::filesystem::exists(path("out.csv.journal")));
  EXPECT_LT(whole->clusters, data.records.size());
  // A journal torn at any place, or of another file, gives the same output.
  write("again.csv.journal", "torn journal of something else");
  how.resume = true;
  const auto again = link_file(data, Model::standard(), path("again.csv"), how);
  ASSERT_TRUE(again);
  EXPECT_EQ(read_text_file(path("again.csv"), 1 << 24).value(), text);
  EXPECT_EQ(link_file(data, Model::standard(), path("no/folder.csv"), how).error().code, "people.file.unwritable");
}

TEST_F(Generated, TrainingWithAndWithoutLabelsFindsTheSameOrder) {
  auto data = make(1500, 31, 3);
  TrainOptions how;
  how.version = "test";
  how.random_pairs = 100'000;
  const auto labelled = train(data, Model::standard(), how);
  data.labels.clear();
  data.related.clear();
  const auto unlabelled = train(data, Model::standard(), how);
  for (const auto* trained : {&labelled, &unlabelled}) {
    EXPECT_EQ(trained->model.version, "test");
    const auto& bits = trained->model.stranger_bits[static_cast<std::size_t>(Field::birth)];
    EXPECT_GT(bits[level::exact], 8);
    EXPECT_LT(bits[level::birth::different], 0);
    EXPECT_TRUE(Model::parse(trained->model.to_json().dump()));
  }
  const auto& exact = labelled.model.weights[0][0].match;
  EXPECT_NEAR(exact, unlabelled.model.weights[0][0].match, 0.15);
}

TEST(Slips, NeverTearALetter) {
  Dice dice(9);
  for (int i = 0; i < 500; ++i) EXPECT_TRUE(is_utf8(with_slip(dice, "Éloïse-Ångström")));
  EXPECT_EQ(with_slip(dice, ""), "");
}

}  // namespace
}  // namespace handoff::people

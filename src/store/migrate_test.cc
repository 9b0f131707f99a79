#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "store/sql.h"
#include "tests/support/databases.h"

namespace handoff::store {
namespace {

using testing::HasSubstr;
using testing_support::DatabaseKind;

constexpr Migration all[] = {
    {1, "letters", "CREATE TABLE letter (id {identity}, body {text} NOT NULL) {strict};"},
    {2, "stamps", "ALTER TABLE letter ADD COLUMN stamp {int}; CREATE INDEX letter_stamp ON letter (stamp);"},
    {5, "seals",
     "CREATE TABLE seal (id {text} NOT NULL PRIMARY KEY, wax {blob} NOT NULL) {strict};"
     "INSERT INTO letter (body) VALUES ('{text} stays as it is');"},
};
const std::span<const Migration> first_two = std::span(all).first(2);

constexpr Statement history{"history",
                            "SELECT number, name, release, applied_at FROM schema_migrations ORDER BY number"};
constexpr Statement letters{"letters", "SELECT body FROM letter"};

class Migrations : public testing::TestWithParam<DatabaseKind> {
 protected:
  void SetUp() override {
    ASSERT_NE(fresh_.url(), "");
    database_ = std::move(Database::open(fresh_.url())).value();
  }
  Rows query(const Statement& statement) {
    auto rows = database_->connect_reading().value()->query(statement, {});
    EXPECT_TRUE(rows) << rows.error().for_log;
    return rows ? std::move(*rows) : Rows{};
  }
  void migrate_well(std::span<const Migration> migrations) {
    const auto migrated = migrate(*database_, migrations);
    EXPECT_TRUE(migrated) << migrated.error().for_log;
  }

  testing_support::FreshDatabase fresh_{GetParam()};
  std::unique_ptr<Database> database_;
};
INSTANTIATE_TEST_SUITE_P(Both, Migrations, testing::ValuesIn(testing_support::both_databases()),
                         testing_support::database_name);

TEST_P(Migrations, BeginFromNothingAndHappenOnce) {
  EXPECT_EQ(schema_number(*database_).value(), 0);
  EXPECT_EQ(check_schema(*database_, all).error().code, "schema.older");
  EXPECT_TRUE(check_schema(*database_, {}));
  EXPECT_TRUE(migrate(*database_, {}));
  EXPECT_EQ(schema_number(*database_).value(), 0);

  migrate_well(all);
  migrate_well(all);
  EXPECT_EQ(schema_number(*database_).value(), 5);
  EXPECT_TRUE(check_schema(*database_, all));
  const Rows rows = query(history);
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[2].integer(0), 5);
  EXPECT_EQ(rows[2].text(1), "seals");
  EXPECT_FALSE(rows[2].text(2).empty());
  EXPECT_GT(rows[2].integer(3), 1'600'000'000'000);
  ASSERT_EQ(query(letters).size(), 1U);
  EXPECT_EQ(query(letters)[0].text(0), "{text} stays as it is");
}

TEST_P(Migrations, GoOnWhereAnOlderReleaseEnded) {
  ASSERT_TRUE(migrate(*database_, first_two, "0.0.1"));
  EXPECT_EQ(schema_number(*database_).value(), 2);
  const auto older = check_schema(*database_, all);
  EXPECT_EQ(older.error().code, "schema.older");
  EXPECT_THAT(older.error().for_log, HasSubstr("schema 2"));
  migrate_well(all);
  const Rows rows = query(history);
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].text(2), "0.0.1");
  EXPECT_NE(rows[2].text(2), "0.0.1");
}

TEST_P(Migrations, RefuseADatabaseOfANewerRelease) {
  ASSERT_TRUE(migrate(*database_, all, "9.9.9"));
  for (const auto& refused : {migrate(*database_, first_two), check_schema(*database_, first_two)}) {
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "schema.newer");
    EXPECT_THAT(refused.error().for_caller, HasSubstr("This database was written by handoff 9.9.9, which is newer"));
  }
  EXPECT_EQ(schema_number(*database_).value(), 5);
}

TEST_P(Migrations, ThatFailLeaveNothingBehind) {
  constexpr Migration bad[] = {
      all[0],
      {2, "half",
       "CREATE TABLE half (id {int}); INSERT INTO letter (body) VALUES ('x'); INSERT INTO nowhere VALUES (1);"},
      all[2],
  };
  const auto failed = migrate(*database_, bad);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, "store.broken");
  EXPECT_THAT(failed.error().for_log, HasSubstr("nowhere"));
  EXPECT_THAT(failed.error().for_log, HasSubstr("half"));
  EXPECT_EQ(schema_number(*database_).value(), 1);
  EXPECT_TRUE(query(letters).empty());
  constexpr Statement half{"half", "SELECT id FROM half"};
  EXPECT_EQ(database_->connect().value()->query(half, {}).error().code, "store.broken");
  migrate_well(all);
}

TEST_P(Migrations, WithAWordNobodyKnowsAreRefused) {
  constexpr Migration odd[] = {{1, "odd", "CREATE TABLE odd (id {number});"}};
  EXPECT_THAT(migrate(*database_, odd).error().for_log, HasSubstr("{number}"));
  EXPECT_EQ(schema_number(*database_).value(), 0);
}

// Method: several processes of a new release start at once; here they are threads with databases of their own.
TEST_P(Migrations, HappenOnceThoughSeveralStartTogether) {
  std::atomic<int> waiting{6};
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&] {
      auto own = Database::open(fresh_.url()).value();
      --waiting;
      while (waiting > 0) std::this_thread::yield();
      const auto migrated = migrate(*own, all);
      EXPECT_TRUE(migrated) << migrated.error().for_log;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(query(history).size(), 3U);
  EXPECT_EQ(query(letters).size(), 1U);
}

}  // namespace
}  // namespace handoff::store

// What only SQLite does: a file with a mode, one writer at a time.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>
#include <thread>

#include "store/sql.h"
#include "tests/support/databases.h"

namespace handoff::store {
namespace {

using testing::HasSubstr;
using testing_support::DatabaseKind;

constexpr Migration tables[] = {
    {1, "tables", "CREATE TABLE note (id {text} NOT NULL PRIMARY KEY, number {int}) {strict}"}};
constexpr Statement add{"note.add", "INSERT INTO note (id, number) VALUES ($1, $2)"};
constexpr Statement count{"note.count", "SELECT count(*) FROM note"};

class Sqlite : public testing::Test {
 protected:
  void SetUp() override {
    database_ = std::move(Database::open(fresh_.url())).value();
    ASSERT_TRUE(migrate(*database_, tables));
    connection_ = database_->connect().value();
  }
  std::string pragma(Connection& connection, const char* sql) {
    const Statement statement{"pragma", sql};
    return connection.query(statement, {}).value().at(0).text(0);
  }

  testing_support::FreshDatabase fresh_{DatabaseKind::sqlite};
  std::unique_ptr<Database> database_;
  std::unique_ptr<Connection> connection_;
};

TEST_F(Sqlite, ANewFileIsTheOwnersAlone) {
  ASSERT_TRUE(connection_->query(add, {"a", 1}));
  for (const char* end : {"", "-wal", "-shm"}) {
    struct stat status {};
    ASSERT_EQ(::stat((database_->file_path() + end).c_str(), &status), 0) << end;
    EXPECT_EQ(status.st_mode & 0777U, 0600U) << end;
  }
  EXPECT_EQ(database_->file_path(), fresh_.url().substr(7));
  EXPECT_EQ(database_->describe(), "SQLite file " + database_->file_path());
}

TEST_F(Sqlite, DurabilityAndForeignKeysAreOn) {
  for (auto& connection : {database_->connect().value().release(), database_->connect_reading().value().release()}) {
    const std::unique_ptr<Connection> owned(connection);
    EXPECT_EQ(pragma(*owned, "PRAGMA journal_mode"), "wal");
    EXPECT_EQ(pragma(*owned, "PRAGMA synchronous"), "2");
    EXPECT_EQ(pragma(*owned, "PRAGMA foreign_keys"), "1");
    EXPECT_EQ(pragma(*owned, "PRAGMA busy_timeout"), "10000");
  }
}

// Another process, such as the command line, holds the file; begin() waits until it is done.
TEST_F(Sqlite, AWriterWaitsForAnother) {
  auto other = database_->connect().value();
  ASSERT_TRUE(other->begin());
  ASSERT_TRUE(other->query(add, {"a", 1}));
  std::thread waiting([&] {
    ASSERT_TRUE(connection_->begin());
    EXPECT_EQ(connection_->query(count, {}).value()[0].integer(0), 1);
    ASSERT_TRUE(connection_->commit());
  });
  auto reading = database_->connect_reading().value();
  EXPECT_EQ(reading->query(count, {}).value()[0].integer(0), 0);  // readers do not wait
  ASSERT_TRUE(other->commit());
  waiting.join();
}

TEST_F(Sqlite, AWriterThatNeverEndsIsBusy) {
  auto other = database_->connect().value();
  ASSERT_TRUE(other->begin());
  ASSERT_TRUE(connection_->script("PRAGMA busy_timeout=20"));
  for (const auto& error : {connection_->begin().error(), connection_->query(add, {"a", 1}).error()}) {
    EXPECT_EQ(error.code, "store.busy");
    EXPECT_EQ(error.kind, Kind::unavailable);
  }
  const std::vector<Connection::Call> calls{{&add, {"a", std::int64_t{1}}}};
  EXPECT_EQ(connection_->execute_all(calls).error().code, "store.busy");
  other->rollback();
  ASSERT_TRUE(connection_->execute_all(calls));
}

TEST_F(Sqlite, AFullDiskFailsAndLeavesTheConnectionUsable) {
  ASSERT_TRUE(connection_->script("PRAGMA max_page_count=" + pragma(*connection_, "PRAGMA page_count")));
  ASSERT_TRUE(connection_->begin());
  ASSERT_TRUE(connection_->query(add, {"a", 1}));
  const auto full = connection_->query(add, {std::string(1'000'000, 'x'), 1});
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, "store.failed");
  EXPECT_EQ(connection_->query(add, {"b", 1}).error().code, "store.failed");
  EXPECT_EQ(connection_->commit().error().code, "store.failed");
  EXPECT_EQ(connection_->query(count, {}).value()[0].integer(0), 0);
  ASSERT_TRUE(connection_->query(add, {"b", 1}));
}

TEST_F(Sqlite, ATextInDoubleQuotesIsAName) {
  constexpr Statement quoted{"quoted", "SELECT count(*) FROM note WHERE id = \"nothing_like_it\""};
  EXPECT_EQ(connection_->query(quoted, {}).error().code, "store.broken");
}

TEST_F(Sqlite, AFileThatIsNoDatabaseIsBroken) {
  const std::string path = fresh_.directory() + "/letter.txt";
  std::ofstream(path) << std::string(10'000, 'x');
  auto database = Database::open("sqlite:" + path).value();
  const auto refused = database->connect();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "store.broken");
}

TEST_F(Sqlite, APlaceThatIsNotThereIsNamed) {
  const auto refused = Database::open("sqlite:" + fresh_.directory() + "/not/there.db");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "store.failed");
  EXPECT_THAT(refused.error().for_log, HasSubstr("/not/there.db: No such file"));
}

TEST_F(Sqlite, AnExistingFileKeepsItsMode) {
  const std::string path = database_->file_path();
  ASSERT_EQ(::chmod(path.c_str(), 0640), 0);
  ASSERT_TRUE(Database::open(fresh_.url()).value()->connect());
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0640U);
}

}  // namespace
}  // namespace handoff::store

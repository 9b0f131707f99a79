// What only PostgreSQL does: connections that get lost, locks that are waited for, deadlocks.
#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "store/sql.h"
#include "tests/support/databases.h"

namespace handoff::store {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing_support::DatabaseKind;

constexpr Migration tables[] = {
    {1, "tables", "CREATE TABLE note (id {text} NOT NULL PRIMARY KEY, number {int}) {strict}"}};
constexpr Statement add{"note.add", "INSERT INTO note (id, number) VALUES ($1, $2)"};
constexpr Statement count{"note.count", "SELECT count(*) FROM note"};
constexpr Statement set_number{"note.set", "UPDATE note SET number = $2 WHERE id = $1"};
constexpr Statement own_process{"process", "SELECT pg_backend_pid()"};
constexpr Statement kill{"kill", "SELECT pg_terminate_backend(CAST($1 AS int), 5000)"};

class Postgres : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(fresh_.url(), "");
    database_ = std::move(Database::open(fresh_.url())).value();
    ASSERT_TRUE(migrate(*database_, tables));
    connection_ = database_->connect().value();
    other_ = database_->connect().value();
  }
  // Ends the server's side of connection_, as a restart of the server would.
  void cut() { ASSERT_TRUE(other_->query(kill, {process_})); }
  void remember_process() { process_ = connection_->query(own_process, {}).value().at(0).integer(0); }
  std::int64_t notes() { return other_->query(count, {}).value().at(0).integer(0); }

  testing_support::FreshDatabase fresh_{DatabaseKind::postgres};
  std::unique_ptr<Database> database_;
  std::unique_ptr<Connection> connection_;
  std::unique_ptr<Connection> other_;
  std::int64_t process_ = 0;
};

TEST_F(Postgres, AQueryOutsideATransactionConnectsAgain) {
  ASSERT_TRUE(connection_->query(add, {"a", 1}));
  remember_process();
  cut();
  const auto rows = connection_->query(count, {});
  ASSERT_TRUE(rows) << rows.error().for_log;
  EXPECT_EQ((*rows)[0].integer(0), 1);
  ASSERT_TRUE(connection_->query(add, {"b", 1}));  // prepared anew
}

TEST_F(Postgres, ATransactionBegunAfterTheLossWorks) {
  remember_process();
  cut();
  ASSERT_TRUE(connection_->begin());
  ASSERT_TRUE(connection_->query(add, {"a", 1}));
  ASSERT_TRUE(connection_->commit());
  EXPECT_EQ(notes(), 1);
}

TEST_F(Postgres, ATransactionLostBeforeItsFirstStatementIsBegunAgain) {
  remember_process();
  ASSERT_TRUE(connection_->begin());
  cut();
  const auto added = connection_->query(add, {"a", 1});
  ASSERT_TRUE(added) << added.error().for_log;
  ASSERT_TRUE(connection_->commit());
  EXPECT_EQ(notes(), 1);
}

TEST_F(Postgres, ATransactionLostInTheMiddleIsLost) {
  remember_process();
  ASSERT_TRUE(connection_->begin());
  ASSERT_TRUE(connection_->query(add, {"a", 1}));
  cut();
  const auto second = connection_->query(add, {"b", 1});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, "store.failed");
  EXPECT_EQ(second.error().kind, Kind::unavailable);
  EXPECT_EQ(connection_->query(add, {"c", 1}).error().code, "store.failed");
  EXPECT_EQ(connection_->commit().error().code, "store.failed");
  EXPECT_EQ(notes(), 0);
  ASSERT_TRUE(connection_->begin());
  ASSERT_TRUE(connection_->query(add, {"d", 1}));
  ASSERT_TRUE(connection_->commit());
  EXPECT_EQ(notes(), 1);
}

TEST_F(Postgres, ALossInAPipelineIsAFailureToo) {
  std::vector<Connection::Call> calls{{&add, {"a", std::int64_t{1}}}, {&own_process, {}}};
  remember_process();
  ASSERT_TRUE(connection_->begin());
  ASSERT_TRUE(connection_->query_all(calls));
  cut();
  EXPECT_EQ(connection_->execute_all(calls).error().code, "store.failed");
  connection_->rollback();
  EXPECT_EQ(notes(), 0);
  ASSERT_TRUE(connection_->query_all(calls));
  EXPECT_EQ(notes(), 1);
}

TEST_F(Postgres, ALossWhileAStatementRunsIsAFailure) {
  remember_process();
  constexpr Statement sleep{"sleep", "SELECT pg_sleep(20)"};
  std::thread sleeping([&] {
    const auto slept = connection_->query(sleep, {});
    ASSERT_FALSE(slept);
    EXPECT_EQ(slept.error().code, "store.failed");
  });
  constexpr Statement is_sleeping{"is_sleeping", "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"};
  while (other_->query(is_sleeping, {}).value()[0].integer(0) == 0) std::this_thread::yield();
  cut();
  sleeping.join();
  ASSERT_TRUE(connection_->query(count, {}));
}

TEST_F(Postgres, ACommitLostIsNotKnown) {
  remember_process();
  ASSERT_TRUE(connection_->begin());
  ASSERT_TRUE(connection_->query(add, {"a", 1}));
  cut();
  const auto committed = connection_->commit();
  ASSERT_FALSE(committed);
  EXPECT_EQ(committed.error().code, "store.failed");
  EXPECT_THAT(committed.error().for_log, HasSubstr("not known"));
  ASSERT_TRUE(connection_->begin());
  connection_->rollback();
}

TEST_F(Postgres, ACommitLostWithItsStatementsIsNotKnownEither) {
  const std::vector<Connection::Call> calls{{&add, {"a", std::int64_t{1}}}};
  remember_process();
  ASSERT_TRUE(connection_->begin());
  cut();
  const auto committed = connection_->execute_all_and_commit(calls);
  ASSERT_FALSE(committed);
  EXPECT_EQ(committed.error().code, "store.failed");
  EXPECT_THAT(committed.error().for_log, HasSubstr("not known"));
  ASSERT_TRUE(connection_->begin());
  ASSERT_TRUE(connection_->execute_all_and_commit(calls));
  EXPECT_EQ(notes(), 1);
}

TEST_F(Postgres, SqlItDoesNotSupportIsBrokenAndNotBusy) {
  constexpr Statement odd{"odd", "SELECT count(*) FROM note FOR UPDATE"};
  EXPECT_EQ(connection_->query(odd, {}).error().code, "store.broken");
  EXPECT_EQ(connection_->query(odd, {}).error().code, "store.broken");
}

// Two transactions lock two rows in opposite order: PostgreSQL breaks one, and only that one has to run again.
TEST_F(Postgres, ADeadlockIsBusy) {
  ASSERT_TRUE(connection_->query(add, {"a", 1}));
  ASSERT_TRUE(connection_->query(add, {"b", 1}));
  std::atomic<int> locked{0}, busy{0}, done{0};
  const auto lock_both = [&](Connection& connection, const char* first, const char* second) {
    ASSERT_TRUE(connection.begin());
    ASSERT_TRUE(connection.query(set_number, {first, 2}));
    ++locked;
    while (locked < 2) std::this_thread::yield();
    const auto answer = connection.query(set_number, {second, 2});
    if (!answer && answer.error().code == "store.busy" && answer.error().kind == Kind::unavailable) {
      ++busy;
      connection.rollback();
    } else {
      ASSERT_TRUE(connection.commit());
      ++done;
    }
  };
  std::thread one([&] { lock_both(*connection_, "a", "b"); });
  std::thread two([&] { lock_both(*other_, "b", "a"); });
  one.join();
  two.join();
  EXPECT_EQ(busy, 1);
  EXPECT_EQ(done, 1);
}

TEST_F(Postgres, ALockNobodyReleasesIsBusy) {
  ASSERT_TRUE(connection_->query(add, {"a", 1}));
  ASSERT_TRUE(other_->begin());
  ASSERT_TRUE(other_->query(set_number, {"a", 2}));
  ASSERT_TRUE(connection_->script("SET lock_timeout = '50ms'"));
  EXPECT_EQ(connection_->query(set_number, {"a", 3}).error().code, "store.busy");
  other_->rollback();
  ASSERT_TRUE(connection_->query(set_number, {"a", 3}));
}

TEST_F(Postgres, WhatIsLockedIsSkipped) {
  for (const char* id : {"a", "b", "c"}) ASSERT_TRUE(connection_->query(add, {id, 1}));
  constexpr Statement claim{"claim", "SELECT id FROM note ORDER BY id LIMIT $1 {skip_locked}"};
  ASSERT_TRUE(connection_->begin());
  EXPECT_EQ(connection_->query(claim, {2}).value().size(), 2U);
  ASSERT_TRUE(other_->begin());
  const Rows rest = other_->query(claim, {2}).value();
  ASSERT_EQ(rest.size(), 1U);
  EXPECT_EQ(rest[0].text(0), "c");
  connection_->rollback();
  other_->rollback();
}

TEST_F(Postgres, ASerializationFailureIsBusy) {
  ASSERT_TRUE(connection_->query(add, {"a", 1}));
  ASSERT_TRUE(connection_->script("BEGIN ISOLATION LEVEL REPEATABLE READ"));
  ASSERT_TRUE(connection_->query(count, {}));
  ASSERT_TRUE(other_->query(set_number, {"a", 2}));
  EXPECT_EQ(connection_->query(set_number, {"a", 3}).error().code, "store.busy");
  ASSERT_TRUE(connection_->script("ROLLBACK"));
}

TEST_F(Postgres, AnOwnTextReplacesTheCommonOne) {
  constexpr Statement differs{"differs", "SELECT 'common'", "SELECT 'own'"};
  EXPECT_EQ(connection_->query(differs, {}).value()[0].text(0), "own");
}

TEST_F(Postgres, ThePasswordIsNeverShown) {
  std::string url = fresh_.url();
  url.insert(url.find('@'), ":hush-hush");
  auto database = Database::open(url);
  ASSERT_TRUE(database) << database.error().for_log;
  EXPECT_THAT((*database)->describe(), Not(HasSubstr("hush")));
  EXPECT_THAT((*database)->describe(), HasSubstr("handoff_test_"));
  EXPECT_EQ((*database)->file_path(), "");

  // Nobody listens there, and a name that holds the password shows up in the message of libpq.
  for (const char* bad :
       {"postgresql://joe:hush-hush@127.0.0.1:1/x", "postgresql://joe:hush-hush@hush-hush.invalid/x"}) {
    const auto refused = Database::open(bad);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "store.failed");
    EXPECT_THAT(refused.error().for_log + refused.error().for_caller, Not(HasSubstr("hush-hush"))) << bad;
    EXPECT_THAT(refused.error().for_log, HasSubstr("connect"));
  }
  // Nor the name of a database that is not there, which is fine to show.
  const auto absent = Database::open(url.substr(0, url.rfind('/')) + "/no_such_database");
  ASSERT_FALSE(absent);
  EXPECT_THAT(absent.error().for_log, HasSubstr("no_such_database"));
}

TEST_F(Postgres, ADatabaseInAnotherEncodingIsRefused) {
  const std::string name = fresh_.url().substr(fresh_.url().rfind('/') + 1) + "_ascii";
  ASSERT_TRUE(other_->script("CREATE DATABASE " + name + " ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0"));
  const auto refused = Database::open(fresh_.url() + "_ascii");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().for_log, HasSubstr("UTF8"));
  EXPECT_TRUE(other_->script("DROP DATABASE " + name + " WITH (FORCE)"));
}

}  // namespace
}  // namespace handoff::store

// The promises of sql.h, asked of both databases. What differs between them is asked in sqlite_test.cc and
// postgres_test.cc beside the drivers.
#include "store/sql.h"

#include <gmock/gmock.h>

#include <limits>
#include <thread>

#include "tests/support/databases.h"

namespace handoff::store {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing_support::DatabaseKind;
using Call = Connection::Call;

constexpr Migration tables[] = {
    {1, "notes",
     "CREATE TABLE note (id {text} NOT NULL PRIMARY KEY, body {text}, number {int}, bytes {blob}) {strict};"
     "CREATE TABLE shelf (id {text} NOT NULL PRIMARY KEY, height {int} NOT NULL CONSTRAINT tall CHECK (height > 0)) "
     "{strict};"
     "CREATE TABLE book (id {identity}, shelf_id {text} NOT NULL REFERENCES shelf (id), title {text} NOT NULL UNIQUE) "
     "{strict};"},
};

constexpr Statement add{"note.add", "INSERT INTO note (id, body, number, bytes) VALUES ($1, $2, $3, $4)"};
constexpr Statement get{"note.get", "SELECT body, number, bytes FROM note WHERE id = $1"};
constexpr Statement ids{"note.ids", "SELECT id FROM note ORDER BY id"};
constexpr Statement count{"note.count", "SELECT count(*) FROM note"};
constexpr Statement set_number{"note.set_number", "UPDATE note SET number = $2 WHERE id = $1"};
constexpr Statement add_shelf{"shelf.add", "INSERT INTO shelf (id, height) VALUES ($1, $2)"};
constexpr Statement add_book{"book.add", "INSERT INTO book (shelf_id, title) VALUES ($1, $2) RETURNING id"};

Value none() { return {}; }
Values note(const std::string& id) { return {id, "body of " + id, std::int64_t{1}, none()}; }

class Sql : public testing::TestWithParam<DatabaseKind> {
 protected:
  void SetUp() override {
    ASSERT_NE(fresh_.url(), "");
    auto opened = Database::open(fresh_.url());
    ASSERT_TRUE(opened) << opened.error().for_log;
    database_ = std::move(*opened);
    const auto migrated = migrate(*database_, tables);
    ASSERT_TRUE(migrated) << migrated.error().for_log;
    connection_ = connect();
    ASSERT_NE(connection_, nullptr);
  }

  std::unique_ptr<Connection> connect() {
    auto connected = database_->connect();
    EXPECT_TRUE(connected) << connected.error().for_log;
    return connected ? std::move(*connected) : nullptr;
  }

  Rows query(const Statement& statement, std::initializer_list<Value> values) {
    auto rows = connection_->query(statement, values);
    EXPECT_TRUE(rows) << rows.error().for_log;
    return rows ? std::move(*rows) : Rows{};
  }
  std::int64_t notes() {
    const Rows rows = query(count, {});
    return rows.empty() ? -1 : rows[0].integer(0);
  }

  testing_support::FreshDatabase fresh_{GetParam()};
  std::unique_ptr<Database> database_;
  std::unique_ptr<Connection> connection_;
};
INSTANTIATE_TEST_SUITE_P(Both, Sql, testing::ValuesIn(testing_support::both_databases()),
                         testing_support::database_name);

TEST_P(Sql, TypesComeBackAsTheyWere) {
  std::string every_byte;
  for (int i = 0; i < 256; ++i) every_byte.push_back(static_cast<char>(i));
  const std::string texts =
      "Zoë Ünal, 李小龍, ᐊᓂᕐᓂᖅ, عمر, 👩🏽‍⚕️, ' \" \\ \n\t$1 {text} %";
  query(add, {"a", texts, std::numeric_limits<std::int64_t>::max(), Blob{every_byte}});
  query(add, {"b", "", std::numeric_limits<std::int64_t>::min(), Blob{}});
  query(add, {"c", none(), none(), none()});

  Rows rows = query(get, {"a"});
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].size(), 3U);
  EXPECT_EQ(rows[0].text(0), texts);
  EXPECT_EQ(rows[0].view(0), texts);
  EXPECT_EQ(rows[0].integer(1), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(rows[0].blob(2), every_byte);
  EXPECT_EQ(rows[0].take(2), every_byte);

  rows = query(get, {"b"});
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_FALSE(rows[0].is_null(0));
  EXPECT_EQ(rows[0].optional_text(0), "");
  EXPECT_EQ(rows[0].integer(1), std::numeric_limits<std::int64_t>::min());
  EXPECT_FALSE(rows[0].is_null(2));
  EXPECT_EQ(rows[0].blob(2), "");

  rows = query(get, {"c"});
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_TRUE(rows[0].is_null(0));
  EXPECT_EQ(rows[0].optional_text(0), std::nullopt);
  EXPECT_EQ(rows[0].text(0), "");
  EXPECT_EQ(rows[0].optional_integer(1), std::nullopt);
  EXPECT_EQ(rows[0].integer(1), 0);
  EXPECT_EQ(rows[0].blob(2), "");
}

// Sums over BIGINT are numeric in PostgreSQL, truths are boolean there, members of a JSON text are numbers in SQLite.
TEST_P(Sql, ComputedColumnsReadAlike) {
  query(add, {"a", R"({"height": 12})", 40, none()});
  query(add, {"b", none(), 2, none()});
  constexpr Statement computed{"note.computed",
                               "SELECT sum(number), max(number), count(*), number > 3,"
                               " (SELECT CAST(body AS json) ->> 'height' FROM note WHERE id = 'a')"
                               " FROM note WHERE number > $1 GROUP BY number > 3 ORDER BY 1",
                               nullptr};
  constexpr Statement on_sqlite{"note.computed",
                                "SELECT sum(number), max(number), count(*), number > 3,"
                                " (SELECT body ->> 'height' FROM note WHERE id = 'a')"
                                " FROM note WHERE number > $1 GROUP BY number > 3 ORDER BY 1"};
  const Rows rows = query(GetParam() == DatabaseKind::sqlite ? on_sqlite : computed, {0});
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].integer(0), 2);
  EXPECT_EQ(rows[0].integer(3), 0);
  EXPECT_EQ(rows[1].integer(0), 40);
  EXPECT_EQ(rows[1].integer(1), 40);
  EXPECT_EQ(rows[1].integer(2), 1);
  EXPECT_EQ(rows[1].integer(3), 1);
  EXPECT_EQ(rows[1].text(4), "12");
  EXPECT_EQ(rows[1].integer(4), 12);
}

TEST_P(Sql, TextsThatCannotBeStoredAreRefusedBeforeAnythingIsSent) {
  using namespace std::string_literals;
  const std::vector<std::string> bad{"a\0b"s,
                                     "\0"s,
                                     "long enough for eight\0bytes at a time"s,
                                     "\xff",
                                     "\xc3",
                                     "\xed\xa0\x80",
                                     std::string(100, 'a') + "\x80"};
  for (const auto& text : bad) {
    const auto refused = connection_->query(add, {"x", text, none(), none()});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "store.value");
    EXPECT_EQ(refused.error().kind, Kind::invalid_input);
    EXPECT_THAT(refused.error().for_log, HasSubstr("note.add"));
    const std::vector<Call> calls{{&add, note("y")}, {&add, {"x", text, none(), none()}}};
    EXPECT_EQ(connection_->execute_all(calls).error().code, "store.value");
  }
  EXPECT_EQ(notes(), 0);
}

TEST_P(Sql, ParametersAreBoundByTheirNumber) {
  query(add, {"a", "first", 1, none()});
  constexpr Statement backwards{"note.backwards",
                                "UPDATE note SET body = $2, number = $3 WHERE id = $1 RETURNING body, number"};
  Rows rows = query(backwards, {"a", "second", 7});
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].text(0), "second");
  EXPECT_EQ(rows[0].integer(1), 7);

  constexpr Statement repeated{"note.repeated", "SELECT id FROM note WHERE body = $2 OR (body = $1 AND id <> $2)"};
  EXPECT_EQ(query(repeated, {"second", "nothing"}).size(), 1U);

  constexpr Statement many{"note.many",
                           "SELECT id FROM note WHERE number IN ($12, $11, $10, $9, $8, $7, $6, $5, $4, $3, $2, $1)"};
  EXPECT_EQ(query(many, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7}).size(), 1U);
  EXPECT_EQ(query(many, {1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13}).size(), 0U);
}

TEST_P(Sql, AParameterInQuotesIsText) {
  constexpr Statement quoted{"quoted", "SELECT '$1 {text}' AS \"$2\" /* $3 */ WHERE CAST($1 AS {int}) = 1 -- $4 {odd}"};
  const Rows rows = query(quoted, {1});
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].text(0), "$1 {text}");
}

TEST_P(Sql, ANumberOfValuesThatDoesNotFitIsOurMistake) {
  EXPECT_EQ(connection_->query(get, {}).error().code, "store.broken");
  EXPECT_EQ(connection_->query(get, {"a", "b"}).error().code, "store.broken");
  constexpr Statement gap{"gap", "SELECT id FROM note WHERE id = $2"};
  EXPECT_EQ(connection_->query(gap, {"a", "b"}).error().code, "store.broken");
  constexpr Statement odd{"odd", "SELECT id FROM {table}"};
  EXPECT_THAT(connection_->query(odd, {}).error().for_log, HasSubstr("{table}"));
  constexpr Statement two{"two", "SELECT 1; SELECT 2"};
  EXPECT_EQ(connection_->query(two, {}).error().code, "store.broken");
  EXPECT_EQ(notes(), 0);
}

TEST_P(Sql, WrongSqlIsBrokenAndNamesItsStatementAndNoValue) {
  constexpr Statement wrong{"note.wrong", "SELECT nothing_like_it FROM note WHERE id = $1"};
  const auto failed = connection_->query(wrong, {"Joe Clark"});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, "store.broken");
  EXPECT_EQ(failed.error().kind, Kind::internal);
  EXPECT_THAT(failed.error().for_log, HasSubstr("note.wrong"));
  EXPECT_THAT(failed.error().for_log, Not(HasSubstr("Clark")));

  // A text where a number belongs.
  const auto mistyped = connection_->query(add, {"a", "b", "Joe Clark", none()});
  ASSERT_FALSE(mistyped);
  EXPECT_EQ(mistyped.error().code, "store.broken");
  EXPECT_THAT(mistyped.error().for_log, Not(HasSubstr("Clark")));
  EXPECT_EQ(notes(), 0);
}

TEST_P(Sql, AStatementAtAnAddressUsedBeforeIsPreparedAnew) {
  Statement statement = count;
  EXPECT_EQ(query(statement, {})[0].integer(0), 0);
  statement = Statement{"two", "SELECT 2"};
  EXPECT_EQ(query(statement, {})[0].integer(0), 2);
}

TEST_P(Sql, ASetIsOneParameter) {
  for (const char* id : {"a", "b", "c", "Ä"}) connection_->query(add, note(id)).value();
  constexpr Statement of_set{
      "note.of_set", "SELECT n.id FROM note n JOIN {set:$1} AS s ON s.value = n.id WHERE n.id <> $2 ORDER BY n.id"};
  const Rows rows = query(of_set, {R"(["c", "a", "nobody", "Ä"])", "a"});
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].text(0), "c");
  EXPECT_EQ(rows[1].text(0), "Ä");
  constexpr Statement in_set{"note.in_set", "SELECT count(*) FROM note WHERE id IN (SELECT value FROM {set:$1})"};
  EXPECT_EQ(query(in_set, {R"(["a", "b", "b"])"})[0].integer(0), 2);
  EXPECT_EQ(query(in_set, {"[]"})[0].integer(0), 0);
}

TEST_P(Sql, PairsAreOneParameterToo) {
  for (const char* id : {"a", "b", "Ä"}) connection_->query(add, note(id)).value();
  constexpr Statement of_pairs{
      "note.of_pairs", "SELECT n.id, p.b FROM note n JOIN {pairs:$1} AS p ON p.a = n.id WHERE p.b <> $2 ORDER BY n.id"};
  const Rows rows = query(of_pairs, {R"([["Ä", "' é"], ["a", "no"], ["b", "2"], ["nobody", "x"]])", "no"});
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].text(0) + rows[0].text(1), "b2");
  EXPECT_EQ(rows[1].text(0) + rows[1].text(1), "Ä' é");
  EXPECT_EQ(query(of_pairs, {"[]", ""}).size(), 0U);
}

TEST_P(Sql, TextsSortByTheirBytes) {
  for (const char* id : {"b", "B", "a", "ä", "_", "Z"}) connection_->query(add, note(id)).value();
  std::string order;
  for (const Row& row : query(ids, {})) order += row.text(0);
  EXPECT_EQ(order, "BZ_abä");
  constexpr Statement like{"note.like", "SELECT count(*) FROM note WHERE id LIKE 'b%'"};
  EXPECT_EQ(query(like, {})[0].integer(0), 1);
}

TEST_P(Sql, ForUpdateAndSkipLockedAreUnderstood) {
  query(add, {"a", none(), none(), none()});
  constexpr Statement locked{"note.locked", "SELECT id FROM note WHERE id = $1 {for_update}"};
  constexpr Statement claimed{"note.claimed", "SELECT id FROM note ORDER BY id LIMIT $1 {skip_locked}"};
  ASSERT_TRUE(connection_->begin());
  EXPECT_EQ(query(locked, {"a"}).size(), 1U);
  EXPECT_EQ(query(claimed, {10}).size(), 1U);
  ASSERT_TRUE(connection_->commit());
}

TEST_P(Sql, ConstraintsAreConflictsThatSayWhich) {
  query(add, {"a", none(), none(), none()});
  auto twice = connection_->query(add, {"a", "Joe Clark", none(), none()});
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().code, "store.constraint");
  EXPECT_EQ(twice.error().kind, Kind::conflict);
  EXPECT_EQ(constraint_of(twice.error()), GetParam() == DatabaseKind::sqlite ? "note.id" : "note_pkey");
  EXPECT_THAT(twice.error().for_log, HasSubstr("note.add"));
  EXPECT_THAT(twice.error().for_log, Not(HasSubstr("Clark")));

  EXPECT_EQ(constraint_of(connection_->query(add_shelf, {"s", 0}).error()), "tall");
  EXPECT_EQ(constraint_of(connection_->query(add_shelf, {"s", none()}).error()), "shelf.height");
  const auto homeless = connection_->query(add_book, {"nowhere", "A title"});
  ASSERT_FALSE(homeless);
  EXPECT_EQ(homeless.error().code, "store.constraint");
  EXPECT_EQ(constraint_of(homeless.error()), GetParam() == DatabaseKind::sqlite ? "" : "book_shelf_id_fkey");
  EXPECT_EQ(constraint_of(Error{Kind::internal, "store.broken", "", "store.constraint x: statement y", {}}), "");
}

TEST_P(Sql, IdentitiesRiseAndAreNeverUsedTwice) {
  query(add_shelf, {"s", 3});
  const auto first = query(add_book, {"s", "one"})[0].integer(0);
  const auto second = query(add_book, {"s", "two"})[0].integer(0);
  EXPECT_GT(second, first);
  constexpr Statement clear{"book.clear", "DELETE FROM book"};
  query(clear, {});
  EXPECT_GT(query(add_book, {"s", "three"})[0].integer(0), second);
}

TEST_P(Sql, ChangedRowsAreCounted) {
  constexpr Statement all{"note.all", "UPDATE note SET number = $1"};
  constexpr Statement upsert{"note.upsert", "INSERT INTO note (id, number) VALUES ($1, 5) ON CONFLICT (id) DO NOTHING"};
  constexpr Statement remove{"note.remove", "DELETE FROM note WHERE id = $1 RETURNING id"};
  const std::vector<Call> calls{{&add, note("a")},         {&add, note("b")},   {&count, {}},
                                {&all, {std::int64_t{9}}}, {&upsert, {"a"}},    {&upsert, {"c"}},
                                {&remove, {"c"}},          {&remove, {"none"}}, {&set_number, {"zz", std::int64_t{1}}}};
  const auto changed = connection_->execute_all(calls);
  ASSERT_TRUE(changed) << changed.error().for_log;
  EXPECT_THAT(*changed, testing::ElementsAre(1, 1, 0, 2, 0, 1, 1, 0, 0));
  EXPECT_TRUE(connection_->execute_all({})->empty());
  EXPECT_TRUE(connection_->query_all({})->empty());
}

TEST_P(Sql, TransactionsAreKeptOrRolledBack) {
  ASSERT_TRUE(connection_->begin());
  query(add, {"a", none(), none(), none()});
  EXPECT_EQ(notes(), 1);  // its own changes are seen
  connection_->rollback();
  EXPECT_EQ(notes(), 0);
  ASSERT_TRUE(connection_->begin());
  query(add, {"b", none(), none(), none()});
  ASSERT_TRUE(connection_->commit());
  EXPECT_EQ(notes(), 1);
  ASSERT_TRUE(connection_->begin());
  ASSERT_TRUE(connection_->commit());  // an empty one
  ASSERT_TRUE(connection_->begin());
  connection_->rollback();
  connection_->rollback();  // when nothing is open, nothing happens
  EXPECT_EQ(notes(), 1);

  auto other = connect();
  ASSERT_TRUE(connection_->begin());
  query(add, {"c", none(), none(), none()});
  EXPECT_EQ(other->query(count, {}).value()[0].integer(0), 1);  // not yet committed
  ASSERT_TRUE(connection_->commit());
  EXPECT_EQ(other->query(count, {}).value()[0].integer(0), 2);
}

TEST_P(Sql, TransactionsDoNotNest) {
  EXPECT_EQ(connection_->commit().error().code, "store.broken");
  ASSERT_TRUE(connection_->begin());
  EXPECT_EQ(connection_->begin().error().code, "store.broken");
  EXPECT_EQ(connection_->begin_read().error().code, "store.broken");
  query(add, {"a", none(), none(), none()});
  ASSERT_TRUE(connection_->commit());
  EXPECT_EQ(notes(), 1);
}

TEST_P(Sql, AConnectionThatDiesInATransactionRollsBack) {
  {
    auto other = connect();
    ASSERT_TRUE(other->begin());
    ASSERT_TRUE(other->query(add, note("a")));
  }
  EXPECT_EQ(notes(), 0);
}

// SQLite would let the transaction go on, PostgreSQL would not. A caller must not have to know.
TEST_P(Sql, AnErrorDoomsItsTransaction) {
  ASSERT_TRUE(connection_->begin());
  query(add, {"a", none(), none(), none()});
  EXPECT_EQ(connection_->query(add, note("a")).error().code, "store.constraint");
  const auto later = connection_->query(add, note("b"));
  ASSERT_FALSE(later);
  EXPECT_EQ(later.error().code, "store.constraint");
  EXPECT_EQ(connection_->script("SELECT 1").error().code, "store.constraint");
  EXPECT_EQ(connection_->commit().error().code, "store.constraint");
  EXPECT_EQ(notes(), 0);  // commit() ended it, by rolling back

  ASSERT_TRUE(connection_->begin());
  query(add, {"a", none(), none(), none()});
  EXPECT_EQ(connection_->query(add, {"b", std::string(1, '\0'), none(), none()}).error().code, "store.value");
  EXPECT_EQ(connection_->query(count, {}).error().code, "store.value");
  connection_->rollback();
  EXPECT_EQ(notes(), 0);
}

TEST_P(Sql, ExecutingAndCommittingMayBeOne) {
  const std::vector<Call> calls{{&add, note("a")}, {&add, note("b")}};
  EXPECT_EQ(connection_->execute_all_and_commit(calls).error().code, "store.broken");  // no transaction
  ASSERT_TRUE(connection_->begin());
  EXPECT_THAT(connection_->execute_all_and_commit(calls).value(), testing::ElementsAre(1, 1));
  EXPECT_EQ(notes(), 2);
  ASSERT_TRUE(connection_->begin());
  query(add, {"c", none(), none(), none()});
  EXPECT_EQ(connection_->execute_all_and_commit(calls).error().code, "store.constraint");
  EXPECT_EQ(notes(), 2);
  ASSERT_TRUE(connection_->begin());
  query(add, {"c", none(), none(), none()});
  ASSERT_TRUE(connection_->execute_all_and_commit({}));
  EXPECT_EQ(notes(), 3);
  ASSERT_TRUE(connection_->begin());
  EXPECT_FALSE(connection_->query(add, note("a")));
  EXPECT_EQ(connection_->execute_all_and_commit({}).error().code, "store.constraint");
  ASSERT_TRUE(connection_->begin());
  ASSERT_TRUE(connection_->commit());
}

TEST_P(Sql, ADeferredConstraintFailsTheCommit) {
  ASSERT_TRUE(
      connection_->script("CREATE TABLE leaf (id INTEGER PRIMARY KEY, on_id INTEGER,"
                          " FOREIGN KEY (on_id) REFERENCES leaf (id) DEFERRABLE INITIALLY DEFERRED)"));
  ASSERT_TRUE(connection_->begin());
  constexpr Statement add_leaf{"leaf.add", "INSERT INTO leaf (id, on_id) VALUES ($1, $2)"};
  query(add_leaf, {1, 2});
  EXPECT_EQ(connection_->commit().error().code, "store.constraint");
  ASSERT_TRUE(connection_->begin());  // it is over
  query(add_leaf, {1, 1});
  ASSERT_TRUE(connection_->commit());
  // Outside a transaction every call commits by itself.
  EXPECT_EQ(connection_->query(add_leaf, {2, 9}).error().code, "store.constraint");
  const std::vector<Call> calls{{&add_leaf, {std::int64_t{3}, std::int64_t{3}}},
                                {&add_leaf, {std::int64_t{4}, std::int64_t{9}}}};
  EXPECT_EQ(connection_->query_all(calls).error().code, "store.constraint");
  EXPECT_EQ(connection_->execute_all(calls).error().code, "store.constraint");
  ASSERT_TRUE(connection_->begin());
  EXPECT_EQ(connection_->execute_all_and_commit(calls).error().code, "store.constraint");
  constexpr Statement leaves{"leaf.count", "SELECT count(*) FROM leaf"};
  EXPECT_EQ(query(leaves, {})[0].integer(0), 1);
}

TEST_P(Sql, AReadingTransactionSeesOneMoment) {
  auto other = connect();
  ASSERT_TRUE(connection_->begin_read());
  EXPECT_EQ(notes(), 0);
  ASSERT_TRUE(other->query(add, note("a")));
  EXPECT_EQ(notes(), 0);
  EXPECT_EQ(connection_->query_all(std::vector<Call>{{&count, {}}}).value()[0][0].integer(0), 0);
  ASSERT_TRUE(connection_->commit());
  EXPECT_EQ(notes(), 1);
  // And it does not write, but the connection does afterwards.
  ASSERT_TRUE(connection_->begin_read());
  EXPECT_EQ(connection_->query(add, note("b")).error().code, "store.broken");
  connection_->rollback();
  query(add, {"b", none(), none(), none()});
  EXPECT_EQ(notes(), 2);
}

TEST_P(Sql, AReadingConnectionDoesNotWrite) {
  auto reading = database_->connect_reading().value();
  EXPECT_EQ(reading->query(add, note("a")).error().code, "store.broken");
  EXPECT_EQ(reading->query(count, {}).value()[0].integer(0), 0);
  ASSERT_TRUE(reading->begin_read());
  EXPECT_EQ(reading->query(count, {}).value()[0].integer(0), 0);
  ASSERT_TRUE(reading->commit());
  EXPECT_EQ(reading->query(add, note("a")).error().code, "store.broken");
}

TEST_P(Sql, FiveHundredCallsWithOneThatFails) {
  std::vector<Call> calls;
  for (int i = 0; i < 500; ++i) calls.push_back({&add, note("n" + std::to_string(i))});
  calls[250].values[0] = "n7";
  for (const bool own : {true, false}) {
    if (own) {
      ASSERT_TRUE(connection_->begin());
    }
    const auto failed = connection_->execute_all(calls);
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, "store.constraint");
    if (own) {
      EXPECT_EQ(connection_->query_all(calls).error().code, "store.constraint");
      connection_->rollback();
    }
    EXPECT_EQ(notes(), 0);
  }
  calls[250].values[0] = "n250";
  ASSERT_TRUE(connection_->begin());
  ASSERT_EQ(connection_->execute_all(calls)->size(), 500U);
  ASSERT_TRUE(connection_->commit());
  EXPECT_EQ(notes(), 500);
  for (Call& call : calls) call = {&get, {call.values[0]}};
  const auto answers = connection_->query_all(calls);
  ASSERT_TRUE(answers);
  for (std::size_t i = 0; i < answers->size(); ++i) {
    EXPECT_EQ((*answers)[i].at(0).text(0), "body of n" + std::to_string(i));
  }
  std::size_t told = 0;
  ASSERT_TRUE(connection_->each(calls, [&](std::size_t call, const Cells& row) {
    EXPECT_EQ(call, told++);
    EXPECT_EQ(row.view(0), "body of n" + std::to_string(call));
  }));
  EXPECT_EQ(told, 500U);
  ASSERT_TRUE(connection_->each(std::span(calls).first(1), [&](std::size_t, const Cells&) { ++told; }));
  EXPECT_EQ(told, 501U);
  calls[3] = {&add, note("n3")};
  EXPECT_EQ(connection_->each(calls, [](std::size_t, const Cells&) {}).error().code, "store.constraint");
}

// Larger than what sockets buffer, both ways at once: neither side may wait for the other to read first.
TEST_P(Sql, ALargePipelineDoesNotStall) {
  constexpr Statement simple{"note.body", "SELECT body FROM note WHERE id = $1"};
  query(add, {"big", std::string(1'000'000, 'x'), none(), none()});
  std::vector<Call> calls;
  for (int i = 0; i < 60; ++i) {
    calls.push_back({&simple, {"big"}});
    calls.push_back({&add, {"n" + std::to_string(i), std::string(500'000, 'y'), none(), none()}});
  }
  const auto answers = connection_->query_all(calls);
  ASSERT_TRUE(answers) << answers.error().for_log;
  EXPECT_EQ((*answers)[118][0].view(0).size(), 1'000'000U);
  EXPECT_EQ(notes(), 61);
}

TEST_P(Sql, WhatCannotBePreparedInAPipelineLeavesTheRestUsable) {
  constexpr Statement wrong{"wrong", "SELECT nothing_like_it FROM note"};
  constexpr Statement after{"after", "SELECT count(*) FROM shelf"};
  const std::vector<Call> calls{{&add, note("a")}, {&wrong, {}}, {&after, {}}};
  const auto failed = connection_->query_all(calls);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, "store.broken");
  EXPECT_THAT(failed.error().for_log, HasSubstr("statement wrong"));
  EXPECT_EQ(query(after, {})[0].integer(0), 0);
  query(add, {"a", none(), none(), none()});
  EXPECT_EQ(notes(), 1);
}

TEST_P(Sql, ScriptsRunSeveralStatements) {
  ASSERT_TRUE(connection_->begin());
  ASSERT_TRUE(connection_->script("INSERT INTO note (id) VALUES ('a'); INSERT INTO note (id) VALUES ('b');"));
  EXPECT_EQ(notes(), 2);
  EXPECT_EQ(connection_->script("INSERT INTO note (id) VALUES ('c'); INSERT INTO note (id) VALUES ('a')").error().code,
            "store.constraint");
  connection_->rollback();
  EXPECT_EQ(notes(), 0);
  EXPECT_EQ(connection_->script("SELECT * FROM nothing_like_it").error().code, "store.broken");
  EXPECT_TRUE(connection_->script(""));
}

// A schema changed by another process makes prepared statements stale; asking again is enough.
TEST_P(Sql, PreparedStatementsSurviveAChangeOfTheSchema) {
  constexpr Statement everything{"note.everything", "SELECT * FROM note"};
  query(add, {"a", none(), none(), none()});
  EXPECT_EQ(query(everything, {})[0].size(), 4U);
  ASSERT_TRUE(connect()->script("ALTER TABLE note ADD COLUMN colour INTEGER"));
  auto rows = connection_->query(everything, {});
  if (!rows) {
    EXPECT_EQ(rows.error().code, "store.busy");
    rows = connection_->query(everything, {});
  }
  ASSERT_TRUE(rows) << rows.error().for_log;
  EXPECT_EQ((*rows)[0].size(), 5U);
}

// Method: four threads add to one number, reading it under a lock. A lost update or an error would show in the sum.
TEST_P(Sql, WritersWaitForEachOther) {
  query(add, {"sum", none(), 0, none()});
  constexpr Statement read{"note.read", "SELECT number FROM note WHERE id = $1 {for_update}"};
  constexpr int threads_count = 4, rounds = 25;
  std::vector<std::thread> threads;
  for (int i = 0; i < threads_count; ++i) {
    threads.emplace_back([&] {
      auto writer = connect();
      for (int round = 0; round < rounds; ++round) {
        ASSERT_TRUE(writer->begin());
        const auto rows = writer->query(read, {"sum"});
        ASSERT_TRUE(rows) << rows.error().for_log;
        ASSERT_TRUE(writer->query(set_number, {"sum", (*rows)[0].integer(0) + 1}));
        ASSERT_TRUE(writer->commit());
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(query(get, {"sum"})[0].integer(1), threads_count * rounds);
}

TEST_P(Sql, APoolLendsNoMoreThanItHas) {
  query(add, {"a", none(), none(), none()});
  ReaderPool pool(*database_, 2);
  std::atomic<int> inside{0}, most{0}, answered{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 20; ++round) {
        const Result<std::int64_t> answer = pool.use([&](Connection& reading) -> Result<std::int64_t> {
          const int now = ++inside;
          for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
          }
          HANDOFF_TRY(reading.begin_read());
          auto rows = reading.query(count, {});
          --inside;
          if (!rows) return rows.error();
          return (*rows)[0].integer(0);  // the snapshot left open is ended by the pool
        });
        if (answer && *answer == 1) ++answered;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(answered, 160);
  EXPECT_LE(most, 2);
  query(add, {"b", none(), none(), none()});
  const auto fresh = pool.use([](Connection& reading) { return reading.query(count, {}); });
  ASSERT_TRUE(fresh);
  EXPECT_EQ((*fresh)[0].integer(0), 2);
  const auto refused = pool.use([](Connection& reading) { return reading.query(add, note("c")); });
  EXPECT_EQ(refused.error().code, "store.broken");
}

TEST(DatabaseUrl, OddOnesAreRefusedWithoutRepeatingThem) {
  for (const char* url : {"", "sqlite", "sqlite:", "sqlite::memory:", "mysql://joe:hush@host/x", "/var/lib/handoff.db",
                          "postgresql://joe:hush%zz@host/x"}) {
    const auto refused = Database::open(url);
    ASSERT_FALSE(refused) << url;
    EXPECT_EQ(refused.error().code, "database.bad_url") << url;
    EXPECT_EQ((refused.error().for_log + refused.error().for_caller).find("hush"), std::string::npos) << url;
  }
}

}  // namespace
}  // namespace handoff::store

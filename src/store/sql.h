// The two databases behind one small interface. SQL is written once; a driver expands what must differ:
//   {set:$1}     a JSON array of texts as a set of rows: json_each / json_array_elements_text
//   {pairs:$1}   a JSON array of [a, b] texts as rows with the columns a and b
//   {for_update} FOR UPDATE on PostgreSQL, nothing on SQLite (which has one writer)
//   {for_key_share_of_o} FOR KEY SHARE OF o on PostgreSQL: shared by all but those who lock the row {for_update}
//   {for_share}  FOR SHARE on PostgreSQL, nothing on SQLite
//   {by_bytes}   COLLATE "C" on PostgreSQL, nothing on SQLite, for what is not a column
//   {skip_locked} FOR UPDATE SKIP LOCKED on PostgreSQL, nothing on SQLite
// In migrations: {moment} the writing transaction; {text} TEXT, with COLLATE "C" on PostgreSQL; {int} INTEGER / BIGINT;
// {blob} BLOB / BYTEA;
//   {identity} INTEGER PRIMARY KEY AUTOINCREMENT / BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY; {strict} STRICT /
//   nothing; {strict_in_key} STRICT, WITHOUT ROWID / nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace handoff {
class Clock;
}

namespace handoff::store {

struct Blob {
  std::string bytes;
};
using Value = std::variant<std::monostate, std::int64_t, std::string, Blob>;
using Values = std::vector<Value>;

inline Value nullable(const std::optional<std::string>& text) { return text ? Value(*text) : Value(); }

// A named statement. The name is what metrics and errors say; the text is prepared once per connection and found again
// by the address of the Statement, which therefore is a constant.
// `postgres` replaces `text` there, only where the two must differ, with a comment that says why.
struct Statement {
  const char* name;
  const char* text;
  const char* postgres = nullptr;
};

class Row {
 public:
  explicit Row(std::vector<Value> values) : values_(std::move(values)) {}
  bool is_null(std::size_t column) const;
  std::string text(std::size_t column) const;  // "" for null
  std::optional<std::string> optional_text(std::size_t column) const;
  std::int64_t integer(std::size_t column) const;  // 0 for null
  std::optional<std::int64_t> optional_integer(std::size_t column) const;
  std::string blob(std::size_t column) const;  // "" for null
  // Without a copy: a view into this row, and the text or bytes moved out of it. "" for null.
  std::string_view view(std::size_t column) const;
  std::string take(std::size_t column);
  std::size_t size() const { return values_.size(); }

 private:
  std::vector<Value> values_;
};
using Rows = std::vector<Row>;

// One row while it is being read: what view() answers is gone with the next one.
class Cells {
 public:
  virtual ~Cells() = default;
  virtual std::int64_t integer(std::size_t column) const = 0;   // 0 for null
  virtual std::string_view view(std::size_t column) const = 0;  // "" for null
};

// What can go wrong, as error codes. for_log names the statement, never values.
//   "store.constraint" Kind::conflict       constraint_of(error) says which
//   "store.busy"       Kind::unavailable    deadlock, serialization, locked: running the transaction again is right
//   "store.failed"     Kind::unavailable    connection lost, disk full
//   "store.value"      Kind::invalid_input  a text with a NUL byte or not UTF-8, found before anything is sent
//   "store.broken"     Kind::internal       wrong SQL, corrupt file

// The constraint's name or "table.column" on PostgreSQL; "table.column, table.column" or the CHECK's name on SQLite,
// and
// "" for a foreign key there. A NOT NULL reads alike on both.
std::string constraint_of(const Error& error);

// A connection serves one thread at a time. An error inside a transaction dooms it, on both databases: every later call
// answers that error until rollback(). commit() ends the transaction whatever it answers; "store.failed" from it means
// that nobody knows the outcome. Outside a transaction a query, a query_all, an execute_all happens wholly or not at
// all.
class Connection {
 public:
  virtual ~Connection() = default;
  virtual Result<Rows> query(const Statement& statement, std::span<const Value> values) = 0;
  Result<Rows> query(const Statement& statement, std::initializer_list<Value> values) {
    return query(statement, std::span<const Value>(values.begin(), values.size()));
  }
  // Several statements in one round trip (PostgreSQL: pipeline mode; SQLite: one after the other). Their answers come
  // in order.
  struct Call {
    const Statement* statement;
    Values values;
  };
  virtual Result<std::vector<Rows>> query_all(std::span<const Call> calls) = 0;
  // The same for many small rows that need not be kept: `take` is told the number of the call and each of its rows. An
  // error may come after some of them.
  using Take = std::function<void(std::size_t call, const Cells& row)>;
  virtual Result<void> each(std::span<const Call> calls, const Take& take);
  // The number of rows each call changed, in order, instead of rows.
  virtual Result<std::vector<std::int64_t>> execute_all(std::span<const Call> calls) = 0;
  // execute_all() and commit() in one round trip, for a caller who need not look at the numbers in between.
  virtual Result<std::vector<std::int64_t>> execute_all_and_commit(std::span<const Call> calls) = 0;
  virtual Result<void> begin() = 0;       // SQLite: BEGIN IMMEDIATE
  virtual Result<void> begin_read() = 0;  // a consistent snapshot for several reads; ended by commit()
  virtual Result<void> commit() = 0;
  virtual void rollback() = 0;  // never fails: a broken connection is replaced at the next begin
  virtual Result<void> script(std::string_view sql) = 0;  // several statements without parameters, for migrations
};

// A database: hands out connections. `open` does not migrate.
class Database {
 public:
  enum class Kind { sqlite, postgres };
  virtual ~Database() = default;
  // "sqlite:PATH" or "postgresql://…". Errors: "database.bad_url", "store.failed".
  static Result<std::unique_ptr<Database>> open(const std::string& url);
  virtual Kind kind() const = 0;
  virtual Result<std::unique_ptr<Connection>> connect() = 0;          // for writing
  virtual Result<std::unique_ptr<Connection>> connect_reading() = 0;  // SQLite: query_only
  virtual std::string describe() const = 0;                           // for the operator; without password
  // Where it is a file: its path. "" for PostgreSQL.
  virtual std::string file_path() const = 0;
};

// A pool of reading connections. Borrowing waits for a free one.
class ReaderPool {
 public:
  ReaderPool(Database& database, std::size_t connections_max);
  ~ReaderPool();
  template <class Use>
  auto use(Use&& use_connection) -> decltype(use_connection(std::declval<Connection&>())) {
    auto connection = borrow();
    if (!connection) return std::move(connection).error();
    auto answer = use_connection(**connection);
    give_back(std::move(*connection));
    return answer;
  }

 private:
  Result<std::unique_ptr<Connection>> borrow();
  void give_back(std::unique_ptr<Connection> connection);
  struct State;
  std::unique_ptr<State> state_;
};

// Numbered migrations, the same numbers in both databases, each in a transaction of its own together with the row that
// records it. A database with a newer number than this binary knows is refused ("schema.newer": names the release).
struct Migration {
  int number;
  const char* name;
  const char* sql;  // with the {type} words above, which the runner expands
};
// Two processes that start at once do not both migrate. Error "schema.newer", and whatever a migration answered: then
// that migration has left nothing behind.
Result<void> migrate(Database& database, std::span<const Migration> migrations);
// As if another release than this one did it, for tests.
Result<void> migrate(Database& database, std::span<const Migration> migrations, std::string_view release);
// The number of the newest migration; 0 for an empty database.
Result<int> schema_number(Database& database);
// Error "schema.newer" when the database is above the migrations, "schema.older" when below.
Result<void> check_schema(Database& database, std::span<const Migration> migrations);

// Attachments and PDFs by content. Address: (organization, SHA-256 in hex). A blob is durable when put() returns, which
// is before the commit that names it; blobs no referral names are swept.
class Blobs {
 public:
  virtual ~Blobs() = default;
  // Reads `size` bytes from `source` piece by piece, perhaps twice; answers the SHA-256 in hex. Putting the same bytes
  // twice is one blob, as young as the last time. Error "blob.cut_short" where the source ends early.
  using Source = std::function<Result<std::string>(std::uint64_t offset, std::size_t size_max)>;
  virtual Result<std::string> put(std::string_view organization, const Source& source, std::uint64_t size) = 0;
  Result<std::string> put(std::string_view organization, std::string_view bytes);
  // Less than `size_max` bytes only at the end. Error "blob.not_found", also for another organization's blob.
  virtual Result<std::string> read(std::string_view organization, std::string_view sha256, std::uint64_t offset,
                                   std::size_t size_max) = 0;
  virtual Result<std::uint64_t> size(std::string_view organization, std::string_view sha256) = 0;
  // Deletes blobs not in `keep` and older than `before_ms`; answers how many.
  virtual Result<int> sweep(
      const std::function<Result<bool>(std::string_view organization, std::string_view sha256)>& keep,
      std::int64_t before_ms) = 0;
};
// Files under `directory` (fsync of file and directory before the rename is answered). A blob's age is by `clock`, or
// by the file system where that is null.
Result<std::unique_ptr<Blobs>> open_file_blobs(const std::string& directory, const Clock* clock = nullptr);
// 1 MB rows in the database's tables blob and blob_chunk. Ages are by `clock`, or by the database where that is null.
Result<std::unique_ptr<Blobs>> open_database_blobs(Database& database, const Clock* clock = nullptr);

}  // namespace handoff::store

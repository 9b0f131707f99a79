// The SQLite driver: one file, one writer at a time, readers beside it (WAL).
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>
#include <unordered_map>

#include "store/driver.h"

namespace handoff::store {
namespace {

constexpr int busy_timeout_ms = 10'000;  // the command line may write while the server runs

struct Close {
  void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Handle = std::unique_ptr<sqlite3, Close>;
using Prepared = std::unique_ptr<sqlite3_stmt, Close>;

Failure classify(int code) {
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return Failure::busy;
    // A value of the wrong type in a STRICT table is wrong SQL, as it is in PostgreSQL.
    case SQLITE_CONSTRAINT: return code == SQLITE_CONSTRAINT_DATATYPE ? Failure::broken : Failure::constraint;
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_NOMEM:
    case SQLITE_CANTOPEN: return Failure::failed;
    case SQLITE_TOOBIG: return Failure::value;
    default: return Failure::broken;
  }
}

// The messages name tables, columns and our own SQL; SQLite never puts a value into one.
Error failed(sqlite3* handle, std::string_view statement) {
  const int code = sqlite3_extended_errcode(handle);
  const std::string_view message = sqlite3_errmsg(handle);
  const Failure what = classify(code);
  std::string_view detail;
  if (what == Failure::constraint) {
    constexpr std::string_view between = " constraint failed: ";  // "UNIQUE constraint failed: person.id, person.name"
    if (const auto at = message.find(between); at != std::string_view::npos)
      detail = message.substr(at + between.size());
  }
  return failure(what, statement, detail, message);
}

class SqliteConnection final : public Connection {
 public:
  SqliteConnection(Handle handle, bool reading) : handle_(std::move(handle)), reading_(reading) {}
  ~SqliteConnection() override {  // before the handle they belong to
    statements_.clear();
    plain_.clear();
  }

  using Connection::query;
  Result<Rows> query(const Statement& statement, std::span<const Value> values) override {
    Rows rows;
    HANDOFF_TRY(guarded(statement.name, [&]() -> Result<void> {
      HANDOFF_TRY(check(statement, values));
      return run(statement, values, &rows, nullptr);
    }));
    return rows;
  }

  Result<std::vector<Rows>> query_all(std::span<const Call> calls) override {
    std::vector<Rows> answers(calls.size());
    HANDOFF_TRY(all(calls, "BEGIN",
                    [&](std::size_t i) { return run(*calls[i].statement, calls[i].values, &answers[i], nullptr); }));
    return answers;
  }

  Result<void> each(std::span<const Call> calls, const Take& take) override {
    if (calls.size() == 1) {
      return guarded(calls[0].statement->name, [&]() -> Result<void> {
        HANDOFF_TRY(check(*calls[0].statement, calls[0].values));
        return run(*calls[0].statement, calls[0].values, nullptr,
                   [&](sqlite3_stmt* prepared) { take(0, StatementCells(prepared)); });
      });
    }
    return all(calls, "BEGIN", [&](std::size_t i) {
      return run(*calls[i].statement, calls[i].values, nullptr,
                 [&](sqlite3_stmt* prepared) { take(i, StatementCells(prepared)); });
    });
  }

  Result<std::vector<std::int64_t>> execute_all(std::span<const Call> calls) override {
    std::vector<std::int64_t> changed(calls.size());
    HANDOFF_TRY(all(calls, "BEGIN IMMEDIATE",
                    [&](std::size_t i) { return run(*calls[i].statement, calls[i].values, nullptr, &changed[i]); }));
    return changed;
  }

  Result<std::vector<std::int64_t>> execute_all_and_commit(std::span<const Call> calls) override {
    if (state_ == State::idle) return failure(Failure::broken, "commit", {}, "no transaction to commit");
    auto changed = execute_all(calls);
    if (!changed) {
      rollback();
      return changed;
    }
    HANDOFF_TRY(commit());
    return changed;
  }

  Result<void> begin() override { return start("BEGIN IMMEDIATE", "begin"); }

  Result<void> begin_read() override {
    // PostgreSQL refuses to write in such a transaction, so SQLite does, too.
    if (!reading_ && state_ == State::idle) HANDOFF_TRY(plain("PRAGMA query_only=ON", "begin_read"));
    auto started = start("BEGIN", "begin_read");
    if (!started) return only_reading(false), started;
    only_reading_ = !reading_;
    return started;
  }

  Result<void> commit() override {
    if (state_ == State::idle) return failure(Failure::broken, "commit", {}, "no transaction to commit");
    if (state_ == State::failed) {
      Error error = already_failed(first_, "commit");
      rollback();
      return error;
    }
    auto committed = plain("COMMIT", "commit");
    if (!committed) {
      rollback();  // a failed COMMIT leaves SQLite's transaction open, PostgreSQL's ended
      return committed;
    }
    state_ = State::idle;
    only_reading(false);
    return committed;
  }

  void rollback() override {
    if (state_ == State::idle) return;
    // Some errors (disk full) have rolled back already.
    if (sqlite3_get_autocommit(handle_.get()) == 0) static_cast<void>(plain("ROLLBACK", "rollback"));
    state_ = State::idle;
    only_reading(false);
  }

  Result<void> script(std::string_view sql) override {
    const std::string text(sql);
    return guarded("script", [&]() -> Result<void> {
      if (sqlite3_exec(handle_.get(), text.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
        return failed(handle_.get(), "script");
      }
      return {};
    });
  }

 private:
  struct Cached {
    std::string text;  // as the Statement had it: an address may be used again by another statement
    Prepared prepared;
    std::vector<int> index;  // of $1, $2, …: SQLite counts parameters by first appearance, not by their number
  };
  enum class State { idle, open, failed };

  Result<void> start(const char* sql, const char* name) {
    if (state_ != State::idle) return failure(Failure::broken, name, {}, "a transaction is open already");
    HANDOFF_TRY(plain(sql, name));
    state_ = State::open;
    return {};
  }

  void only_reading(bool on) {
    if (on == only_reading_) return;
    static_cast<void>(plain(on ? "PRAGMA query_only=ON" : "PRAGMA query_only=OFF", "query_only"));
    only_reading_ = on;
  }

  // One statement without rows. Beginning and ending transactions happens too often to be prepared each time anew.
  Result<void> plain(const char* sql, const char* name) {
    Prepared& prepared = plain_[sql];
    if (!prepared) {
      sqlite3_stmt* raw = nullptr;
      if (sqlite3_prepare_v3(handle_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &raw, nullptr) != SQLITE_OK)
        return failed(handle_.get(), name);
      prepared.reset(raw);
    }
    const int code = sqlite3_step(prepared.get());
    Result<void> done;
    if (code != SQLITE_DONE && code != SQLITE_ROW) done = failed(handle_.get(), name);
    sqlite3_reset(prepared.get());
    return done;
  }

  // Remembers the first error of a transaction and answers it to every later call.
  template <class Work>
  Result<void> guarded(const char* name, Work&& work) {
    if (state_ == State::failed) return already_failed(first_, name);
    Result<void> done = work();
    if (!done && state_ == State::open) {
      state_ = State::failed;
      first_ = done.error();
    }
    return done;
  }

  template <class One>
  Result<void> all(std::span<const Call> calls, const char* begin, One&& one) {
    if (calls.empty()) return {};
    const char* first = calls.front().statement->name;
    // As in PostgreSQL, where a value that cannot be stored stops the batch before anything is sent.
    HANDOFF_TRY(guarded(first, [&]() -> Result<void> {
      for (const Call& call : calls) HANDOFF_TRY(check(*call.statement, call.values));
      return {};
    }));
    const bool own = state_ == State::idle;
    if (own) HANDOFF_TRY(start(begin, first));
    for (std::size_t i = 0; i < calls.size(); ++i) {
      auto done = guarded(calls[i].statement->name, [&] { return one(i); });
      if (done) continue;
      if (own) rollback();
      return done;
    }
    return own ? commit() : Result<void>{};
  }

  Result<void> check(const Statement& statement, std::span<const Value> values) {
    return check_values(statement, HANDOFF_TRY(cached_for(statement))->index.size(), values);
  }

  Result<Cached*> cached_for(const Statement& statement) {
    auto [found, added] = statements_.try_emplace(&statement);
    Cached& cached = found->second;
    if (!added && cached.text == statement.text) return &cached;
    auto fresh = prepare(statement);
    if (!fresh) {
      statements_.erase(found);
      return std::move(fresh).error();
    }
    cached = std::move(*fresh);
    return &cached;
  }

  Result<Cached> prepare(const Statement& statement) {
    const Expanded expanded = HANDOFF_TRY(expand(Database::Kind::sqlite, statement));
    sqlite3_stmt* raw = nullptr;
    const char* rest = nullptr;
    const int code = sqlite3_prepare_v3(handle_.get(), expanded.sql.c_str(), static_cast<int>(expanded.sql.size()) + 1,
                                        SQLITE_PREPARE_PERSISTENT, &raw, &rest);
    Cached cached{statement.text, Prepared(raw), {}};
    if (code != SQLITE_OK) return failed(handle_.get(), statement.name);
    if (raw == nullptr || std::string_view(rest).find_first_not_of(" \n\t;") != std::string_view::npos) {
      return failure(Failure::broken, statement.name, {}, "is not one statement");
    }
    for (std::size_t number = 1; number <= expanded.parameter_count; ++number) {
      cached.index.push_back(sqlite3_bind_parameter_index(raw, ("$" + std::to_string(number)).c_str()));
    }
    return cached;
  }

  // The values outlive the steps, so SQLite need not copy them.
  static int bind(sqlite3_stmt* prepared, int index, const Value& value) {
    if (const auto* text = std::get_if<std::string>(&value)) {
      return sqlite3_bind_text64(prepared, index, text->data(), text->size(), SQLITE_STATIC, SQLITE_UTF8);
    }
    if (const auto* number = std::get_if<std::int64_t>(&value)) return sqlite3_bind_int64(prepared, index, *number);
    if (const auto* blob = std::get_if<Blob>(&value)) {
      return sqlite3_bind_blob64(prepared, index, blob->bytes.data(), blob->bytes.size(), SQLITE_STATIC);
    }
    return sqlite3_bind_null(prepared, index);
  }

  static Value column(sqlite3_stmt* prepared, int index) {
    switch (sqlite3_column_type(prepared, index)) {
      case SQLITE_INTEGER: return static_cast<std::int64_t>(sqlite3_column_int64(prepared, index));
      case SQLITE_NULL: return std::monostate{};
      case SQLITE_BLOB: {
        const auto* bytes = static_cast<const char*>(sqlite3_column_blob(prepared, index));
        return Blob{std::string(bytes == nullptr ? "" : bytes,
                                static_cast<std::size_t>(sqlite3_column_bytes(prepared, index)))};
      }
      default: {  // text; and a number with a fraction, which has no type of ours, as its text
        const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(prepared, index));
        if (text == nullptr) return std::string();
        return std::string(text, static_cast<std::size_t>(sqlite3_column_bytes(prepared, index)));
      }
    }
  }

  class StatementCells final : public Cells {
   public:
    explicit StatementCells(sqlite3_stmt* prepared) : prepared_(prepared) {}
    std::int64_t integer(std::size_t column) const override {
      return sqlite3_column_int64(prepared_, static_cast<int>(column));
    }
    std::string_view view(std::size_t column) const override {
      const auto* bytes = static_cast<const char*>(sqlite3_column_blob(prepared_, static_cast<int>(column)));
      if (bytes == nullptr) return {};
      return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(prepared_, static_cast<int>(column)))};
    }

   private:
    sqlite3_stmt* prepared_;
  };

  Result<void> run(const Statement& statement, std::span<const Value> values, Rows* rows, std::int64_t* changed) {
    return run(statement, values, changed, [rows](sqlite3_stmt* prepared) {
      if (rows == nullptr) return;
      const int count = sqlite3_column_count(prepared);
      std::vector<Value> columns;
      columns.reserve(static_cast<std::size_t>(count));
      for (int i = 0; i < count; ++i) columns.push_back(column(prepared, i));
      rows->emplace_back(std::move(columns));
    });
  }

  template <class Take>
  Result<void> run(const Statement& statement, std::span<const Value> values, std::int64_t* changed, Take&& take) {
    Cached& cached = *HANDOFF_TRY(cached_for(statement));
    sqlite3_stmt* prepared = cached.prepared.get();
    int code = SQLITE_OK;
    for (std::size_t i = 0; i < values.size() && code == SQLITE_OK; ++i)
      code = bind(prepared, cached.index[i], values[i]);
    if (code == SQLITE_OK) {
      while ((code = sqlite3_step(prepared)) == SQLITE_ROW) take(prepared);
    }
    Result<void> done;
    if (code != SQLITE_DONE) {
      done = failed(handle_.get(), statement.name);  // before the reset, which may lose the details
    } else if (changed != nullptr) {
      *changed = sqlite3_stmt_readonly(prepared) != 0 ? 0 : sqlite3_changes64(handle_.get());
    }
    sqlite3_reset(prepared);
    sqlite3_clear_bindings(prepared);
    return done;
  }

  Handle handle_;
  const bool reading_;
  State state_ = State::idle;
  bool only_reading_ = false;  // a begin_read() on a writing connection
  Error first_;                // of the transaction that failed
  std::unordered_map<const Statement*, Cached> statements_;
  std::unordered_map<std::string_view, Prepared> plain_;
};

class SqliteDatabase final : public Database {
 public:
  explicit SqliteDatabase(std::string path) : path_(std::move(path)) {}

  Kind kind() const override { return Kind::sqlite; }
  Result<std::unique_ptr<Connection>> connect() override { return connect(false); }
  Result<std::unique_ptr<Connection>> connect_reading() override { return connect(true); }
  std::string describe() const override { return "SQLite file " + path_; }
  std::string file_path() const override { return path_; }

  // Creates the file for the owner's eyes only; SQLite gives its -wal and -shm the same mode.
  Result<void> create_if_absent() const {
    const int descriptor = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0) {
      return failure(Failure::failed, "open", {}, "cannot open " + path_ + ": " + std::strerror(errno));
    }
    ::close(descriptor);
    return {};
  }

 private:
  Result<std::unique_ptr<Connection>> connect(bool reading) {
    sqlite3* raw = nullptr;
    // A name such as file:x would be read as a URI by some builds of SQLite; with a folder in front it is not.
    const std::string name = path_.starts_with('/') ? path_ : "./" + path_;
    // A file somebody has deleted meanwhile is not silently begun anew.
    const int code = sqlite3_open_v2(name.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
    Handle handle(raw);
    if (code != SQLITE_OK) {
      return failure(Failure::failed, "connect", {}, "cannot open " + path_ + ": " + sqlite3_errstr(code));
    }
    sqlite3_extended_result_codes(raw, 1);
    sqlite3_busy_timeout(raw, busy_timeout_ms);
    // "x" is a name and never a text, as in PostgreSQL.
    sqlite3_db_config(raw, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
    sqlite3_db_config(raw, SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
    sqlite3_db_config(raw, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    HANDOFF_TRY(write_ahead(raw));
    // LIKE tells upper from lower case in PostgreSQL. Temporary tables would be personal data in a file elsewhere.
    std::string pragmas =
        "PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA case_sensitive_like=ON; PRAGMA temp_store=MEMORY;"
        "PRAGMA cache_size=-16000; PRAGMA journal_size_limit=67108864;";
    // The keys of persons lie all over their table, so that a commit changes a hundred pages. The log is copied back
    // when it holds 40 MB of them, most written several times by then, and the writer has them at hand meanwhile.
    if (!reading) pragmas += "PRAGMA cache_size=-65536; PRAGMA wal_autocheckpoint=10000;";
    if (reading) pragmas += "PRAGMA query_only=ON;";
    if (sqlite3_exec(raw, pragmas.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) return failed(raw, "connect");
    return std::unique_ptr<Connection>(std::make_unique<SqliteConnection>(std::move(handle), reading));
  }

  // Changing a new file to WAL may answer "locked" at once instead of waiting, when two do it.
  static Result<void> write_ahead(sqlite3* handle) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(busy_timeout_ms);
    while (sqlite3_exec(handle, "PRAGMA journal_mode=WAL", nullptr, nullptr, nullptr) != SQLITE_OK) {
      Error error = failed(handle, "connect");
      if (error.code != "store.busy" || std::chrono::steady_clock::now() > until) return error;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return {};
  }

  const std::string path_;
};

}  // namespace

Result<std::unique_ptr<Database>> open_sqlite(const std::string& path) {
  if (path.empty() || path == ":memory:" || path.find('\0') != std::string::npos) {
    return Error{handoff::Kind::invalid_input,
                 "database.bad_url",
                 "sqlite: is followed by the path of a file. A database in memory cannot be shared by connections.",
                 "no usable path after sqlite:",
                 {}};
  }
  auto database = std::make_unique<SqliteDatabase>(path);
  HANDOFF_TRY(database->create_if_absent());
  return std::unique_ptr<Database>(std::move(database));
}

}  // namespace handoff::store

// The PostgreSQL driver. Every call is a pipeline: BEGIN where one is owed, what has to be prepared, the statements,
// one Sync. So a transaction's first statements cost one round trip, and a query costs no more than it would without.
#include <libpq-fe.h>
#include <poll.h>

#include <array>
#include <charconv>
#include <cstring>
#include <unordered_map>

#include "store/driver.h"

namespace handoff::store {
namespace {

struct Finish {
  void operator()(PGconn* connection) const { PQfinish(connection); }
  void operator()(PGresult* result) const { PQclear(result); }
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
using Link = std::unique_ptr<PGconn, Finish>;
using Answer = std::unique_ptr<PGresult, Finish>;

constexpr const char* unknown_outcome = "the connection was lost in COMMIT: whether it took place is not known";

// Types by their numbers in pg_type, which never change.
enum Type : unsigned {
  type_bool = 16,
  type_bytea = 17,
  type_int8 = 20,
  type_int2 = 21,
  type_int4 = 23,
  type_oid = 26,
  type_numeric = 1700
};

// What a connection is made from: names and values as libpq takes them.
struct Settings {
  std::vector<std::string> names;
  std::vector<std::string> values;
  std::string of(std::string_view name) const {
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (names[i] == name) return values[i];
    }
    return {};
  }
  void prefer(const char* name, const char* value) {
    if (!of(name).empty()) return;
    names.emplace_back(name);
    values.emplace_back(value);
  }
  // Messages of libpq do not show the password today; this makes it a promise.
  std::string without_password(std::string text) const {
    const std::string password = of("password");
    for (std::size_t at; !password.empty() && (at = text.find(password)) != std::string::npos;) {
      text.replace(at, password.size(), "…");
    }
    return text;
  }
};

Failure classify(std::string_view state) {
  const std::string_view family = state.substr(0, 2);
  if (state == "22021" || state == "22P05") return Failure::value;  // a character the encoding does not have
  if (family == "23") return Failure::constraint;
  if (family == "40" || state == "55P03") return state == "40003" ? Failure::failed : Failure::busy;
  // Connection, resources (disk, memory, connections), operator's intervention, input and output.
  if (family == "08" || family == "53" || family == "57" || family == "58") return Failure::failed;
  return Failure::broken;
}

// Messages about data (22…) repeat the datum, so only their code is kept; the others name our own tables and words.
Error error_of(const PGresult* result, std::string_view statement) {
  const auto field = [&](int which) -> std::string_view {
    const char* text = PQresultErrorField(result, which);
    return text == nullptr ? "" : text;
  };
  const std::string_view state = field(PG_DIAG_SQLSTATE);
  const Failure what = classify(state);
  std::string detail;
  if (what == Failure::constraint) {
    detail = field(PG_DIAG_CONSTRAINT_NAME);
    if (detail.empty()) detail = std::string(field(PG_DIAG_TABLE_NAME)) + "." + std::string(field(PG_DIAG_COLUMN_NAME));
  }
  std::string message(state);
  if (!state.starts_with("22")) message.append(" ").append(field(PG_DIAG_MESSAGE_PRIMARY));
  return failure(what, statement, detail, message);
}

bool is_loss(const PGresult* result) {
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  if (state == nullptr) return true;  // libpq's own words: the server said nothing
  const std::string_view code = state;
  return code.starts_with("08") || code == "57P01" || code == "57P02" || code == "57P03";
}

int digit(char c) { return c <= '9' ? c - '0' : c - 'a' + 10; }

Value decode(Oid type, const char* text, std::size_t length) {
  switch (type) {
    case type_int8:
    case type_int4:
    case type_int2:
    case type_oid:
    case type_numeric: {  // sum() over BIGINT is numeric; one with a fraction stays text, as in SQLite
      std::int64_t number = 0;
      const auto [end, error] = std::from_chars(text, text + length, number);
      if (error == std::errc() && end == text + length) return number;
      return std::string(text, length);
    }
    case type_bool: return static_cast<std::int64_t>(length > 0 && *text == 't');
    case type_bytea: {
      Blob blob;
      if (length < 2 || text[0] != '\\' || text[1] != 'x') return blob;  // bytea_output is set to hex
      blob.bytes.resize((length - 2) / 2);
      for (std::size_t i = 0; i < blob.bytes.size(); ++i) {
        blob.bytes[i] = static_cast<char>(digit(text[2 + 2 * i]) << 4 | digit(text[3 + 2 * i]));
      }
      return blob;
    }
    default: return std::string(text, length);
  }
}

Rows rows_of(const PGresult* result) {
  Rows rows;
  const int rows_count = PQntuples(result), columns_count = PQnfields(result);
  rows.reserve(static_cast<std::size_t>(rows_count));
  for (int row = 0; row < rows_count; ++row) {
    std::vector<Value> columns;
    columns.reserve(static_cast<std::size_t>(columns_count));
    for (int column = 0; column < columns_count; ++column) {
      if (PQgetisnull(result, row, column) != 0) {
        columns.emplace_back();
      } else {
        columns.push_back(decode(PQftype(result, column), PQgetvalue(result, row, column),
                                 static_cast<std::size_t>(PQgetlength(result, row, column))));
      }
    }
    rows.emplace_back(std::move(columns));
  }
  return rows;
}

// Rows changed; a SELECT changes none, though PostgreSQL counts there, too.
std::int64_t changed_by(PGresult* result) {
  if (std::string_view(PQcmdStatus(result)).starts_with("SELECT")) return 0;
  const std::string_view text = PQcmdTuples(result);
  std::int64_t count = 0;
  std::from_chars(text.data(), text.data() + text.size(), count);
  return count;
}

// The parameters of one call in the shape libpq wants. Texts go as they stand, blobs as binary, numbers as decimals.
class Parameters {
 public:
  void set(std::span<const Value> values) {
    texts_.assign(values.size(), nullptr);
    lengths_.assign(values.size(), 0);
    formats_.assign(values.size(), 0);
    if (numbers_.size() < values.size()) numbers_.resize(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (const auto* text = std::get_if<std::string>(&values[i])) {
        texts_[i] = text->c_str();
      } else if (const auto* number = std::get_if<std::int64_t>(&values[i])) {
        *std::to_chars(numbers_[i].data(), numbers_[i].data() + numbers_[i].size() - 1, *number).ptr = '\0';
        texts_[i] = numbers_[i].data();
      } else if (const auto* blob = std::get_if<Blob>(&values[i])) {
        texts_[i] = blob->bytes.data();
        lengths_[i] = static_cast<int>(blob->bytes.size());
        formats_[i] = 1;
      }
    }
  }
  int size() const { return static_cast<int>(texts_.size()); }
  const char* const* texts() const { return texts_.data(); }
  const int* lengths() const { return lengths_.data(); }
  const int* formats() const { return formats_.data(); }

 private:
  std::vector<const char*> texts_;
  std::vector<int> lengths_;
  std::vector<int> formats_;
  std::vector<std::array<char, 24>> numbers_;
};

Result<Link> make_link(const Settings& settings, bool reading) {
  std::vector<const char*> names, values;
  for (std::size_t i = 0; i < settings.names.size(); ++i) {
    names.push_back(settings.names[i].c_str());
    values.push_back(settings.values[i].c_str());
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  Link link(PQconnectdbParams(names.data(), values.data(), 0));
  const auto trouble = [&](Failure what, std::string_view message) {
    return failure(what, "connect", {}, settings.without_password(std::string(message)));
  };
  if (PQstatus(link.get()) != CONNECTION_OK) return trouble(Failure::failed, PQerrorMessage(link.get()));
  PQsetNoticeProcessor(
      link.get(), [](void*, const char*) {}, nullptr);  // "relation exists, skipping" is no news
  const char* encoding = PQparameterStatus(link.get(), "server_encoding");
  if (encoding == nullptr || std::string_view(encoding) != "UTF8") {
    return trouble(Failure::broken, "the database must have been created with ENCODING 'UTF8'");
  }
  // A lock is waited for as long as in SQLite. synchronous_commit is left as the server has it, which is on.
  std::string setup =
      "SET statement_timeout='60s'; SET lock_timeout='10s'; SET bytea_output='hex'; SET timezone='UTC';"
      "SET standard_conforming_strings=on; SET default_transaction_isolation='read committed';";
  if (reading) setup += "SET default_transaction_read_only=on";
  const Answer answer(PQexec(link.get(), setup.c_str()));
  if (PQresultStatus(answer.get()) != PGRES_COMMAND_OK) return trouble(Failure::failed, PQerrorMessage(link.get()));
  return link;
}

class PostgresConnection final : public Connection {
 public:
  PostgresConnection(const Settings& settings, Link link, bool reading)
      : settings_(settings), reading_(reading), link_(std::move(link)) {}

  using Connection::query;
  Result<Rows> query(const Statement& statement, std::span<const Value> values) override {
    const Piece piece{&statement, values};
    Rows rows;
    HANDOFF_TRY(run({&piece, 1}, [&](std::size_t, PGresult* result) { rows = rows_of(result); }));
    return rows;
  }

  Result<std::vector<Rows>> query_all(std::span<const Call> calls) override {
    std::vector<Rows> answers(calls.size());
    const auto pieces = pieces_of(calls);
    HANDOFF_TRY(run(pieces, [&](std::size_t i, PGresult* result) { answers[i] = rows_of(result); }));
    return answers;
  }

  Result<std::vector<std::int64_t>> execute_all(std::span<const Call> calls) override {
    std::vector<std::int64_t> changed(calls.size());
    const auto pieces = pieces_of(calls);
    HANDOFF_TRY(run(pieces, [&](std::size_t i, PGresult* result) { changed[i] = changed_by(result); }));
    return changed;
  }

  Result<std::vector<std::int64_t>> execute_all_and_commit(std::span<const Call> calls) override {
    if (state_ == State::idle) return failure(Failure::broken, "commit", {}, "no transaction to commit");
    if (calls.empty()) {
      HANDOFF_TRY(commit());
      return std::vector<std::int64_t>();
    }
    std::vector<std::int64_t> changed(calls.size());
    const auto pieces = pieces_of(calls);
    auto done = run(
        pieces, [&](std::size_t i, PGresult* result) { changed[i] = changed_by(result); }, true);
    if (!done) {
      rollback();  // a refused statement keeps the COMMIT behind it from running
      return std::move(done).error();
    }
    state_ = State::idle;
    return changed;
  }

  Result<void> begin() override { return owe("BEGIN", "begin"); }
  Result<void> begin_read() override { return owe("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "begin_read"); }

  Result<void> commit() override {
    const State was = state_;
    if (was == State::idle) return failure(Failure::broken, "commit", {}, "no transaction to commit");
    if (was == State::failed) {
      Error error = already_failed(first_, "commit");
      rollback();
      return error;
    }
    state_ = State::idle;
    if (was == State::owed) return {};  // nothing was asked for
    const Answer answer(PQexec(link_.get(), "COMMIT"));
    if (PQresultStatus(answer.get()) == PGRES_COMMAND_OK) {
      // The answer to COMMIT in a transaction that cannot be committed is a friendly ROLLBACK.
      if (std::string_view(PQcmdStatus(answer.get())) == "COMMIT") return {};
      return failure(Failure::broken, "commit", {}, "the transaction was rolled back");
    }
    if (is_loss(answer.get())) return lost("commit", PQerrorMessage(link_.get()) + std::string(unknown_outcome));
    return error_of(answer.get(), "commit");
  }

  void rollback() override {
    if ((state_ == State::open || state_ == State::failed) && link_ != nullptr) {
      const Answer answer(PQexec(link_.get(), "ROLLBACK"));
      if (PQresultStatus(answer.get()) != PGRES_COMMAND_OK) link_.reset();  // the server rolls back what has no client
    }
    state_ = State::idle;
  }

  Result<void> script(std::string_view sql) override {
    if (state_ == State::failed) return already_failed(first_, "script");
    if (state_ == State::idle) HANDOFF_TRY(revive());
    std::string text(sql);
    if (state_ == State::owed) text = owed_ + std::string(";\n") + text;
    const Answer answer(PQexec(link_.get(), text.c_str()));
    const auto status = PQresultStatus(answer.get());
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY) {
      if (state_ == State::owed) state_ = State::open;
      return {};
    }
    Error error =
        is_loss(answer.get()) ? lost("script", PQerrorMessage(link_.get())) : error_of(answer.get(), "script");
    doom(error);
    return error;
  }

 private:
  struct Piece {
    const Statement* statement;
    std::span<const Value> values;
  };
  struct Cached {
    std::string source;  // as the Statement had it: an address may be used again by another statement
    std::string sql;
    std::string name;
    std::size_t parameter_count = 0;
    enum { absent, sent, ready } on_server = absent;
  };
  // owed: begin() was called and BEGIN goes out with the first statements.
  enum class State { idle, owed, open, failed };

  static std::vector<Piece> pieces_of(std::span<const Call> calls) {
    std::vector<Piece> pieces;
    pieces.reserve(calls.size());
    for (const Call& call : calls) pieces.push_back({call.statement, call.values});
    return pieces;
  }

  Result<void> owe(const char* sql, const char* name) {
    if (state_ != State::idle) return failure(Failure::broken, name, {}, "a transaction is open already");
    HANDOFF_TRY(revive());
    state_ = State::owed;
    owed_ = sql;
    return {};
  }

  void doom(const Error& error) {
    if (state_ == State::idle) return;
    state_ = State::failed;
    first_ = error;
  }

  Error lost(std::string_view statement, std::string_view message) {
    Error error = failure(Failure::failed, statement, {}, settings_.without_password(std::string(message)));
    link_.reset();
    return error;
  }

  // A connection known to be alive, as far as one can know without asking: a server that closed it has said so on the
  // socket, which is readable then although nothing was asked.
  Result<void> revive() {
    if (link_ != nullptr) {
      for (int i = 0; i < 8 && PQstatus(link_.get()) == CONNECTION_OK; ++i) {
        pollfd socket{PQsocket(link_.get()), POLLIN, 0};
        if (::poll(&socket, 1, 0) <= 0) break;
        if (PQconsumeInput(link_.get()) == 0) break;
      }
      if (PQstatus(link_.get()) != CONNECTION_OK) link_.reset();
    }
    if (link_ == nullptr) {
      link_ = HANDOFF_TRY(make_link(settings_, reading_));
      for (auto& [_, cached] : statements_) cached.on_server = Cached::absent;
    } else if (stale_) {
      const Answer answer(PQexec(link_.get(), "DEALLOCATE ALL"));
      for (auto& [_, cached] : statements_) cached.on_server = Cached::absent;
    }
    stale_ = false;
    return {};
  }

  Result<Cached*> cached_for(const Statement& statement) {
    auto [found, added] = statements_.try_emplace(&statement);
    Cached& cached = found->second;
    const char* source = statement.postgres != nullptr ? statement.postgres : statement.text;
    if (!added && cached.source == source) return &cached;
    auto expanded = expand(Database::Kind::postgres, statement);
    if (!expanded) {
      statements_.erase(found);
      return std::move(expanded).error();
    }
    cached =
        Cached{source, std::move(expanded->sql), "h" + std::to_string(++names_count_), expanded->parameter_count, {}};
    return &cached;
  }

  template <class Take>
  Result<void> run(std::span<const Piece> pieces, Take&& take, bool commits = false) {
    if (pieces.empty()) return {};
    if (state_ == State::failed) return already_failed(first_, pieces.front().statement->name);
    auto done = check(pieces);
    if (done && state_ == State::idle) done = revive();
    if (done) {
      done = pipeline(pieces, take, commits);
      // Nothing was committed by a transaction whose first words were lost, so they are said again.
      if (!done && link_ == nullptr && state_ == State::owed && !commits && revive()) {
        done = pipeline(pieces, take, commits);
      }
    }
    if (done && state_ == State::owed) state_ = State::open;
    if (!done) doom(done.error());
    return done;
  }

  Result<void> check(std::span<const Piece> pieces) {
    for (const Piece& piece : pieces) {
      HANDOFF_TRY(
          check_values(*piece.statement, HANDOFF_TRY(cached_for(*piece.statement))->parameter_count, piece.values));
    }
    return {};
  }

  // libpq reads while it cannot write, so a pipeline of any size needs no turns of sending and receiving here.
  template <class Take>
  Result<void> pipeline(std::span<const Piece> pieces, Take&& take, bool commits) {
    PGconn* link = link_.get();
    const bool begins = state_ == State::owed;
    std::vector<Cached*> prepares(pieces.size(), nullptr);  // what goes out before the statement of the same number
    bool sent = PQenterPipelineMode(link) == 1;
    if (sent && begins) sent = PQsendQueryParams(link, owed_, 0, nullptr, nullptr, nullptr, nullptr, 0) == 1;
    for (std::size_t i = 0; sent && i < pieces.size(); ++i) {
      Cached* cached = HANDOFF_TRY(cached_for(*pieces[i].statement));
      if (cached->on_server == Cached::absent) {
        sent = PQsendPrepare(link, cached->name.c_str(), cached->sql.c_str(), 0, nullptr) == 1;
        cached->on_server = Cached::sent;
        prepares[i] = cached;
      }
      parameters_.set(pieces[i].values);
      sent = sent && PQsendQueryPrepared(link, cached->name.c_str(), parameters_.size(), parameters_.texts(),
                                         parameters_.lengths(), parameters_.formats(), 0) == 1;
    }
    if (sent && commits) sent = PQsendQueryParams(link, "COMMIT", 0, nullptr, nullptr, nullptr, nullptr, 0) == 1;
    if (!sent || PQpipelineSync(link) != 1) return lost(pieces.front().statement->name, PQerrorMessage(link));

    Result<void> done;
    bool gone = false;
    const auto refuse = [&](const PGresult* answer, const char* name, bool prepared_before) {
      gone = answer == nullptr || is_loss(answer) || PQstatus(link) != CONNECTION_OK;
      if (!done) return;  // the first reason is the reason
      if (!gone) {
        done = refused(answer, name, prepared_before);
      } else {
        const std::string why = settings_.without_password(PQerrorMessage(link));
        done = failure(Failure::failed, name, {}, commits ? why + unknown_outcome : why);
      }
    };
    const auto receive = [&](const char* name, bool prepared_before, auto&& use) {
      if (gone) return;
      const Answer answer(PQgetResult(link));
      const auto status = PQresultStatus(answer.get());
      if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) {
        use(answer.get());
      } else if (status != PGRES_PIPELINE_ABORTED) {  // an aborted one was never run
        refuse(answer.get(), name, prepared_before);
      }
      while (!gone) {  // the end of this statement's results
        const Answer end(PQgetResult(link));
        if (end == nullptr) break;
      }
    };
    if (begins) receive("begin", false, [](PGresult*) {});
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      const char* name = pieces[i].statement->name;
      if (prepares[i] != nullptr) receive(name, false, [&](PGresult*) { prepares[i]->on_server = Cached::ready; });
      receive(name, prepares[i] == nullptr, [&](PGresult* result) { take(i, result); });
    }
    if (commits) receive("commit", false, [](PGresult*) {});
    for (Cached* cached : prepares) {
      if (cached != nullptr && cached->on_server == Cached::sent) cached->on_server = Cached::absent;
    }
    // Outside a transaction the Sync commits, so a deferred constraint speaks up only here, before the end.
    for (bool ended = gone; !ended;) {
      const Answer sync(PQgetResult(link));
      ended = PQresultStatus(sync.get()) == PGRES_PIPELINE_SYNC;
      if (!ended && (sync != nullptr || PQstatus(link) != CONNECTION_OK)) {
        refuse(sync.get(), pieces.back().statement->name, false);
        ended = gone;
      }
    }
    if (gone || PQexitPipelineMode(link) != 1) link_.reset();
    return done;
  }

  Error refused(const PGresult* answer, const char* name, bool prepared_before) {
    const char* state = PQresultErrorField(answer, PG_DIAG_SQLSTATE);
    const std::string_view code = state == nullptr ? "" : state;
    // A migration elsewhere made prepared statements stale, or a pooler forgot them: prepared anew, the same call
    // works.
    if (prepared_before && (code == "0A000" || code == "26000")) {
      stale_ = true;
      return failure(Failure::busy, name, {}, "the prepared statement is stale");
    }
    return error_of(answer, name);
  }

  const Settings& settings_;  // the database's, which outlives its connections
  const bool reading_;
  Link link_;  // null while the connection is lost
  State state_ = State::idle;
  const char* owed_ = "";
  bool stale_ = false;
  Error first_;  // of the transaction that failed
  Parameters parameters_;
  std::size_t names_count_ = 0;
  std::unordered_map<const Statement*, Cached> statements_;
};

class PostgresDatabase final : public Database {
 public:
  explicit PostgresDatabase(Settings settings) : settings_(std::move(settings)) {}
  Kind kind() const override { return Kind::postgres; }
  Result<std::unique_ptr<Connection>> connect() override { return connect(false); }
  Result<std::unique_ptr<Connection>> connect_reading() override { return connect(true); }
  std::string file_path() const override { return {}; }
  std::string describe() const override {
    const auto or_default = [](const std::string& text) { return text.empty() ? std::string("default") : text; };
    return "PostgreSQL database " + or_default(settings_.of("dbname")) + " on " + or_default(settings_.of("host")) +
           (settings_.of("port").empty() ? "" : ":" + settings_.of("port")) + " as " + or_default(settings_.of("user"));
  }

 private:
  Result<std::unique_ptr<Connection>> connect(bool reading) {
    Link link = HANDOFF_TRY(make_link(settings_, reading));
    return std::unique_ptr<Connection>(std::make_unique<PostgresConnection>(settings_, std::move(link), reading));
  }
  const Settings settings_;
};

}  // namespace

Result<std::unique_ptr<Database>> open_postgres(const std::string& url) {
  char* message = nullptr;
  const std::unique_ptr<PQconninfoOption, Finish> options(PQconninfoParse(url.c_str(), &message));
  PQfreemem(message);  // may repeat a piece of the URL, and with it of the password
  if (options == nullptr) {
    return Error{handoff::Kind::invalid_input,
                 "database.bad_url",
                 "A PostgreSQL database is named as postgresql://USER:PASSWORD@HOST:PORT/NAME, special characters "
                 "percent-encoded.",
                 "libpq cannot read the URL",
                 {}};
  }
  Settings settings;
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val == nullptr || std::string_view(option->keyword) == "client_encoding") continue;
    settings.names.emplace_back(option->keyword);
    settings.values.emplace_back(option->val);
  }
  settings.prefer("client_encoding", "UTF8");
  settings.prefer("application_name", "handoff");
  // A server that is gone without a word is noticed within half a minute, not in two hours.
  settings.prefer("connect_timeout", "10");
  settings.prefer("keepalives_idle", "15");
  settings.prefer("keepalives_interval", "5");
  settings.prefer("keepalives_count", "3");
  settings.prefer("tcp_user_timeout", "30000");
  auto database = std::make_unique<PostgresDatabase>(std::move(settings));
  // `open` tells at once what a person can mend: the host, the name, the password.
  HANDOFF_TRY(database->connect());
  return std::unique_ptr<Database>(std::move(database));
}

}  // namespace handoff::store

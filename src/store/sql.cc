#include "store/sql.h"

#include <condition_variable>
#include <mutex>

#include "base/text.h"
#include "store/driver.h"

namespace handoff::store {
namespace {

const Value& at(const std::vector<Value>& values, std::size_t column) {
  HANDOFF_ASSERT(column < values.size());  // the statement and its reader are both ours
  return values[column];
}

}  // namespace

bool Row::is_null(std::size_t column) const { return std::holds_alternative<std::monostate>(at(values_, column)); }

std::string Row::text(std::size_t column) const {
  const Value& value = at(values_, column);
  // A number out of a JSON text (->>) is an integer in SQLite and a text in PostgreSQL; readers see no difference.
  if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  return std::string(view(column));
}

std::optional<std::string> Row::optional_text(std::size_t column) const {
  if (is_null(column)) return std::nullopt;
  return text(column);
}

std::int64_t Row::integer(std::size_t column) const { return optional_integer(column).value_or(0); }

std::optional<std::int64_t> Row::optional_integer(std::size_t column) const {
  const Value& value = at(values_, column);
  if (const auto* number = std::get_if<std::int64_t>(&value)) return *number;
  if (const auto* text = std::get_if<std::string>(&value)) return parse_int(*text);
  return std::nullopt;
}

std::string Row::blob(std::size_t column) const { return std::string(view(column)); }

std::string_view Row::view(std::size_t column) const {
  const Value& value = at(values_, column);
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* blob = std::get_if<Blob>(&value)) return blob->bytes;
  return {};
}

std::string Row::take(std::size_t column) {
  Value& value = values_[(at(values_, column), column)];
  if (auto* text = std::get_if<std::string>(&value)) return std::move(*text);
  if (auto* blob = std::get_if<Blob>(&value)) return std::move(blob->bytes);
  return text(column);
}

Result<void> Connection::each(std::span<const Call> calls, const Take& take) {
  class RowCells final : public Cells {
   public:
    explicit RowCells(const Row& row) : row_(row) {}
    std::int64_t integer(std::size_t column) const override { return row_.integer(column); }
    std::string_view view(std::size_t column) const override { return row_.view(column); }

   private:
    const Row& row_;
  };
  const auto answers = HANDOFF_TRY(query_all(calls));
  for (std::size_t i = 0; i < answers.size(); ++i) {
    for (const Row& row : answers[i]) take(i, RowCells(row));
  }
  return {};
}

Result<std::unique_ptr<Database>> Database::open(const std::string& url) {
  constexpr std::string_view sqlite = "sqlite:";
  if (url.starts_with(sqlite)) return open_sqlite(url.substr(sqlite.size()));
  if (url.starts_with("postgresql://") || url.starts_with("postgres://")) return open_postgres(url);
  // The text itself may hold a password, so it is not repeated.
  return Error{handoff::Kind::invalid_input,
               "database.bad_url",
               "A database is named as sqlite:PATH or postgresql://USER@HOST/NAME.",
               "neither sqlite: nor postgresql://",
               {}};
}

struct ReaderPool::State {
  State(Database& from, std::size_t max) : database(from), connections_max(max) {}
  Database& database;                 // fixed after construction
  const std::size_t connections_max;  // fixed after construction
  std::mutex mutex;
  std::condition_variable returned;
  std::vector<std::unique_ptr<Connection>> free;  // guarded by mutex; the last one given back is borrowed first
  std::size_t open = 0;                           // guarded by mutex; free and borrowed ones
};

ReaderPool::ReaderPool(Database& database, std::size_t connections_max)
    : state_(std::make_unique<State>(database, connections_max)) {
  HANDOFF_ASSERT(connections_max > 0);
}
ReaderPool::~ReaderPool() = default;

Result<std::unique_ptr<Connection>> ReaderPool::borrow() {
  std::unique_lock lock(state_->mutex);
  state_->returned.wait(lock, [this] { return !state_->free.empty() || state_->open < state_->connections_max; });
  if (!state_->free.empty()) {
    auto connection = std::move(state_->free.back());
    state_->free.pop_back();
    return connection;
  }
  ++state_->open;
  lock.unlock();  // connecting takes its time; the place is taken already
  auto connection = state_->database.connect_reading();
  if (!connection) {
    lock.lock();
    --state_->open;
    state_->returned.notify_one();
  }
  return connection;
}

void ReaderPool::give_back(std::unique_ptr<Connection> connection) {
  connection->rollback();  // an early return may have left a snapshot open, which would hold old rows forever
  {
    const std::lock_guard lock(state_->mutex);
    state_->free.push_back(std::move(connection));
  }
  state_->returned.notify_one();
}

}  // namespace handoff::store

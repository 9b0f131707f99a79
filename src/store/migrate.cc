#include <algorithm>
#include <functional>
#include <string>

#include "store/driver.h"

namespace handoff::store {
namespace {

constexpr const char* create_table =
    "CREATE TABLE IF NOT EXISTS schema_migrations (number {int} NOT NULL PRIMARY KEY, name {text} NOT NULL,"
    " release {text} NOT NULL, applied_at {int} NOT NULL) {strict};";

// Each database has its own catalogue to ask.
constexpr Statement has_table{"schema.has_table",
                              "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'schema_migrations'",
                              "SELECT count(*) FROM pg_class WHERE oid = to_regclass('schema_migrations')"};
constexpr Statement newest{"schema.newest",
                           "SELECT number, release FROM schema_migrations ORDER BY number DESC LIMIT 1"};
// The moment is the database's own, in milliseconds; the two have different words for it.
constexpr Statement record{"schema.record",
                           "INSERT INTO schema_migrations (number, name, release, applied_at)"
                           " VALUES ($1, $2, $3, CAST(strftime('%s', 'now') AS INTEGER) * 1000)",
                           "INSERT INTO schema_migrations (number, name, release, applied_at)"
                           " VALUES ($1, $2, $3, CAST(extract(epoch FROM now()) * 1000 AS bigint))"};

// PostgreSQL only: one process migrates at a time, however long a migration takes. The number is arbitrary and ours.
// SQLite has one writer anyway.
constexpr const char* lock_out_others =
    "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; SELECT pg_advisory_xact_lock(5490013002641);";

struct Newest {
  int number = 0;
  std::string release;
};

Result<Newest> newest_of(Connection& connection) {
  if (HANDOFF_TRY(connection.query(has_table, {})).at(0).integer(0) == 0) return Newest{};
  const Rows rows = HANDOFF_TRY(connection.query(newest, {}));
  if (rows.empty()) return Newest{};
  return Newest{static_cast<int>(rows[0].integer(0)), rows[0].text(1)};
}

Error newer(const Newest& found, int known) {
  return Error{
      handoff::Kind::conflict,
      "schema.newer",
      "This database was written by handoff " + found.release + ", which is newer than this program (" +
          HANDOFF_VERSION + "). Start handoff " + found.release +
          " or newer, or restore a backup made before the upgrade.",
      "schema " + std::to_string(found.number) + " of release " + found.release + ", known is " + std::to_string(known),
      {}};
}

// True when another one may follow.
Result<bool> step(Database& database, Connection& connection, std::span<const Migration> migrations,
                  std::string_view release) {
  if (database.kind() == Database::Kind::postgres) HANDOFF_TRY(connection.script(lock_out_others));
  HANDOFF_TRY(connection.script(HANDOFF_TRY(expand(database.kind(), "schema_migrations", create_table)).sql));
  // Asked again behind the lock: another process may have been faster.
  const Newest found = HANDOFF_TRY(newest_of(connection));
  if (found.number > migrations.back().number) return newer(found, migrations.back().number);
  const auto next = std::ranges::find_if(migrations, [&](const Migration& m) { return m.number > found.number; });
  if (next == migrations.end()) return false;
  auto applied = connection.script(HANDOFF_TRY(expand(database.kind(), next->name, next->sql)).sql);
  if (!applied) {
    applied.error().for_log += " (migration " + std::to_string(next->number) + " " + next->name + ")";
    return std::move(applied).error();
  }
  HANDOFF_TRY(connection.query(record, {std::int64_t{next->number}, next->name, std::string(release)}));
  return std::next(next) != migrations.end();
}

}  // namespace

Result<void> migrate(Database& database, std::span<const Migration> migrations, std::string_view release) {
  HANDOFF_ASSERT(std::ranges::is_sorted(migrations, std::ranges::less_equal{}, &Migration::number));
  if (migrations.empty()) return {};
  auto connection = HANDOFF_TRY(database.connect());
  // The usual start finds everything in place and need not wait for a writer.
  const Newest found = HANDOFF_TRY(newest_of(*connection));
  const int known = migrations.back().number;
  if (found.number > known) return newer(found, known);
  // While another process migrates, SQLite answers busy after ten seconds; a long migration is waited for in several
  // turns.
  int turns_left = 60;
  for (bool more = found.number < known; more;) {
    auto begun = connection->begin();
    if (!begun) {
      if (begun.error().code == "store.busy" && --turns_left > 0) continue;
      return begun;
    }
    auto stepped = step(database, *connection, migrations, release);
    if (!stepped) {
      connection->rollback();
      Error error = std::move(stepped).error();
      error.for_log = "migrate: " + error.for_log;
      return error;
    }
    HANDOFF_TRY(connection->commit());
    more = *stepped;
  }
  return {};
}

Result<void> migrate(Database& database, std::span<const Migration> migrations) {
  return migrate(database, migrations, HANDOFF_VERSION);
}

Result<int> schema_number(Database& database) {
  auto connection = HANDOFF_TRY(database.connect_reading());
  return HANDOFF_TRY(newest_of(*connection)).number;
}

Result<void> check_schema(Database& database, std::span<const Migration> migrations) {
  auto connection = HANDOFF_TRY(database.connect_reading());
  const Newest found = HANDOFF_TRY(newest_of(*connection));
  const int known = migrations.empty() ? 0 : migrations.back().number;
  if (found.number > known) return newer(found, known);
  if (found.number < known) {
    return Error{handoff::Kind::conflict,
                 "schema.older",
                 "This database has not been upgraded for handoff " HANDOFF_VERSION " yet. Run its migrations first.",
                 "schema " + std::to_string(found.number) + ", needed is " + std::to_string(known),
                 {}};
  }
  return {};
}

}  // namespace handoff::store

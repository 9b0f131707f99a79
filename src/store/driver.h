// What both drivers share: the words in braces, the check of values before they reach a database, and the errors.
// Only the drivers and the migration runner include this.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "store/sql.h"

namespace handoff::store {

struct Expanded {
  std::string sql;
  std::size_t parameter_count;  // $1 … $parameter_count all occur
};
// Error "store.broken" for a word nobody knows and for a gap in $1 … $n.
Result<Expanded> expand(Database::Kind kind, std::string_view name, std::string_view text);
Result<Expanded> expand(Database::Kind kind, const Statement& statement);

// As many values as parameters, and texts both databases can hold: UTF-8 without NUL. PostgreSQL would refuse the
// others one by one and SQLite would store them, so neither ever sees them ("store.value").
Result<void> check_values(const Statement& statement, std::size_t parameter_count, std::span<const Value> values);

enum class Failure { constraint, busy, failed, broken, value };
// for_log reads "CODE DETAIL: statement NAME: MESSAGE"; `message` must not carry values.
Error failure(Failure what, std::string_view statement, std::string_view detail, std::string_view message);
// For calls after an error inside a transaction: the transaction is lost, whatever the database itself would allow.
Error already_failed(const Error& first, std::string_view statement);

Result<std::unique_ptr<Database>> open_sqlite(const std::string& path);
Result<std::unique_ptr<Database>> open_postgres(const std::string& url);

}  // namespace handoff::store

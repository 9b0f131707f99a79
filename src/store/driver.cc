#include "store/driver.h"

#include <algorithm>
#include <cstring>

#include "base/text.h"

namespace handoff::store {
namespace {

struct Word {
  std::string_view word;
  std::string_view sqlite;
  std::string_view postgres;
};
constexpr Word words[] = {
    {"text", "TEXT", "TEXT COLLATE \"C\""},
    {"int", "INTEGER", "BIGINT"},
    {"blob", "BLOB", "BYTEA"},
    // AUTOINCREMENT and an identity column both never hand out a number twice, rolled-back ones leave gaps in
    // PostgreSQL.
    {"identity", "INTEGER PRIMARY KEY AUTOINCREMENT", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"},
    // Which transaction wrote a row, where numbers may be committed in another order than they are handed out.
    {"moment", "INTEGER DEFAULT 0", "BIGINT DEFAULT (pg_current_xact_id()::text::bigint)"},
    {"strict", "STRICT", ""},
    // Rows lie in the primary key itself, so that finding one is reading it. PostgreSQL has no such tables.
    {"strict_in_key", "STRICT, WITHOUT ROWID", ""},
    {"for_update", "", "FOR UPDATE"},
    {"for_update_of_r", "", "FOR UPDATE OF r"},        // of a join, only the rows named r
    {"for_key_share_of_o", "", "FOR KEY SHARE OF o"},  // kept from FOR UPDATE alone, not from an ordinary change
    // Recursive queries compare the collations of their parts.
    {"by_bytes", "", "COLLATE \"C\""},
    {"for_share", "", "FOR SHARE"},  // kept from FOR UPDATE and from changes
    {"skip_locked", "", "FOR UPDATE SKIP LOCKED"},
};

bool is_word_letter(char c) { return (c >= 'a' && c <= 'z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Where the quoted text or comment that begins at `at` ends; `at` itself where none begins there.
std::size_t end_of_quoted(std::string_view text, std::size_t at) {
  const auto after = [&](std::string_view closing, std::size_t from) {
    const std::size_t found = text.find(closing, from);
    return found == std::string_view::npos ? text.size() : found + closing.size();
  };
  if (text[at] == '\'' || text[at] == '"')
    return after(text.substr(at, 1), at + 1);  // a doubled quote begins a next one
  if (text.substr(at, 2) == "--") return after("\n", at);
  if (text.substr(at, 2) == "/*") return after("*/", at + 2);
  return at;
}

// Texts are mostly ASCII, so eight bytes at a time: a byte above 127 sends the text to the full check, a zero refuses
// it.
bool can_be_stored(std::string_view text) {
  constexpr std::uint64_t high = 0x8080808080808080U, ones = 0x0101010101010101U;
  std::uint64_t seen = 0, zero = 0;
  std::size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t eight;
    std::memcpy(&eight, text.data() + at, 8);
    seen |= eight;
    zero |= (eight - ones) & ~eight & high;
  }
  for (; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    seen |= byte;
    if (byte == 0) return false;
  }
  if (zero != 0) return false;
  return (seen & high) == 0 || is_utf8(text);
}

std::string joined(std::string_view code, std::string_view detail, std::string_view statement,
                   std::string_view message) {
  std::string out(code);
  if (!detail.empty()) out.append(" ").append(detail);
  out.append(": statement ").append(statement);
  if (!message.empty()) out.append(": ").append(message);
  while (!out.empty() && (out.back() == '\n' || out.back() == ' ')) out.pop_back();
  return out;
}

}  // namespace

Result<Expanded> expand(Database::Kind kind, std::string_view name, std::string_view text) {
  const bool sqlite = kind == Database::Kind::sqlite;
  Expanded out{{}, 0};
  out.sql.reserve(text.size() + 64);
  std::vector<bool> seen;
  for (std::size_t at = 0; at < text.size();) {
    if (const std::size_t end = end_of_quoted(text, at); end != at) {
      out.sql.append(text.substr(at, end - at));
      at = end;
      continue;
    }
    if (text[at] == '$' && at + 1 < text.size() && is_digit(text[at + 1])) {
      std::size_t end = at + 1, number = 0;
      while (end < text.size() && is_digit(text[end]) && number < 100'000) {
        number = number * 10 + static_cast<std::size_t>(text[end++] - '0');
      }
      if (number == 0 || number > 32'000) return failure(Failure::broken, name, {}, "parameters are $1 to $32000");
      if (seen.size() < number) seen.resize(number);
      seen[number - 1] = true;
      out.sql.append(text.substr(at, end - at));
      at = end;
      continue;
    }
    if (text[at] != '{' || at + 1 >= text.size() || !is_word_letter(text[at + 1])) {
      out.sql.push_back(text[at++]);
      continue;
    }
    const std::size_t close = text.find('}', at);
    if (close == std::string_view::npos) return failure(Failure::broken, name, {}, "a { without }");
    const std::string_view word = text.substr(at + 1, close - at - 1);
    at = close + 1;
    if (word.starts_with("set:$") || word.starts_with("pairs:$")) {
      // The inner parameter counts, too. The cast to text keeps the parameter usable as text elsewhere in the
      // statement.
      const bool pairs = word.starts_with("pairs");
      const auto number = parse_int(word.substr(pairs ? 7 : 5));
      if (!number || *number < 1 || *number > 32'000)
        return failure(Failure::broken, name, {}, "{set:$n} needs a parameter");
      if (seen.size() < static_cast<std::size_t>(*number)) seen.resize(static_cast<std::size_t>(*number));
      seen[static_cast<std::size_t>(*number) - 1] = true;
      const std::string_view parameter = word.substr(pairs ? 6 : 4);
      if (pairs && sqlite) {
        out.sql.append("(SELECT value->>0 AS a, value->>1 AS b FROM json_each(").append(parameter).append("))");
      } else if (pairs) {
        out.sql.append("(SELECT v.value->>0 AS a, v.value->>1 AS b FROM json_array_elements(CAST(CAST(")
            .append(parameter)
            .append(" AS text) AS json)) AS v(value))");
      } else if (sqlite) {
        out.sql.append("json_each(").append(parameter).append(")");
      } else {
        out.sql.append("json_array_elements_text(CAST(CAST(").append(parameter).append(" AS text) AS json))");
      }
      continue;
    }
    const auto* known = std::ranges::find(words, word, &Word::word);
    if (known == std::end(words)) return failure(Failure::broken, name, {}, "nobody knows {" + std::string(word) + "}");
    out.sql.append(sqlite ? known->sqlite : known->postgres);
  }
  if (std::ranges::find(seen, false) != seen.end()) return failure(Failure::broken, name, {}, "a gap in $1, $2, …");
  out.parameter_count = seen.size();
  return out;
}

Result<Expanded> expand(Database::Kind kind, const Statement& statement) {
  const bool own = kind == Database::Kind::postgres && statement.postgres != nullptr;
  return expand(kind, statement.name, own ? statement.postgres : statement.text);
}

Result<void> check_values(const Statement& statement, std::size_t parameter_count, std::span<const Value> values) {
  if (values.size() != parameter_count) {
    return failure(Failure::broken, statement.name, {},
                   "takes " + std::to_string(parameter_count) + " values, got " + std::to_string(values.size()));
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto* text = std::get_if<std::string>(&values[i]);
    if (text != nullptr && !can_be_stored(*text)) {
      return failure(Failure::value, statement.name, "$" + std::to_string(i + 1), "not UTF-8, or with a NUL byte");
    }
  }
  return {};
}

Error failure(Failure what, std::string_view statement, std::string_view detail, std::string_view message) {
  const auto make = [&](handoff::Kind kind, const char* code, const char* for_caller) {
    return Error{kind, code, for_caller, joined(code, detail, statement, message), {}};
  };
  switch (what) {
    case Failure::constraint:
      return make(handoff::Kind::conflict, "store.constraint", "The change contradicts what is stored already.");
    case Failure::busy:
      return make(handoff::Kind::unavailable, "store.busy", "The store is busy. Try again in a moment.");
    case Failure::failed:
      return make(handoff::Kind::unavailable, "store.failed", "The store cannot answer now. Try again later.");
    case Failure::value:
      return make(handoff::Kind::invalid_input, "store.value",
                  "A text holds something that cannot be stored: a NUL character, or bytes that are not UTF-8.");
    case Failure::broken: break;
  }
  return make(handoff::Kind::internal, "store.broken", "Something went wrong on our side.");
}

Error already_failed(const Error& first, std::string_view statement) {
  Error error = first;
  error.for_log += " (then called again in the failed transaction: " + std::string(statement) + ")";
  return error;
}

std::string constraint_of(const Error& error) {
  constexpr std::string_view before = "store.constraint ", after = ": statement ";
  const std::string_view log = error.for_log;
  if (error.code != "store.constraint" || !log.starts_with(before)) return {};
  return std::string(log.substr(before.size(), log.find(after) - before.size()));
}

}  // namespace handoff::store

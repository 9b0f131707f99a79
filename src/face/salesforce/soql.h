// The part of SOQL that is served: one object, fields and fields of parents, COUNT(), conditions with AND, OR and NOT,
// ORDER BY, LIMIT, OFFSET. Everything else is refused by name, with the place.
//
//   query     = SELECT (COUNT() | path {, path}) FROM name [WHERE condition] [ORDER BY path [ASC|DESC] [NULLS
//               FIRST|LAST] {, …}] [LIMIT n] [OFFSET n]
//   condition = condition (AND|OR) condition | NOT condition | ( condition ) | path operator value
//   operator  = = != <> < <= > >= LIKE | IN (…) | NOT IN (…) | INCLUDES (…) | EXCLUDES (…)
//   value     = 'text' | number | true | false | null | date | date-time | TODAY, LAST_N_DAYS:7 …
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace handoff::face::salesforce {

// Field names on the way from the object: {"Patient", "LastName"}; with the place in the query where it begins.
struct SoqlPath {
  std::vector<std::string> names;
  std::size_t at = 0;
  std::string text() const;
};

struct SoqlValue {
  enum class Kind { null, boolean, number, text, date, date_time, literal };
  Kind kind = Kind::null;
  std::string text;        // without quotes; the word of a literal
  std::int64_t count = 0;  // of LAST_N_DAYS:n
  std::size_t at = 0;
};

enum class SoqlOperator { equal, not_equal, less, at_most, more, at_least, like, in, not_in, includes, excludes };

struct SoqlCondition {
  enum class Kind { all, any, none, compare };  // and, or, not, a comparison
  Kind kind = Kind::compare;
  std::vector<SoqlCondition> parts;  // of all and any; the one of none
  SoqlPath path;
  SoqlOperator op = SoqlOperator::equal;
  std::vector<SoqlValue> values;
};

struct SoqlOrder {
  SoqlPath path;
  bool descending = false;
  bool nulls_last = false;
};

struct Soql {
  bool count = false;  // SELECT COUNT()
  std::vector<SoqlPath> select;
  std::string object;
  std::size_t object_at = 0;
  std::string alias;  // of the object; "" for none
  std::optional<SoqlCondition> where;
  std::vector<SoqlOrder> order;
  std::optional<std::int64_t> limit, offset;
};

// Error "salesforce.malformed_query", its text with the query and a caret under the place.
Result<Soql> parse_soql(std::string_view query);

// "\nSELECT Foo FROM Account\n       ^\nERROR at Row:1:Column:8\n" and the sentence.
std::string soql_place(std::string_view query, std::size_t at, std::string_view sentence);

// SOQL's LIKE: % any characters, _ one; case does not matter.
bool soql_like(std::string_view text, std::string_view pattern);

}  // namespace handoff::face::salesforce

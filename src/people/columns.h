// The column map: which columns of a file make which part of a registrant. A TOML file, so that any labelled file can
// be evaluated without being rewritten.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "people/registrant.h"

namespace handoff::people {

// "{given_name} {surname}" over the columns of one file.
class Template {
 public:
  Template() = default;
  static Result<Template> parse(std::string_view text);
  // Finds the columns in a header; those that it has not are added to `missing`.
  void bind(const std::vector<std::string>& header, std::vector<std::string>& missing);
  // Empty where every column it names is empty.
  std::string fill(const std::vector<std::string>& row) const;
  bool names_a_column() const;

 private:
  struct Piece {
    std::string literal;
    std::string column;  // empty for a literal piece
    std::size_t index = 0;
  };
  std::vector<Piece> pieces_;
};

struct ColumnEntry {
  std::string key;  // "firstName", "address.line", "phones.main" …
  Template text;
  std::string format;  // of a date
  std::string system;  // of an identifier
  bool unique = true;  // of an identifier
};

struct ColumnMap {
  Template id;
  Template against_id;  // of the second file, where it names its rows otherwise
  bool has_against_id = false;
  std::vector<ColumnEntry> entries;
  // Keys that are no part of a registrant; they are compared as plain text.
  std::vector<std::string> plain_keys;

  // Every fault of the map is named in one error.
  static Result<ColumnMap> parse(std::string_view toml);
  // Columns that the header has not are added to `missing`, each once.
  void bind(const std::vector<std::string>& header, bool second_file, std::vector<std::string>& missing);
  Registrant read(const std::vector<std::string>& row) const;
  // Whether one of the two names has no column of its own, so that the other may hold both.
  bool has_one_name() const;
};

// The key of a registrant that a plain key may have been meant for.
std::optional<std::string> nearest_key(std::string_view key);
// One error for all of them, with the nearest known name beside each. Nothing where none is missing.
Result<void> none_missing(const std::vector<std::string>& missing, const std::vector<std::string>& header);

}  // namespace handoff::people

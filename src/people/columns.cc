#include "people/columns.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/json.h"
#include "base/text.h"
#include "base/toml.h"

namespace handoff::people {
namespace {

Error bad_map(std::string_view code, std::string text) {
  return Error{Kind::invalid_input, std::string(code), text, text};
}

// The keys of a registrant and other names they go by.
constexpr std::array<std::pair<std::string_view, std::string_view>, 33> known_keys{{
    {"firstName", "firstName"},
    {"givenName", "firstName"},
    {"middleName", "middleName"},
    {"lastName", "lastName"},
    {"surname", "lastName"},
    {"familyName", "lastName"},
    {"formerName", "formerName"},
    {"maidenName", "formerName"},
    {"previousLastName", "formerName"},
    {"suffix", "suffix"},
    {"nameSuffix", "suffix"},
    {"birthDate", "birthDate"},
    {"dateOfBirth", "birthDate"},
    {"deathDate", "deathDate"},
    {"deceasedDate", "deathDate"},
    {"gender", "gender"},
    {"sex", "gender"},
    {"address.line", "address.line"},
    {"address.street", "address.line"},
    {"address.city", "address.city"},
    {"address.province", "address.province"},
    {"address.state", "address.province"},
    {"address.country", "address.country"},
    {"address.postalCode", "address.postalCode"},
    {"address.postcode", "address.postalCode"},
    {"address.zip", "address.postalCode"},
    {"phones.main", "phones"},
    {"phones.alternate", "phones"},
    {"phone", "phones"},
    {"phones", "phones"},
    {"email", "email"},
    {"emails", "email"},
    {"identifiers", "identifiers"},
}};

std::string_view canonical(std::string_view key) {
  for (const auto& [name, meaning] : known_keys) {
    if (name == key) return meaning;
  }
  return {};
}

// Without capitals and without what stands between words.
std::string folded(std::string_view key) {
  std::string out = ascii_lower(key);
  std::erase_if(out, [](char c) { return c == '_' || c == '-' || c == ' '; });
  return out;
}

// The known key that this one is but for capitals and underscores: compared as plain text it would find nobody.
std::optional<std::string> misspelt(std::string_view key) {
  for (const auto& [name, meaning] : known_keys) {
    if (folded(name) == folded(key)) return std::string(name);
  }
  return std::nullopt;
}

bool is_date(std::string_view meaning) { return meaning == "birthDate" || meaning == "deathDate"; }

// A format that reads a year and has nothing that is not known; with any other no date would ever follow it.
bool is_date_format(std::string_view format) {
  bool year = false;
  for (std::size_t i = 0; i + 1 < format.size(); ++i) {
    if (format[i] != '%') continue;
    const char what = format[++i];
    if (std::string_view("YymdbB").find(what) == std::string_view::npos) return false;
    year = year || what == 'Y' || what == 'y';
  }
  return year;
}

// What is wrong with a map: a code for the whole of it, and a sentence for each fault.
class Problems {
 public:
  void add(const char* code, std::string sentence) {
    if (sentences_.empty()) code_ = code;
    sentences_.push_back(std::move(sentence));
  }
  Result<void> none() const {
    if (sentences_.empty()) return {};
    return bad_map(code_, join(sentences_, "\n"));
  }

 private:
  const char* code_ = "";
  std::vector<std::string> sentences_;
};

void add_entry(const std::string& key, std::string_view text, const Json& table, ColumnMap& map, Problems& problems) {
  ColumnEntry entry;
  const auto meaning = canonical(key);
  entry.key = meaning.empty() ? key : std::string(meaning);
  auto parsed = Template::parse(text);
  if (!parsed)
    problems.add("people.columns.bad_template", "The template of `" + key + "` has a brace that is not closed.");
  else
    entry.text = std::move(parsed).value();
  if (table.is_object()) {
    entry.format = table["format"].text_or();
    if (table.contains("format") && is_date(meaning) && !is_date_format(entry.format)) {
      problems.add("people.columns.bad_format",
                   "The format of `" + key +
                       "` must hold the year, %Y (four digits) or %y (two), and may hold %m, %d and %b (the name of a "
                       "month) beside it, as in \"%Y-%m-%d\"; others are not known.");
    }
    entry.system = table["system"].text_or();
    entry.unique = table["unique"].bool_or(true);
    for (const auto& [word, value] : table.members()) {
      if (word != "text" && word != "format" && word != "system" && word != "unique") {
        problems.add("people.columns.unknown_key",
                     "`" + key + "` has an unknown setting `" + word + "`; known are text, format, system, unique.");
      }
    }
  }
  if (meaning.empty()) {
    if (const auto meant = misspelt(key)) {
      problems.add("people.columns.misspelt_key",
                   "`" + key + "` is no key of a registrant; did you mean `" + *meant + "`?");
    }
    map.plain_keys.push_back(key);
  }
  map.entries.push_back(std::move(entry));
}

void read_value(const std::string& key, const Json& value, ColumnMap& map, Problems& problems) {
  if (value.is_string()) return add_entry(key, value.string(), {}, map, problems);
  if (value.is_array()) {
    for (const auto& item : value.items()) read_value(key, item, map, problems);
  } else if (value.is_object() && value["text"].is_string()) {
    add_entry(key, value["text"].string(), value, map, problems);
  } else if (value.is_object()) {
    for (const auto& [name, below] : value.members()) read_value(key + "." + name, below, map, problems);
  } else {
    problems.add("people.columns.bad_value", "`" + key + "` must be a text, a table with `text`, or a list of these.");
  }
}

Template read_template(const Json& root, const char* key, Problems& problems) {
  if (!root[key].is_string()) {
    problems.add("people.columns.no_id", std::string("The column map needs `") + key + " = \"{column}\"`.");
    return {};
  }
  auto parsed = Template::parse(root[key].string());
  if (parsed && parsed->names_a_column()) return *std::move(parsed);
  problems.add("people.columns.bad_template", std::string("`") + key + "` must name a column: \"{column}\".");
  return {};
}

}  // namespace

Result<Template> Template::parse(std::string_view text) {
  Template made;
  while (!text.empty()) {
    const auto open = text.find('{');
    if (open > 0) made.pieces_.push_back({std::string(text.substr(0, open)), {}, 0});
    if (open == std::string_view::npos) break;
    const auto close = text.find('}', open);
    if (close == std::string_view::npos || close == open + 1)
      return bad_map("people.columns.bad_template", "A template has a brace that is not closed.");
    made.pieces_.push_back({{}, std::string(trim(text.substr(open + 1, close - open - 1))), 0});
    text.remove_prefix(close + 1);
  }
  return made;
}

bool Template::names_a_column() const {
  return std::any_of(pieces_.begin(), pieces_.end(), [](const Piece& piece) { return !piece.column.empty(); });
}

void Template::bind(const std::vector<std::string>& header, std::vector<std::string>& missing) {
  for (auto& piece : pieces_) {
    if (piece.column.empty()) continue;
    auto found = std::find(header.begin(), header.end(), piece.column);
    if (found == header.end()) {
      found = std::find_if(header.begin(), header.end(),
                           [&](const auto& name) { return ascii_equal_fold(name, piece.column); });
    }
    if (found == header.end()) {
      if (std::find(missing.begin(), missing.end(), piece.column) == missing.end()) missing.push_back(piece.column);
    } else {
      piece.index = static_cast<std::size_t>(found - header.begin());
    }
  }
}

Result<void> none_missing(const std::vector<std::string>& missing, const std::vector<std::string>& header) {
  if (missing.empty()) return {};
  std::vector<std::string> named;
  for (const auto& column : missing) {
    const auto meant = nearest(column, header);
    named.push_back("`" + column + "`" + (meant ? " (did you mean `" + *meant + "`?)" : ""));
  }
  return bad_map(
      "people.columns.missing_column",
      (missing.size() == 1 ? "The file has no column " : "The file has no columns ") + join(named, ", ") + ".");
}

std::string Template::fill(const std::vector<std::string>& row) const {
  std::string out;
  bool any = false;
  for (const auto& piece : pieces_) {
    if (piece.column.empty()) {
      out += piece.literal;
    } else if (piece.index < row.size()) {
      any = any || !row[piece.index].empty();
      out += row[piece.index];
    }
  }
  if (!any) return {};
  return std::string(trim(out));
}

Result<ColumnMap> ColumnMap::parse(std::string_view text) {
  auto parsed = parse_toml(text);
  if (!parsed) {
    const Fault& fault = parsed.error().faults.front();
    return bad_map("people.columns.not_toml",
                   "The column map is not TOML: " + fault.message + " (line " + fault.pointer + ").");
  }
  const Json& root = parsed->root;
  ColumnMap map;
  Problems problems;
  map.id = read_template(root, "id", problems);
  if (root.contains("againstId")) {
    map.against_id = read_template(root, "againstId", problems);
    map.has_against_id = true;
  }
  for (const auto& [key, value] : root.members()) {
    if (key != "id" && key != "againstId" && key != "columns") {
      problems.add("people.columns.unknown_key",
                   "`" + key + "` is no setting of a column map; known are id, againstId, columns.");
    }
  }
  const Json& columns = root["columns"];
  if (!columns.is_object() || columns.size() == 0)
    problems.add("people.columns.no_columns", "The column map needs a table [columns].");
  else
    for (const auto& [name, value] : columns.members()) read_value(name, value, map, problems);
  HANDOFF_TRY(problems.none());
  return map;
}

void ColumnMap::bind(const std::vector<std::string>& header, bool second_file, std::vector<std::string>& missing) {
  if (second_file && has_against_id) id = against_id;
  id.bind(header, missing);
  for (auto& entry : entries) entry.text.bind(header, missing);
}

std::optional<std::string> nearest_key(std::string_view key) {
  std::vector<std::string> names;
  for (const auto& [name, meaning] : known_keys) names.emplace_back(name);
  return nearest(key, names);
}

bool ColumnMap::has_one_name() const {
  const auto has = [&](std::string_view key) {
    return std::any_of(entries.begin(), entries.end(), [&](const auto& entry) { return entry.key == key; });
  };
  return has("firstName") != has("lastName");
}

Registrant ColumnMap::read(const std::vector<std::string>& row) const {
  Registrant out;
  const auto join_to = [](Text& into, std::string value) {
    into = into.reveal().empty() ? Text(std::move(value)) : Text(into.reveal() + ", " + value);
  };
  for (const auto& entry : entries) {
    std::string value = entry.text.fill(row);
    if (value.empty()) continue;
    const auto& key = entry.key;
    if (key == "firstName")
      out.first_name = Text(std::move(value));
    else if (key == "middleName")
      out.middle_name = Text(std::move(value));
    else if (key == "lastName")
      out.last_name = Text(std::move(value));
    else if (key == "formerName")
      out.former_name = Text(std::move(value));
    else if (key == "suffix")
      out.suffix = Text(std::move(value));
    else if (key == "birthDate" || key == "deathDate") {
      (key == "birthDate" ? out.birth_date : out.death_date) = Text(std::move(value));
      if (!entry.format.empty()) out.date_format = entry.format;
    } else if (key == "gender")
      out.gender = Text(std::move(value));
    else if (key == "address.line")
      join_to(out.line, std::move(value));
    else if (key == "address.city")
      out.city = Text(std::move(value));
    else if (key == "address.province")
      out.province = Text(std::move(value));
    else if (key == "address.country")
      out.country = Text(std::move(value));
    else if (key == "address.postalCode")
      out.postal_code = Text(std::move(value));
    else if (key == "phones")
      out.phones.emplace_back(std::move(value));
    else if (key == "email")
      out.emails.emplace_back(std::move(value));
    else if (key == "identifiers")
      out.identifiers.push_back({entry.system, Text(std::move(value)), entry.unique});
    else
      out.attributes.emplace_back(key, Text(std::move(value)));
  }
  return out;
}

}  // namespace handoff::people

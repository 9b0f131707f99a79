#include "people/csv.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>

#include "base/text.h"

namespace handoff::people {
namespace {

constexpr std::size_t buffer_size = 1 << 18;

Error bad_csv(std::string_view code, std::string text) {
  return Error{Kind::invalid_input, std::string(code), text, text};
}

char detect_separator(std::string_view head) {
  constexpr std::array candidates{',', ';', '\t', '|'};
  std::array<int, 4> counts{};
  bool quoted = false;
  for (const char c : head) {
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    if (c == '\n') break;
    for (std::size_t i = 0; i < candidates.size(); ++i) counts[i] += c == candidates[i] ? 1 : 0;
  }
  return candidates[static_cast<std::size_t>(std::max_element(counts.begin(), counts.end()) - counts.begin())];
}

}  // namespace

Result<CsvReader> CsvReader::open(const std::string& path) {
  std::error_code status;
  if (std::filesystem::is_directory(path, status))
    return bad_csv("people.csv.unreadable", "The file " + path + " is a directory.");
  CsvReader reader;
  reader.path_ = path;
  reader.in_ = std::make_unique<std::ifstream>(path, std::ios::binary);
  if (!*reader.in_)
    return Error{Kind::not_found, "people.csv.unreadable", "The file " + path + " cannot be opened.", path};
  const auto size = std::filesystem::file_size(path, status);
  reader.bytes_total_ = status ? 0 : size;
  reader.buffer_.resize(buffer_size);
  reader.fill();
  if (reader.end_ >= 3 && std::memcmp(reader.buffer_.data(), "\xEF\xBB\xBF", 3) == 0) reader.at_ = 3;
  reader.separator_ = detect_separator({reader.buffer_.data() + reader.at_, reader.end_ - reader.at_});
  if (!HANDOFF_TRY(reader.read_row(reader.header_)))
    return bad_csv("people.csv.empty", "The file " + path + " is empty; its first line must name the columns.");
  for (auto& name : reader.header_) name = std::string(trim(name));
  return reader;
}

bool CsvReader::fill() {
  in_->read(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
  at_ = 0;
  end_ = static_cast<std::size_t>(in_->gcount());
  bytes_read_ += end_;
  return end_ > 0;
}

int CsvReader::get() {
  if (at_ == end_ && !fill()) return -1;
  return static_cast<unsigned char>(buffer_[at_++]);
}

int CsvReader::peek() {
  if (at_ == end_ && !fill()) return -1;
  return static_cast<unsigned char>(buffer_[at_]);
}

Result<bool> CsvReader::read_row(std::vector<std::string>& row) {
  row.clear();
  std::string field;
  std::size_t bytes = 0;
  line_ = next_line_;
  bool any = false, quoted_field = false, in_quotes = false, fresh = true;
  const auto finish_field = [&] {
    if (!quoted_field) field = std::string(trim(field));
    row.push_back(std::move(field));
    field.clear();
    quoted_field = false;
    fresh = true;
  };
  const auto at_line = [&] { return " (line " + std::to_string(line_) + " of " + path_ + ")"; };
  for (int c = get();; c = get()) {
    if (c < 0) {
      if (in_quotes)
        return bad_csv("people.csv.open_quote", "A quoted field is not closed before the file ends" + at_line() + ".");
      if (!any) return false;
      finish_field();
      break;
    }
    if (++bytes > row_bytes_max)
      return bad_csv("people.csv.row_too_long",
                     "A row is longer than 4 MB; probably a quote is not closed" + at_line() + ".");
    if (c == '\n') ++next_line_;
    if (in_quotes) {
      if (c == '"' && peek() == '"') {
        field.push_back('"');
        get();
      } else if (c == '"') {
        in_quotes = false;
      } else {
        field.push_back(static_cast<char>(c));
      }
      continue;
    }
    if (c == '\n') {
      if (!any) {  // an empty line between rows
        line_ = next_line_;
        continue;
      }
      finish_field();
      break;
    }
    if (c == '\r' && peek() == '\n') continue;
    if (c == separator_) {
      any = true;
      finish_field();
      if (row.size() > columns_max)
        return bad_csv("people.csv.too_many_columns", "A row has more than 2,000 fields" + at_line() + ".");
      continue;
    }
    if (fresh && (c == ' ' || c == '\t')) continue;
    any = true;
    if (fresh && c == '"') {
      in_quotes = quoted_field = true;
      fresh = false;
      continue;
    }
    fresh = false;
    if (quoted_field && (c == ' ' || c == '\t')) continue;
    field.push_back(static_cast<char>(c));
  }
  for (const auto& text : row) {
    if (!is_utf8(text))
      return bad_csv("people.csv.not_utf8",
                     "The file is not UTF-8" + at_line() + ". Convert it, for example with iconv.");
  }
  return true;
}

Result<bool> CsvReader::next(std::vector<std::string>& row) {
  if (!HANDOFF_TRY(read_row(row))) return false;
  while (row.size() > header_.size() && row.back().empty()) row.pop_back();
  if (row.size() > header_.size()) {
    return bad_csv("people.csv.row_width", "A row has " + std::to_string(row.size()) +
                                               " fields, the first line names " + std::to_string(header_.size()) +
                                               " columns (line " + std::to_string(line_) + " of " + path_ + ").");
  }
  if (row.size() < header_.size() && short_rows_++ == 0) first_short_line_ = line_;
  row.resize(header_.size());
  return true;
}

std::string csv_field(std::string_view text) {
  const bool blanks = !text.empty() && (text.front() == ' ' || text.back() == ' ');
  if (!blanks && text.find_first_of(",;\t|\"\r\n") == std::string_view::npos) return std::string(text);
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out.push_back('"');
    out.push_back(c);
  }
  return out + "\"";
}

}  // namespace handoff::people

// Reads a CSV file row by row, however large: no more than one row is in memory. The separator and blanks after it are
// detected, fields may be quoted, a byte order mark is skipped.
#pragma once

#include <cstdint>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace handoff::people {

class CsvReader {
 public:
  // A field or a row beyond these is a quote that was never closed, not data.
  static constexpr std::size_t row_bytes_max = 4 << 20;
  static constexpr std::size_t columns_max = 2000;

  static Result<CsvReader> open(const std::string& path);

  const std::vector<std::string>& header() const { return header_; }
  char separator() const { return separator_; }
  // False at the end. A row is as wide as the header; what is missing at its end is empty.
  Result<bool> next(std::vector<std::string>& row);
  std::uint64_t line() const { return line_; }  // of the row read last, counted from 1
  // Rows so far that have fewer fields than the header, and the line of the first of them.
  std::uint64_t short_rows() const { return short_rows_; }
  std::uint64_t first_short_line() const { return first_short_line_; }
  std::uint64_t bytes_read() const { return bytes_read_; }
  std::uint64_t bytes_total() const { return bytes_total_; }

 private:
  CsvReader() = default;
  Result<bool> read_row(std::vector<std::string>& row);
  int get();
  int peek();
  bool fill();

  std::unique_ptr<std::ifstream> in_;
  std::string path_;
  std::vector<char> buffer_;
  std::size_t at_ = 0, end_ = 0;
  std::vector<std::string> header_;
  char separator_ = ',';
  std::uint64_t line_ = 0, next_line_ = 1, bytes_read_ = 0, bytes_total_ = 0;
  std::uint64_t short_rows_ = 0, first_short_line_ = 0;
};

// A field as it must be written: quoted where it needs to be.
std::string csv_field(std::string_view text);

}  // namespace handoff::people

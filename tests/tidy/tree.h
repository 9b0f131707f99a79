// The source tree as the house rules see it: files with their lines, without what is built, fetched or generated.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace handoff::tidy {

struct File {
  std::string path;  // from the root of the tree on, "src/base/json.cc"
  std::string text;
  std::vector<std::string> lines() const;
};

class Tree {
 public:
  // Reads every text file below `root` once; one that is not text (a NUL among its first bytes) has an empty text.
  static Tree read(const std::filesystem::path& root);
  static Tree of(std::vector<File> files);  // for tests of the rules themselves

  const std::vector<File>& files() const { return files_; }
  const File* find(std::string_view path) const;  // nullptr when there is none
  bool has_folder(std::string_view path) const;
  // Files below a folder ("src") with one of the endings.
  std::vector<const File*> below(std::string_view folder, const std::vector<std::string_view>& endings) const;

 private:
  std::vector<File> files_;  // sorted by path
};

// The tree that this program was built from, read once.
const Tree& tree();

// Files under src/ that only tests use: "x_test.cc", helpers "test_x.h", "x_samples.h".
bool is_for_tests(std::string_view path);

std::string_view trim(std::string_view text);
// The texts between backticks of a line, with where each begins and ends in it, backticks included.
struct Code {
  std::string text;
  std::size_t begin;
  std::size_t end;
};
std::vector<Code> code_spans(std::string_view line);
// The cells of a Markdown table row; empty for a line that is none.
std::vector<std::string> table_cells(std::string_view line);

}  // namespace handoff::tidy

#include "tests/tidy/tree.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

namespace handoff::tidy {

namespace fs = std::filesystem;

namespace {

// Built, fetched or written while running: not ours to judge.
bool is_foreign(const std::string& name) {
  static const std::set<std::string> names{".git", ".cache", "node_modules", "var", "build"};
  return names.contains(name) || name.starts_with("build-");
}

}  // namespace

std::vector<std::string> File::lines() const {
  std::vector<std::string> all;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    all.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return all;
}

Tree Tree::read(const fs::path& root) {
  std::vector<File> files;
  for (auto at = fs::recursive_directory_iterator(root); at != fs::recursive_directory_iterator(); ++at) {
    // In a second work tree of the repository `.git` is a file that names the first one.
    if (is_foreign(at->path().filename().string())) {
      if (at->is_directory()) at.disable_recursion_pending();
      continue;
    }
    if (!at->is_regular_file() || at->path().extension() == ".key") continue;
    std::ifstream in(at->path(), std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(in), {}};
    if (text.substr(0, 8000).find('\0') != std::string::npos) text.clear();
    files.push_back({fs::relative(at->path(), root).generic_string(), std::move(text)});
  }
  return of(std::move(files));
}

Tree Tree::of(std::vector<File> files) {
  Tree tree;
  tree.files_ = std::move(files);
  std::sort(tree.files_.begin(), tree.files_.end(), [](const File& a, const File& b) { return a.path < b.path; });
  return tree;
}

const File* Tree::find(std::string_view path) const {
  const auto at = std::lower_bound(files_.begin(), files_.end(), path,
                                   [](const File& file, std::string_view wanted) { return file.path < wanted; });
  return at != files_.end() && at->path == path ? &*at : nullptr;
}

bool Tree::has_folder(std::string_view path) const {
  std::string folder(path);
  while (folder.ends_with('/')) folder.pop_back();
  if (folder.empty()) return true;
  folder += '/';
  return std::any_of(files_.begin(), files_.end(), [&](const File& file) { return file.path.starts_with(folder); });
}

std::vector<const File*> Tree::below(std::string_view folder, const std::vector<std::string_view>& endings) const {
  const std::string prefix = std::string(folder) + "/";
  std::vector<const File*> found;
  for (const File& file : files_) {
    if (!file.path.starts_with(prefix)) continue;
    if (std::any_of(endings.begin(), endings.end(), [&](std::string_view end) { return file.path.ends_with(end); })) {
      found.push_back(&file);
    }
  }
  return found;
}

const Tree& tree() {
  static const Tree read_once = Tree::read(HANDOFF_SOURCE_DIR);
  return read_once;
}

bool is_for_tests(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  return name.ends_with("_test.cc") || name.starts_with("test_") || name.ends_with("_samples.h");
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

std::vector<Code> code_spans(std::string_view line) {
  std::vector<Code> spans;
  std::size_t begin = line.find('`');
  while (begin != std::string_view::npos) {
    const std::size_t end = line.find('`', begin + 1);
    if (end == std::string_view::npos) break;
    spans.push_back({std::string(line.substr(begin + 1, end - begin - 1)), begin, end + 1});
    begin = line.find('`', end + 1);
  }
  return spans;
}

std::vector<std::string> table_cells(std::string_view line) {
  line = trim(line);
  std::vector<std::string> cells;
  if (line.size() < 2 || line.front() != '|' || line.back() != '|') return cells;
  line.remove_prefix(1);
  while (!line.empty()) {
    std::size_t end = line.find('|');
    while (end != std::string_view::npos && end > 0 && line[end - 1] == '\\') end = line.find('|', end + 1);
    if (end == std::string_view::npos) break;
    cells.emplace_back(trim(line.substr(0, end)));
    line.remove_prefix(end + 1);
  }
  return cells;
}

}  // namespace handoff::tidy

#include "tests/tidy/includes.h"

#include <algorithm>
#include <optional>

namespace handoff::tidy {

namespace {

struct Include {
  std::size_t line;
  std::string path;  // as written between the quotes
};

std::vector<Include> includes_of(const File& file) {
  std::vector<Include> found;
  std::size_t number = 0;
  for (const std::string& line : file.lines()) {
    ++number;
    std::string_view rest = trim(line);
    if (rest.empty() || rest.front() != '#') continue;
    rest = trim(rest.substr(1));
    if (!rest.starts_with("include")) continue;
    rest = trim(rest.substr(7));
    if (rest.size() < 2 || rest.front() != '"') continue;  // <…> is never ours
    const std::size_t end = rest.find('"', 1);
    if (end != std::string_view::npos) found.push_back({number, std::string(rest.substr(1, end - 1))});
  }
  return found;
}

// "connector/rest/auth.cc" -> "connector/rest"
std::string folder_of(std::string_view path) {
  const std::size_t at = path.rfind('/');
  return at == std::string_view::npos ? std::string() : std::string(path.substr(0, at));
}

// What counts as one's own: the room, or for a row "name/*" the one folder in it.
std::string own_place(std::string_view path) {
  const std::string row = row_of(path);
  if (!row.ends_with("/*")) return row;
  const std::string folder = folder_of(path);
  return folder.substr(0, folder.find('/', row.size() - 1));
}

bool allowed(const Tree& tree, const std::set<std::string>& words, const std::string& from, const std::string& to) {
  if (words.contains("everything")) return true;
  if (own_place(to) == own_place(from)) return true;
  const std::string to_row = row_of(to);
  for (const std::string& word : words) {
    if (word == to_row || word == to) return true;
    if (word == "*/store.h" && to.ends_with("/store.h") && std::count(to.begin(), to.end(), '/') == 1) return true;
    if (word.ends_with(".h") && word != "*/store.h") {
      const File* header = tree.find("src/" + word);
      if (header == nullptr) continue;
      for (const Include& named : includes_of(*header)) {
        if (named.path == to) return true;
      }
    }
  }
  return false;
}

}  // namespace

IncludeTable IncludeTable::parse(const File& document) {
  IncludeTable table;
  for (const std::string& line : document.lines()) {
    const std::vector<std::string> cells = table_cells(line);
    if (cells.size() != 3) continue;
    const std::vector<Code> rooms = code_spans(cells[0]);
    if (rooms.size() != 1) continue;  // the heading, the rule below it
    std::set<std::string>& words = table.rows[rooms.front().text];
    for (const Code& word : code_spans(cells[2])) words.insert(word.text);
    if (cells[2] == "everything") words.insert("everything");
  }
  return table;
}

std::string row_of(std::string_view path_in_src) {
  const std::string folder = folder_of(path_in_src);
  const std::size_t slash = folder.find('/');
  if (slash == std::string::npos) return folder;
  const std::string room = folder.substr(0, slash);
  // Only these rooms hold folders that are walls to each other; elsewhere a folder is just an order within the room.
  if (room == "connector" || room == "face" || room == "store") return room + "/*";
  return room;
}

std::vector<std::string> include_faults(const Tree& tree, const IncludeTable& table) {
  std::vector<std::string> faults;
  for (const File* file : tree.below("src", {".h", ".cc"})) {
    if (is_for_tests(file->path)) continue;
    const std::string from = file->path.substr(4);
    const std::string row = row_of(from);
    const auto words = table.rows.find(row);
    if (words == table.rows.end()) {
      faults.push_back(file->path + ": the room '" + row + "' has no row in docs/rooms.md");
      continue;
    }
    for (const Include& include : includes_of(*file)) {
      const std::string at = file->path + ":" + std::to_string(include.line) + ": #include \"" + include.path + "\" ";
      if (include.path.find('/') == std::string::npos) {
        faults.push_back(at + "does not name its room");
      } else if (tree.find("src/" + include.path) == nullptr) {
        faults.push_back(at + "names no file under src/");
      } else if (!allowed(tree, words->second, from, include.path)) {
        faults.push_back(at + "is not allowed: '" + row + "' may not include '" + row_of(include.path) + "'");
      }
    }
  }
  return faults;
}

}  // namespace handoff::tidy

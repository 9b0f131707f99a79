#include "tests/tidy/documents.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <regex>
#include <set>

namespace handoff::tidy {

namespace {

// Folders joined and ".." taken back: ("docs/reference", "../tour.md") -> "docs/tour.md".
std::string joined(std::string_view folder, std::string_view link) {
  std::vector<std::string> parts;
  const std::string all = link.starts_with('/') ? std::string(link) : std::string(folder) + "/" + std::string(link);
  std::size_t begin = 0;
  while (begin <= all.size()) {
    const std::size_t end = std::min(all.find('/', begin), all.size());
    const std::string part = all.substr(begin, end - begin);
    if (part == ".." && !parts.empty()) {
      parts.pop_back();
    } else if (!part.empty() && part != ".") {
      parts.push_back(part);
    }
    begin = end + 1;
  }
  std::string path;
  for (const std::string& part : parts) path += (path.empty() ? "" : "/") + part;
  return path;
}

std::string folder_of(std::string_view path) {
  const std::size_t at = path.rfind('/');
  return at == std::string_view::npos ? std::string() : std::string(path.substr(0, at));
}

std::set<std::string> anchors_of(const File& file) {
  std::set<std::string> anchors;
  bool in_code = false;
  for (const std::string& line : file.lines()) {
    if (trim(line).starts_with("```")) in_code = !in_code;
    if (in_code || !line.starts_with('#')) continue;
    const std::size_t text = line.find_first_not_of('#');
    if (text == std::string::npos || line[text] != ' ') continue;
    std::string anchor = anchor_of(trim(std::string_view(line).substr(text)));
    // Equal headings are numbered from the second on.
    for (int n = 1; anchors.contains(anchor) && n < 100; ++n) {
      const std::string numbered = anchor + "-" + std::to_string(n);
      if (!anchors.contains(numbered)) anchor = numbered;
    }
    anchors.insert(anchor);
  }
  return anchors;
}

// The line without what stands between backticks: a link in there is an example.
std::string without_code(const std::string& line) {
  std::string rest = line;
  for (const Code& span : code_spans(line)) std::fill(rest.begin() + span.begin, rest.begin() + span.end, ' ');
  return rest;
}

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

bool has_word(std::string_view text, std::string_view word) {
  for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const bool begins = at == 0 || !is_word(text[at - 1]);
    const std::size_t end = at + word.size();
    if (begins && (end == text.size() || !is_word(text[end]))) return true;
  }
  return false;
}

bool is_path(const std::string& text) {
  static const std::regex path(R"(\.?[\w.-]+(/[\w.-]+)*/?)");
  static const std::regex ending(R"(.*\.(cc|h|md|toml|sql|json|txt|js|css|html)$)");
  if (!std::regex_match(text, path)) return false;
  return std::regex_match(text, ending) ? text.find('/') != std::string::npos
                                        : text.starts_with("src/") || text.starts_with("tests/") ||
                                              text.starts_with("script/") || text.starts_with("docs/");
}

bool is_symbol(const std::string& text) {
  static const std::regex symbol(R"([A-Za-z_~][\w]*((::|\.|->)[A-Za-z_~][\w]*)*(\(\))?)");
  return std::regex_match(text, symbol);
}

// Each part of "Connector::next()" or "Suite.test" stands in the file as a word.
bool names_symbol(const File& file, const std::string& symbol) {
  static const std::regex part(R"([A-Za-z_]\w*)");
  for (std::sregex_iterator at(symbol.begin(), symbol.end(), part), end; at != end; ++at) {
    if (!has_word(file.text, at->str())) return false;
  }
  return true;
}

bool only_joins(std::string_view between) {
  static const std::regex joins(R"(([\s,;:.()|·/-]|\band\b|\bin\b|\bwith\b|\bby\b)*)");
  return std::regex_match(between.begin(), between.end(), joins);
}

}  // namespace

std::string anchor_of(std::string_view heading) {
  std::string anchor;
  for (char c : heading) {
    const unsigned char u = static_cast<unsigned char>(c);
    if (c == ' ') {
      anchor += '-';
    } else if (std::isalnum(u) != 0 || c == '-' || c == '_' || u >= 0x80) {
      anchor += static_cast<char>(u < 0x80 ? std::tolower(u) : u);
    }
  }
  return anchor;
}

std::vector<std::string> dead_links(const Tree& tree) {
  static const std::regex link(R"(\]\(([^)\s]+)(\s+"[^"]*")?\))");
  std::vector<std::string> faults;
  for (const File& file : tree.files()) {
    if (!file.path.ends_with(".md")) continue;
    std::size_t number = 0;
    bool in_code = false;
    for (const std::string& line : file.lines()) {
      ++number;
      if (trim(line).starts_with("```")) in_code = !in_code;
      if (in_code) continue;
      const std::string text = without_code(line);
      for (std::sregex_iterator at(text.begin(), text.end(), link), end; at != end; ++at) {
        const std::string target = (*at)[1];
        if (target.find(':') != std::string::npos) continue;  // another site, or mail
        const std::size_t hash = target.find('#');
        const std::string path =
            hash == 0 ? file.path : joined(folder_of(file.path), std::string_view(target).substr(0, hash));
        const std::string where = file.path + ":" + std::to_string(number) + ": the link to " + target;
        const File* found = tree.find(path);
        if (found == nullptr && !tree.has_folder(path)) {
          faults.push_back(where + " leads nowhere");
        } else if (found != nullptr && hash != std::string::npos && path.ends_with(".md") &&
                   !anchors_of(*found).contains(target.substr(hash + 1))) {
          faults.push_back(where + " names a heading that is not there");
        }
      }
    }
  }
  return faults;
}

std::vector<std::string> stale_stops(const Tree& tree, const File& tour) {
  std::vector<std::string> faults;
  std::size_t number = 0;
  for (const std::string& line : tour.lines()) {
    ++number;
    const std::string where = tour.path + ":" + std::to_string(number) + ": ";
    const File* file = nullptr;
    std::size_t end = 0;
    for (const Code& span : code_spans(line)) {
      const bool follows = file != nullptr && only_joins(std::string_view(line).substr(end, span.begin - end));
      end = span.end;
      if (is_path(span.text)) {
        file = tree.find(span.text);
        if (file == nullptr && !tree.has_folder(span.text)) faults.push_back(where + span.text + " does not exist");
      } else if (follows && is_symbol(span.text)) {
        if (!names_symbol(*file, span.text)) faults.push_back(where + file->path + " has no " + span.text);
      } else {
        file = nullptr;
      }
    }
  }
  return faults;
}

std::vector<std::string> rooms_without_readme(const Tree& tree) {
  std::set<std::string> rooms;
  for (const File* file : tree.below("src", {".cc", ".h"})) {
    const std::string folder = folder_of(file->path);
    const std::size_t room_end = folder.find('/', 4);
    const std::string room = folder.substr(0, room_end);
    if (room == "src") continue;
    rooms.insert(room);
    const bool cut = room == "src/connector" || room == "src/face";
    if (cut && room_end != std::string::npos) rooms.insert(folder.substr(0, folder.find('/', room_end + 1)));
  }
  std::vector<std::string> without;
  for (const std::string& room : rooms) {
    if (tree.find(room + "/README.md") == nullptr) without.push_back(room + " has no README.md");
  }
  return without;
}

std::vector<std::string> long_files(const Tree& tree, std::size_t lines_max) {
  std::vector<std::string> faults;
  for (const std::string_view folder : {"src", "tests", "bench", "examples"}) {
    for (const File* file : tree.below(folder, {".cc", ".h", ".js", ".ts", ".css", ".html"})) {
      const std::size_t count = file->lines().size();
      if (count > lines_max) faults.push_back(file->path + " has " + std::to_string(count) + " lines");
    }
  }
  return faults;
}

std::vector<std::string> forbidden_words(const Tree& tree) {
  // Put together here, so that this file does not find itself.
  static const std::string before = R"((^|[\s"'`(=<]))";
  static const std::vector<std::pair<std::regex, std::string>> rules{
      {std::regex(before + "/(ro" + "ot|ho" + "me|wo" + "rk)/"), "a path of one machine"},
      {std::regex(std::string("(reg") + R"(istry\.[a-z]+\.(org|com)|\bdeb\.[a-z]+\.org|proxy\.gol)" + "ang)"),
       "the host of a package registry"},
      {std::regex(std::string(R"(\b(TO)") + "DO|FIX" + "ME|XX" + R"(X)\b)"), "unfinished work"},
  };
  std::vector<std::string> faults;
  for (const File& file : tree.files()) {
    std::size_t number = 0;
    for (const std::string& line : file.lines()) {
      ++number;
      if (line.size() > 20000) continue;  // data, and too long for a regular expression
      for (const auto& [rule, what] : rules) {
        if (std::regex_search(line, rule)) {
          faults.push_back(file.path + ":" + std::to_string(number) + ": " + what + ": " + line.substr(0, 120));
        }
      }
    }
  }
  return faults;
}

}  // namespace handoff::tidy

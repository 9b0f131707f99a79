#include "tests/tidy/error_codes.h"

#include <algorithm>
#include <regex>
#include <vector>

namespace handoff::tidy {

namespace {

// The second argument of a list that begins right after its opening bracket at `at`; nesting, texts and characters are
// stepped over. Empty where there is no second one.
std::string second_argument(std::string_view text, std::size_t at) {
  int depth = 0;
  int commas = 0;
  std::size_t begin = at;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '"' || c == '\'') {
      for (++at; at < text.size() && text[at] != c; ++at) at += text[at] == '\\';
    } else if (c == '/' && at + 1 < text.size() && text[at + 1] == '/') {
      at = std::min(text.find('\n', at), text.size());
    } else if (c == '(' || c == '{' || c == '[') {
      ++depth;
    } else if (c == ')' || c == '}' || c == ']' || c == ',') {
      if (depth > 0) {
        depth -= c != ',';
        continue;
      }
      if (commas == 1) return std::string(text.substr(begin, at - begin));
      if (c != ',') break;
      ++commas;
      begin = at + 1;
    }
  }
  return {};
}

}  // namespace

std::map<std::string, std::string> codes_in_source(const Tree& tree) {
  static const std::regex start(R"(\b(Error|Fault)\s*\{|\bfaults_?\s*(\.|->)\s*(push_back\(\{|emplace_back\())");
  static const std::regex literal(R"lit("([a-z0-9_]+(\.[a-z0-9_]+)+)")lit");
  std::map<std::string, std::string> codes;
  for (const File* file : tree.below("src", {".cc", ".h"})) {
    if (file->path.ends_with("_test.cc")) continue;
    const std::string& text = file->text;
    for (std::sregex_iterator at(text.begin(), text.end(), start), end; at != end; ++at) {
      const std::size_t inside = static_cast<std::size_t>(at->position() + at->length());
      const std::string second = second_argument(text, inside);
      for (std::sregex_iterator code(second.begin(), second.end(), literal); code != end; ++code) {
        const auto line = std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(inside), '\n') + 1;
        codes.emplace((*code)[1], file->path + ":" + std::to_string(line));
      }
    }
  }
  return codes;
}

std::set<std::string> codes_explained(const File& document) {
  std::set<std::string> codes;
  for (const std::string& line : document.lines()) {
    if (!line.starts_with("### ")) continue;
    for (const Code& code : code_spans(line)) codes.insert(code.text);
  }
  return codes;
}

}  // namespace handoff::tidy

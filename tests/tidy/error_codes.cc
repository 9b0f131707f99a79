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
  static const std::regex start(
      R"(\b(Error|Fault|Refusal)\s*\{|\bError\s+\w+\s*\{|\bfaults_?\s*(\.|->)\s*(push_back\(\{|emplace_back\())");
  static const std::regex literal(R"lit("([a-z0-9_]+(\.[a-z0-9_]+)+)")lit");
  // A code and then a sentence of three words or more. The rows of triggers look the same and are none.
  static const std::regex told(
      R"lit((TriggerRow\{)?"([a-z0-9_]+(\.[a-z0-9_]+)+)",\s*(std::string\()?"(\\"|[A-Z][a-z]*[ ,])[^" ]*["\\]?"? )lit");
  std::map<std::string, std::string> codes;
  for (const File* file : tree.below("src", {".cc", ".h"})) {
    if (is_for_tests(file->path)) continue;
    const std::string& text = file->text;
    const auto add = [&](const std::string& code, std::ptrdiff_t place) {
      const auto line = std::count(text.begin(), text.begin() + place, '\n') + 1;
      codes.emplace(code, file->path + ":" + std::to_string(line));
    };
    const std::sregex_iterator end;
    for (std::sregex_iterator at(text.begin(), text.end(), start); at != end; ++at) {
      const auto inside = at->position() + at->length();
      const std::string second = second_argument(text, static_cast<std::size_t>(inside));
      for (std::sregex_iterator code(second.begin(), second.end(), literal); code != end; ++code) {
        add((*code)[1], inside);
      }
    }
    for (std::sregex_iterator at(text.begin(), text.end(), told); at != end; ++at) {
      if (!(*at)[1].matched) add((*at)[2], at->position());
    }
  }
  return codes;
}

std::set<std::string> code_like_texts(const Tree& tree) {
  static const std::regex literal(R"lit("([a-z0-9_]+(\.[a-z0-9_]+)+)")lit");
  std::set<std::string> texts;
  for (const File* file : tree.below("src", {".cc", ".h"})) {
    if (is_for_tests(file->path)) continue;
    const std::sregex_iterator end;
    for (std::sregex_iterator at(file->text.begin(), file->text.end(), literal); at != end; ++at) {
      texts.insert((*at)[1]);
    }
  }
  return texts;
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

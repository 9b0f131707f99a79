// The one place that knows toml++: it is large, and everything else reads the tree.
#include "base/toml.h"

#include "base/text.h"

#define TOML_EXCEPTIONS 0
// The library asserts in places that text from outside can reach (an inline table that ends in the middle of a key);
// without the assertion it answers with an error, as it should. The fuzzers of tests/fuzz watch over it.
#define TOML_ASSERT(expression) static_cast<void>(0)
#define TOML_ENABLE_FORMATTERS 1
#include <toml++/toml.h>

#include <algorithm>
#include <cmath>
#include <sstream>

namespace handoff {
namespace {

class Reader {
 public:
  explicit Reader(Toml& into) : into_(into) {}

  Json read(const toml::node& node, const std::string& pointer) {
    into_.lines.emplace(pointer, static_cast<int>(node.source().begin.line));
    if (const auto* table = node.as_table()) {
      // toml++ sorts its tables by name; a reader of the file expects the order of the file.
      Json object = Json::object();
      std::vector<std::pair<toml::source_position, std::pair<std::string, const toml::node*>>> members;
      for (auto&& [key, value] : *table) {
        members.push_back({key.source().begin, {std::string(key.str()), &value}});
      }
      std::stable_sort(members.begin(), members.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
      for (const auto& [position, member] : members) {
        const std::string below = pointer + "/" + pointer_escape(member.first);
        Json value = read(*member.second, below);
        // The line of a key is where a person looks for it, also for a table whose value begins further down.
        if (position.line > 0) into_.lines[below] = static_cast<int>(position.line);
        object.set(member.first, std::move(value));
      }
      return object;
    }
    if (const auto* array = node.as_array()) {
      Json list = Json::array();
      std::size_t index = 0;
      for (const toml::node& item : *array) list.push_back(read(item, pointer + "/" + std::to_string(index++)));
      return list;
    }
    if (const auto* text = node.as_string()) return Json(text->get());
    if (const auto* number = node.as_integer()) return Json(static_cast<std::int64_t>(number->get()));
    if (const auto* truth = node.as_boolean()) return Json(truth->get());
    if (const auto* real = node.as_floating_point()) {
      // JSON has no infinity; as a text it is refused wherever a number is expected.
      if (!std::isfinite(real->get())) return Json("not a finite number");
      return Json(real->get());
    }
    std::ostringstream text;
    node.visit([&](const auto& value) {
      if constexpr (toml::is_date<decltype(value)> || toml::is_time<decltype(value)> ||
                    toml::is_date_time<decltype(value)>) {
        text << value.get();
      }
    });
    return Json(text.str());
  }

 private:
  Toml& into_;
};

}  // namespace

int Toml::line_of(std::string_view pointer) const {
  for (;;) {
    if (const auto found = lines.find(std::string(pointer)); found != lines.end() && found->second > 0)
      return found->second;
    const auto slash = pointer.rfind('/');
    if (slash == std::string_view::npos) return 0;
    pointer = pointer.substr(0, slash);
  }
}

Result<Toml> parse_toml(std::string_view text) {
  const auto refuse = [](std::string line, std::string message) {
    Faults faults;
    faults.push_back({std::move(line), "toml.malformed", std::move(message)});
    return Error{Kind::malformed,
                 "toml.malformed",
                 "The text is not valid TOML; the fault names the line.",
                 {},
                 std::move(faults)};
  };
  if (!is_utf8(text)) return refuse("1", "The text is not valid UTF-8.");
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    return refuse(std::to_string(parsed.error().source().begin.line), std::string(parsed.error().description()));
  }
  Toml into;
  into.root = Reader(into).read(parsed.table(), "");
  return into;
}

}  // namespace handoff

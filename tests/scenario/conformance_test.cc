// Goal: docs/conformance.md stays true. Method: read its rows; every route must be served and every test must be there:
// the scenarios among the registered tests, on both databases, the others by their definition in the sources.
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "exchange/trigger.h"
#include "face/own/routes.h"
#include "sandbox/cms_fields.h"
#include "tests/scenario/world.h"

namespace handoff::scenario {
namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& path) {
  std::ifstream in(path);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

const fs::path root = HANDOFF_SOURCE_DIR;

struct ConformanceRow {
  std::size_t line = 0;
  std::string statement, place, tests;
};

// The rows of all tables, without heads and rules; a row that has not three cells is a fault.
std::vector<ConformanceRow> rows_of(const std::string& page, std::vector<std::string>& faults) {
  std::vector<ConformanceRow> rows;
  std::istringstream in(page);
  std::size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (!line.starts_with("|") || line.starts_with("| ---") || line.starts_with("| Statement |")) continue;
    static const std::regex shape(R"(\| ([^|]*[^| ]) \| ([^|]*[^| ]) \| ([^|]*[^| ]) \|)");
    std::smatch cells;
    if (std::regex_match(line, cells, shape)) {
      rows.push_back({number, cells[1], cells[2], cells[3]});
    } else {
      faults.push_back("line " + std::to_string(number) + " has not three filled cells");
    }
  }
  return rows;
}

std::vector<std::string> in_backticks(const std::string& text) {
  std::vector<std::string> out;
  static const std::regex quoted("`([^`]+)`");
  for (std::sregex_iterator it(text.begin(), text.end(), quoted), end; it != end; ++it) out.push_back((*it)[1]);
  return out;
}

// "Suite.Name" of every test that the sources define.
std::set<std::string> defined_tests() {
  std::set<std::string> out;
  static const std::regex definition(R"(\bTEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\))");
  for (const char* folder : {"src", "tests"}) {
    for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
      const std::string extension = entry.path().extension().string();
      if (extension != ".cc" && extension != ".h") continue;
      const std::string text = read(entry.path());
      for (std::sregex_iterator it(text.begin(), text.end(), definition), end; it != end; ++it)
        out.insert((*it)[1].str() + "." + (*it)[2].str());
    }
  }
  return out;
}

// How often each test is registered here: once for each database.
std::map<std::string, int> registered_tests() {
  std::map<std::string, int> out;
  const auto& unit = *testing::UnitTest::GetInstance();
  for (int s = 0; s < unit.total_test_suite_count(); ++s) {
    const auto& suite = *unit.GetTestSuite(s);
    std::string suite_name = suite.name();
    if (const auto slash = suite_name.find('/'); slash != std::string::npos) suite_name.erase(0, slash + 1);
    for (int t = 0; t < suite.total_test_count(); ++t) {
      std::string name = suite.GetTestInfo(t)->name();
      out[suite_name + "." + name.substr(0, name.find('/'))] += 1;
    }
  }
  return out;
}

bool is_served(const std::string& method, const std::string& path) {
  for (const auto& route : face::own::routes()) {
    if (method == route.method && (path == route.path || "/api/v1" + path == route.path)) return true;
  }
  return false;
}

TEST(Conformance, EveryRowNamesRoutesThatAreServedAndTestsThatExist) {
  std::vector<std::string> faults;
  const auto rows = rows_of(read(root / "docs" / "conformance.md"), faults);
  const auto defined = defined_tests();
  const auto registered = registered_tests();
  static const std::regex route(R"(^(GET|POST|PATCH|PUT|DELETE) (/\S+)$)");
  static const std::regex test(R"(^\w+\.\w+$)");
  for (const auto& row : rows) {
    const std::string at = "line " + std::to_string(row.line) + ": ";
    for (const auto& text : in_backticks(row.place)) {
      std::smatch parts;
      if (std::regex_match(text, parts, route)) {
        if (!is_served(parts[1], parts[2])) faults.push_back(at + text + " is not served");
      } else if (text.starts_with("src/") || text.starts_with("profiles/")) {
        if (!fs::exists(root / text)) faults.push_back(at + text + " does not exist");
      }
    }
    const auto tests = in_backticks(row.tests);
    if (tests.empty()) faults.push_back(at + "no test is named");
    for (const auto& name : tests) {
      if (!std::regex_match(name, test) || !defined.contains(name)) {
        faults.push_back(at + "there is no test " + name);
      } else if (const auto found = registered.find(name); found != registered.end() && found->second != 2) {
        faults.push_back(at + name + " does not run on both databases");
      }
    }
  }
  EXPECT_GE(rows.size(), 60U);
  EXPECT_THAT(faults, testing::IsEmpty());
}

TEST(Conformance, NothingOfTheDocumentsIsLeftOut) {
  std::vector<std::string> faults;
  std::string statements, places;
  for (const auto& row : rows_of(read(root / "docs" / "conformance.md"), faults)) {
    statements += row.statement + "\n";
    places += row.place + "\n";
  }
  // Two triggers are additions of ours; the documents do not know them.
  for (const auto& row : exchange::trigger_rows) {
    const std::string id = row.id;
    if (id == "substatus.accepted" || id == "referral.sent") continue;
    EXPECT_THAT(places, testing::HasSubstr("`" + id + "`"));
  }
  for (const auto& field : sandbox::wire_fields()) {
    if (field.group == sandbox::FieldGroup::none) continue;
    EXPECT_THAT(places, testing::HasSubstr("`" + std::string(field.key) + "`"));
  }
  for (const auto& outcome :
       {"Admitted", "Outcome Not Recorded", "Ineligible", "Cancelled by Registrant", "by Provider (Event)",
        "by Provider (Group)", "Incomplete", "No Show", "Entered in Error"})
    EXPECT_THAT(statements, testing::HasSubstr(outcome));
}

TEST(Conformance, AMalformedRowIsFound) {
  std::vector<std::string> faults;
  const auto rows =
      rows_of("| Statement | Route or place | Test |\n| --- | --- | --- |\n| a | b | c |\n| a |  | c |\n", faults);
  EXPECT_EQ(rows.size(), 1U);
  EXPECT_THAT(faults, testing::ElementsAre("line 4 has not three filled cells"));
}

}  // namespace
}  // namespace handoff::scenario

#include "app/config.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace handoff::app {
namespace {

const char* no_environment(const char*) { return nullptr; }

TEST(Config, TheExampleInTheDocumentsIsTheOneThatIsPrinted) {
  std::ifstream in(std::string(HANDOFF_SOURCE_DIR) + "/docs/handoff.example.toml");
  std::stringstream text;
  text << in.rdbuf();
  EXPECT_EQ(text.str(), example_file());
}

TEST(Config, TheExampleIsReadAndChangesNothing) {
  const auto from_example =
      Config::read({}, std::string(HANDOFF_SOURCE_DIR) + "/docs/handoff.example.toml", no_environment);
  ASSERT_TRUE(from_example) << from_example.error().for_caller;
  const auto from_nothing = Config::read({}, "", no_environment);
  ASSERT_TRUE(from_nothing);
  for (const auto& row : setting_rows()) EXPECT_EQ(from_example->text(row.key), from_nothing->text(row.key)) << row.key;
}

TEST(Config, AFlagWinsOverAVariable) {
  const auto environment = [](const char* name) -> const char* {
    return std::string(name) == "HANDOFF_LISTEN" ? "127.0.0.1:1" : nullptr;
  };
  EXPECT_EQ(Config::read({}, "", environment)->text("listen"), "127.0.0.1:1");
  EXPECT_EQ(Config::read({{"listen", "127.0.0.1:2"}}, "", environment)->text("listen"), "127.0.0.1:2");
}

TEST(Config, FaultsAreNamedAllAtOnceEachWithItsSetting) {
  const auto config = Config::read({{"threads.io", "many"}, {"rate_limit", "perhaps"}}, "", no_environment);
  ASSERT_FALSE(config);
  ASSERT_EQ(config.error().faults.size(), 2u);
  EXPECT_EQ(config.error().faults[0].pointer, "rate_limit");
  EXPECT_EQ(config.error().faults[1].pointer, "threads.io");
}

}  // namespace
}  // namespace handoff::app

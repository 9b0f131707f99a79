#include "base/toml.h"

#include <gtest/gtest.h>

namespace handoff {
namespace {

TEST(Toml, becomes_a_tree_in_the_order_of_the_file_with_lines) {
  const auto toml =
      parse_toml("b = 1\na = \"x\"\n[t.inner]\nd = 1987-02-11\nyes = true\n[[list]]\nr = 1.5\n[[list]]\n");
  ASSERT_TRUE(toml);
  EXPECT_EQ(toml->root.dump(), R"({"b":1,"a":"x","t":{"inner":{"d":"1987-02-11","yes":true}},"list":[{"r":1.5},{}]})");
  EXPECT_EQ(toml->line_of("/a"), 2);
  EXPECT_EQ(toml->line_of("/t/inner/d"), 4);
  EXPECT_EQ(toml->line_of("/t/inner/absent"), 3) << "the nearest that exists";
  EXPECT_EQ(toml->line_of("/list/0/r"), 7);
  EXPECT_EQ(toml->line_of("/list/1/r"), 8);
}

TEST(Toml, a_fault_names_its_line) {
  for (const char* text : {"a = 1\nb = ", "a = 1\na = 2", "a = 1\n[x"}) {
    const auto toml = parse_toml(text);
    ASSERT_FALSE(toml) << text;
    EXPECT_EQ(toml.error().code, "toml.malformed");
    EXPECT_EQ(toml.error().faults.at(0).pointer, "2") << text;
  }
  EXPECT_FALSE(parse_toml("a = \"\xff\""));
}

}  // namespace
}  // namespace handoff

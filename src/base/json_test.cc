#include "base/json.h"

#include <gtest/gtest.h>

namespace handoff {
namespace {

std::string code_of(std::string_view text) {
  const auto parsed = Json::parse(text);
  return parsed ? "" : parsed.error().code;
}

TEST(Json, NumbersKeepTheirText) {
  const auto parsed = Json::parse(R"([1.10, 12345678901234567890123, 1E5, 0.0, 42])");
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->dump(), "[1.10,12345678901234567890123,1E5,0.0,42]");
  EXPECT_FALSE(parsed->items()[1].integer().has_value());
  EXPECT_EQ(parsed->items()[4].integer(), 42);
  EXPECT_DOUBLE_EQ(*parsed->items()[2].real(), 1e5);
}

TEST(Json, DuplicateKeysAreRefusedInSmallAndInLargeObjects) {
  EXPECT_EQ(code_of(R"({"a":1,"a":2})"), "json.duplicate_key");
  std::string large = "{";
  for (int i = 0; i < 100; ++i) large += "\"k" + std::to_string(i) + "\":1,";
  EXPECT_EQ(code_of(large + "\"k3\":1}"), "json.duplicate_key");
  EXPECT_EQ(code_of(large + "\"k100\":1}"), "");
  EXPECT_EQ(code_of(R"([{"a":1},{"a":2}])"), "");
}

TEST(Json, DepthIsCappedBeforeATreeIsBuilt) {
  const auto nested = [](int depth) {
    return std::string(std::size_t(depth), '[') + std::string(std::size_t(depth), ']');
  };
  EXPECT_EQ(code_of(nested(64)), "");
  EXPECT_EQ(code_of(nested(65)), "json.too_deep");
  EXPECT_EQ(code_of(std::string(1'000'000, '[')), "json.too_deep");
}

TEST(Json, BrokenBytesAnswer) {
  EXPECT_EQ(code_of("{\"a\":"), "json.malformed");
  EXPECT_EQ(code_of(""), "json.malformed");
  EXPECT_EQ(code_of("{} x"), "json.malformed");
  EXPECT_EQ(code_of("\"\xC3\x28\""), "json.invalid_utf8");
  EXPECT_EQ(code_of("\"\xED\xA0\x80\""), "json.invalid_utf8");
  EXPECT_EQ(code_of("\"a\\u0000b\""), "json.nul");
  EXPECT_EQ(code_of("{\"a\\u0000\":1}"), "json.nul");
}

TEST(Json, ObjectsKeepTheirOrderAndCompareWithoutIt) {
  const auto a = *Json::parse(R"({"b":1,"a":{"x":[1,2]}})");
  EXPECT_EQ(a.dump(), R"({"b":1,"a":{"x":[1,2]}})");
  EXPECT_EQ(a, *Json::parse(R"({"a":{"x":[1,2]},"b":1})"));
  EXPECT_FALSE(a == *Json::parse(R"({"a":{"x":[2,1]},"b":1})"));
}

TEST(Json, TextsAreEscapedAndReadBack) {
  const std::string odd = "tab\t quote\" back\\ line\n bell\x07 李";
  const auto back = Json::parse(Json(odd).dump());
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->string(), odd);
}

TEST(Json, MergePatchFollowsItsStandard) {
  const auto patched = merge_patch(*Json::parse(R"({"a":"b","c":{"d":"e","f":"g"},"l":[1,2]})"),
                                   *Json::parse(R"({"a":"z","c":{"f":null},"l":[3],"n":{"m":null}})"));
  EXPECT_EQ(patched, *Json::parse(R"({"a":"z","c":{"d":"e"},"l":[3],"n":{}})"));
}

TEST(Json, PointersEscapeTheirTwoCharacters) { EXPECT_EQ(pointer_escape("a/b~c"), "a~1b~0c"); }

}  // namespace
}  // namespace handoff

#include "record/record_id.h"

#include <gtest/gtest.h>

namespace handoff::record {
namespace {

TEST(RecordId, TheThreeLastCharactersSayWhereTheCapitalsAre) {
  for (const std::string_view id :
       {"005S7000001xLk1IAE", "0SqRM0000004F2z0AE", "0cmS70000004CAuIAM", "0cmRM0000004nAgYAI", "0hsRM000000043aYAA",
        "0j4RM0000004MunYAE", "0cmRM0000000l2JYAQ", "0cmRM0000000tnoYAA", "0cm000000000101AAA"}) {
    EXPECT_EQ(suffix_of(id.substr(0, 15)), id.substr(15)) << id;
    EXPECT_EQ(shown_id(id.substr(0, 15)), id);
    EXPECT_EQ(plain_id(id), std::string(id.substr(0, 15)));
    EXPECT_EQ(registered_id(id), id.substr(0, 15));
  }
}

TEST(RecordId, LostCaseIsRestored) {
  EXPECT_EQ(plain_id("0CMRM0000004NAGYAI"), "0cmRM0000004nAg");
  EXPECT_EQ(plain_id("0cmrm0000004nagyai"), "0cmRM0000004nAg");
  // Fifteen characters carry nothing that could restore them.
  EXPECT_EQ(plain_id("0CMRM0000004NAG"), "0CMRM0000004NAG");
}

TEST(RecordId, ALenientIdIsKnownByAllItsCharacters) {
  const std::string lenient = "0cmRM0000004nAgDZc";
  EXPECT_EQ(plain_id(lenient), std::nullopt);
  EXPECT_EQ(registered_id(lenient), lenient);
  EXPECT_EQ(stored_ids(lenient), std::vector<std::string>{lenient});
  EXPECT_EQ(shown_id(lenient), lenient);
  // Its neighbour with a proper end is another record.
  EXPECT_EQ(stored_ids("0cmRM0000004nAgYAI"), std::vector<std::string>{"0cmRM0000004nAg"});
}

TEST(RecordId, WhatIsNoIdIsNone) {
  for (const std::string_view text :
       {"", "0cm", "0cmRM0000004nAgYA", "0cmRM0000004nAgYAI0", "0cmRM0000004n-g", "0cmRM0000004nÄgYA"})
    EXPECT_TRUE(stored_ids(text).empty()) << text;
}

TEST(RecordId, NewIdsSortByTime) {
  SeededRandom random(7);
  const Instant at = from_ms(1'790'000'000'000);
  const std::string first = make_id("0lv", at, random), second = make_id("0lv", at + milliseconds{1}, random);
  EXPECT_EQ(first.size(), 15u);
  EXPECT_TRUE(first.starts_with("0lv"));
  EXPECT_LT(first, second);
  EXPECT_EQ(plain_id(shown_id(first)), first);
  EXPECT_EQ(derived_id("00D", "org_1"), derived_id("00D", "org_1"));
  EXPECT_NE(derived_id("00D", "org_1"), derived_id("00D", "org_2"));
}

}  // namespace
}  // namespace handoff::record

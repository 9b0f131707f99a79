#include "base/text.h"

#include <gtest/gtest.h>

#include "base/id.h"

namespace handoff {
namespace {

TEST(Text, Utf8IsCheckedStrictly) {
  EXPECT_TRUE(is_utf8("Zoë 李 ᐃᓄᒃᑎᑐᑦ 😀"));
  for (const char* bad : {"\xC0\x80", "\xED\xA0\x80", "\xF5\x80\x80\x80", "\xE2\x82", "\x80", "\xF0\x8F\xBF\xBF"})
    EXPECT_FALSE(is_utf8(bad));
  EXPECT_EQ(utf8_length("Zoë 李"), 5U);
  EXPECT_EQ(utf8_prefix("Zoë 李", 3), "Zoë");
}

TEST(Text, PercentEscapesRoundTrip) {
  EXPECT_EQ(percent_encode("a b/ü"), "a%20b%2F%C3%BC");
  EXPECT_EQ(percent_decode("a%20b%2F%C3%BC", false), "a b/ü");
  EXPECT_EQ(percent_decode("a+b", true), "a b");
  EXPECT_FALSE(percent_decode("%4", false).has_value());
  EXPECT_FALSE(percent_decode("%zz", false).has_value());
}

TEST(Text, TheNearestWordIsASlipOfTheFingerAway) {
  const std::vector<std::string> known{"outbound.allow", "listen", "database"};
  EXPECT_EQ(nearest("outbond.allow", known), "outbound.allow");
  EXPECT_FALSE(nearest("something else", known).has_value());
}

TEST(Text, WholeNumbersOnly) {
  EXPECT_EQ(parse_int("-12"), -12);
  for (const char* text : {"", "12 ", "1.5", "0x10", "99999999999999999999"})
    EXPECT_FALSE(parse_int(text).has_value()) << text;
}

TEST(Text, HtmlIsEscaped) { EXPECT_EQ(html_escape("<a href='x'>&\""), "&lt;a href=&#39;x&#39;&gt;&amp;&quot;"); }

TEST(Id, KnowsItsKindAndSortsByTime) {
  SeededRandom random(1);
  const auto early = ReferralId::make(from_ms(1'000'000), random), late = ReferralId::make(from_ms(1'000'001), random);
  EXPECT_LT(early, late);
  EXPECT_EQ(ReferralId::parse(early.text())->text(), early.text());
  EXPECT_EQ(ListingId::parse(early.text()).error().code, "id.wrong_kind");
  EXPECT_EQ(ReferralId::parse("ref_short").error().code, "id.wrong_kind");
  EXPECT_EQ(early.text().size(), 30U);
}

TEST(Random, TheSameSeedGivesTheSameBytes) {
  SeededRandom a(5), b(5), c(6);
  EXPECT_EQ(a.next(), b.next());
  EXPECT_NE(a.next(), c.next());
  for (int i = 0; i < 1000; ++i) EXPECT_LT(a.below(7), 7U);
}

}  // namespace
}  // namespace handoff

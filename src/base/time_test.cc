#include "base/time.h"

#include <gtest/gtest.h>

namespace handoff {
namespace {

TEST(Time, InstantsAreReadWithTheirOffset) {
  const auto read = parse_instant("2026-12-03T09:30:00-05:00");
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(format_instant(read->at), "2026-12-03T14:30:00Z");
  EXPECT_EQ(format_instant(read->at, read->offset), "2026-12-03T09:30:00-05:00");
  EXPECT_EQ(format_instant(parse_instant("2026-12-03T14:30:00.1239Z")->at), "2026-12-03T14:30:00.123Z");
}

TEST(Time, WhatIsNoInstantIsRefused) {
  for (const char* text : {"2026-12-03T09:30:00", "2026-12-03", "2026-02-30T00:00:00Z", "2026-12-03T24:00:00Z",
                           "2026-12-03 09:30:00Z", "2026-12-03T09:30:00+0500", "2026-12-03T09:30:00.Z", "", "tomorrow",
                           "2026-12-03T09:30:00Z ", "2026-13-01T00:00:00Z"}) {
    EXPECT_FALSE(parse_instant(text).has_value()) << text;
  }
}

TEST(Time, DatesAreRealDays) {
  EXPECT_EQ(Date::parse("2028-02-29")->text(), "2028-02-29");
  EXPECT_EQ(Date::parse("2026-02-29").error().code, "date.impossible");
  EXPECT_EQ(Date::parse("2026-02-30").error().code, "date.impossible");
  EXPECT_EQ(Date::parse("26-02-03").error().code, "date.malformed");
  EXPECT_LT(*Date::parse("1999-12-31"), *Date::parse("2000-01-01"));
}

TEST(Time, ZonesKnowSummerAndWinter) {
  EXPECT_TRUE(zone_exists("America/Toronto"));
  EXPECT_FALSE(zone_exists("America/Torronto"));
  EXPECT_EQ(zone_offset("America/Toronto", parse_instant("2026-01-15T12:00:00Z")->at), minutes{-300});
  EXPECT_EQ(zone_offset("America/Toronto", parse_instant("2026-07-15T12:00:00Z")->at), minutes{-240});
  // One second before and after the clocks go forward.
  EXPECT_EQ(zone_offset("America/Toronto", parse_instant("2026-03-08T06:59:59Z")->at), minutes{-300});
  EXPECT_EQ(zone_offset("America/Toronto", parse_instant("2026-03-08T07:00:00Z")->at), minutes{-240});
}

}  // namespace
}  // namespace handoff

#include "base/http_date.h"

#include <gtest/gtest.h>

namespace handoff {
namespace {

TEST(HttpDate, is_written_in_gmt_and_reads_back) {
  const Instant at = parse_instant("2026-03-01T15:04:05.999Z").value().at;
  EXPECT_EQ(format_http_date(at), "Sun, 01 Mar 2026 15:04:05 GMT");
  EXPECT_EQ(parse_http_date("Sun, 01 Mar 2026 15:04:05 GMT"), parse_instant("2026-03-01T15:04:05Z").value().at);
  EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), parse_instant("1994-11-06T08:49:37Z").value().at);
  EXPECT_TRUE(parse_http_date("Thu, 29 Feb 2024 00:00:00 GMT"));
}

TEST(HttpDate, another_form_or_an_impossible_day_is_none) {
  for (const char* text :
       {"", "soon", "2026-03-01T15:04:05Z", "Mon, 01 Mar 2026 15:04:05 GMT", "Sun, 29 Feb 2026 15:04:05 GMT",
        "Sun, 01 Mar 2026 24:04:05 GMT", "Sun, 01 Mar 2026 15:04:05 EST", "Sun, 01 mar 2026 15:04:05 GMT",
        "Sun, 01 Mar 2026 15:04:05 GMT ", "Sun, 01 Mar 2026 15-04-05 GMT"}) {
    EXPECT_FALSE(parse_http_date(text)) << text;
  }
}

}  // namespace
}  // namespace handoff

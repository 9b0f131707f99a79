#include "access/rate_limit.h"

#include <gtest/gtest.h>

namespace handoff::access {
namespace {

TEST(RateLimit, ABurstPassesThenOneAtATime) {
  RateLimit limit(10, 3);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(limit.take("a", milliseconds{1000}).has_value());
  EXPECT_EQ(limit.take("a", milliseconds{1000}), milliseconds{100});
  EXPECT_FALSE(limit.take("b", milliseconds{1000}).has_value());  // each credential has its own
  EXPECT_EQ(limit.take("a", milliseconds{1050}), milliseconds{50});
  EXPECT_FALSE(limit.take("a", milliseconds{1100}).has_value());
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(limit.take("a", milliseconds{60'000}).has_value());
  EXPECT_TRUE(limit.take("a", milliseconds{60'000}).has_value());  // never more than the burst
}

}  // namespace
}  // namespace handoff::access

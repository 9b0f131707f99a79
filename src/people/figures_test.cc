// Goal: what the answers to questions speak for is proposed, and no more than they show.
#include "people/figures.h"

#include <gmock/gmock.h>

namespace handoff::people {
namespace {

using testing::HasSubstr;

Band band(double from, double to, std::int64_t same, std::int64_t different, bool guarded = false) {
  Band out;
  out.from = from;
  out.to = to;
  out.guarded = guarded;
  out.same = same;
  out.different = different;
  return out;
}

TEST(Shares, AreAsSureAsThereAreAnswers) {
  EXPECT_EQ(share_of(0, 0).low, 0);
  EXPECT_EQ(share_of(0, 0).high, 1);
  // Against the tables of Wilson's interval.
  EXPECT_NEAR(share_of(10, 10).low, 0.7225, 1e-4);
  EXPECT_NEAR(share_of(10, 10).high, 1, 1e-12);
  EXPECT_NEAR(share_of(5, 10).low, 0.2366, 1e-4);
  EXPECT_NEAR(share_of(5, 10).high, 0.7634, 1e-4);
  EXPECT_NEAR(share_of(0, 10).high, 0.2775, 1e-4);
  EXPECT_GT(share_of(381, 381).low, 0.99);
  EXPECT_LT(share_of(379, 379).low, 0.99);
}

TEST(Proposals, WithoutAnswersNothingIsProposed) {
  const auto none = propose({}, Policy{});
  EXPECT_EQ(none.certain.proposed, 0.99);
  EXPECT_EQ(none.review.proposed, 0.2);
  EXPECT_THAT(none.certain.sentence, HasSubstr("No question"));
  EXPECT_THAT(none.review.sentence, HasSubstr("No question"));
}

TEST(Proposals, LinkingFromLowerOnWantsMoreThanAFewAnswers) {
  const auto few = propose({band(0.98, 0.99, 40, 0)}, Policy{});
  EXPECT_EQ(few.certain.proposed, 0.99);
  EXPECT_THAT(few.certain.sentence, HasSubstr("381 answers"));
  const auto many = propose({band(0.98, 0.99, 300, 0), band(0.95, 0.98, 200, 0), band(0.9, 0.95, 90, 20)}, Policy{});
  EXPECT_EQ(many.certain.proposed, 0.95);
  EXPECT_THAT(many.certain.sentence, HasSubstr("500 of 500 questions between 0.95 and 0.99"));
}

TEST(Proposals, AGuardedQuestionSaysNothingAboutLinking) {
  EXPECT_EQ(propose({band(0.98, 0.99, 1000, 0, true)}, Policy{}).certain.proposed, 0.99);
}

TEST(Proposals, ABandWithStrangersStopsIt) {
  const auto stopped = propose({band(0.98, 0.99, 500, 40), band(0.95, 0.98, 5000, 0)}, Policy{});
  EXPECT_EQ(stopped.certain.proposed, 0.99);
}

TEST(Proposals, QuestionsThatAreNeverAnsweredSameAreSpared) {
  const auto spared =
      propose({band(0.2, 0.35, 0, 400), band(0.35, 0.5, 1, 150, true), band(0.5, 0.65, 30, 30)}, Policy{});
  EXPECT_EQ(spared.review.proposed, 0.5);
  EXPECT_THAT(spared.review.sentence, HasSubstr("1 of 551 questions between 0.2 and 0.5"));
  const auto worth = propose({band(0.2, 0.35, 6, 60)}, Policy{});
  EXPECT_EQ(worth.review.proposed, 0.2);
  EXPECT_THAT(worth.review.sentence, HasSubstr("worth asking"));
  EXPECT_THAT(propose({band(0.2, 0.35, 0, 1)}, Policy{}).review.sentence, HasSubstr("too few answers"));
}

TEST(Proposals, WhereTheLeastLikelyAreMostlyTheSameMoreLieBelow) {
  const auto lower = propose({band(0.2, 0.35, 45, 5)}, Policy{});
  EXPECT_EQ(lower.review.proposed, 0.1);
  EXPECT_THAT(lower.review.sentence, HasSubstr("more of them lie below"));
}

}  // namespace
}  // namespace handoff::people

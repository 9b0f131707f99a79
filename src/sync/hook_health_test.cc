#include "sync/hook_health.h"

#include <gtest/gtest.h>

namespace handoff::sync {
namespace {

class HookHealth : public testing::Test {
 protected:
  HookHealth() {
    slot_.issued_at = now_ - std::chrono::hours{2};
    slot_.kind = HookKind::chart_update;
  }
  HookState state() {
    settle_state(slot_, Webhooks::expected, now_);
    return slot_.state;
  }
  // A change that polling found; judged when the grace is over.
  void found(const char* casefile, bool receipt) {
    const Instant changed = now_;
    note_found(slot_, casefile, changed, now_);
    now_ += minutes{11};
    std::map<std::string, Instant> receipts;
    if (receipt) {
      receipts[casefile] = changed + seconds{2};
      note_received(slot_, changed + seconds{2});
    }
    judge(slot_, receipts, 0, now_);
  }
  Instant now_ = parse_instant("2026-05-01T12:00:00Z").value().at;
  HookSlot slot_;
};

TEST_F(HookHealth, BeforeItIsIssuedItIsUnconfiguredAndWhereDeclaredAbsentNotUsed) {
  slot_.issued_at.reset();
  EXPECT_EQ(state(), HookState::unconfigured);
  EXPECT_TRUE(counts_as_missing(slot_, now_));
  EXPECT_EQ(hook_state(slot_, Webhooks::not_used, now_), HookState::not_used);
}

TEST_F(HookHealth, SilenceAloneProvesNothingForSevenDays) {
  EXPECT_EQ(state(), HookState::never_seen);
  EXPECT_FALSE(counts_as_missing(slot_, now_));
  EXPECT_TRUE(counts_as_missing(slot_, now_ + std::chrono::days{7}));
}

TEST_F(HookHealth, ThreeUncoveredInARowAreSuspectAndFiveInactive) {
  found("7:a", true);
  EXPECT_EQ(state(), HookState::healthy);
  for (int i = 0; i < 3; ++i) found("7:a", false);
  EXPECT_EQ(state(), HookState::suspect);
  EXPECT_FALSE(counts_as_missing(slot_, now_));
  for (int i = 0; i < 2; ++i) found("7:a", false);
  EXPECT_EQ(state(), HookState::inactive);
  EXPECT_TRUE(counts_as_missing(slot_, now_));
  EXPECT_EQ(coverage_percent(slot_), 16);
}

TEST_F(HookHealth, ItReturnsWithTheNextDeliveries) {
  for (int i = 0; i < 5; ++i) found("7:a", false);
  EXPECT_EQ(state(), HookState::inactive);
  for (int i = 0; i < 20; ++i) found("7:a", true);
  EXPECT_EQ(state(), HookState::healthy);
  EXPECT_EQ(coverage_percent(slot_), 100);
}

TEST_F(HookHealth, AChangeIsNotJudgedBeforeTheGraceIsOver) {
  note_found(slot_, "7:a", now_, now_);
  judge(slot_, {}, 0, now_ + minutes{9});
  EXPECT_TRUE(slot_.judged.empty());
  judge(slot_, {}, 0, now_ + minutes{10});
  ASSERT_EQ(slot_.judged.size(), 1U);
  EXPECT_FALSE(slot_.judged[0].covered);
}

TEST_F(HookHealth, AReceiptFromBeforeTheChangeDoesNotCoverIt) {
  note_found(slot_, "7:a", now_, now_);
  judge(slot_, {{"7:a", now_ - minutes{1}}}, 0, now_ + minutes{10});
  EXPECT_FALSE(slot_.judged.at(0).covered);
}

TEST_F(HookHealth, WhatIsRefusedIsFailingUntilOneIsAccepted) {
  for (int i = 0; i < 3; ++i) note_refused(slot_, "token", now_);
  EXPECT_EQ(state(), HookState::failing);
  note_received(slot_, now_);
  EXPECT_EQ(state(), HookState::healthy);
}

TEST_F(HookHealth, AWeekWithoutChangesAndDeliveriesIsQuiet) {
  found("7:a", true);
  now_ += std::chrono::days{7};
  EXPECT_EQ(state(), HookState::quiet);
  EXPECT_FALSE(counts_as_missing(slot_, now_));
}

}  // namespace
}  // namespace handoff::sync

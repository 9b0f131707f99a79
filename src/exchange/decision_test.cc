// The table of modes (design, section 3) row by row, and what stands beside it: routing, test referrals, entered in
// error, one change with several events.
#include "exchange/decision.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace handoff::exchange {
namespace {

using referral::Category;
using referral::EventType;
using referral::Facts;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Starts on Ready, updates on edits.
Rule rule(Mode mode) {
  Rule r;
  r.triggers = {"substatus.ready"};
  r.update_triggers = {"referral.edited"};
  r.mode = mode;
  r.updates_supported = true;
  return r;
}

LaneView holds(LaneHolds what) {
  LaneView lane;
  lane.holds = what;
  lane.waiting = what == LaneHolds::open_create;
  lane.delivered_before = what == LaneHolds::delivered || what == LaneHolds::accepted;
  return lane;
}

Decision on_ready(const Rule& r, const LaneView& lane) {
  Facts facts;
  facts.sub_status_after = "ready";
  facts.category_after = Category::ready;
  return decide(EventType::sub_status_changed, facts, r, lane);
}
Decision on_edit(const Rule& r, const LaneView& lane) { return decide(EventType::edited, Facts{}, r, lane); }
Decision on_close(Category category, const Rule& r, const LaneView& lane) {
  Facts facts;
  facts.category_after = category;
  facts.sub_status_after = category == Category::entered_in_error ? "entered_in_error" : "admitted";
  return decide(EventType::closed, facts, r, lane);
}

struct TableRow {
  LaneHolds holds;
  Mode mode;
  Outcome outcome;
  const char* code;
};

TEST(DecisionTable, AStartingTriggerRowByRow) {
  using enum LaneHolds;
  const std::vector<TableRow> table{
      {nothing, Mode::once, Outcome::create, "create"},
      {nothing, Mode::until_accepted, Outcome::create, "create"},
      {nothing, Mode::every, Outcome::event, "event"},
      {open_create, Mode::once, Outcome::merge, "merged"},
      {open_create, Mode::until_accepted, Outcome::merge, "merged"},
      {open_create, Mode::every, Outcome::event, "event"},
      {delivered, Mode::once, Outcome::none, "mode.already_handed_off"},
      {delivered, Mode::until_accepted, Outcome::update, "update"},
      {delivered, Mode::every, Outcome::event, "event"},
      {accepted, Mode::once, Outcome::none, "mode.already_handed_off"},
      {accepted, Mode::until_accepted, Outcome::none, "mode.accepted"},
      {accepted, Mode::every, Outcome::event, "event"},
      {stopped, Mode::once, Outcome::none, "mode.stopped"},
      {stopped, Mode::until_accepted, Outcome::none, "mode.stopped"},
      {stopped, Mode::every, Outcome::none, "mode.stopped"},
  };
  for (const auto& row : table) {
    const Decision decision = on_ready(rule(row.mode), holds(row.holds));
    const std::string where = std::string(word(row.holds)) + " x " + word(row.mode);
    EXPECT_EQ(decision.outcome, row.outcome) << where;
    EXPECT_EQ(decision.code, row.code) << where;
    EXPECT_THAT(decision.matched, ElementsAre("substatus.ready")) << where;
  }
}

TEST(DecisionTable, AnUpdatingTriggerNeverStartsAnImport) {
  using enum LaneHolds;
  const std::vector<TableRow> table{
      {nothing, Mode::once, Outcome::none, "trigger.only_updates"},
      {nothing, Mode::until_accepted, Outcome::none, "trigger.only_updates"},
      {nothing, Mode::every, Outcome::event, "event"},
      {open_create, Mode::once, Outcome::merge, "merged"},
      {open_create, Mode::until_accepted, Outcome::merge, "merged"},
      {delivered, Mode::once, Outcome::none, "mode.already_handed_off"},
      {delivered, Mode::until_accepted, Outcome::update, "update"},
      {delivered, Mode::every, Outcome::event, "event"},
      {accepted, Mode::until_accepted, Outcome::none, "mode.accepted"},
      {stopped, Mode::until_accepted, Outcome::none, "mode.stopped"},
  };
  for (const auto& row : table) {
    const Decision decision = on_edit(rule(row.mode), holds(row.holds));
    EXPECT_EQ(decision.outcome, row.outcome) << word(row.holds) << " x " << word(row.mode);
    EXPECT_EQ(decision.code, row.code) << word(row.holds) << " x " << word(row.mode);
  }
}

TEST(DecisionTable, ADestinationWithoutUpdatesIsNotUpdated) {
  Rule r = rule(Mode::until_accepted);
  r.updates_supported = false;
  EXPECT_EQ(on_edit(r, holds(LaneHolds::delivered)).code, "mode.update_not_supported");
  EXPECT_EQ(on_edit(r, holds(LaneHolds::open_create)).outcome, Outcome::merge);
}

TEST(Decision, WhatWasNotChosenIsNothing) {
  const Decision decision =
      decide(EventType::appointment_booked, Facts{}, rule(Mode::every), holds(LaneHolds::nothing));
  EXPECT_EQ(decision.outcome, Outcome::none);
  EXPECT_EQ(decision.code, "trigger.not_chosen");
  EXPECT_THAT(decision.matched, IsEmpty());
}

TEST(Decision, ACreateThatMayBeThereAlreadyIsFollowedByAnUpdate) {
  LaneView lane = holds(LaneHolds::open_create);
  lane.in_flight = true;
  lane.waiting = false;
  EXPECT_EQ(on_edit(rule(Mode::until_accepted), lane).outcome, Outcome::update);
  EXPECT_EQ(on_edit(rule(Mode::once), lane).outcome, Outcome::merge);
  lane.coalescible = true;
  EXPECT_EQ(on_edit(rule(Mode::until_accepted), lane).outcome, Outcome::merge);
}

TEST(Decision, RapidEditsComeTogetherAndOtherMomentsDoNot) {
  LaneView lane = holds(LaneHolds::delivered);
  lane.waiting = lane.coalescible = true;
  EXPECT_EQ(on_edit(rule(Mode::until_accepted), lane).outcome, Outcome::merge);
  Rule r = rule(Mode::until_accepted);
  r.update_triggers.emplace_back("closed");
  EXPECT_EQ(on_close(Category::completed, r, lane).outcome, Outcome::update);
}

TEST(Decision, OneChangeWithSeveralEventsIsOneDelivery) {
  LaneView lane = holds(LaneHolds::nothing);
  lane.same_change = lane.waiting = true;
  EXPECT_EQ(on_ready(rule(Mode::every), lane).outcome, Outcome::merge);
  LaneView later = holds(LaneHolds::delivered);
  later.same_change = later.waiting = true;
  EXPECT_EQ(on_ready(rule(Mode::until_accepted), later).outcome, Outcome::merge);
}

TEST(Decision, ARoutedRequestIsLeftOutWhereItArrivesAndNowhereElse) {
  Rule r = rule(Mode::once);
  r.triggers = {"referral.received", "substatus.ready"};
  Facts facts;
  facts.routed = facts.arrival = true;
  EXPECT_EQ(decide(EventType::received, facts, r, holds(LaneHolds::nothing)).code, "routing.not_included");
  r.include_routed = true;
  EXPECT_EQ(decide(EventType::received, facts, r, holds(LaneHolds::nothing)).outcome, Outcome::create);
  r.include_routed = false;
  facts.sub_status_after = "ready";
  facts.category_after = Category::ready;
  EXPECT_EQ(decide(EventType::sub_status_changed, facts, r, holds(LaneHolds::nothing)).outcome, Outcome::create);
}

TEST(Decision, TestReferralsAndLiveIntegrationsKeepApart) {
  Facts facts;
  facts.test = true;
  EXPECT_EQ(decide(EventType::edited, facts, rule(Mode::every), holds(LaneHolds::nothing)).code, "test.not_marked");
  Rule marked = rule(Mode::every);
  marked.test = true;
  EXPECT_EQ(decide(EventType::edited, facts, marked, holds(LaneHolds::nothing)).outcome, Outcome::event);
  EXPECT_EQ(decide(EventType::edited, Facts{}, marked, holds(LaneHolds::nothing)).code, "test.live_referral");
}

TEST(Decision, EnteredInErrorTakesBackWhatWaitsAndRetractsWhatWasSent) {
  const Category error = Category::entered_in_error;
  for (const Mode mode : {Mode::once, Mode::until_accepted, Mode::every}) {
    EXPECT_EQ(on_close(error, rule(mode), holds(LaneHolds::nothing)).code, "trigger.not_chosen") << word(mode);
    EXPECT_EQ(on_close(error, rule(mode), holds(LaneHolds::open_create)).outcome, Outcome::cancel) << word(mode);
    EXPECT_EQ(on_close(error, rule(mode), holds(LaneHolds::delivered)).outcome, Outcome::retract) << word(mode);
    EXPECT_EQ(on_close(error, rule(mode), holds(LaneHolds::accepted)).outcome, Outcome::retract) << word(mode);
    EXPECT_EQ(on_close(error, rule(mode), holds(LaneHolds::stopped)).code, "mode.stopped") << word(mode);
  }
  LaneView in_flight = holds(LaneHolds::open_create);
  in_flight.in_flight = true;
  EXPECT_EQ(on_close(error, rule(Mode::until_accepted), in_flight).outcome, Outcome::retract);
  Rule create_only = rule(Mode::once);
  create_only.updates_supported = false;
  EXPECT_EQ(on_close(error, create_only, holds(LaneHolds::delivered)).code, "mode.update_not_supported");
}

TEST(Decision, EnteredInErrorChosenForUpdatesAloneImportsNothing) {
  Rule r = rule(Mode::until_accepted);
  r.update_triggers = {"closed"};
  EXPECT_EQ(on_close(Category::entered_in_error, r, holds(LaneHolds::open_create)).outcome, Outcome::cancel);
  EXPECT_EQ(on_close(Category::entered_in_error, r, holds(LaneHolds::delivered)).outcome, Outcome::retract);
  EXPECT_EQ(on_close(Category::entered_in_error, r, holds(LaneHolds::accepted)).outcome, Outcome::retract);
  r.triggers = {"closed"};
  EXPECT_EQ(on_close(Category::entered_in_error, r, holds(LaneHolds::accepted)).outcome, Outcome::retract);
}

TEST(Decision, EnteredInErrorIsDeliveredLikeAnyCloseWhereItWasChosen) {
  for (const char* chosen : {"closed.error", "closed"}) {
    Rule r = rule(Mode::once);
    r.triggers = {chosen};
    EXPECT_EQ(on_close(Category::entered_in_error, r, holds(LaneHolds::nothing)).outcome, Outcome::create) << chosen;
  }
}

TEST(Decision, AStatusIsAnEditOnlyWhereThatWasAskedFor) {
  Rule r;
  r.triggers = {"referral.edited"};
  EXPECT_EQ(on_ready(r, holds(LaneHolds::nothing)).code, "trigger.not_chosen");
  r.edited_includes_status = true;
  EXPECT_EQ(on_ready(r, holds(LaneHolds::nothing)).outcome, Outcome::create);
}

TEST(Decision, ARowKeepsEverythingThatDecided) {
  Rule r = rule(Mode::until_accepted);
  r.side = IntegrationSide::sent;
  r.include_routed = r.edited_includes_status = r.arrival_fires_sub_status = r.test = true;
  const Rule again = rule_from_json(to_json(r));
  EXPECT_EQ(to_json(again), to_json(r));
  LaneView lane = holds(LaneHolds::accepted);
  lane.coalescible = lane.same_change = lane.in_flight = true;
  EXPECT_EQ(lane_view_from_json(to_json(lane)), lane);
}

}  // namespace
}  // namespace handoff::exchange

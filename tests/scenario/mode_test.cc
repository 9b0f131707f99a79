// Goal: what an integration does with a chosen moment, given what the destination holds already: the table of modes,
// row by row, through the whole service. The same table stands as unit tests beside the decision (decision_test.cc).
#include "tests/scenario/world.h"

namespace handoff::scenario {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Modes : public Scenario {
 protected:
  // Starts on Ready, updates on everything that may come later.
  Integration hands_over(const char* mode) {
    return riverside.hands_over_to(cms, Json::object({{"mode", mode},
                                                      {"triggers", texts({"substatus.ready"})},
                                                      {"updateTriggers", texts({"referral.edited", "closed"})}}));
  }
  // What was decided of the newest matched moment, as explain's check "mode" tells it.
  static std::string mode_check(const Referral& referral, const Integration& to) {
    const Json explanation = referral.explain(to);
    for (const auto& check : explanation["checks"].items()) {
      if (check["check"].text_or() == "mode") return check["code"].text_or();
    }
    return {};
  }
  static void edit(const Referral& referral, const std::string& name) {
    referral.is_edited(Json::object({{"registrant", Json::object({{"lastName", name}})}}));
  }

  Clinic riverside = world.clinic("Riverside Community Services");
  Destination& cms = world.cms();
  const std::string intake = riverside.listing();
};

TEST_P(Modes, NothingThereAStartingTriggerCreatesAndAnUpdatingOneDoesNot) {
  for (const char* mode : {"once", "until_accepted"}) {
    const Integration to = hands_over(mode);
    const Referral referral = riverside.refers(intake);
    edit(referral, "Okafor-Lind");
    world.settle();
    EXPECT_THAT(referral.deliveries(to), IsEmpty()) << mode;
    referral.becomes("ready");
    world.settle();
    ASSERT_EQ(referral.deliveries(to).size(), 1U) << mode;
    EXPECT_EQ(referral.delivery(to).kind(), "create") << mode;
    EXPECT_EQ(referral.delivery(to).state(), "delivered") << mode;
    to.is_switched(false);
  }
}

TEST_P(Modes, EveryStartsOnEachChosenTrigger) {
  const Integration to = hands_over("every");
  const Referral referral = riverside.refers(intake);
  edit(referral, "Okafor-Lind");
  referral.becomes("ready");
  world.settle();
  ASSERT_EQ(referral.deliveries(to).size(), 2U);
  EXPECT_EQ(referral.deliveries(to)[0].kind(), "event");
  EXPECT_THAT(referral.deliveries(to)[0].triggers(), ElementsAre("referral.edited"));
  EXPECT_THAT(referral.deliveries(to)[1].triggers(), ElementsAre("substatus.ready"));
  EXPECT_EQ(cms.all_of(referral).size(), 1U) << "events of one referral are told about one record";
}

TEST_P(Modes, AnOpenCreateTakesLaterTriggersInAndLeavesAsThingsStandThen) {
  for (const char* mode : {"once", "until_accepted"}) {
    const Integration to = hands_over(mode);
    to.is_switched(false);
    const Referral referral = riverside.refers(intake);
    referral.becomes("ready");
    edit(referral, "Okafor-Lind");
    referral.is_closed("admitted");
    ASSERT_EQ(referral.deliveries(to).size(), 1U) << mode;
    EXPECT_THAT(referral.deliveries(to)[0].triggers(), ElementsAre("substatus.ready", "referral.edited", "closed"));
    to.is_switched(true);
    world.settle();
    EXPECT_EQ(referral.delivery(to).state(), "delivered") << mode;
    EXPECT_EQ(cms.field(referral, "lastName"), "Okafor-Lind") << mode;
    EXPECT_EQ(cms.record_of(referral).updates, 0) << mode;
    to.is_switched(false);
  }
}

TEST_P(Modes, EverySendsAfterTheOpenOne) {
  const Integration to = hands_over("every");
  to.is_switched(false);
  const Referral referral = riverside.refers(intake);
  referral.becomes("ready");
  edit(referral, "Okafor-Lind");
  ASSERT_EQ(referral.deliveries(to).size(), 2U);
  to.is_switched(true);
  world.settle();
  EXPECT_EQ(referral.deliveries(to)[0].state(), "delivered");
  EXPECT_EQ(referral.deliveries(to)[1].state(), "delivered");
  EXPECT_EQ(cms.record_of(referral).updates, 1);
}

TEST_P(Modes, HandedOffAndNotAcceptedOnceIsSilentUntilAcceptedUpdatesEverySends) {
  const std::vector<std::pair<std::string, std::size_t>> deliveries{{"once", 1}, {"until_accepted", 2}, {"every", 2}};
  for (const auto& [mode, count] : deliveries) {
    const Integration to = hands_over(mode.c_str());
    const Referral referral = riverside.refers(intake);
    referral.becomes("ready");
    world.settle();
    edit(referral, "Okafor-Lind");
    world.settle();
    EXPECT_EQ(referral.deliveries(to).size(), count) << mode;
    EXPECT_EQ(cms.field(referral, "lastName"), mode == "once" ? "Okafor" : "Okafor-Lind") << mode;
    if (mode == "once") {
      EXPECT_EQ(mode_check(referral, to), "mode.already_handed_off");
    }
    to.is_switched(false);
  }
}

TEST_P(Modes, UntilAcceptedWithoutUpdatesSaysSo) {
  Destination& crms = world.crms();
  const Integration to = riverside.hands_over_to(crms, json(R"({"mode": "until_accepted",
      "triggers": ["substatus.ready"], "updateTriggers": ["referral.edited"]})"));
  const Referral referral = riverside.refers(intake);
  referral.becomes("ready");
  world.settle();
  edit(referral, "Okafor-Lind");
  world.settle();
  EXPECT_EQ(referral.deliveries(to).size(), 1U);
  EXPECT_EQ(mode_check(referral, to), "mode.update_not_supported");
  EXPECT_EQ(crms.field(referral, "lastName"), "Okafor");
}

TEST_P(Modes, AcceptedUntilAcceptedIsSilentAndEveryGoesOn) {
  for (const std::string mode : {"until_accepted", "every"}) {
    const Integration to = hands_over(mode.c_str());
    const Referral referral = riverside.refers(intake);
    referral.becomes("ready");
    world.settle();
    cms.accepts(referral);
    world.pass(std::chrono::seconds{61});  // the status is asked for once a minute
    edit(referral, "Okafor-Lind");
    world.settle();
    EXPECT_EQ(cms.field(referral, "lastName"), mode == "every" ? "Okafor-Lind" : "Okafor") << mode;
    if (mode != "every") {
      EXPECT_EQ(mode_check(referral, to), "mode.accepted");
    }
    to.is_switched(false);
  }
}

TEST_P(Modes, ClearedCountsAsNothingAndMayStartAgain) {
  for (const std::string mode : {"once", "until_accepted", "every"}) {
    const Integration to = hands_over(mode.c_str());
    cms.answers(400, 1, "Date of birth is required");
    const Referral referral = riverside.refers(intake);
    referral.becomes("ready");
    world.settle();
    ASSERT_EQ(referral.delivery(to).state(), "needs_data") << mode;
    referral.clear(referral.delivery(to));
    EXPECT_EQ(referral.errors(), 0) << mode;
    referral.becomes("accepted");
    referral.becomes("ready");
    world.settle();
    EXPECT_EQ(referral.delivery(to).state(), "delivered") << mode;
    EXPECT_TRUE(cms.holds(referral)) << mode;
    to.is_switched(false);
  }
}

TEST_P(Modes, DeadCountsAsNothingAndMayStartAgain) {
  const Integration to = hands_over("once");
  cms.answers(503, 1000);
  const Referral referral = riverside.refers(intake);
  referral.becomes("ready");
  world.pass(std::chrono::hours{97});  // four days after the first failure nothing is tried any more
  ASSERT_EQ(referral.delivery(to).state(), "dead");
  EXPECT_EQ(referral.delivery(to).problem(), "destination.gave_up");
  EXPECT_EQ(referral.errors(), 1);
  cms.is_well();
  referral.becomes("accepted");
  referral.becomes("ready");
  world.settle();
  EXPECT_EQ(referral.delivery(to).state(), "delivered");
  EXPECT_EQ(cms.all_of(referral).size(), 1U);
}

TEST_P(Modes, StoppedStaysSilentUntilAPersonResends) {
  for (const std::string mode : {"once", "until_accepted", "every"}) {
    const Integration to = hands_over(mode.c_str());
    cms.answers(400, 1, "Date of birth is required");
    const Referral referral = riverside.refers(intake);
    referral.becomes("ready");
    world.settle();
    const Delivery refused = referral.delivery(to);
    referral.stop(refused);
    edit(referral, "Okafor-Lind");
    referral.becomes("accepted");
    referral.becomes("ready");
    world.settle();
    EXPECT_EQ(referral.deliveries(to).size(), 1U) << mode;
    EXPECT_EQ(referral.delivery(to).state(), "stopped") << mode;
    EXPECT_EQ(mode_check(referral, to), "mode.stopped") << mode;
    EXPECT_FALSE(cms.holds(referral)) << mode;
    referral.resend(refused);
    world.settle();
    EXPECT_EQ(referral.delivery(to).state(), "delivered") << mode;
    EXPECT_EQ(cms.field(referral, "lastName"), "Okafor-Lind") << mode;
    to.is_switched(false);
  }
}

TEST_P(Modes, EnteredInErrorIsDeliveredWhereItWasChosen) {
  const Integration chosen = riverside.hands_over_to(cms, json(R"({"triggers": ["closed.error"], "mode": "once"})"));
  const Referral referral = riverside.refers(intake);
  referral.is_closed("entered_in_error");
  world.settle();
  EXPECT_EQ(referral.delivery(chosen).state(), "delivered");
  EXPECT_TRUE(cms.holds(referral));
}

TEST_P(Modes, MendingRefusedDataCompletesTheCreateAndIsNoUpdate) {
  const Integration to = riverside.hands_over_to(cms, json(R"({"triggers": ["substatus.ready"], "mode": "once"})"));
  cms.answers(400, 1, "Last name is too short");
  const Referral referral = riverside.refers(intake);
  referral.becomes("ready");
  world.settle();
  ASSERT_EQ(referral.delivery(to).state(), "needs_data");
  edit(referral, "Okafor-Lind");
  world.settle();
  EXPECT_EQ(referral.delivery(to).kind(), "create");
  EXPECT_EQ(referral.delivery(to).state(), "delivered");
  EXPECT_EQ(cms.field(referral, "lastName"), "Okafor-Lind");
}

INSTANTIATE_TEST_SUITE_P(On, Modes, testing::ValuesIn(testing_support::both_databases()),
                         testing_support::database_name);

}  // namespace
}  // namespace handoff::scenario

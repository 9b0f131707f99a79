// Goal: the edge cases of what is on its way, each with the name of what it shows.
#include "tests/scenario/world.h"

namespace handoff::scenario {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class EdgeDeliveries : public Scenario {
 protected:
  static Json until_accepted() {
    return json(R"({"mode": "until_accepted", "triggers": ["substatus.accepted"],
                    "updateTriggers": ["referral.edited", "appointment.booked", "closed", "referral.archived"]})");
  }
  static void edit(const Referral& referral, const std::string& name) {
    referral.is_edited(Json::object({{"registrant", Json::object({{"lastName", name}})}}));
  }

  Clinic riverside = world.clinic("Riverside Community Services");
  const std::string intake = riverside.listing();
};

TEST_P(EdgeDeliveries, EnteredInErrorBeforeAnythingLeftIsTakenBackAndSendsNothing) {
  Destination& cms = world.cms();
  const Integration to = riverside.hands_over_to(cms, until_accepted());
  to.is_switched(false);
  const Referral referral = riverside.refers(intake);
  referral.becomes("accepted");
  ASSERT_EQ(referral.delivery(to).state(), "held");
  referral.is_closed("entered_in_error");
  to.is_switched(true);
  world.settle();
  EXPECT_EQ(referral.deliveries(to)[0].state(), "superseded");
  EXPECT_EQ(referral.explain(to)["code"].text_or(), "event.entered_in_error");
  EXPECT_THAT(cms.everything(), IsEmpty());
}

TEST_P(EdgeDeliveries, EnteredInErrorAfterTheHandOffIsRetracted) {
  Destination& cms = world.cms();
  const Integration to = riverside.hands_over_to(cms, until_accepted());
  const Referral referral = riverside.refers(intake);
  referral.becomes("accepted");
  world.settle();
  cms.accepts(referral);
  world.pass(std::chrono::seconds{61});
  to.changes(json(R"({"updateTriggers": []})"));
  referral.is_closed("entered_in_error");
  world.settle();
  ASSERT_EQ(referral.deliveries(to).size(), 2U) << "told although nobody chose it, and although it was accepted";
  EXPECT_EQ(referral.delivery(to).state(), "delivered");
  EXPECT_TRUE(referral.delivery(to).shown["retraction"].bool_or(false));
  EXPECT_THAT(cms.field(referral, "referralNote"), HasSubstr("error"));
}

TEST_P(EdgeDeliveries, EnteredInErrorAtADestinationWithoutUpdatesIsSaidByExplain) {
  Destination& crms = world.crms();
  const Integration to = riverside.hands_over_to(crms, json(R"({"triggers": ["substatus.ready"]})"));
  const Referral referral = riverside.refers(intake);
  referral.becomes("ready");
  world.settle();
  referral.is_closed("entered_in_error");
  world.settle();
  EXPECT_EQ(referral.deliveries(to).size(), 1U);
  EXPECT_THAT(referral.explain(to)["sentence"].text_or(), HasSubstr("To CRMS"));
}

TEST_P(EdgeDeliveries, FixedAndSavedAfterADataErrorGoesOutByItselfAndTheErrorIsGone) {
  Destination& crms = world.crms({"dateOfBirth"});
  const Integration to = riverside.hands_over_to(crms, json(R"({"preset": "handoff_at_end"})"));
  const Referral referral =
      riverside.refers(intake, json(R"({"registrant": {"firstName": "Joe", "lastName": "Clark"}})"));
  referral.is_closed("admitted");
  world.settle();
  ASSERT_EQ(referral.delivery(to).state(), "needs_data");
  EXPECT_EQ(referral.errors(), 1);
  referral.is_edited(json(R"({"registrant": {"birthDate": "1990-05-17"}})"));
  world.settle();
  EXPECT_EQ(referral.delivery(to).state(), "delivered");
  EXPECT_EQ(referral.errors(), 0);
  EXPECT_EQ(crms.field(referral, "dateOfBirth"), "1990-05-17");
}

TEST_P(EdgeDeliveries, ATriggerChosenLaterSendsNothingByItselfAndAPersonMaySendTheChosenOnes) {
  Destination& crms = world.crms();
  const Integration to = riverside.hands_over_to(crms, json(R"({"triggers": ["closed.completed"]})"));
  const Referral first = riverside.refers(intake);
  const Referral second = riverside.refers(intake);
  to.changes(json(R"({"triggers": ["referral.received"]})"));
  world.settle();
  EXPECT_THAT(crms.everything(), IsEmpty());
  EXPECT_EQ(first.explain(to)["code"].text_or(), "trigger.chosen_later");
  const Answer sent = riverside.post("/integrations/" + to.id() + "/send",
                                     Json::object({{"referralIds", Json::array({first.id()})}, {"as", "new"}}));
  EXPECT_EQ(sent.status, 200) << sent.text;
  world.settle();
  EXPECT_TRUE(crms.holds(first));
  EXPECT_FALSE(crms.holds(second));
}

TEST_P(EdgeDeliveries, AListingThatIsNotLinkedIsNamedByExplain) {
  Destination& crms = world.crms();
  ASSERT_EQ(riverside
                .patch("/organizations/" + riverside.id(),
                       json(R"({"integrationContact": {"name": "Rosa Lindqvist", "email": "rosa@riverside.example"}})"))
                .status,
            200);
  const Integration to =
      riverside.hands_over_to(crms, json(R"({"name": "CRMS intake", "triggers": ["referral.received"]})"));
  const std::string daytime = riverside.listing("Day program");
  const Referral referral = riverside.refers(daytime);
  world.settle();
  EXPECT_THAT(referral.deliveries(), IsEmpty());
  const Json explanation = referral.explain(to);
  EXPECT_EQ(explanation["code"].text_or(), "listing.not_linked");
  EXPECT_THAT(explanation["sentence"].text_or(),
              AllOf(HasSubstr("\"Day program\""), HasSubstr("\"CRMS intake\""), HasSubstr("Rosa Lindqvist")));
  EXPECT_EQ(riverside.get("/listings/" + daytime).body["integrations"].size(), 0U);
  const Json linked = riverside.get("/listings/" + intake).body["integrations"];
  ASSERT_EQ(linked.size(), 1U);
  EXPECT_EQ(linked.items()[0]["name"].text_or(), "CRMS intake");
  EXPECT_EQ(linked.items()[0]["connector"].text_or(), "crms");
}

TEST_P(EdgeDeliveries, ADisabledIntegrationHoldsInOrderAndShowsItsOldest) {
  Destination& cms = world.cms();
  const Integration to =
      riverside.hands_over_to(cms, json(R"({"mode": "every", "triggers": ["referral.received", "closed"]})"));
  to.is_switched(false);
  const Instant begun = world.now();
  const Referral first = riverside.refers(intake);
  world.pass(std::chrono::hours{1});
  const Referral second = riverside.refers(intake);
  first.is_closed("admitted");
  world.settle();
  EXPECT_THAT(cms.everything(), IsEmpty());
  const auto held = riverside.list("/deliveries?state=held&integrationId=" + to.id());
  ASSERT_EQ(held.size(), 3U);
  std::string oldest = held[0]["createdAt"].text_or();
  for (const auto& each : held) oldest = std::min(oldest, each["createdAt"].text_or());
  EXPECT_EQ(oldest, format_instant(begun));
  EXPECT_EQ(first.errors(), 0) << "what waits for a switch is nobody's error";
  EXPECT_EQ(first.delivery(to).problem(), "integration.disabled");
  to.is_switched(true);
  world.settle();
  EXPECT_EQ(first.deliveries(to)[0].state(), "delivered");
  EXPECT_EQ(first.deliveries(to)[1].state(), "delivered");
  EXPECT_EQ(second.delivery(to).state(), "delivered");
  EXPECT_EQ(cms.record_of(first).updates, 1) << "the arrival before the close";
}

TEST_P(EdgeDeliveries, ACreateOnlyDestinationWithAnEarlyTriggerIsWarnedOfAndExplained) {
  Destination& crms = world.crms();
  const Answer made = riverside.tries_to_hand_over_to(crms, json(R"({"triggers": ["referral.received"]})"));
  ASSERT_EQ(made.status, 201) << made.text;
  ASSERT_GE(made.body["warnings"].size(), 1U);
  EXPECT_THAT(made.body["warnings"].items()[0].text_or(), HasSubstr("takes no updates"));
  const Referral referral = riverside.refers(intake);
  world.settle();
  edit(referral, "Okafor-Lind");
  world.settle();
  EXPECT_EQ(crms.field(referral, "lastName"), "Okafor") << "the limitation is trusted";
}

TEST_P(EdgeDeliveries, AfterAcceptanceUpdatesStop) {
  Destination& cms = world.cms();
  const Integration to = riverside.hands_over_to(cms, until_accepted());
  const Referral referral = riverside.refers(intake);
  referral.becomes("accepted");
  world.settle();
  edit(referral, "Okafor-Lind");
  world.settle();
  EXPECT_EQ(cms.field(referral, "lastName"), "Okafor-Lind");
  cms.accepts(referral);
  edit(referral, "Lind");  // before anybody has heard of the acceptance: it is asked for before the update leaves
  world.settle();
  EXPECT_EQ(cms.field(referral, "lastName"), "Okafor-Lind");
  EXPECT_EQ(referral.deliveries(to).back().state(), "superseded");
  EXPECT_EQ(referral.deliveries(to).back().problem(), "mode.accepted");
}

TEST_P(EdgeDeliveries, RapidEditsComeTogetherAndNeverAcrossABookingOrAClose) {
  Destination& cms = world.cms();
  const Integration to = riverside.hands_over_to(cms, until_accepted());
  const Referral referral = riverside.refers(intake);
  referral.becomes("accepted");
  world.settle();
  to.is_switched(false);
  for (const char* name : {"Lind", "Lindt", "Lindqvist"}) edit(referral, name);
  referral.is_booked();
  edit(referral, "Lindqvist-Okafor");
  edit(referral, "Okafor-Lindqvist");
  referral.is_closed("admitted");
  std::vector<std::vector<std::string>> triggers;
  for (const auto& delivery : referral.deliveries(to)) triggers.push_back(delivery.triggers());
  EXPECT_THAT(triggers,
              ElementsAre(ElementsAre("substatus.accepted"), ElementsAre("referral.edited"),
                          ElementsAre("appointment.booked"), ElementsAre("referral.edited"), ElementsAre("closed")));
  to.is_switched(true);
  world.settle();
  for (const auto& delivery : referral.deliveries(to)) EXPECT_EQ(delivery.state(), "delivered");
  EXPECT_EQ(cms.record_of(referral).updates, 4);
  EXPECT_EQ(cms.field(referral, "lastName"), "Okafor-Lindqvist");
}

INSTANTIATE_TEST_SUITE_P(On, EdgeDeliveries, testing::ValuesIn(testing_support::both_databases()),
                         testing_support::database_name);

}  // namespace
}  // namespace handoff::scenario

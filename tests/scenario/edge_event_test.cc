// Goal: the edge cases of events and moments that fire, each with the name of what it shows. Method: an integration
// that is told of every chosen moment, so that a moment is a delivery.
#include "tests/scenario/world.h"

namespace handoff::scenario {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;

class EdgeEvents : public Scenario {
 protected:
  Integration told_of(std::initializer_list<const char*> triggers, const Json& more = Json::object()) {
    return riverside.hands_over_to(cms, with(Json::object({{"mode", "every"}, {"triggers", texts(triggers)}}), more));
  }
  static Json last_event(const Referral& referral) { return referral.event_list().back(); }

  Clinic riverside = world.clinic("Riverside Community Services");
  Destination& cms = world.cms();
  const std::string intake = riverside.listing();
};

TEST_P(EdgeEvents, BookNowArrivalFiresReceivedThenBookedInOneDelivery) {
  const Integration to = told_of({"referral.received", "appointment.booked"});
  const Referral referral = riverside.refers(
      intake, json(R"({"appointment": {"start": "2026-12-03T09:30:00-05:00", "durationMinutes": 45}})"));
  world.settle();
  EXPECT_THAT(referral.events(), ElementsAre("received", "appointment_booked"));
  ASSERT_EQ(referral.deliveries(to).size(), 1U);
  EXPECT_THAT(referral.delivery(to).triggers(), ElementsAre("referral.received", "appointment.booked"));
  EXPECT_EQ(cms.field(referral, "appointmentStart"), "2026-12-03T09:30:00-05:00");
  EXPECT_EQ(cms.record_of(referral).updates, 0);
}

TEST_P(EdgeEvents, OneSaveWithManyTriggersIsOneDeliveryPerDestination) {
  Destination& other = world.cms();
  const Json many = Json::object({{"editedIncludesStatus", true}});
  const Integration to = told_of({"referral.edited", "substatus.ready", "substatus:ready"}, many);
  const Integration too = riverside.hands_over_to(
      other, json(R"({"name": "Second CMS", "mode": "every", "triggers": ["closed", "closed.completed"]})"));
  const Referral referral = riverside.refers(intake);
  referral.becomes("ready");
  referral.is_closed("admitted");
  world.settle();
  ASSERT_EQ(referral.deliveries(to).size(), 1U);
  EXPECT_THAT(referral.delivery(to).triggers(), ElementsAre("referral.edited", "substatus.ready", "substatus:ready"));
  ASSERT_EQ(referral.deliveries(too).size(), 1U);
  EXPECT_THAT(referral.delivery(too).triggers(), ElementsAre("closed.completed", "closed"));
  EXPECT_EQ(cms.all_of(referral).size(), 1U);
  EXPECT_EQ(other.all_of(referral).size(), 1U);
}

TEST_P(EdgeEvents, ARescheduleIsOneChangeAndNotAnUnbookingWithABooking) {
  const Integration to = told_of({"appointment.booked", "appointment.changed"});
  const Referral referral = riverside.refers(intake);
  const std::string appointment = referral.is_booked();
  referral.is_rescheduled(appointment, json(R"({"start": "2026-12-04T10:00:00-05:00"})"));
  world.settle();
  EXPECT_THAT(referral.events(), ElementsAre("received", "appointment_booked", "appointment_changed"));
  const Json detail = last_event(referral)["detail"];
  EXPECT_EQ(detail["change"].text_or(), "rescheduled");
  EXPECT_EQ(detail["from"]["start"].text_or(), "2026-12-03T09:30:00-05:00");
  EXPECT_EQ(detail["to"]["start"].text_or(), "2026-12-04T10:00:00-05:00");
  ASSERT_EQ(referral.deliveries(to).size(), 2U);
  EXPECT_THAT(referral.deliveries(to)[1].triggers(), ElementsAre("appointment.changed"));
  EXPECT_EQ(cms.field(referral, "appointmentStart"), "2026-12-04T10:00:00-05:00");
}

TEST_P(EdgeEvents, UnbookingTellsTheOldAppointmentAndKeepsTheSubStatus) {
  told_of({"appointment.booked", "appointment.changed"});
  const Referral referral = riverside.refers(intake);
  referral.becomes("accepted");
  const std::string appointment = referral.is_booked();
  world.settle();
  ASSERT_EQ(cms.field(referral, "appointmentStart"), "2026-12-03T09:30:00-05:00");
  referral.is_unbooked(appointment);
  world.settle();
  EXPECT_EQ(referral.status(), "submitted");
  EXPECT_EQ(referral.sub_status(), "accepted");
  const Json detail = last_event(referral)["detail"];
  EXPECT_EQ(detail["change"].text_or(), "unbooked");
  EXPECT_EQ(detail["from"]["start"].text_or(), "2026-12-03T09:30:00-05:00");
  EXPECT_EQ(cms.field(referral, "appointmentStart"), "") << "a slot that is free again is not told as booked";
  EXPECT_THAT(cms.field(referral, "referralNote"), HasSubstr("Accepted")) << "the kept sub-status";
}

TEST_P(EdgeEvents, SeveralAppointmentsHaveIdsOfTheirOwnAndBookedFiresForEach) {
  const Integration to = told_of({"appointment.booked"});
  const Referral referral = riverside.refers(intake);
  const std::string later =
      referral.is_booked(json(R"({"start": "2026-12-10T09:30:00-05:00", "location": "East house"})"));
  const std::string sooner = referral.is_booked(json(R"({"start": "2026-12-03T09:30:00-05:00"})"));
  world.settle();
  EXPECT_NE(sooner, later);
  EXPECT_EQ(referral.deliveries(to).size(), 2U);
  EXPECT_EQ(cms.field(referral, "appointmentStart"), "2026-12-03T09:30:00-05:00") << "the next one";
  EXPECT_THAT(cms.field(referral, "referralNote"), HasSubstr("East house")) << "the others stand in the note";
}

TEST_P(EdgeEvents, AnotherOutcomeInsideItsCategoryOnlyRaisesTheVersion) {
  const Integration to = told_of({"closed.failed", "closed.completed"});
  const Referral referral = riverside.refers(intake);
  referral.is_closed("incomplete");
  const std::int64_t version = referral.shown()["version"].int_or(0);
  referral.is_closed("no_show");
  world.settle();
  EXPECT_EQ(referral.shown()["version"].int_or(0), version + 1);
  EXPECT_EQ(referral.deliveries(to).size(), 1U);
}

TEST_P(EdgeEvents, AnOutcomeOfAnotherCategoryFiresAndNamesThePreviousOne) {
  const Integration to = told_of({"closed.failed", "closed.completed"});
  const Referral referral = riverside.refers(intake);
  referral.is_closed("incomplete");
  referral.is_closed("admitted");
  world.settle();
  ASSERT_EQ(referral.deliveries(to).size(), 2U);
  EXPECT_THAT(referral.deliveries(to)[1].triggers(), ElementsAre("closed.completed"));
  const Json event = last_event(referral);
  EXPECT_EQ(event["type"].text_or(), "outcome_changed");
  EXPECT_EQ(event["detail"]["from"].text_or(), "incomplete");
  EXPECT_EQ(event["detail"]["to"].text_or(), "admitted");
}

TEST_P(EdgeEvents, ReopenedAndClosedAgainFiresAgainUnderAnotherEventId) {
  const Integration to = told_of({"closed"});
  const Referral referral = riverside.refers(intake);
  referral.is_closed("admitted");
  const std::string first = last_event(referral)["id"].text_or();
  referral.is_reopened();
  referral.is_closed("admitted");
  world.settle();
  EXPECT_NE(last_event(referral)["id"].text_or(), first);
  const auto deliveries = referral.deliveries(to);
  ASSERT_EQ(deliveries.size(), 2U);
  EXPECT_NE(deliveries[0].id(), deliveries[1].id());
  EXPECT_EQ(cms.all_of(referral).size(), 1U) << "it stays one referral at the destination";
}

TEST_P(EdgeEvents, ArrivalWithAnInitialSubStatusIsNoEditUnlessThatIsAskedFor) {
  const Integration plain = told_of({"substatus.ready", "referral.edited"});
  const Integration asked = told_of({"substatus.ready"}, json(R"({"name": "Asked", "arrivalFiresSubStatus": true})"));
  const Referral referral = riverside.refers(intake, json(R"({"subStatus": "ready"})"));
  world.settle();
  EXPECT_EQ(referral.sub_status(), "ready");
  EXPECT_THAT(referral.deliveries(plain), IsEmpty());
  ASSERT_EQ(referral.deliveries(asked).size(), 1U);
  EXPECT_THAT(referral.delivery(asked).triggers(), ElementsAre("substatus.ready"));
}

TEST_P(EdgeEvents, TheListingsArrivalSubStatusIsNoEditEither) {
  const std::string housing = riverside.listing("Housing", json(R"({"arrivalSubStatus": "requested"})"));
  const Integration to = told_of({"referral.edited", "substatus:requested"});
  const Referral referral = riverside.refers(housing);
  world.settle();
  EXPECT_EQ(referral.sub_status(), "requested");
  EXPECT_THAT(referral.deliveries(to), IsEmpty());
}

TEST_P(EdgeEvents, AStatusChangeIsEditedOnlyWhereTheIntegrationSaysSo) {
  const Integration plain = told_of({"referral.edited"});
  const Integration all = told_of({"referral.edited"}, json(R"({"name": "All", "editedIncludesStatus": true})"));
  const Referral referral = riverside.refers(intake);
  referral.becomes("in_progress");
  world.settle();
  EXPECT_THAT(referral.deliveries(plain), IsEmpty());
  EXPECT_EQ(referral.deliveries(all).size(), 1U);
}

TEST_P(EdgeEvents, ParentAndChildOfARoutingAreSeparateReferralsWithOneCorrelation) {
  const std::string housing = riverside.listing("Housing");
  const Integration without = told_of({"referral.received"});
  const Integration including =
      told_of({"referral.received"}, json(R"({"name": "Routed too", "includeRouted": true})"));
  const Referral parent = riverside.refers(intake);
  world.settle();
  const Referral child = riverside.sees(parent.is_routed_to(housing));
  world.settle();
  EXPECT_EQ(child.shown()["routedFromId"].text_or(), parent.id());
  EXPECT_EQ(child.shown()["listingId"].text_or(), housing);
  EXPECT_THAT(parent.events(), ElementsAre("received", "routed"));
  EXPECT_THAT(child.events(), ElementsAre("received"));
  EXPECT_EQ(parent.deliveries(without).size(), 1U) << "the parent of a routing fires nothing more";
  EXPECT_EQ(parent.deliveries(including).size(), 1U);
  EXPECT_THAT(child.deliveries(without), IsEmpty());
  EXPECT_EQ(child.explain(without)["code"].text_or(), "routing.not_included");
  EXPECT_EQ(child.deliveries(including).size(), 1U);
  EXPECT_EQ(child.shown()["correlationId"].text_or(), parent.shown()["correlationId"].text_or());
  EXPECT_FALSE(child.shown()["correlationId"].text_or().empty());
  parent.is_closed("redirected");
  EXPECT_EQ(child.status(), "submitted");
}

TEST_P(EdgeEvents, TestReferralsNeverReachALiveDestination) {
  const Integration live = told_of({"referral.received"});
  const Integration rehearsal = told_of({"referral.received"}, json(R"({"name": "Rehearsal", "test": true})"));
  const Referral test = riverside.refers(intake, json(R"({"test": true})"));
  const Referral real = riverside.refers(intake);
  world.settle();
  EXPECT_THAT(test.deliveries(live), IsEmpty());
  EXPECT_EQ(test.explain(live)["code"].text_or(), "test.not_marked");
  EXPECT_EQ(test.delivery(rehearsal).state(), "delivered");
  EXPECT_EQ(real.delivery(live).state(), "delivered");
  EXPECT_THAT(real.deliveries(rehearsal), IsEmpty());
}

TEST_P(EdgeEvents, TimeOfTheEventAndTimeOfTheAttemptAreBothKept) {
  const Integration to = told_of({"referral.received"});
  cms.answers(503);
  const Instant happened = world.now();
  const Referral referral = riverside.refers(intake);
  world.pass(std::chrono::seconds{10});
  const Delivery delivery = referral.delivery(to);
  ASSERT_EQ(delivery.state(), "delivered");
  EXPECT_EQ(delivery.shown["eventAt"].text_or(), format_instant(happened));
  EXPECT_EQ(delivery.shown["attempts"].items().front()["at"].text_or(), format_instant(happened));
  EXPECT_EQ(delivery.shown["attempts"].items().back()["at"].text_or(),
            format_instant(happened + std::chrono::seconds{10}));
}

TEST_P(EdgeEvents, OfTwoEditsOfOneVersionTheSecondIsToldOfTheFirst) {
  const Referral referral = riverside.refers(intake);
  const Answer seen = riverside.get("/referrals/" + referral.id());
  const std::string version(seen.headers.get("ETag"));
  ASSERT_FALSE(version.empty());
  EXPECT_EQ(referral.tries_edit(json(R"({"priority": "urgent"})"), version).status, 200);
  const Answer loser = referral.tries_edit(json(R"({"priority": "stat"})"), version);
  EXPECT_EQ(loser.status, 412);
  EXPECT_FALSE(loser.code().empty());
  EXPECT_EQ(referral.shown()["priority"].text_or(), "urgent") << "nothing is overwritten in silence";
  EXPECT_EQ(referral.tries_edit(json(R"({"priority": "stat"})"), "*").status, 200);
}

INSTANTIATE_TEST_SUITE_P(On, EdgeEvents, testing::ValuesIn(testing_support::both_databases()),
                         testing_support::database_name);

}  // namespace
}  // namespace handoff::scenario

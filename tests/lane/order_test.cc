// What leaves a lane and in which order: refusals that are mended, updates behind an import, a referral entered in
// error, a person who stops what is on its way.
#include "tests/lane/world.h"

namespace handoff::lane_world {
namespace {

class OrderedLanes : public Lanes {};
INSTANTIATE_TEST_SUITE_P(Both, OrderedLanes, testing::ValuesIn(testing_support::both_databases()),
                         testing_support::database_name);
using testing::ElementsAre;
using testing::HasSubstr;

const std::vector<std::string> cms_updates{"referral.edited", "closed.completed", "closed.cancelled"};

TEST_P(OrderedLanes, RebuildWhatWasRefusedWithANewIdInItsOldPlace) {
  const auto integration = world_.integrate("crms", {"referral.received"});
  world_.partner().required = {"referralNote"};
  world_.network.next(answers(400, R"({"message":"Date of birth is required"})"));
  const auto id = world_.create();
  world_.pass(1min);
  const Delivery refused = world_.delivery(id, integration);
  EXPECT_EQ(refused.state, DeliveryState::needs_data);
  EXPECT_THAT(refused.problem.value().sentence, HasSubstr("Date of birth is required"));
  EXPECT_EQ(world_.count("SELECT integration_errors FROM party"), 1);
  world_.edit(id, "Now with everything that is needed.");
  EXPECT_EQ(world_.count("SELECT integration_errors FROM party"), 1) << "until the destination has taken it";
  world_.pass(1min);
  const auto all = world_.deliveries(id, integration);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].delivery.state, DeliveryState::superseded);
  EXPECT_EQ(all[1].delivery.state, DeliveryState::delivered);
  EXPECT_EQ(all[1].delivery.replaces, all[0].delivery.id.text());
  EXPECT_EQ(all[1].delivery.sequence, all[0].delivery.sequence);
  ASSERT_EQ(world_.partner().held.size(), 1u);
  EXPECT_EQ(world_.partner().held[0].fields["externalId"].text_or(), id.text()) << "the mark stays";
  EXPECT_EQ(world_.count("SELECT integration_errors FROM party"), 0);
}

// The edit that mends it comes while the old bytes are on their way: nobody has to edit a second time.
TEST_P(OrderedLanes, SendWhatWasMendedBeforeTheRefusalArrived) {
  const auto integration = world_.integrate("crms", {"referral.received"});
  world_.network.next({Weather::Kind::answers, contract::reply_of(400, R"({"message":"Too little"})"), 5s});
  const auto id = world_.create();
  world_.pass(1s);
  world_.edit(id, "Enough now.");
  world_.pass(10s);
  EXPECT_THAT(world_.states(id, integration), ElementsAre("superseded", "delivered"));
  // Refused again with nothing changed it waits, and is not sent round and round.
  world_.network.sky = [](const HttpRequest&) { return answers(400); };
  const auto other = world_.create("Other");
  world_.pass(1h);
  EXPECT_THAT(world_.states(other, integration), ElementsAre("needs_data"));
}

TEST_P(OrderedLanes, SendAnUpdateAfterTheImportThatWasUnderWay) {
  const auto integration = world_.integrate("cms", {"referral.received"}, cms_updates);
  world_.network.next(slow(5s));
  const auto id = world_.create();
  world_.pass(1s);
  world_.edit(id, "Changed while it was on its way.");
  world_.pass(30s);
  EXPECT_THAT(world_.states(id, integration), ElementsAre("delivered", "delivered"));
  ASSERT_EQ(world_.partner().held.size(), 1u);
  EXPECT_EQ(world_.partner().held[0].updates, 1);
  EXPECT_THAT(world_.partner().held[0].fields["referralNote"].text_or(), HasSubstr("Changed while it was"));
}

// An import whose end is not known, an update behind it, and a destination that stays away for four days: the update
// takes over what the import did not do, and asks first.
TEST_P(OrderedLanes, TurnAnUpdateIntoTheImportThatWasGivenUp) {
  const auto integration = world_.integrate("cms", {"referral.received"}, cms_updates);
  world_.network.next(vanished(15s));
  world_.network.sky = [](const HttpRequest&) { return answers(503); };
  const auto id = world_.create();
  world_.pass(1min);
  world_.edit(id, "Changed meanwhile.");
  EXPECT_THAT(world_.states(id, integration), ElementsAre("retrying", "pending"));
  const Instant away = world_.now();
  while (world_.now() < away + 120h && world_.states(id, integration).front() != "dead") world_.pass(1h);
  world_.network.sky = nullptr;
  const auto before = world_.network.sent.size();
  world_.pass(3h);
  EXPECT_THAT(world_.states(id, integration), ElementsAre("dead", "delivered"));
  ASSERT_GT(world_.network.sent.size(), before);
  EXPECT_EQ(world_.network.sent[before].request.step, "find");
  ASSERT_EQ(world_.partner().held.size(), 1u);
  EXPECT_THAT(world_.partner().held[0].fields["referralNote"].text_or(), HasSubstr("Changed meanwhile"));
}

TEST_P(OrderedLanes, TakeBackWhatWaitsWhenItWasEnteredInError) {
  const auto integration = world_.integrate("cms", {"referral.received"}, cms_updates);
  world_.network.next(answers(503));
  const auto id = world_.create();
  world_.pass(1s);
  world_.close(id, "entered_in_error");
  world_.pass(1h);
  EXPECT_THAT(world_.states(id, integration), ElementsAre("superseded"));
  EXPECT_EQ(world_.network.sent.size(), 1u);
  EXPECT_EQ(world_.count("SELECT COUNT(*) FROM due"), 0) << "nothing is due, so nothing is kept of it";
}

TEST_P(OrderedLanes, RetractWhatWasDeliveredWhenItWasEnteredInError) {
  const auto integration = world_.integrate("cms", {"referral.received"}, cms_updates);
  const auto id = world_.create();
  world_.pass(10s);
  world_.close(id, "entered_in_error");
  world_.pass(10s);
  EXPECT_THAT(world_.states(id, integration), ElementsAre("delivered", "delivered"));
  EXPECT_EQ(world_.partner().held[0].updates, 1);
}

TEST_P(OrderedLanes, RetractWhatWasUnderWayWhenItWasEnteredInError) {
  const auto integration = world_.integrate("cms", {"referral.received"}, cms_updates);
  world_.network.next(slow(5s));
  const auto id = world_.create();
  world_.pass(1s);
  world_.close(id, "entered_in_error");
  world_.pass(1min);
  EXPECT_THAT(world_.states(id, integration), ElementsAre("delivered", "delivered"));
  EXPECT_EQ(world_.partner().held[0].updates, 1);
}

// … and the destination refuses it: there is nothing to send, nothing to take back, and nobody has to mend anything.
TEST_P(OrderedLanes, SendNothingMoreWhenTheDestinationRefusedWhatWasEnteredInError) {
  const auto integration = world_.integrate("cms", {"referral.received"}, cms_updates);
  world_.network.next({Weather::Kind::answers, contract::reply_of(400, R"({"message":"Too little"})"), 5s});
  const auto id = world_.create();
  world_.pass(1s);
  world_.close(id, "entered_in_error");
  world_.pass(1h);
  EXPECT_THAT(world_.states(id, integration), ElementsAre("superseded", "superseded"));
  EXPECT_EQ(world_.network.sent.size(), 1u);
  EXPECT_EQ(world_.count("SELECT integration_errors FROM party"), 0);
}

TEST_P(OrderedLanes, FileTheAnswerOfWhatWasStoppedOnItsWay) {
  const auto integration = world_.integrate("crms", {"referral.received"});
  world_.network.next(slow(5s));
  const auto id = world_.create("Example", {"a note"});
  world_.pass(1s);
  const auto key = world_.key(id, integration);
  const Delivery sending = world_.delivery(id, integration);
  ASSERT_EQ(sending.state, DeliveryState::sending);
  world_.stop(key, sending.id);
  world_.pass(1h);
  const auto stopped = world_.deliveries(id, integration).at(0);
  EXPECT_EQ(stopped.delivery.state, DeliveryState::stopped);
  EXPECT_EQ(stopped.attempts.at(0).verdict, "done");
  EXPECT_EQ(world_.network.sent.size(), 1u);
  EXPECT_EQ(world_.count("SELECT COUNT(*) FROM due"), 0);
  // Resent it goes on where it was.
  world_.resend(key, sending.id);
  world_.pass(1h);
  EXPECT_THAT(world_.network.steps(), ElementsAre("create", "attach", "attach"));
  EXPECT_EQ(world_.delivery(id, integration).state, DeliveryState::delivered);
}

// The process dies before the answer comes: who resends it does not know what the destination holds, so it is asked.
TEST_P(OrderedLanes, AskAfterWhatWasStoppedOnItsWayAndNeverAnswered) {
  const auto integration = world_.integrate("crms", {"referral.received"});
  world_.network.next(lost(15s));
  const auto id = world_.create();
  world_.pass(1s);
  const Delivery sending = world_.delivery(id, integration);
  world_.stop(world_.key(id, integration), sending.id);
  world_.restart();
  world_.pass(1min);
  world_.resend(world_.key(id, integration), sending.id);
  world_.pass(1min);
  EXPECT_THAT(world_.network.steps(), ElementsAre("create", "find", "attach"));
  EXPECT_EQ(world_.partner().held.size(), 1u);
}

// Whatever the weather, the destination learns of the changes of one referral in their order.
TEST_P(OrderedLanes, KeepTheOrderOfOneReferralInAnyWeather) {
  const auto integration = world_.integrate("cms", {"referral.received"}, cms_updates);
  const auto id = world_.create();
  std::vector<int> seen;
  world_.network.sky = [&](const HttpRequest& request) {
    if (request.step == "create" || request.step == "update") {
      for (const auto& part : request.body) {
        if (const auto at = part.text.find("Edit number "); at != std::string::npos)
          seen.push_back(std::stoi(part.text.substr(at + 12)));
      }
    }
    switch (world_.random().below(4)) {
      case 0: return lost(1s);
      case 1: return vanished(1s);
      default: return fair();
    }
  };
  for (int number = 1; number <= 20; ++number) {
    world_.edit(id, "Edit number " + std::to_string(number) + ".");
    world_.pass(milliseconds{static_cast<std::int64_t>(world_.random().below(5000))});
  }
  world_.network.sky = nullptr;
  world_.pass(24h);
  ASSERT_FALSE(seen.empty());
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
  ASSERT_EQ(world_.partner().held.size(), 1u);
  EXPECT_THAT(world_.partner().held[0].fields["referralNote"].text_or(), HasSubstr("Edit number 20."));
  EXPECT_EQ(world_.owed(integration), 0);
}

TEST_P(OrderedLanes, AskForAcceptanceAndEndTheUpdates) {
  const auto integration = world_.integrate("cms", {"referral.received"}, cms_updates);
  const auto id = world_.create();
  world_.pass(5min + 30s);
  auto steps = world_.network.steps();
  EXPECT_EQ(std::count(steps.begin(), steps.end(), "status"), 5) << "every statusPollSeconds";
  // While it is off nobody asks; switched on again, asking begins again.
  world_.edit_integration(integration, [](Integration& i) { i.enabled = false; });
  world_.pass(1h);
  const auto asked = world_.network.sent.size();
  EXPECT_LE(asked, steps.size() + 1);
  world_.edit_integration(integration, [](Integration& i) { i.enabled = true; });
  world_.partner().held[0].status = "accepted";
  world_.pass(2min);
  EXPECT_GT(world_.network.sent.size(), asked);
  EXPECT_TRUE(world_.lane(id, integration).accepted_at);
  const auto before = world_.network.sent.size();
  world_.edit(id, "Too late for them.");
  world_.pass(1h);
  EXPECT_EQ(world_.network.sent.size(), before) << "no update and no question after it was accepted";
}

}  // namespace
}  // namespace handoff::lane_world

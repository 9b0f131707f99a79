// Who holds a lane: leases that end, fences that keep a late holder out, runners that come and go.
#include "tests/lane/world.h"

namespace handoff::lane_world {
namespace {

class LeasedLanes : public Lanes {};
INSTANTIATE_TEST_SUITE_P(Both, LeasedLanes, testing::ValuesIn(testing_support::both_databases()),
                         testing_support::database_name);
using testing::ElementsAre;

// A second process on the same database, with a network of its own.
struct Other {
  explicit Other(World& world) : network(world.clock()), ledger(world.start_ledger()) {
    network.partners = world.network.partners;
    runner = std::make_unique<exchange::Runner>(*ledger, network, world.connectors, exchange::RunnerOptions{});
  }
  ~Other() { ledger->stop(); }
  bool tick(Instant now) {
    auto done = runner->tick(now);
    EXPECT_TRUE(done) << done.error().for_log;
    return done && *done;
  }
  FakeNetwork network;
  std::unique_ptr<store::WritingLedger> ledger;
  std::unique_ptr<exchange::Runner> runner;
};

TEST_P(LeasedLanes, AreTakenOverWhenTheirHolderIsGoneAndItsLateAnswerIsNotFiled) {
  const auto integration = world_.integrate("crms", {"referral.received"});
  Other other(world_);
  world_.network.next(slow(30s));  // longer than the lease: the first process has stopped for a while
  const auto id = world_.create();
  world_.settle_now();
  world_.clock().advance(19s);
  EXPECT_FALSE(other.tick(world_.now())) << "nobody else touches a lane that is held";
  world_.clock().advance(2s);
  while (other.tick(world_.now())) world_.clock().advance(20ms);
  EXPECT_EQ(other.network.steps().front(), "find") << "what was taken over while it was sent is asked for";
  for (int i = 0; i < 10; ++i) {
    world_.clock().advance(20ms);
    other.tick(world_.now());
  }
  ASSERT_EQ(world_.delivery(id, integration).state, DeliveryState::delivered);
  const auto attempts = world_.deliveries(id, integration).at(0).attempts;
  world_.clock().advance(30s);
  world_.settle_now();  // the first process wakes and finds its answer
  EXPECT_EQ(world_.deliveries(id, integration).at(0).attempts.size(), attempts.size());
  EXPECT_EQ(world_.deliveries(id, integration).at(0).attempts[0].verdict, "") << "it was no longer its to file";
  EXPECT_EQ(world_.partner().held.size(), 1u);
  EXPECT_EQ(world_.network.sent.size(), 1u);
}

TEST_P(LeasedLanes, OfOneDatabaseAreSharedByTwoProcesses) {
  constexpr std::size_t count = 60;
  const auto integration = world_.integrate("crms", {"referral.received"});
  Other other(world_);
  for (std::size_t i = 0; i < count; ++i) (void)world_.create();
  for (int turn = 0; turn < 400 && world_.owed(integration) > 0; ++turn) {
    world_.tick();
    other.tick(world_.now());
    world_.clock().advance(10ms);
  }
  EXPECT_EQ(world_.owed(integration), 0);
  EXPECT_EQ(world_.partner().held.size(), count);
  EXPECT_GT(world_.network.sent.size(), 0u);
  EXPECT_GT(other.network.sent.size(), 0u);
  EXPECT_EQ(world_.network.sent.size() + other.network.sent.size(), 2 * count) << "one import and one summary each";
}

TEST_P(LeasedLanes, OfAProcessThatDiedWaitForTheirLeases) {
  const auto integration = world_.integrate("crms", {"referral.received"});
  world_.network.next(lost(15s));
  const auto id = world_.create();
  world_.settle_now();
  world_.restart();
  world_.pass(19s);
  EXPECT_EQ(world_.network.sent.size(), 1u);
  world_.pass(10s);
  EXPECT_THAT(world_.network.steps(), ElementsAre("create", "find", "attach"));
  EXPECT_EQ(world_.delivery(id, integration).state, DeliveryState::delivered);
}

// A server that stops files what comes in and sends nothing more; the next one goes on at once.
TEST_P(LeasedLanes, AreLeftInOrderByAServerThatStops) {
  const auto integration = world_.integrate("crms", {"referral.received"});
  const auto id = world_.create("Example", {"a note"});
  const auto waiting = world_.create("Later");
  world_.runner->stop_claiming();
  world_.pass(1s);
  EXPECT_TRUE(world_.network.sent.empty());
  world_.restart();
  world_.settle_now();
  world_.runner->stop_claiming();
  world_.pass(1min);
  EXPECT_EQ(world_.runner->in_flight(), 0u);
  EXPECT_THAT(world_.network.steps(), ElementsAre("create", "create"));
  EXPECT_EQ(world_.deliveries(id, integration).at(0).attempts.at(0).verdict, "done");
  world_.restart();
  world_.settle_now();
  EXPECT_EQ(world_.network.sent.size(), 4u) << "no lease has to end first";
  world_.pass(1min);
  EXPECT_EQ(world_.owed(integration), 0);
  EXPECT_EQ(world_.delivery(waiting, integration).state, DeliveryState::delivered);
  EXPECT_EQ(world_.partner().held.size(), 2u);
}

}  // namespace
}  // namespace handoff::lane_world

// When a lane is tried again: the durable schedule, what the destination asks for, and outcomes that nobody knows.
#include "tests/lane/world.h"

namespace handoff::lane_world {
namespace {

class RetriedLanes : public Lanes {};
INSTANTIATE_TEST_SUITE_P(Both, RetriedLanes, testing::ValuesIn(testing_support::both_databases()),
                         testing_support::database_name);
using testing::ElementsAre;

// From the answer of one request to the next request.
std::vector<milliseconds> gaps(const World& world) {
  std::vector<milliseconds> out;
  const auto& sent = world.network.sent;
  for (std::size_t i = 1; i < sent.size(); ++i) out.push_back(sent[i].at - sent[i - 1].at);
  return out;
}

TEST_P(RetriedLanes, RetryOnTheDurableScheduleAndGiveUpAfterFourDays) {
  const auto integration = world_.integrate("crms", {"referral.received"});
  world_.network.sky = [](const HttpRequest&) { return answers(503); };
  const auto id = world_.create();
  const auto took = world_.pass_until_quiet(120h);
  const auto waited = gaps(world_);
  ASSERT_GT(waited.size(), 50u);
  const std::vector<milliseconds> opening{5s, 5min, 30min, 2h};
  for (std::size_t i = 0; i < waited.size(); ++i) {
    const milliseconds planned = i < opening.size() ? opening[i] : milliseconds(1h);
    EXPECT_GE(waited[i], planned) << i;
    EXPECT_LE(waited[i], planned + planned / 10 + 100ms) << i;  // up to a tenth more, so that not all come at once
  }
  EXPECT_GE(took, 96h);
  EXPECT_LE(took, 98h);
  const Delivery dead = world_.delivery(id, integration);
  EXPECT_EQ(dead.state, DeliveryState::dead);
  EXPECT_EQ(dead.problem.value().code, "destination.gave_up");
  EXPECT_EQ(dead.problem.value().who, "administrator");
  EXPECT_EQ(world_.notices().size(), 1u);
}

TEST_P(RetriedLanes, NeverComeSoonerThanTheDestinationAsks) {
  (void)world_.integrate("crms", {"referral.received"});
  world_.network.next(answers(429, "{}", {{"Retry-After", "120"}}));
  world_.network.next(answers(503, "{}", {{"Retry-After", "1"}}));  // less than the schedule says: the schedule counts
  (void)world_.create();
  (void)world_.pass_until_quiet(1h);
  const auto waited = gaps(world_);
  ASSERT_GE(waited.size(), 2u);
  EXPECT_GE(waited[0], 120s);
  EXPECT_LE(waited[0], 121s);
  EXPECT_GE(waited[1], 5min);
  EXPECT_EQ(world_.partner().held.size(), 1u);
}

TEST_P(RetriedLanes, LookAfterAnAnswerThatWasLostAndFindWhatIsThere) {
  const auto integration = world_.integrate("crms", {"referral.received"});
  world_.network.next(lost(15s));
  const auto id = world_.create("Example", {"an invented note"});
  (void)world_.pass_until_quiet(1h);
  EXPECT_THAT(world_.network.steps(), ElementsAre("create", "find", "attach", "attach"));
  EXPECT_EQ(gaps(world_)[0], 15s + 2s) << "the profile's settlesWithin after the attempt was given up";
  ASSERT_EQ(world_.partner().held.size(), 1u);
  EXPECT_EQ(world_.partner().held[0].files.size(), 2u);
  EXPECT_EQ(world_.delivery(id, integration).state, DeliveryState::delivered);
}

TEST_P(RetriedLanes, RepeatWhatTheDestinationSaysIsNotThere) {
  (void)world_.integrate("crms", {"referral.received"});
  world_.network.next(vanished(15s));
  (void)world_.create();
  const auto took = world_.pass_until_quiet(1h);
  EXPECT_THAT(world_.network.steps(), ElementsAre("create", "find", "create", "attach"));
  EXPECT_EQ(world_.partner().held.size(), 1u);
  EXPECT_LE(took, 20s) << "looking is outside the retry schedule";
}

TEST_P(RetriedLanes, AskBeforeAFileIsSentAgain) {
  (void)world_.integrate("crms", {"referral.received"});
  world_.network.next(fair());
  world_.network.next(lost(15s));  // the summary
  world_.network.next(fair());
  world_.network.next(lost(15s));  // the first note
  (void)world_.create("Example", {"one note", "another note"});
  (void)world_.pass_until_quiet(1h);
  EXPECT_THAT(world_.network.steps(), ElementsAre("create", "attach", "find", "attach", "find", "attach"));
  ASSERT_EQ(world_.partner().held.size(), 1u);
  EXPECT_EQ(world_.partner().held[0].files.size(), 3u);
}

TEST_P(RetriedLanes, BeginTheScheduleWhereLookingFails) {
  (void)world_.integrate("crms", {"referral.received"});
  world_.network.next(lost(15s));
  world_.network.next(answers(503));
  (void)world_.create();
  (void)world_.pass_until_quiet(1h);
  const auto waited = gaps(world_);
  ASSERT_GE(waited.size(), 2u);
  EXPECT_EQ(waited[0], 17s);
  EXPECT_GE(waited[1], 5s) << "the first wait of the schedule: the unknown outcome did not use it up";
  EXPECT_LE(waited[1], 6s);
  EXPECT_EQ(world_.partner().held.size(), 1u);
}

// A destination that answers every question and never an import must not be asked every two seconds for ever.
TEST_P(RetriedLanes, SlowDownWhereOutcomesKeepBeingUnknown) {
  const auto integration = world_.integrate("crms", {"referral.received"});
  world_.network.sky = [](const HttpRequest& request) { return request.step == "create" ? vanished(15s) : fair(); };
  const auto id = world_.create();
  (void)world_.pass_until_quiet(120h);
  std::vector<milliseconds> between;
  std::optional<Instant> before;
  for (const auto& record : world_.network.sent) {
    if (record.request.step != "create") continue;
    if (before) between.push_back(record.at - *before);
    before = record.at;
  }
  ASSERT_GT(between.size(), 6u);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_LE(between[i], 18s) << i;
  EXPECT_GE(between[4], 5min);
  EXPECT_GE(between[5], 30min);
  EXPECT_LT(between.size(), 120u);
  EXPECT_EQ(world_.delivery(id, integration).state, DeliveryState::dead);
}

// Where the destination can neither be asked nor told apart by a key, a person looks there.
TEST_P(RetriedLanes, WaitForAPersonWhereNobodyCanBeAsked) {
  std::string text = shipped_text("crms.toml");
  text.replace(text.find("id = \"crms\""), 11, "id = \"mute\"");
  const auto find = text.find("[steps.find]");
  text.erase(find, text.find("[steps.create]") - find);
  ASSERT_TRUE(world_.connectors.all.add_profile(text, "mute.toml"));
  const auto integration = world_.integrate("mute", {"referral.received"});
  world_.network.next(vanished(15s));
  const auto id = world_.create();
  world_.pass(1h);
  EXPECT_THAT(world_.network.steps(), ElementsAre("create"));
  const Delivery waiting = world_.delivery(id, integration);
  EXPECT_EQ(waiting.state, DeliveryState::needs_person);
  // The person has looked there: it goes out as if it never had.
  world_.resend(world_.key(id, integration), waiting.id);
  world_.pass(1h);
  EXPECT_EQ(world_.delivery(id, integration).state, DeliveryState::delivered);
  EXPECT_EQ(world_.partner().held.size(), 1u);
}

// What was given up in doubt may be there: whatever takes its place asks first.
TEST_P(RetriedLanes, AskBeforeWhatTakesThePlaceOfADeadDelivery) {
  const auto integration = world_.integrate("crms", {"referral.received", "closed.completed"});
  world_.network.next(lost(15s));  // it arrived, and nobody knows
  world_.network.sky = [](const HttpRequest&) { return answers(503); };
  const auto id = world_.create();
  (void)world_.pass_until_quiet(120h);
  ASSERT_EQ(world_.delivery(id, integration).state, DeliveryState::dead);
  world_.network.sky = nullptr;
  world_.close(id, "admitted");
  (void)world_.pass_until_quiet(1h);
  EXPECT_EQ(world_.partner().held.size(), 1u) << "once, though the first was given up";
  EXPECT_THAT(world_.states(id, integration), ElementsAre("dead", "delivered"));
}

}  // namespace
}  // namespace handoff::lane_world

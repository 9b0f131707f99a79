// A destination that fails as a whole: its own lanes wait, in order, and nobody else's.
#include "tests/lane/world.h"

namespace handoff::lane_world {
namespace {

class FailingDestinations : public Lanes {};
INSTANTIATE_TEST_SUITE_P(Both, FailingDestinations, testing::ValuesIn(testing_support::both_databases()),
                         testing_support::database_name);

constexpr const char* ill = "https://ill.example.org";
constexpr const char* well = "https://one.example.org";
bool is_for(const HttpRequest& request, const char* host) { return request.url.starts_with(host); }

std::size_t sent_to(const World& world, const char* host) {
  return static_cast<std::size_t>(std::count_if(world.network.sent.begin(), world.network.sent.end(),
                                                [&](const auto& record) { return is_for(record.request, host); }));
}

TEST_P(FailingDestinations, LeaveADestinationAloneThatFailsAsAWhole) {
  constexpr std::size_t count = 60;
  const auto failing = world_.integrate("crms", {"referral.received"}, {}, ill);
  const auto working = world_.integrate("crms", {"referral.received"}, {}, well);
  world_.network.sky = [](const HttpRequest& request) { return is_for(request, ill) ? answers(500) : fair(); };
  for (std::size_t i = 0; i < count; ++i) (void)world_.create();
  world_.pass(10s);
  EXPECT_EQ(world_.owed(working), 0) << "the other destination has everything";
  EXPECT_LE(sent_to(world_, ill), 32u) << "five failures are enough to wait a while";
  world_.network.sky = nullptr;
  world_.pass(12h);
  EXPECT_EQ(world_.owed(failing), 0);
  EXPECT_EQ(world_.partner(ill).held.size(), count);
}

TEST_P(FailingDestinations, LetADestinationThatHangsSpendOnlyItsOwnLanes) {
  constexpr std::size_t count = 40;
  (void)world_.integrate("crms", {"referral.received"}, {}, ill);
  const auto working = world_.integrate("crms", {"referral.received"}, {}, well);
  std::size_t most = 0;
  world_.network.sky = [&](const HttpRequest& request) {
    most = std::max(most, world_.runner->in_flight());
    return is_for(request, ill) ? vanished(15s) : fair();
  };
  for (std::size_t i = 0; i < count; ++i) (void)world_.create();
  world_.pass(5s);
  EXPECT_EQ(world_.owed(working), 0);
  EXPECT_LE(sent_to(world_, ill), 16u);
  EXPECT_LE(most, 32u);
}

TEST_P(FailingDestinations, HoldEverythingOfAMisconfiguredDestinationWithOneNotice) {
  constexpr int count = 20;
  const auto integration = world_.integrate("crms", {"referral.received"});
  world_.network.sky = [](const HttpRequest&) { return answers(401); };
  std::vector<ReferralId> ids;
  for (int i = 0; i < count; ++i) ids.push_back(world_.create("Example " + std::to_string(i)));
  world_.pass(1h);
  for (const auto& id : ids) {
    const Delivery held = world_.delivery(id, integration);
    EXPECT_EQ(held.state, DeliveryState::held);
    EXPECT_EQ(held.problem.value().who, "administrator") << "nobody is told to edit a referral";
  }
  EXPECT_EQ(world_.notices().size(), 1u);
  EXPECT_TRUE(world_.integration(integration).health.misconfigured);
  EXPECT_LE(world_.network.sent.size(), 16u) << "what was under way when the first answer came, and no more";
  ids.push_back(world_.create("Later"));
  world_.pass(1h);
  EXPECT_EQ(world_.delivery(ids.back(), integration).state, DeliveryState::held);
  // The address and the secrets are always the newest.
  world_.network.sky = nullptr;
  world_.edit_integration(integration, [](Integration&) {});
  world_.pass(1min);
  EXPECT_TRUE(world_.notices().empty());
  EXPECT_EQ(world_.owed(integration), 0);
  EXPECT_EQ(world_.partner().held.size(), ids.size());
}

// Switched off while a request was on its way and the process died: what was in doubt stays in doubt while it is held.
TEST_P(FailingDestinations, RememberTheDoubtOfWhatIsHeld) {
  const auto integration = world_.integrate("crms", {"referral.received"});
  world_.network.next(lost(15s));
  (void)world_.create();
  world_.pass(1s);
  world_.edit_integration(integration, [](Integration& i) { i.enabled = false; });
  world_.restart();
  world_.pass(1h);
  EXPECT_EQ(world_.network.sent.size(), 1u);
  world_.edit_integration(integration, [](Integration& i) { i.enabled = true; });
  world_.pass(1h);
  EXPECT_THAT(world_.network.steps(), testing::ElementsAre("create", "find", "attach"));
  EXPECT_EQ(world_.partner().held.size(), 1u);
  EXPECT_EQ(world_.owed(integration), 0);
}

std::string profile_with_tokens() {
  std::string text = shipped_text("cms.toml");
  text.replace(text.find("id = \"cms\""), 10, "id = \"oauth\"");
  const auto auth = text.find("[auth]");
  text.replace(auth, text.find("[steps.find]") - auth,
               "[auth]\nkind = \"oauth2_client_credentials\"\ntokenUrl = \"/oauth/token\"\nclientId = \"handoff\"\n"
               "clientSecret = \"{settings.token}\"\n\n");
  return text;
}

TEST_P(FailingDestinations, FetchATokenOnceAndAgainWhenItIsNoLongerTaken) {
  const auto added = world_.connectors.all.add_profile(profile_with_tokens(), "oauth.toml");
  ASSERT_TRUE(added) << added.error().for_caller;
  contract::Partner partner({"Basic " + base64("handoff:invented-token"), true, false, 1'000'000});
  world_.network.partners["https://tok.example.org"] = &partner;
  const auto integration = world_.integrate("oauth", {"referral.received"}, {}, "https://tok.example.org");
  for (int i = 0; i < 5; ++i) {
    (void)world_.create();
    world_.pass(1s);
  }
  EXPECT_EQ(partner.tokens_issued, 1);
  EXPECT_EQ(world_.owed(integration), 0);
  partner.revoke_token();
  (void)world_.create();
  world_.pass(1min);
  EXPECT_EQ(world_.owed(integration), 0);
  EXPECT_EQ(partner.tokens_issued, 2);
  EXPECT_TRUE(world_.notices().empty()) << "a token that ran out is nobody's to mend";
  world_.restart();  // tokens are in memory alone
  (void)world_.create();
  world_.pass(1min);
  EXPECT_EQ(partner.tokens_issued, 3);
  EXPECT_EQ(partner.held.size(), 7u);
}

}  // namespace
}  // namespace handoff::lane_world

// Referrals on their way into a Salesforce org, with the real lanes: one sign-in for many, patience where the org asks
// for it, acceptance found by asking, a person's choice among duplicates, and one referral whatever the line drops.
#include "tests/contract/org.h"
#include "tests/lane/world.h"

namespace handoff::lane_world {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

constexpr const char* host = "https://acme.my.salesforce.com";

class OrgLanes : public Lanes {
 protected:
  void SetUp() override { world_.network.partners[host] = &org_; }

  IntegrationId integrate(std::vector<std::string> triggers, std::vector<std::string> updates = {}) {
    const auto id = world_.integrate("salesforce", std::move(triggers), std::move(updates), host);
    world_.edit_integration(id, [](Integration& integration) {
      integration.settings = Json::object({{"baseUrl", host},
                                           {"clientId", "handoff"},
                                           {"performers", Json::array({Json::object({{"npi", "1234567893"}})})},
                                           {"statusPollSeconds", 60}});
      integration.secrets = {{"clientSecret", Secret("invented-secret")}};
    });
    return id;
  }

  contract::OrgPartner org_{contract::Partner::Options{}};
};
INSTANTIATE_TEST_SUITE_P(Both, OrgLanes, testing::ValuesIn(testing_support::both_databases()),
                         testing_support::database_name);

TEST_P(OrgLanes, SignInOnceForManyAndAgainWhenTheTokenEnds) {
  const auto integration = integrate({"referral.received"});
  for (int i = 0; i < 4; ++i) {
    (void)world_.create();
    world_.pass(1s);
  }
  EXPECT_EQ(org_.held.size(), 4u);
  EXPECT_EQ(org_.tokens_issued, 1);
  const auto steps = world_.network.steps();
  EXPECT_EQ(std::count(steps.begin(), steps.end(), "providers"), 1);
  org_.expire_token();
  (void)world_.create();
  world_.pass(1min);
  EXPECT_EQ(org_.held.size(), 5u);
  EXPECT_EQ(org_.tokens_issued, 2);
  EXPECT_TRUE(world_.notices().empty());
  EXPECT_EQ(world_.owed(integration), 0);
}

TEST_P(OrgLanes, AReferralSentOverADroppingLineExistsOnce) {
  const auto integration = integrate({"referral.received"});
  int create_lost = 0, files_lost = 0;
  world_.network.sky = [&](const HttpRequest& request) {
    if (request.step == "create" && create_lost++ < 2) return create_lost == 1 ? lost() : vanished();
    if (request.step == "attach:summary" && files_lost++ < 1) return lost();
    return fair();
  };
  const auto referral = world_.create("Example", {"an invented letter"});
  world_.pass(1h);
  ASSERT_EQ(org_.held.size(), 1u);
  EXPECT_THAT(org_.held[0].files, SizeIs(2));
  const auto delivery = world_.delivery(referral, integration);
  EXPECT_EQ(delivery.state, DeliveryState::delivered);
  EXPECT_EQ(delivery.remote_id, org_.held[0].id);
}

TEST_P(OrgLanes, WaitWhereTheDaysRequestsAreNearlyUsed) {
  (void)integrate({"referral.received"});
  org_.limit_info = "api-usage=4600/5000";
  (void)world_.create();
  world_.pass(15s);
  EXPECT_TRUE(org_.held.empty()) << "the look-up of the provider asked for ten seconds";
  world_.pass(15s);
  ASSERT_THAT(org_.held, SizeIs(1));
  EXPECT_TRUE(org_.held[0].files.empty());
  world_.pass(15s);
  EXPECT_THAT(org_.held[0].files, SizeIs(1));
  const auto asked = [&] {
    const auto steps = world_.network.steps();
    return std::count(steps.begin(), steps.end(), "status");
  };
  world_.pass(2min);
  const auto before = asked();
  world_.pass(1h);
  EXPECT_LE(asked() - before, 7) << "a question can wait ten minutes";
  EXPECT_GE(asked() - before, 4);
  org_.limit_info = "api-usage=1/5000";
  world_.pass(15min);
  const auto easy = asked();
  world_.pass(10min);
  EXPECT_GE(asked() - easy, 8);
}

TEST_P(OrgLanes, PauseWhereTheyAreUsedUp) {
  const auto integration = integrate({"referral.received"});
  world_.network.sky = [&](const HttpRequest& request) {
    return request.step == "create" ? answers(403, R"([{"errorCode":"REQUEST_LIMIT_EXCEEDED","message":"x"}])")
                                    : fair();
  };
  const auto referral = world_.create();
  world_.pass(14min);
  const auto steps = world_.network.steps();
  EXPECT_EQ(std::count(steps.begin(), steps.end(), "create"), 1);
  EXPECT_EQ(world_.delivery(referral, integration).state, DeliveryState::retrying);
  world_.network.sky = nullptr;
  world_.pass(1h);
  EXPECT_EQ(org_.held.size(), 1u);
}

TEST_P(OrgLanes, AcceptanceThereIsFoundByAskingAndEndsTheUpdates) {
  const auto integration = integrate({"referral.received"}, {"referral.edited"});
  const auto referral = world_.create();
  world_.pass(30s);
  world_.edit(referral, "call before ten");
  world_.pass(10s);
  ASSERT_EQ(org_.held.size(), 1u);
  EXPECT_EQ(org_.held[0].updates, 1);
  EXPECT_EQ(org_.held[0].files.size(), 2u);  // the first summary and the one of the new version
  org_.held[0].status = "accepted";
  world_.pass(2min);
  EXPECT_TRUE(world_.lane(referral, integration).accepted_at);
  world_.edit(referral, "never mind");
  world_.pass(1min);
  EXPECT_EQ(org_.held[0].updates, 1);
}

TEST_P(OrgLanes, AnUpdateFindsAcceptanceBeforeItIsSent) {
  const auto integration = integrate({"referral.received"}, {"referral.edited"});
  const auto referral = world_.create();
  world_.pass(30s);
  org_.held.at(0).status = "accepted";
  world_.edit(referral, "call before ten");
  world_.pass(10s);
  EXPECT_EQ(org_.held[0].updates, 0);
  const auto all = world_.deliveries(referral, integration);
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_EQ(all[1].delivery.state, DeliveryState::superseded);
  EXPECT_EQ(all[1].delivery.problem->code, "mode.accepted");
}

TEST_P(OrgLanes, ARightThatIsMissingHoldsAllOfThemUntilItIsGiven) {
  const auto integration = integrate({"referral.received"});
  world_.network.sky = [](const HttpRequest& request) {
    return request.step == "create" ? answers(403, R"([{"errorCode":"INSUFFICIENT_ACCESS","message":"x"}])") : fair();
  };
  const auto first = world_.create(), second = world_.create();
  world_.pass(1min);
  EXPECT_THAT(world_.notices(), SizeIs(1));
  EXPECT_EQ(world_.delivery(first, integration).problem->code, "destination.no_rights");
  EXPECT_THAT(world_.delivery(first, integration).problem->sentence, HasSubstr("permission set"));
  EXPECT_EQ(world_.delivery(second, integration).state, DeliveryState::held);
  world_.network.sky = nullptr;
  world_.edit_integration(integration, [](Integration&) {});
  world_.pass(1min);
  EXPECT_EQ(org_.held.size(), 2u);
  EXPECT_EQ(world_.owed(integration), 0);
}

TEST_P(OrgLanes, APersonChoosesAmongDuplicatesAndResends) {
  const auto integration = integrate({"referral.received"});
  world_.network.sky = [](const HttpRequest& request) {
    const bool creates =
        request.step == "create" && request.body[0].text.find("\"fields\":{\"FirstName\"") != std::string::npos;
    if (!creates) return fair();
    return answers(400, R"([{"errorCode":"DUPLICATES_DETECTED","message":"Use one of these records?","duplicateResut":
        {"matchResults":[{"matchRecords":[{"record":{"Id":"001000000000301AAA"}}]}]}}])");
  };
  const auto referral = world_.create();
  world_.pass(1min);
  const auto waiting = world_.delivery(referral, integration);
  EXPECT_EQ(waiting.state, DeliveryState::needs_person);
  EXPECT_THAT(waiting.problem->sentence, HasSubstr("001000000000301AAA"));
  world_.must(world_.change(referral, [&](exchange::OfficeUnit& unit) {
    exchange::Follow follow(world_.connectors);
    referral::Commands commands(follow);
    return commands.edit(unit, referral,
                         Json::object({{"answers", Json::object({{"salesforcePatientId", "001000000000301AAA"}})}}));
  }));
  world_.resend(world_.key(referral, integration), waiting.id);
  world_.pass(1min);
  ASSERT_EQ(org_.held.size(), 1u);
  EXPECT_EQ(org_.held[0].fields["PatientId"], Json("001000000000301AAA"));
  EXPECT_EQ(world_.owed(integration), 0);
}

TEST_P(OrgLanes, ARestartInTheMiddleAsksByTheMarkFirst) {
  const auto integration = integrate({"referral.received"});
  world_.network.sky = [](const HttpRequest& request) { return request.step == "create" ? lost(15s) : fair(); };
  const auto referral = world_.create();
  world_.pass(1s);
  world_.restart();  // the request was answered, and nobody heard it
  world_.network.sky = nullptr;
  world_.pass(10min);
  EXPECT_EQ(org_.held.size(), 1u);
  EXPECT_EQ(world_.delivery(referral, integration).state, DeliveryState::delivered);
}

}  // namespace
}  // namespace handoff::lane_world

// Goal: an integration that is changed, deleted or fed from both sides while referrals are on their way loses nothing
// and sends nothing twice.
#include "tests/scenario/world.h"

namespace handoff::scenario {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class IntegrationLife : public Scenario {
 protected:
  Clinic riverside = world.clinic("Riverside Community Services");
  Clinic mill = world.clinic("Mill Clinic");
  const std::string intake = riverside.listing();
};

TEST_P(IntegrationLife, DeletedOnlyWithWhatItOwesStopped) {
  Destination& crms = world.crms();
  const Integration to = riverside.hands_over_to(crms, json(R"({"triggers": ["referral.received"]})"));
  crms.answers(503, 1000);
  const Referral referral = riverside.refers(intake);
  world.settle();
  const Answer refused = riverside.remove("/integrations/" + to.id());
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(refused.code(), "integration.deliveries_owed");
  EXPECT_EQ(riverside.remove("/integrations/" + to.id() + "?stop=true").status, 204);
  crms.is_well();
  world.pass(std::chrono::hours{5});
  EXPECT_THAT(crms.everything(), IsEmpty());
  EXPECT_EQ(referral.delivery(to).state(), "stopped");
  EXPECT_EQ(referral.errors(), 0);
}

TEST_P(IntegrationLife, WhatWaitsGoesToTheNewestAddress) {
  Destination& old_house = world.crms();
  Destination& new_house = world.crms();
  const Integration to = riverside.hands_over_to(old_house, json(R"({"triggers": ["referral.received"]})"));
  old_house.answers(503, 1000);
  const Referral referral = riverside.refers(intake);
  world.settle();
  to.changes(Json::object({{"settings", Json::object({{"baseUrl", new_house.url()}, {"token", new_house.token()}})}}));
  world.pass(std::chrono::minutes{10});
  EXPECT_FALSE(old_house.holds(referral));
  EXPECT_TRUE(new_house.holds(referral));
  EXPECT_EQ(to.shown()["version"].int_or(0), 2);
  EXPECT_EQ(riverside.get("/integrations/" + to.id() + "/versions/1").body["settings"]["baseUrl"].text_or(),
            old_house.url())
      << "old versions stay readable";
}

TEST_P(IntegrationLife, AFileAddedLaterGoesAlongWithTheNextUpdateAndNothingGoesTwice) {
  Destination& cms = world.cms();
  const Integration to = riverside.hands_over_to(cms, json(R"({"preset": "import_when_accepted"})"));
  const Referral referral = riverside.refers(intake);
  referral.gets_file("letter.txt", "text/plain", "Dear colleague");
  referral.becomes("accepted");
  world.settle();
  EXPECT_THAT(cms.files_of(referral), ElementsAre("Referral Summary.pdf", "letter.txt"));
  referral.gets_file("result.txt", "text/plain", "All is well");
  world.settle();
  EXPECT_THAT(cms.files_of(referral), ElementsAre("Referral Summary.pdf", "letter.txt", "result.txt"));
  EXPECT_EQ(referral.deliveries(to).size(), 2U);
}

TEST_P(IntegrationLife, BothSidesSystemsGetTheFilesOfOneReferral) {
  Destination& crm = world.cms();
  Destination& agency = world.crms();
  const Integration at_sender =
      mill.hands_over_to(crm, json(R"({"side": "sent", "mode": "once", "triggers": ["closed"]})"));
  const Integration at_receiver = riverside.hands_over_to(agency, json(R"({"triggers": ["closed"]})"));
  const Referral sent = mill.refers(intake);
  sent.gets_file("letter.txt", "text/plain", "Dear colleague");
  riverside.sees(sent).gets_file("plan.txt", "text/plain", "Mondays at ten");
  riverside.sees(sent).is_closed("admitted");
  world.settle();
  EXPECT_EQ(sent.delivery(at_sender).state(), "delivered");
  EXPECT_EQ(riverside.sees(sent).delivery(at_receiver).state(), "delivered");
  EXPECT_EQ(crm.bytes_of(sent, "plan.txt"), "Mondays at ten");
  EXPECT_EQ(agency.bytes_of(sent, "letter.txt"), "Dear colleague");
}

TEST_P(IntegrationLife, ADraftWithAFileArrivesWithItOnceItIsSent) {
  Destination& crms = world.crms();
  const Integration to = riverside.hands_over_to(crms, json(R"({"triggers": ["referral.received"]})"));
  const Referral draft = mill.refers(intake, json(R"({"draft": true,
      "attachments": [{"fileName": "letter.txt", "contentType": "text/plain", "data": "RGVhciBjb2xsZWFndWU="}]})"));
  world.settle();
  EXPECT_THAT(crms.everything(), IsEmpty());
  draft.is_submitted();
  world.settle();
  EXPECT_EQ(crms.bytes_of(draft, "letter.txt"), "Dear colleague");
  EXPECT_EQ(riverside.sees(draft).delivery(to).state(), "delivered");
}

TEST_P(IntegrationLife, AReferralWorkedByItsSenderFeedsTheSendersSystem) {
  Destination& crm = world.cms();
  const Integration to =
      mill.hands_over_to(crm, json(R"({"side": "sent", "mode": "every", "triggers": ["referral.sent", "closed"]})"));
  const Answer made = mill.post("/referrals", json(R"({"recipient": {"name": "Dr. Ana Petrov"},
      "registrant": {"firstName": "Joe", "lastName": "Clark"}, "requester": {"firstName": "Sam", "lastName": "Reid"}})"));
  ASSERT_EQ(made.status, 201) << made.text;
  const Referral referral = mill.sees(made.body["id"].text_or());
  referral.is_closed("admitted");
  world.settle();
  ASSERT_EQ(referral.deliveries(to).size(), 2U);
  EXPECT_EQ(crm.record_of(referral).updates, 1);
}

TEST_P(IntegrationLife, SettingsAreTriedBeforeTheyAreTrusted) {
  Destination& crms = world.crms();
  const Integration to = riverside.hands_over_to(crms, json(R"({"triggers": ["referral.received"]})"));
  const Answer well = riverside.post("/integrations/" + to.id() + "/test", {});
  EXPECT_EQ(well.status, 200) << well.text;
  EXPECT_TRUE(well.body["ok"].bool_or(false)) << well.text;
  to.changes(json(R"({"settings": {"token": "an old key"}})"));
  const Answer refused = riverside.post("/integrations/" + to.id() + "/test", {});
  EXPECT_FALSE(refused.body["ok"].bool_or(true)) << refused.text;
  EXPECT_THAT(crms.everything(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(On, IntegrationLife, testing::ValuesIn(testing_support::both_databases()),
                         testing_support::database_name);

}  // namespace
}  // namespace handoff::scenario

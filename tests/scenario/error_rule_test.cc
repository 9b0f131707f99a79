// Goal: what an answer of a destination leads to: who is told, what is tried again and when, and that everything
// arrives once. Method: destinations that fail on request and a clock that only a test moves.
#include "tests/scenario/world.h"

namespace handoff::scenario {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class ErrorRules : public Scenario {
 protected:
  Integration hands_over(const Json& more = Json::object()) {
    return riverside.hands_over_to(crms,
                                   with(json(R"({"name": "CRMS intake", "triggers": ["referral.received"]})"), more));
  }
  static std::string check(const Referral& referral, const Integration& to, const std::string& name) {
    const Json explanation = referral.explain(to);
    for (const auto& each : explanation["checks"].items()) {
      if (each["check"].text_or() == name) return each["result"].text_or();
    }
    return {};
  }

  Clinic riverside = world.clinic("Riverside Community Services");
  Destination& crms = world.crms();
  const std::string intake = riverside.listing();
};

TEST_P(ErrorRules, UnavailableTwiceThenItArrives) {
  const Integration to = hands_over();
  crms.answers(503, 2);
  const Referral referral = riverside.refers(intake);
  world.settle();
  EXPECT_EQ(referral.delivery(to).state(), "retrying");
  EXPECT_EQ(referral.delivery(to).who(), "partner");
  EXPECT_EQ(referral.errors(), 0) << "nobody here has to do anything";
  EXPECT_FALSE(referral.delivery(to).shown["nextAttemptAt"].is_null());
  world.pass(std::chrono::seconds{4});
  EXPECT_THAT(referral.delivery(to).statuses(), ElementsAre(503)) << "not before its time";
  world.pass(std::chrono::seconds{2});
  EXPECT_THAT(referral.delivery(to).statuses(), ElementsAre(503, 503));
  world.pass(std::chrono::minutes{6});
  EXPECT_EQ(referral.delivery(to).state(), "delivered");
  EXPECT_TRUE(referral.delivery(to).shown["problem"].is_null());
  EXPECT_EQ(crms.all_of(referral).size(), 1U);
}

TEST_P(ErrorRules, TooManyRequestsWaitsAsLongAsItIsTold) {
  const Integration to = hands_over();
  crms.answers(429, 1, "", "120");
  const Referral referral = riverside.refers(intake);
  world.settle();
  EXPECT_EQ(referral.delivery(to).shown["nextAttemptAt"].text_or(),
            format_instant(world.now() + std::chrono::seconds{120}));
  world.pass(std::chrono::seconds{119});
  EXPECT_FALSE(crms.holds(referral));
  world.pass(std::chrono::seconds{1});
  EXPECT_TRUE(crms.holds(referral));
}

TEST_P(ErrorRules, TransientAnswersAreTriedAgainAndNobodyIsAsked) {
  const Integration to = hands_over();
  for (const int status : {408, 425, 429, 500, 502, 503, 504}) {
    crms.answers(status);
    const Referral referral = riverside.refers(intake);
    world.settle();
    EXPECT_EQ(referral.delivery(to).state(), "retrying") << status;
    world.pass(std::chrono::minutes{6});
    EXPECT_EQ(referral.delivery(to).state(), "delivered") << status;
    EXPECT_EQ(crms.all_of(referral).size(), 1U) << status;
  }
}

TEST_P(ErrorRules, NobodyListensThenItComesBack) {
  const Integration to = hands_over();
  crms.goes_down();
  const Referral referral = riverside.refers(intake);
  world.settle();
  EXPECT_EQ(referral.delivery(to).state(), "retrying");
  EXPECT_THAT(referral.delivery(to).statuses(), ElementsAre(0));
  crms.comes_back();
  world.pass(std::chrono::seconds{6});
  EXPECT_EQ(referral.delivery(to).state(), "delivered");
  EXPECT_EQ(crms.all_of(referral).size(), 1U);
}

TEST_P(ErrorRules, ASentenceSaysWhatIsMissingAndTheEditBringsItThere) {
  Destination& strict = world.crms({"dateOfBirth"});
  ASSERT_EQ(riverside
                .patch("/organizations/" + riverside.id(),
                       json(R"({"integrationContact": {"name": "Rosa Lindqvist", "phone": "+1 905 555 0111"}})"))
                .status,
            200);
  const Integration to =
      riverside.hands_over_to(strict, json(R"({"name": "CRMS intake", "preset": "handoff_at_end"})"));
  const Referral referral =
      riverside.refers(intake, json(R"({"registrant": {"firstName": "Joe", "lastName": "Clark"}})"));
  referral.is_closed("admitted");
  world.settle();
  const Delivery refused = referral.delivery(to);
  EXPECT_EQ(refused.state(), "needs_data");
  EXPECT_EQ(refused.problem(), "destination.refused_data");
  EXPECT_EQ(refused.who(), "coordinator");
  EXPECT_EQ(refused.shown["problem"]["field"].text_or(), "registrant.birthDate");
  EXPECT_THAT(refused.sentence(), AllOf(HasSubstr("CRMS intake"), HasSubstr("\"Date of birth is required\""),
                                        HasSubstr("Edit the referral"), HasSubstr("Rosa Lindqvist")));
  EXPECT_THAT(referral.explain(to)["sentence"].text_or(), HasSubstr("Date of birth is required"));
  EXPECT_EQ(check(referral, to, "destination"), "fail");
  EXPECT_EQ(referral.errors(), 1);
  EXPECT_EQ(riverside.list("/referrals?hasIntegrationErrors=true").size(), 1U);
  world.pass(std::chrono::hours{48});
  EXPECT_THAT(referral.delivery(to).statuses(), ElementsAre(400)) << "no timed retry of what cannot succeed";
  referral.is_edited(json(R"({"registrant": {"birthDate": "1990-05-17"}})"));
  world.settle();
  EXPECT_EQ(referral.delivery(to).state(), "delivered");
  EXPECT_TRUE(referral.delivery(to).shown["problem"].is_null());
  EXPECT_EQ(referral.errors(), 0);
  EXPECT_THAT(riverside.list("/referrals?hasIntegrationErrors=true"), IsEmpty());
  EXPECT_EQ(referral.explain(to)["delivered"].bool_or(false), true);
  EXPECT_EQ(strict.all_of(referral).size(), 1U);
}

TEST_P(ErrorRules, AFieldCanBeMadeMandatorySoThatTheProblemDoesNotComeBack) {
  ASSERT_EQ(riverside.patch("/listings/" + intake, json(R"({"registrantRequired": ["birthDate"]})")).status, 200);
  const Answer refused =
      riverside.tries_to_refer(intake, json(R"({"registrant": {"firstName": "Joe", "lastName": "Clark"}})"));
  EXPECT_EQ(refused.status, 400);
  ASSERT_EQ(refused.body["errors"].size(), 1U) << refused.text;
  EXPECT_EQ(refused.body["errors"].items()[0]["pointer"].text_or(), "/registrant/birthDate");
}

TEST_P(ErrorRules, ADataRefusalThatASecondEditMendsTakesTheSecondEdit) {
  Destination& strict = world.crms({"dateOfBirth", "gender"});
  const Integration to = riverside.hands_over_to(strict, json(R"({"triggers": ["referral.received"]})"));
  const Referral referral =
      riverside.refers(intake, json(R"({"registrant": {"firstName": "Joe", "lastName": "Clark"}})"));
  world.settle();
  referral.is_edited(json(R"({"registrant": {"birthDate": "1990-05-17"}})"));
  world.settle();
  EXPECT_EQ(referral.delivery(to).state(), "needs_data");
  EXPECT_THAT(referral.delivery(to).sentence(), HasSubstr("Gender"));
  EXPECT_EQ(referral.errors(), 1) << "the same error, not a second one";
  referral.is_edited(json(R"({"registrant": {"gender": "male"}})"));
  world.settle();
  EXPECT_EQ(referral.delivery(to).state(), "delivered");
  EXPECT_EQ(strict.all_of(referral).size(), 1U);
}

TEST_P(ErrorRules, WrongCredentialsHoldEverythingWithOneNoticeAndTheRightOnesReleaseIt) {
  const Integration to =
      hands_over(Json::object({{"settings", Json::object({{"baseUrl", crms.url()}, {"token", "an old key"}})}}));
  std::vector<Referral> referrals;
  for (int i = 0; i < 4; ++i) {
    referrals.push_back(riverside.refers(intake));
    if (i == 1) world.settle();
  }
  world.settle();
  for (const auto& referral : referrals) {
    EXPECT_EQ(referral.delivery(to).state(), "held");
    EXPECT_EQ(referral.delivery(to).who(), "administrator");
    EXPECT_THAT(referral.delivery(to).sentence(), Not(HasSubstr("Edit the referral")));
  }
  EXPECT_EQ(riverside.list("/notices").size(), 1U);
  EXPECT_EQ(to.shown()["health"]["state"].text_or(), "misconfigured");
  EXPECT_THAT(crms.everything(), IsEmpty());
  to.changes(Json::object({{"settings", Json::object({{"token", crms.token()}})}}));
  world.settle();
  for (const auto& referral : referrals) {
    EXPECT_EQ(referral.delivery(to).state(), "delivered");
    EXPECT_EQ(referral.errors(), 0);
  }
  EXPECT_EQ(to.shown()["health"]["state"].text_or(), "ok");
  for (const auto& notice : riverside.list("/notices")) EXPECT_FALSE(notice["closedAt"].is_null());
}

TEST_P(ErrorRules, AnswersThatOnlyAnAdministratorCanChangeHoldAndSendAgainAfterSaving) {
  const Integration to = hands_over();
  for (const int status : {401, 403, 404, 405, 406, 415, 501}) {
    crms.answers(status, 1000);
    const Referral referral = riverside.refers(intake);
    world.settle();
    EXPECT_EQ(referral.delivery(to).state(), "held") << status;
    EXPECT_EQ(referral.delivery(to).who(), "administrator") << status;
    EXPECT_EQ(referral.errors(), 1) << status;
    EXPECT_THAT(referral.explain(to)["sentence"].text_or(), Not(HasSubstr("Edit the referral"))) << status;
    crms.is_well();
    to.is_switched(true);  // saving the settings, changed or not, is the sign that somebody has looked
    world.settle();
    EXPECT_EQ(referral.delivery(to).state(), "delivered") << status;
    EXPECT_EQ(referral.errors(), 0) << status;
  }
}

TEST_P(ErrorRules, AConflictIsForAPersonAndResendingSettlesIt) {
  const Integration to = hands_over();
  crms.answers(409, 1, "The record was merged into another one");
  const Referral referral = riverside.refers(intake);
  world.settle();
  EXPECT_EQ(referral.delivery(to).state(), "needs_person");
  EXPECT_EQ(referral.delivery(to).problem(), "destination.conflict");
  EXPECT_EQ(referral.errors(), 1);
  referral.resend(referral.delivery(to));
  world.settle();
  EXPECT_EQ(referral.delivery(to).state(), "delivered");
  EXPECT_EQ(referral.errors(), 0);
}

TEST_P(ErrorRules, ADuplicateIsThereAlready) {
  const Integration first = hands_over();
  const Integration second = hands_over(json(R"({"name": "The same CRMS", "triggers": ["substatus.ready"]})"));
  const Referral referral = riverside.refers(intake);
  world.settle();
  ASSERT_EQ(referral.delivery(first).state(), "delivered");
  crms.answers(409, 1, "duplicate of a referral that is here");
  referral.becomes("ready");
  world.settle();
  EXPECT_EQ(referral.delivery(second).state(), "delivered");
  EXPECT_EQ(referral.delivery(second).shown["remoteId"], referral.delivery(first).shown["remoteId"]);
  EXPECT_EQ(crms.all_of(referral).size(), 1U);
}

TEST_P(ErrorRules, AReceiverThatIsGoneIsTheAdministratorsAndHoldsWhatFollows) {
  const Integration to = hands_over();
  crms.answers(410, 1000);
  const Referral first = riverside.refers(intake);
  world.settle();
  EXPECT_EQ(first.delivery(to).problem(), "destination.gone");
  EXPECT_EQ(first.delivery(to).who(), "administrator");
  const Referral second = riverside.refers(intake);
  world.settle();
  EXPECT_EQ(second.delivery(to).state(), "held");
  EXPECT_THAT(second.delivery(to).statuses(), IsEmpty()) << "nobody knocks at a door that is known to be closed";
}

TEST_P(ErrorRules, AFileThatIsTooLargeIsLeftOutAndTheRestArrives) {
  const Integration to = hands_over(json(R"({"triggers": ["substatus.ready"]})"));
  const Referral referral = riverside.refers(intake);
  referral.gets_file("scan.txt", "text/plain", "A scan of many pages");
  referral.gets_file("letter.txt", "text/plain", "Dear colleague");
  crms.slows_down(2);  // the referral and its summary; the third request carries the first file
  referral.becomes("ready");
  crms.hears(2);
  crms.answers(413);
  world.settle();
  const Delivery delivery = referral.delivery(to);
  EXPECT_EQ(delivery.state(), "delivered");
  EXPECT_THAT(crms.files_of(referral), ElementsAre("Referral Summary.pdf", "letter.txt"));
  EXPECT_EQ(delivery.problem(), "destination.file_too_large");
  EXPECT_EQ(delivery.who(), "coordinator");
  EXPECT_THAT(delivery.sentence(), HasSubstr("1 file was left out"));
}

TEST_P(ErrorRules, SavedAndTheLineDroppedExistsOnce) {
  const Integration to = hands_over();
  crms.saves_and_drops(1);
  const Referral referral = riverside.refers(intake);
  world.settle();
  EXPECT_EQ(referral.delivery(to).problem(), "destination.unknown_outcome");
  world.pass(std::chrono::seconds{3});  // what it settles within; then it is asked
  EXPECT_EQ(referral.delivery(to).state(), "delivered");
  EXPECT_EQ(crms.all_of(referral).size(), 1U);
  EXPECT_THAT(crms.files_of(referral), ElementsAre("Referral Summary.pdf"));
}

TEST_P(ErrorRules, EveryStepMayBeDroppedOnceAndNothingIsThereTwice) {
  const Integration to = hands_over(json(R"({"triggers": ["substatus.ready"]})"));
  const Referral referral = riverside.refers(intake);
  referral.gets_file("letter.txt", "text/plain", "Dear colleague");
  referral.gets_file("consent.txt", "text/plain", "I agree");
  crms.saves_and_drops(1);
  referral.becomes("ready");
  for (int look = 0; look < 12 && referral.delivery(to).state() != "delivered"; ++look) {
    crms.saves_and_drops(look % 2);  // every other round the next request is dropped too
    world.pass(std::chrono::minutes{6});
  }
  crms.is_well();
  world.pass(std::chrono::hours{3});
  EXPECT_EQ(referral.delivery(to).state(), "delivered");
  EXPECT_EQ(crms.all_of(referral).size(), 1U);
  EXPECT_THAT(crms.files_of(referral), ElementsAre("Referral Summary.pdf", "letter.txt", "consent.txt"));
}

TEST_P(ErrorRules, AnErrorIsClearedByAPersonAndWhatWaitedBehindItGoes) {
  Destination& cms = world.cms();
  const Integration to =
      riverside.hands_over_to(cms, json(R"({"mode": "every", "triggers": ["substatus.ready", "closed"]})"));
  const Referral referral = riverside.refers(intake);
  cms.answers(409, 1, "Merged");
  referral.becomes("ready");
  world.settle();
  referral.is_closed("admitted");
  world.settle();
  EXPECT_EQ(referral.deliveries(to)[1].state(), "pending") << "order is kept";
  referral.clear(referral.deliveries(to)[0]);
  world.settle();
  EXPECT_EQ(referral.deliveries(to)[0].state(), "cleared");
  EXPECT_EQ(referral.deliveries(to)[1].state(), "delivered");
  EXPECT_EQ(referral.errors(), 0);
}

TEST_P(ErrorRules, StoppedStaysHereUntilItIsResent) {
  const Integration to = hands_over();
  crms.answers(503, 1);
  const Referral referral = riverside.refers(intake);
  world.settle();
  referral.stop(referral.delivery(to));
  world.pass(std::chrono::hours{5});
  EXPECT_FALSE(crms.holds(referral));
  EXPECT_EQ(referral.delivery(to).state(), "stopped");
  referral.resend(referral.delivery(to));
  world.settle();
  EXPECT_TRUE(crms.holds(referral));
}

TEST_P(ErrorRules, AllErrorsOfAnIntegrationAreResentInOneGo) {
  const Integration to = hands_over();
  crms.answers(409, 3, "Merged");
  std::vector<Referral> referrals;
  for (int i = 0; i < 3; ++i) referrals.push_back(riverside.refers(intake));
  world.settle();
  EXPECT_EQ(riverside.list("/deliveries?state=needs_person").size(), 3U);
  const Answer answer =
      riverside.post("/deliveries/resend", Json::object({{"state", "needs_person"}, {"integrationId", to.id()}}));
  EXPECT_EQ(answer.status, 200) << answer.text;
  EXPECT_EQ(answer.body["items"].size(), 3U);
  world.settle();
  for (const auto& referral : referrals) EXPECT_TRUE(crms.holds(referral));
}

TEST_P(ErrorRules, AFailingDestinationDelaysNobodyElse) {
  Destination& cms = world.cms();
  const Integration broken = hands_over();
  const Integration well = riverside.hands_over_to(cms, json(R"({"triggers": ["referral.received"]})"));
  crms.answers(503, 1000);
  const Referral referral = riverside.refers(intake);
  world.settle();
  EXPECT_EQ(referral.delivery(broken).state(), "retrying");
  EXPECT_EQ(referral.delivery(well).state(), "delivered");
}

TEST_P(ErrorRules, OnARefusedFirstDeliveryLaterOnesWaitAndThePresentStateIsSent) {
  Destination& cms = world.cms({"dateOfBirth"});
  const Integration to =
      riverside.hands_over_to(cms, json(R"({"mode": "until_accepted", "triggers": ["referral.received"],
                    "updateTriggers": ["referral.edited", "closed"]})"));
  const Referral referral =
      riverside.refers(intake, json(R"({"registrant": {"firstName": "Joe", "lastName": "Clark"}})"));
  world.settle();
  referral.is_closed("admitted");
  world.settle();
  EXPECT_FALSE(cms.holds(referral));
  referral.is_edited(json(R"({"registrant": {"birthDate": "1990-05-17"}})"));
  world.settle();
  EXPECT_EQ(referral.delivery(to).state(), "delivered");
  EXPECT_EQ(cms.record_of(referral).updates, 0) << "one create with the present state";
  EXPECT_THAT(cms.field(referral, "referralNote"), HasSubstr("Admitted"));
}

TEST_P(ErrorRules, BelowItsPlanAConnectorIsRefusedAndALoweredPlanHoldsUntilItIsRaised) {
  Clinic basic = world.clinic("Small House", directory::Plan::basic);
  const std::string listing = basic.listing();
  const Answer refused = basic.tries_to_hand_over_to(crms, json(R"({"triggers": ["referral.received"]})"));
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.code(), "plan.connector_not_included");
  EXPECT_THAT(refused.body["detail"].text_or(),
              HasSubstr("The CRMS integration needs the Advanced CBO plan or higher; this organization is on Basic."));

  const Integration to = hands_over();
  world.set_plan(riverside, directory::Plan::basic);
  const Referral referral = riverside.refers(intake);
  world.settle();
  EXPECT_EQ(referral.delivery(to).state(), "held");
  EXPECT_EQ(referral.delivery(to).problem(), "plan.connector_not_included");
  EXPECT_EQ(referral.explain(to)["code"].text_or(), "plan.connector_not_included");
  EXPECT_FALSE(crms.holds(referral));
  world.set_plan(riverside, directory::Plan::enterprise);
  world.settle();
  EXPECT_EQ(referral.delivery(to).state(), "delivered");
}

INSTANTIATE_TEST_SUITE_P(On, ErrorRules, testing::ValuesIn(testing_support::both_databases()),
                         testing_support::database_name);

}  // namespace
}  // namespace handoff::scenario

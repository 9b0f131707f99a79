// Goal: an admission is one intake opportunity, whether a referral or a chart tells of it first. Method: a house that
// admits people and keeps its charts in a sandbox KIPU, on both databases.
#include "tests/api/emr_world.h"

namespace handoff::testing_support {
namespace {

using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

class IntakeOpportunities : public EmrTest {
 protected:
  IntakeOpportunities() {
    listing = new_listing(house, Json::object({{"name", "Beds"}, {"visibility", "exchange"}, {"admission", true}}));
  }
  // From the mill, accepted by the house.
  std::string accepted(const std::string& first, const std::string& last, Json identifiers = Json::array()) {
    const Answer made = mill.caller.post(
        "/api/v1/referrals", Json::object({{"listingId", listing},
                                           {"registrant", Json::object({{"firstName", first},
                                                                        {"lastName", last},
                                                                        {"birthDate", "1990-01-02"},
                                                                        {"identifiers", std::move(identifiers)}})}}));
    EXPECT_EQ(made.status, 201) << made.body;
    const std::string id = made.json["id"].text_or();
    EXPECT_EQ(house.caller.post(path_of(id) + "/sub-status", Json::object({{"code", "accepted"}})).status, 200);
    return id;
  }
  std::vector<Json> opportunities(const std::string& filter = "") {
    const Answer list = house.caller.get("/api/v1/intake-opportunities?limit=200" + filter);
    EXPECT_EQ(list.status, 200) << list.body;
    return list.json["items"].items();
  }
  Json of_referral(const std::string& referral) {
    const auto found = opportunities("&referralId=" + referral);
    EXPECT_THAT(found, SizeIs(1));
    return found.empty() ? Json() : found.front();
  }
  static std::string path(const Json& opportunity, const std::string& more = "") {
    return "/api/v1/intake-opportunities/" + opportunity["id"].text_or() + more;
  }
  void house_pulls() {
    if (connection.empty())
      connection = house.caller.post("/api/v1/emr-connections", connection_body()).json["id"].text_or();
    const Answer done = house.caller.post(at(connection, "/sync?wait=true"));
    EXPECT_EQ(done.json["state"].text_or(), "done") << done.body;
  }

  std::string listing, connection;
};
INSTANTIATE_TEST_SUITE_P(Both, IntakeOpportunities, testing::ValuesIn(both_databases()), database_name);

TEST_P(IntakeOpportunities, AnAcceptedReferralBecomesOneAtOnce) {
  const std::string referral = accepted("Joe", "Clark");
  const Json opportunity = of_referral(referral);
  EXPECT_THAT(opportunity["id"].text_or(), StartsWith("opp_"));
  EXPECT_EQ(opportunity["stage"]["code"].text_or(), "accepted");
  EXPECT_EQ(opportunity["source"]["method"].text_or(), "referral");
  EXPECT_EQ(opportunity["listingId"].text_or(), listing);
  EXPECT_TRUE(opportunity["linkedEmrRecord"].is_null());
  EXPECT_THAT(opportunity["actions"].items(), IsEmpty());
  EXPECT_EQ(mill.caller.get(path(opportunity)).status, 404);
  EXPECT_EQ(house.caller.post(path(opportunity, "/unlock-emr-updates")).code(), "opportunity.no_emr_record");
  // Accepted once more after something else it is still the same admission.
  house.caller.post(path_of(referral) + "/sub-status", Json::object({{"code", "in_progress"}}));
  house.caller.post(path_of(referral) + "/sub-status", Json::object({{"code", "accepted"}}));
  EXPECT_THAT(opportunities(), SizeIs(1));
}

TEST_P(IntakeOpportunities, AChartThatTheReferralNamesIsLinkedForSure) {
  const std::string referral =
      accepted("Joseph", "Clarke", Json::array({Json::object({{"system", "urn:house:mr"}, {"value", "MR-Clark"}})}));
  admit("Joe", "Clark");
  house_pulls();
  const Json opportunity = of_referral(referral);
  EXPECT_EQ(opportunity["link"]["basis"].text_or(), "identifier");
  EXPECT_FALSE(opportunity["link"]["inReview"].bool_or(true));
  EXPECT_EQ(opportunity["stage"]["code"].text_or(), "admitted");
  EXPECT_EQ(opportunity["linkedEmrRecord"]["state"].text_or(), "linked");
  EXPECT_EQ(opportunity["linkedEmrRecord"]["intakeOpportunityId"].text_or(), opportunity["id"].text_or());
  EXPECT_THAT(opportunities(), SizeIs(1));
}

TEST_P(IntakeOpportunities, NameAndBirthDateAreConfirmedOrSeparated) {
  const std::string referral = accepted("Joe", "Clark");
  admit("JOE", "Clark");
  house_pulls();
  Json opportunity = of_referral(referral);
  EXPECT_TRUE(opportunity["link"]["inReview"].bool_or(false)) << opportunity.dump();
  EXPECT_EQ(opportunity["actions"], Json::array({"confirm_link", "separate_link"}));
  EXPECT_THAT(opportunities("&inReview=true"), SizeIs(1));

  ASSERT_EQ(house.caller.post(path(opportunity, "/separate-link")).status, 200);
  EXPECT_THAT(opportunities(), SizeIs(2));
  opportunity = of_referral(referral);
  EXPECT_TRUE(opportunity["linkedEmrRecord"].is_null());
  const Json of_chart = opportunities("&source=emr").at(0);
  EXPECT_EQ(of_chart["linkedEmrRecord"]["intakeOpportunityId"].text_or(), of_chart["id"].text_or());

  // Somebody looks again: it was the same admission after all.
  const Answer joined =
      house.caller.post(path(opportunity, "/join"), Json::object({{"opportunityId", of_chart["id"].text_or()}}));
  ASSERT_EQ(joined.status, 200) << joined.body;
  EXPECT_EQ(joined.json["link"]["basis"].text_or(), "hand");
  EXPECT_EQ(joined.json["linkedEmrRecord"]["intakeOpportunityId"].text_or(), opportunity["id"].text_or());
  EXPECT_EQ(opportunities("&stage=closed").size(), 1U);
  EXPECT_EQ(house.caller.post(path(opportunity, "/confirm-link")).code(), "opportunity.nothing_to_review");
}

TEST_P(IntakeOpportunities, APatientWithoutAReferralHasOneAndAReadmissionOpensANewOne) {
  const std::string casefile = admit("Joe", "Clark");
  house_pulls();
  ASSERT_THAT(opportunities(), SizeIs(1));
  const Json first = opportunities()[0];
  EXPECT_EQ(first["source"]["method"].text_or(), "emr");
  EXPECT_EQ(first["source"]["name"].text_or(), "Hillside EMR");
  staff("POST", "/patients/" + casefile + "/discharge", Json::object({{"date", today(-2)}}));
  house_pulls();
  EXPECT_EQ(opportunities()[0]["stage"]["code"].text_or(), "discharged");
  staff("POST", "/patients/" + casefile + "/readmit", Json::object({{"date", today(0)}}));
  house_pulls();
  const auto both = opportunities();
  ASSERT_THAT(both, SizeIs(2));
  EXPECT_EQ(both[0]["stage"]["code"].text_or(), "admitted");
  EXPECT_FALSE(both[0]["linkedEmrRecord"]["earlierStay"].bool_or(true));
  EXPECT_EQ(both[1]["id"].text_or(), first["id"].text_or());
  EXPECT_EQ(both[1]["stage"]["code"].text_or(), "discharged");
  EXPECT_TRUE(both[1]["linkedEmrRecord"]["earlierStay"].bool_or(false));
  EXPECT_THAT(both[1]["actions"].items(), IsEmpty());
}

}  // namespace
}  // namespace handoff::testing_support

// Goal: what a site with an EMR is promised, one story each: a field that is filled becomes a referral, once, from the
// first cycle that sees it; no lock is silent; whatever the EMR and its network do, nothing is lost or doubled.
// Method: the real service pulls from a sandbox KIPU over HTTP, on both databases; staff act at its control plane.
#include "tests/api/emr_world.h"

namespace handoff::testing_support {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* locked_label = "Patient Discharged: EMR Updates Locked";

class EmrAcceptance : public EmrTest {
 protected:
  std::string connect_exempt(Json more = Json::object()) {
    more.set("consentExempt", true);
    const std::string id = connect(std::move(more));
    pulled(id);
    return id;
  }
  std::vector<std::string> referrals_of(const std::string& connection, const std::string& casefile) {
    std::vector<std::string> ids;
    const Json shown = record(connection, casefile);
    for (const auto& id : shown["referralIds"].items()) ids.push_back(id.text_or());
    return ids;
  }
  Json referral(const std::string& id) {
    const Answer read = mill.caller.get("/api/v1/referrals/" + id);
    EXPECT_EQ(read.status, 200) << read.body;
    return read.json;
  }
  void fault(Json body) { staff("POST", "/faults", body); }
  void no_faults() { staff("DELETE", "/faults"); }
  Answer unlock(const std::string& opportunity) {
    return mill.caller.post("/api/v1/intake-opportunities/" + opportunity + "/unlock-emr-updates");
  }
  std::int64_t requests_of(const std::string& route) {
    std::int64_t count = 0;
    const Json journal = staff("GET", "/journal");
    for (const auto& [key, list] : journal.members()) {
      if (!list.is_array()) continue;
      for (const Json& one : list.items()) count += one["route"].text_or() == route;
    }
    return count;
  }
  std::string wait_for_referral(const std::string& connection, const std::string& casefile) {
    const Answer seen = until([&] { return mill.caller.get(at(connection, "/records/" + percent_encode(casefile))); },
                              [](const Answer& a) { return a.json["referralIds"].size() > 0; });
    return seen.json["referralIds"].size() > 0 ? seen.json["referralIds"].items()[0].text_or() : "";
  }
};
INSTANTIATE_TEST_SUITE_P(Both, EmrAcceptance, testing::ValuesIn(both_databases()), database_name);

TEST_P(EmrAcceptance, AFieldThatIsFilledIsFoundByPollingAloneAndOnce) {
  const std::string emr_id = connect_exempt();
  const std::string ada = admit("Ada", "Lindqvist");
  fill(ada, "Serenity Sober Living");
  EXPECT_EQ(pulled(emr_id)["counts"]["referralsCreated"].int_or(0), 1);
  EXPECT_EQ(pulled(emr_id)["counts"]["referralsCreated"].int_or(-1), 0);
  EXPECT_THAT(outbound(), SizeIs(1));
}

TEST_P(EmrAcceptance, AValueWhoseCommitIsLateIsFoundByTheNextCycle) {
  const std::string emr_id = connect_exempt();
  const std::string ada = admit("Ada", "Lindqvist");
  pulled(emr_id);
  fault(Json::object({{"name", "lateCommit"}, {"seconds", 30}, {"count", 1}}));
  fill(ada, "Serenity");
  pulled(emr_id);
  EXPECT_THAT(outbound(), IsEmpty());
  staff("POST", "/clock", Json::object({{"advanceSeconds", 31}}));
  pulled(emr_id);
  EXPECT_THAT(outbound(), SizeIs(1));
}

TEST_P(EmrAcceptance, DateAndDestinationSavedTogetherAreEvaluatedBeforeTheLock) {
  const std::string emr_id = connect_exempt();
  const std::string ada = admit("Ada", "Lindqvist");
  pulled(emr_id);
  discharge(ada, Json::object({{"dischargeTo", "Serenity"}}));
  pulled(emr_id);
  EXPECT_THAT(referrals_of(emr_id, ada), SizeIs(1));
  EXPECT_EQ(record(emr_id, ada)["label"].text_or(), locked_label);
}

TEST_P(EmrAcceptance, ALockedRecordShowsWhatWaitsAndOnceUnlockedItStaysSo) {
  const std::string emr_id = connect_exempt();
  const std::string ada = admit("Ada", "Lindqvist");
  pulled(emr_id);
  discharge(ada);
  pulled(emr_id);
  fill(ada, "Serenity");
  pulled(emr_id);
  const Json locked = record(emr_id, ada);
  EXPECT_EQ(locked["state"].text_or(), "locked");
  EXPECT_EQ(locked["waitingChanges"].int_or(0), 1);
  EXPECT_THAT(locked["whyNoReferral"].text_or(), HasSubstr("Discharging To"));
  EXPECT_THAT(locked["referralIds"].items(), IsEmpty());
  EXPECT_EQ(unlock(locked["intakeOpportunityId"].text_or()).status, 200);
  EXPECT_NE(wait_for_referral(emr_id, ada), "");
  pulled(emr_id);
  EXPECT_EQ(record(emr_id, ada)["state"].text_or(), "unlocked");
}

// "Resolving Locked Records", its four steps, in the mode that behaves word for word as the document says.
TEST_P(EmrAcceptance, InStrictModeALockedRecordIsResolvedByTheFourStepsOfTheDocument) {
  const std::string emr_id = connect_exempt(Json::object({{"readMode", "strict"}}));
  const std::string ada = admit("Ada", "Lindqvist");
  pulled(emr_id);
  discharge(ada);
  pulled(emr_id);
  staff("DELETE", "/journal");
  fill(ada, "Serenity");
  pulled(emr_id);
  EXPECT_EQ(requests_of("detail"), 0) << "a locked record was read";
  EXPECT_EQ(record(emr_id, ada)["waitingChanges"].int_or(-1), 0);
  // 1. Navigate to the affected Intake Opportunity.
  const std::string path = "/api/v1/intake-opportunities/" + record(emr_id, ada)["intakeOpportunityId"].text_or();
  const Json opportunity = mill.caller.get(path).json;
  // 2. Locate the "Unlock EMR Updates" link in the Linked EMR Record section.
  EXPECT_EQ(opportunity["linkedEmrRecord"]["label"].text_or(), locked_label);
  EXPECT_EQ(opportunity["actions"], Json::array({"unlock_emr_updates"}));
  // 3. Click the link to allow updates to continue.
  EXPECT_EQ(mill.caller.post(path + "/unlock-emr-updates").status, 200);
  EXPECT_EQ(requests_of("detail"), 0);
  EXPECT_THAT(outbound(), IsEmpty());
  // 4. Wait for the next sync cycle to process the outbound referral.
  pulled(emr_id);
  EXPECT_THAT(referrals_of(emr_id, ada), SizeIs(1));
  // "Once unlocked, the record should stay synchronized going forward."
  pulled(emr_id);
  EXPECT_EQ(record(emr_id, ada)["state"].text_or(), "unlocked");
}

TEST_P(EmrAcceptance, AnotherDestinationReaimsADraftAndRedirectsWhatWasSent) {
  const std::string emr_id = connect_exempt();
  const std::string ada = admit("Ada", "Lindqvist");
  fill(ada, "Serenity");
  pulled(emr_id);
  const auto first = referrals_of(emr_id, ada);
  ASSERT_THAT(first, SizeIs(1));
  fill(ada, "Harbor House");
  pulled(emr_id);
  EXPECT_EQ(referrals_of(emr_id, ada), first);
  EXPECT_EQ(referral(first[0])["recipient"]["name"].text_or(), "Harbor House");
  EXPECT_EQ(mill.caller.post("/api/v1/referrals/" + first[0] + "/submit").status, 200);
  EXPECT_EQ(
      mill.caller.post("/api/v1/referrals/" + first[0] + "/sub-status", Json::object({{"code", "accepted"}})).status,
      200);
  fill(ada, "Cedar Ridge");
  pulled(emr_id);
  const auto both = referrals_of(emr_id, ada);
  ASSERT_THAT(both, SizeIs(2));
  EXPECT_EQ(referral(both[0])["subStatus"]["code"].text_or(), "redirected");
  EXPECT_EQ(referral(both[1])["recipient"]["name"].text_or(), "Cedar Ridge");
  EXPECT_EQ(referral(both[1])["correlationId"], referral(both[0])["correlationId"]);
}

TEST_P(EmrAcceptance, ClearedADraftIsVoidAndWhatWasSentIsFlagged) {
  const std::string emr_id = connect_exempt();
  const std::string ada = admit("Ada", "Lindqvist"), ben = admit("Ben", "Osei");
  fill(ada, "Serenity");
  fill(ben, "Serenity");
  pulled(emr_id);
  const std::string sent = referrals_of(emr_id, ben).at(0);
  EXPECT_EQ(mill.caller.post("/api/v1/referrals/" + sent + "/submit").status, 200);
  for (const auto& casefile : {ada, ben}) {
    staff("PATCH", "/patients/" + casefile, Json::object({{"dischargeTo", nullptr}}));
  }
  pulled(emr_id);
  EXPECT_EQ(referral(referrals_of(emr_id, ada).at(0))["status"].text_or(), "closed");
  EXPECT_EQ(referral(sent)["status"].text_or(), "submitted");
  EXPECT_EQ(record(emr_id, ben)["flags"].items().at(0)["code"].text_or(), "destination_removed");
}

TEST_P(EmrAcceptance, AnUndoneDischargeTakesTheLockAwayAndKeepsTheReferral) {
  const std::string emr_id = connect_exempt();
  const std::string ada = admit("Ada", "Lindqvist");
  pulled(emr_id);
  discharge(ada, Json::object({{"dischargeTo", "Serenity"}}));
  pulled(emr_id);
  EXPECT_EQ(record(emr_id, ada)["state"].text_or(), "locked");
  staff("POST", "/patients/" + ada + "/undo-discharge");
  pulled(emr_id);
  EXPECT_EQ(record(emr_id, ada)["state"].text_or(), "linked");
  EXPECT_EQ(record(emr_id, ada)["flags"].items().at(0)["code"].text_or(), "discharge_undone");
  EXPECT_EQ(referral(referrals_of(emr_id, ada).at(0))["status"].text_or(), "draft");
}

TEST_P(EmrAcceptance, AReadmissionToTheSameDestinationIsASecondReferralAndAnotherOpportunity) {
  const std::string emr_id = connect_exempt();
  const std::string ada = admit("Ada", "Lindqvist");
  discharge(ada, Json::object({{"dischargeTo", "Serenity"}}));
  pulled(emr_id);
  const std::string opportunity = record(emr_id, ada)["intakeOpportunityId"].text_or();
  staff("POST", "/patients/" + ada + "/readmit");
  pulled(emr_id);
  fill(ada, "Serenity");
  pulled(emr_id);
  EXPECT_THAT(referrals_of(emr_id, ada), SizeIs(2));
  EXPECT_NE(record(emr_id, ada)["intakeOpportunityId"].text_or(), opportunity);
}

TEST_P(EmrAcceptance, APageThatFailsLosesAndDoublesNothing) {
  Json paged = settings();
  paged.set("pageSize", 3);
  const std::string emr_id = connect(Json::object({{"settings", paged}, {"consentExempt", true}}));
  pulled(emr_id);
  std::vector<std::string> all;
  for (int i = 0; i < 8; ++i) {
    all.push_back(admit("P" + std::to_string(i), "Q" + std::to_string(i)));
    fill(all.back(), "Serenity");
  }
  fault(Json::object({{"status", 422}, {"route", "latest"}, {"page", 2}, {"count", 10}}));
  EXPECT_EQ(pull(emr_id)["state"].text_or(), "failed");
  EXPECT_THAT(outbound(), SizeIs(3)) << "what was read before stands";
  no_faults();
  pulled(emr_id);
  EXPECT_THAT(outbound(), SizeIs(8));
  for (const auto& casefile : all) EXPECT_THAT(referrals_of(emr_id, casefile), SizeIs(1));
}

TEST_P(EmrAcceptance, EqualTimestampsAcrossACutAreAllFound) {
  const std::string emr_id = connect_exempt();
  staff("POST", "/clock", Json::object({{"stopped", true}}));
  for (int i = 0; i < 6; ++i) {
    fill(admit("P" + std::to_string(i), "Q" + std::to_string(i)), "Serenity");
    if (i == 2) pulled(emr_id);
  }
  pulled(emr_id);
  EXPECT_THAT(outbound(), SizeIs(6));
}

TEST_P(EmrAcceptance, TheDaysOfAnotherZoneHideNothing) {
  for (const char* zone : {"Pacific/Kiritimati", "Pacific/Pago_Pago"}) {
    staff("PUT", "/settings", Json::object({{"zone", zone}, {"refuseFutureEndDate", true}}));
    const std::string emr_id = connect_exempt(Json::object({{"name", zone}}));
    const std::string ada = admit("Ada", zone);
    fill(ada, "Serenity");
    pulled(emr_id);
    EXPECT_THAT(referrals_of(emr_id, ada), SizeIs(1)) << zone;
  }
}

TEST_P(EmrAcceptance, AClockTwelveMinutesOffIsAFaultAndNoStormOfRetries) {
  const std::string emr_id = connect_exempt();
  fault(Json::object({{"name", "clockSkew"}, {"seconds", 720}}));
  fill(admit("Ada", "Lindqvist"), "Serenity");
  staff("DELETE", "/journal");
  const Json run = pull(emr_id);
  EXPECT_EQ(run["state"].text_or(), "failed");
  EXPECT_EQ(run["problem"]["code"].text_or(), "emr.clock_off");
  EXPECT_EQ(requests_of("latest"), 1);
  EXPECT_THAT(outbound(), IsEmpty());
  fault(Json::object({{"name", "clockSkew"}, {"seconds", 0}}));
  pulled(emr_id);
  EXPECT_THAT(outbound(), SizeIs(1));
}

TEST_P(EmrAcceptance, ARouteThatIsGoneDoesNotStopTheOthers) {
  const std::string emr_id = connect_exempt();
  fault(Json::object({{"status", 410}, {"route", "vaults"}, {"count", 1}}));
  fill(admit("Ada", "Lindqvist"), "Serenity");
  const Json run = pulled(emr_id);
  EXPECT_EQ(run["problem"]["code"].text_or(), "emr.route_gone");
  EXPECT_THAT(outbound(), SizeIs(1));
  staff("DELETE", "/journal");
  pulled(emr_id);
  EXPECT_EQ(requests_of("vaults"), 0) << "a route that is gone is not asked again";
}

TEST_P(EmrAcceptance, OneRefusalIsAPermissionAndAllOfThemAreTheCredentials) {
  const std::string emr_id = connect_exempt();
  fault(Json::object({{"status", 403}, {"route", "latest"}, {"count", 5}}));
  EXPECT_EQ(pull(emr_id)["problem"]["code"].text_or(), "emr.permission_missing");
  fault(Json::object({{"status", 403}, {"route", "*"}, {"count", 5}}));
  EXPECT_EQ(pull(emr_id)["problem"]["code"].text_or(), "emr.credentials_refused");
  EXPECT_TRUE(mill.caller.get(at(emr_id)).json["pull"]["stopped"].bool_or(false));
  no_faults();
  pulled(emr_id);
}

TEST_P(EmrAcceptance, TheOlderTransferToAnOwnLocationIsNoReferral) {
  const std::string emr_id = connect_exempt();
  const std::string ada = admit("Ada", "Lindqvist");
  staff("POST", "/patients/" + ada + "/transfer", Json::object({{"newCasefile", true}}));
  pulled(emr_id);
  EXPECT_THAT(outbound(), IsEmpty());
  EXPECT_THAT(record(emr_id, ada)["whyNoReferral"].text_or(), HasSubstr("nternal transfer"));
}

TEST_P(EmrAcceptance, ANonDestinationAndAMissingNameMakeNoneAndSayWhy) {
  const std::string emr_id = connect_exempt();
  const std::string ada = admit("Ada", "Lindqvist"), nameless = admit("", "Osei");
  fill(ada, "home");
  fill(nameless, "Serenity");
  pulled(emr_id);
  EXPECT_THAT(outbound(), IsEmpty());
  EXPECT_THAT(record(emr_id, ada)["whyNoReferral"].text_or(), HasSubstr("Non-destination"));
  EXPECT_THAT(record(emr_id, nameless)["whyNoReferral"].text_or(), HasSubstr("first name"));
  staff("PATCH", "/patients/" + nameless, Json::object({{"firstName", "Ben"}}));
  pulled(emr_id);
  EXPECT_THAT(referrals_of(emr_id, nameless), SizeIs(1));
}

TEST_P(EmrAcceptance, WhatIsMissingHoldsTheReferralBackUntilItIsThere) {
  const std::string emr_id = connect_exempt(Json::object({{"onDischarge", "send"}}));
  const std::string ada = staff("POST", "/patients",
                                Json::object({{"firstName", "Ada"},
                                              {"lastName", "Lindqvist"},
                                              {"dateOfBirth", "1990-01-02"},
                                              {"admissionDate", today(-3)}}))["casefileId"]
                              .text_or();
  fill(ada, "Serenity");
  pulled(emr_id);
  const std::string id = referrals_of(emr_id, ada).at(0);
  EXPECT_EQ(referral(id)["status"].text_or(), "draft");
  EXPECT_EQ(referral(id)["warnings"].items().at(0)["code"].text_or(), "emr.mr_number_missing");
  EXPECT_EQ(record(emr_id, ada)["state"].text_or(), "waiting_for_chart");
  staff("PATCH", "/patients/" + ada, Json::object({{"mrNumber", "MR-9"}}));
  pulled(emr_id);
  EXPECT_EQ(referral(id)["status"].text_or(), "submitted");
  EXPECT_THAT(referral(id)["warnings"].items(), IsEmpty());
}

TEST_P(EmrAcceptance, TwoContactsThatAreLinkedToOneListingAreOneDestination) {
  const std::string emr_id = connect_exempt();
  const auto contact = [&](const char* name) {
    return std::to_string(staff("POST", "/contacts", Json::object({{"name", name}}))["contactId"].int_or(0));
  };
  const std::string one = contact("Serenity Place"), other = contact("Serenity Plce");
  const std::string ada = admit("Ada", "Lindqvist");
  staff("PATCH", "/patients/" + ada, Json::object({{"dischargeToContactId", one}}));
  pulled(emr_id);
  const auto ids = referrals_of(emr_id, ada);
  EXPECT_EQ(mill.caller.get(at(emr_id)).json["counts"]["unmapped_destination"].int_or(0), 1);
  const std::string listing =
      house.caller.post("/api/v1/listings", Json::object({{"name", "Intake"}, {"visibility", "exchange"}}))
          .json["id"]
          .text_or();
  for (const auto& key : {one, other}) {
    const Answer linked = mill.caller.send({"PUT",
                                            at(emr_id, "/destinations/" + key),
                                            Json::object({{"listingId", listing}}).dump(),
                                            {{"Content-Type", "application/json"}}});
    EXPECT_EQ(linked.status, 200) << linked.body;
  }
  pulled(emr_id);
  EXPECT_EQ(referrals_of(emr_id, ada), ids);
  EXPECT_EQ(referral(ids.at(0))["listingId"].text_or(), listing);
  EXPECT_EQ(mill.caller.post("/api/v1/referrals/" + ids[0] + "/submit").status, 200);
  EXPECT_EQ(house.caller.get("/api/v1/referrals").json["items"].size(), 1U);
  staff("PATCH", "/patients/" + ada, Json::object({{"dischargeToContactId", other}}));
  pulled(emr_id);
  EXPECT_EQ(referrals_of(emr_id, ada), ids);
}

TEST_P(EmrAcceptance, ADeletedChartVoidsItsDraft) {
  const std::string emr_id = connect_exempt();
  const std::string ada = admit("Ada", "Lindqvist");
  fill(ada, "Serenity");
  pulled(emr_id);
  staff("POST", "/patients/" + ada + "/delete");
  pulled(emr_id);
  EXPECT_EQ(record(emr_id, ada)["state"].text_or(), "tombstoned");
  EXPECT_EQ(referral(referrals_of(emr_id, ada).at(0))["status"].text_or(), "closed");
}

}  // namespace
}  // namespace handoff::testing_support

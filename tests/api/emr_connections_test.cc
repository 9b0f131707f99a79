// Goal: connections to a record system as an administrator meets them: made, tried, pulled from, watched. Method: a
// sandbox KIPU over real HTTP, on both databases.
#include "tests/api/emr_world.h"

namespace handoff::testing_support {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;

class EmrConnections : public EmrTest {};
INSTANTIATE_TEST_SUITE_P(Both, EmrConnections, testing::ValuesIn(both_databases()), database_name);

TEST_P(EmrConnections, AConnectionIsMadeReadChangedAndDeleted) {
  const Answer made = mill.caller.post("/api/v1/emr-connections", connection_body());
  ASSERT_EQ(made.status, 201) << made.body;
  const std::string id = made.json["id"].text_or();
  EXPECT_THAT(id, StartsWith("emr_"));
  EXPECT_EQ(made.location(), at(id));
  EXPECT_EQ(made.json["settings"]["secret"].text_or(), "write-only");
  EXPECT_EQ(made.body.find("clinic-secret"), std::string::npos);
  EXPECT_EQ(made.json["lockPolicy"].text_or(), "missing_hook");
  EXPECT_EQ(made.json["readMode"].text_or(), "shadow");
  EXPECT_EQ(made.json["onDischarge"].text_or(), "draft");
  EXPECT_EQ(made.json["quietDays"].int_or(0), 30);
  EXPECT_EQ(made.json["webhooks"].text_or(), "expected");
  EXPECT_EQ(made.json["scheduleMinutes"].int_or(0), 15);
  EXPECT_FALSE(made.json["consentExempt"].bool_or(true));
  EXPECT_EQ(made.json["hooks"]["chart-update"]["state"].text_or(), "unconfigured");

  const Answer changed = mill.caller.patch(at(id), Json::object({{"scheduleMinutes", 5}}), {{"If-Match", made.etag()}});
  ASSERT_EQ(changed.status, 200) << changed.body;
  EXPECT_EQ(changed.json["scheduleMinutes"].int_or(0), 5);
  EXPECT_EQ(changed.json["version"].int_or(0), 2);
  EXPECT_EQ(mill.caller.patch(at(id), Json::object({{"scheduleMinutes", 6}}), {{"If-Match", made.etag()}}).status, 412);
  EXPECT_EQ(mill.caller.get(at(id)).json["scheduleMinutes"].int_or(0), 5);
  EXPECT_EQ(house.caller.get(at(id)).status, 404);
  EXPECT_EQ(mill.caller.get("/api/v1/emr-connections").json["items"].size(), 1U);
  EXPECT_EQ(house.caller.get("/api/v1/emr-connections").json["items"].size(), 0U);

  EXPECT_EQ(mill.caller.remove(at(id)).status, 204);
  EXPECT_EQ(mill.caller.get(at(id)).status, 404);
  EXPECT_EQ(mill.caller.get("/api/v1/emr-connections").json["items"].size(), 0U);
}

TEST_P(EmrConnections, EveryFaultOfABodyIsNamedAtOnce) {
  Json body = connection_body(Json::object({{"scheduleMinutes", 90}, {"lockPolicy", "perhaps"}, {"colour", "green"}}));
  Json bad = settings();
  bad.set("baseUrl", "emr.example.org");
  bad.erase("secret");
  body.set("settings", bad);
  const Answer refused = mill.caller.post("/api/v1/emr-connections", body);
  EXPECT_EQ(refused.status, 400);
  for (const char* place : {"/scheduleMinutes", "/lockPolicy", "/colour", "/settings/baseUrl", "/settings/secret"})
    EXPECT_THAT(refused.faults(), Contains(StartsWith(place)));
  EXPECT_EQ(mill.caller.get("/api/v1/emr-connections").json["items"].size(), 0U);
}

TEST_P(EmrConnections, AFieldThatIsFilledBecomesAReferral) {
  const std::string connection = connect();
  const std::string casefile = admit("Joe", "Clark");
  pulled(connection);
  EXPECT_THAT(outbound(), SizeIs(0));
  EXPECT_THAT(record(connection, casefile)["whyNoReferral"].text_or(), StartsWith("Not filled"));
  fill(casefile, "Northside Recovery Homes");
  const Json run = pulled(connection);
  EXPECT_EQ(run["counts"]["referralsCreated"].int_or(0), 1);
  const auto sent = outbound();
  ASSERT_THAT(sent, SizeIs(1));
  EXPECT_EQ(sent[0]["source"]["method"].text_or(), "emr");
  EXPECT_EQ(sent[0]["status"].text_or(), "draft");  // the site has not declared itself exempt
  EXPECT_EQ(sent[0]["registrant"]["firstName"].text_or(), "Joe");
  EXPECT_EQ(sent[0]["recipient"]["name"].text_or(), "Northside Recovery Homes");
  const Json linked = record(connection, casefile);
  EXPECT_TRUE(linked["whyNoReferral"].is_null());
  EXPECT_EQ(linked["referralIds"].items().at(0).text_or(), sent[0]["id"].text_or());
  // Nothing new, nothing twice.
  pulled(connection);
  EXPECT_THAT(outbound(), SizeIs(1));
  EXPECT_EQ(mill.caller.get(at(connection)).json["counts"]["unmapped_destination"].int_or(0), 1);
}

TEST_P(EmrConnections, ALinkedRecordSaysByWhenAValueSavedNowAppears) {
  const std::string connection = connect(Json::object({{"scheduleMinutes", 60}}));
  const std::string casefile = admit("Joe", "Clark");
  pulled(connection);
  const Json linked = record(connection, casefile);
  const auto at_of = [&](const char* key) { return parse_instant(linked[key].text_or()).value().at; };
  const Instant now = server.clock().now();
  EXPECT_LE(at_of("lastPullAt"), now);
  // Every hour at the latest, give or take a tenth; a value that is saved right before a pull may need one more.
  EXPECT_GT(at_of("nextPullAt"), now);
  EXPECT_LE(at_of("nextPullAt"), now + std::chrono::minutes{66});
  EXPECT_GT(at_of("visibleBy"), at_of("nextPullAt"));
  EXPECT_EQ(mill.caller.patch(at(connection), Json::object({{"scheduleMinutes", 61}})).status, 400);
}

TEST_P(EmrConnections, ADestinationThatIsLinkedOnceSendsToThePartnersInbox) {
  const std::string listing = new_listing();
  const std::string connection = connect(Json::object({{"consentExempt", true}, {"onDischarge", "send"}}));
  const std::string contact =
      std::to_string(staff("POST", "/contacts", Json::object({{"name", "Harbour House"}}))["contactId"].int_or(0));
  const Answer linked = mill.caller.send({"PUT",
                                          at(connection, "/destinations/" + contact),
                                          Json::object({{"listingId", listing}}).dump(),
                                          {{"Content-Type", "application/json"}}});
  ASSERT_EQ(linked.status, 200) << linked.body;
  const std::string casefile = admit("Joe", "Clark");
  staff("PATCH", "/patients/" + casefile,
        Json::object({{"dischargeToContactId", static_cast<std::int64_t>(std::stoll(contact))}}));
  pulled(connection);
  const Answer inbox = house.caller.get("/api/v1/referrals");
  ASSERT_EQ(inbox.json["items"].size(), 1U) << inbox.body;
  EXPECT_EQ(inbox.json["items"].items()[0]["listingId"].text_or(), listing);
  EXPECT_EQ(inbox.json["items"].items()[0]["status"].text_or(), "submitted");
  EXPECT_EQ(mill.caller.get(at(connection, "/destinations")).json["items"].size(), 1U);

  const Answer wrong = mill.caller.send({"PUT",
                                         at(connection, "/destinations/99"),
                                         Json::object({{"listingId", "lst_01K0Q8Z5W3V7M2N4P6R8T0S9C3"}}).dump(),
                                         {{"Content-Type", "application/json"}}});
  EXPECT_THAT(wrong.faults(), Contains("/listingId listing.not_found"));
}

TEST_P(EmrConnections, AFieldThatTheRecordSystemOwnsIsRefusedByName) {
  const std::string connection = connect();
  const std::string casefile = admit("Joe", "Clark");
  fill(casefile, "Northside Recovery Homes");
  pulled(connection);
  const std::string referral = outbound().at(0)["id"].text_or();
  const Answer refused = mill.caller.patch(
      path_of(referral),
      Json::object({{"registrant", Json::object({{"firstName", "Joseph"}})}, {"notes", "Call first."}}));
  EXPECT_EQ(refused.status, 400);
  EXPECT_THAT(refused.faults(), Contains("/registrant/firstName referral.field_of_the_emr"));
  EXPECT_THAT(refused.body, HasSubstr("Hillside EMR"));
  EXPECT_EQ(mill.caller.patch(path_of(referral), Json::object({{"notes", "Call first."}})).status, 200);

  // The remedy that the refusal names works for referrals that are there already.
  ASSERT_EQ(
      mill.caller
          .patch(at(connection), Json::object({{"fieldOwnership", Json::object({{"registrant.firstName", "ours"}})}}))
          .status,
      200);
  pulled(connection);
  const Answer edited =
      mill.caller.patch(path_of(referral), Json::object({{"registrant", Json::object({{"firstName", "Joseph"}})}}));
  EXPECT_EQ(edited.status, 200) << edited.body;
}

TEST_P(EmrConnections, TheDoctorTellsFaultsApart) {
  const std::string connection = connect();
  EXPECT_TRUE(mill.caller.post(at(connection, "/test")).json["ok"].bool_or(false));
  Json wrong = settings();
  wrong.set("secret", "another");
  ASSERT_EQ(mill.caller.patch(at(connection), Json::object({{"settings", wrong}})).status, 200);
  const Answer secret = mill.caller.post(at(connection, "/test"));
  EXPECT_FALSE(secret.json["ok"].bool_or(true));
  wrong = settings();
  wrong.set("baseUrl", "http://127.0.0.1:1");
  ASSERT_EQ(mill.caller.patch(at(connection), Json::object({{"settings", wrong}})).status, 200);
  const Answer address = mill.caller.post(at(connection, "/test"));
  EXPECT_FALSE(address.json["ok"].bool_or(true));
  const auto first_failure = [](const Answer& answer) {
    for (const Json& check : answer.json["checks"].items()) {
      if (check["result"].text_or() == "fail") return check["code"].text_or();
    }
    return std::string();
  };
  EXPECT_NE(first_failure(secret), first_failure(address));
  EXPECT_EQ(secret.body.find("clinic-secret"), std::string::npos);
}

TEST_P(EmrConnections, AFailedPullIsAnsweredWithItsRun) {
  const std::string connection = connect();
  pulled(connection);
  staff("POST", "/faults", Json::object({{"route", "latest"}, {"status", 503}, {"count", 1000}}));
  const Json run = pull(connection);
  EXPECT_EQ(run["state"].text_or(), "failed") << run.dump();
  EXPECT_TRUE(run["problem"].is_object());
  staff("DELETE", "/faults");
  EXPECT_EQ(pull(connection)["state"].text_or(), "done");
  EXPECT_GE(mill.caller.get(at(connection, "/runs")).json["items"].size(), 3U);
  EXPECT_EQ(mill.caller.get(at(connection, "/runs/" + run["id"].text_or())).json["state"].text_or(), "failed");
}

TEST_P(EmrConnections, ADraftThatWantOfConsentHeldBackGoesOnWhenTheSiteIsExempt) {
  const std::string connection = connect(Json::object({{"onDischarge", "send"}}));
  const std::string casefile = admit("Joe", "Clark");
  fill(casefile, "Northside Recovery Homes");
  pulled(connection);
  ASSERT_THAT(outbound(), SizeIs(1));
  EXPECT_EQ(outbound()[0]["status"].text_or(), "draft");
  EXPECT_THAT(outbound()[0]["warnings"].dump(), HasSubstr("emr.consent_missing"));
  ASSERT_EQ(mill.caller.patch(at(connection), Json::object({{"consentExempt", true}})).status, 200);
  pulled(connection);
  ASSERT_THAT(outbound(), SizeIs(1));
  EXPECT_EQ(outbound()[0]["status"].text_or(), "submitted");
  EXPECT_EQ(outbound()[0]["warnings"].size(), 0U);
}

TEST_P(EmrConnections, ALinkedContactIsKnownByItsNameAloneAndByAnother) {
  const std::string listing = new_listing();
  const std::string connection = connect(Json::object({{"consentExempt", true}, {"onDischarge", "send"}}));
  const std::int64_t contact =
      staff("POST", "/contacts", Json::object({{"name", "Harbour House"}}))["contactId"].int_or(0);
  const std::string first = admit("Ana", "Petrov");
  staff("PATCH", "/patients/" + first, Json::object({{"dischargeToContactId", contact}}));
  pulled(connection);
  ASSERT_EQ(mill.caller
                .send({"PUT",
                       at(connection, "/destinations/" + std::to_string(contact)),
                       Json::object({{"listingId", listing}}).dump(),
                       {{"Content-Type", "application/json"}}})
                .status,
            200);
  pulled(connection);
  const std::string casefile = admit("Joe", "Clark");
  fill(casefile, " HARBOUR  house");
  pulled(connection);
  const auto of_joe = [&] {
    std::vector<Json> found;
    for (const auto& one : outbound()) {
      if (one["registrant"]["lastName"].text_or() == "Clark") found.push_back(one);
    }
    return found;
  };
  ASSERT_THAT(of_joe(), SizeIs(1));
  EXPECT_EQ(of_joe()[0]["listingId"].text_or(), listing);
  staff("PATCH", "/patients/" + casefile,
        Json::object({{"dischargeTo", "Harbour House"}, {"dischargeToContactId", contact}}));
  pulled(connection);
  ASSERT_THAT(of_joe(), SizeIs(1));
  EXPECT_EQ(of_joe()[0]["status"].text_or(), "submitted");
}

TEST_P(EmrConnections, ALinkReachesARecordThatIsLocked) {
  const std::string listing = new_listing();
  const std::string connection = connect(Json::object({{"consentExempt", true}, {"onDischarge", "send"}}));
  const std::int64_t contact =
      staff("POST", "/contacts", Json::object({{"name", "Harbour House"}}))["contactId"].int_or(0);
  const std::string casefile = admit("Joe", "Clark");
  staff("PATCH", "/patients/" + casefile, Json::object({{"dischargeToContactId", contact}}));
  discharge(casefile);
  pulled(connection);
  EXPECT_EQ(record(connection, casefile)["state"].text_or(), "locked");
  EXPECT_EQ(mill.caller
                .send({"PUT",
                       at(connection, "/destinations/" + std::to_string(contact)),
                       Json::object({{"listingId", listing}}).dump(),
                       {{"Content-Type", "application/json"}}})
                .status,
            200);
  pulled(connection);
  EXPECT_EQ(record(connection, casefile)["state"].text_or(), "locked");
  const Answer inbox = house.caller.get("/api/v1/referrals");
  ASSERT_EQ(inbox.json["items"].size(), 1U) << inbox.body;
  EXPECT_EQ(mill.caller.get(at(connection)).json["counts"]["unmapped_destination"].int_or(-1), 0);
}

TEST_P(EmrConnections, WithoutFeedAndRosterAPullHasFailed) {
  const std::string connection = connect();
  pulled(connection);
  staff("POST", "/faults", Json::object({{"route", "latest"}, {"status", 410}, {"count", 1}}));
  EXPECT_EQ(pull(connection)["state"].text_or(), "done");  // the roster stands in for the feed
  staff("POST", "/faults", Json::object({{"route", "census"}, {"status", 503}, {"count", 1000}}));
  const Json run = pull(connection);
  EXPECT_EQ(run["state"].text_or(), "failed") << run.dump();
  EXPECT_TRUE(mill.caller.get(at(connection)).json["pull"]["fault"].is_object());
}

TEST_P(EmrConnections, ThePreviewMakesNothing) {
  const std::string casefile = admit("Joe", "Clark");
  fill(casefile, "Northside Recovery Homes");
  const std::string connection = connect(Json::object({{"enabled", false}}));
  const Answer preview = mill.caller.get(at(connection, "/preview"));
  ASSERT_EQ(preview.status, 200) << preview.body;
  EXPECT_EQ(preview.json["wouldCreate"].size(), 1U) << preview.body;
  EXPECT_EQ(preview.body.find("Clark"), std::string::npos);
  EXPECT_THAT(outbound(), SizeIs(0));
  EXPECT_EQ(mill.caller.post(at(connection, "/sync?wait=true")).code(), "emr_connection.disabled");
}

}  // namespace
}  // namespace handoff::testing_support

// Goal: no lock is silent. A discharged record that is locked says so, shows what waits, and follows again when
// somebody unlocks it; webhooks are heard, and junk is not. Method: as emr_connections_test.cc.
#include "tests/api/emr_world.h"

namespace handoff::testing_support {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class EmrLocks : public EmrTest {
 protected:
  // A record that was discharged without a destination while no Chart Update webhook was there, and is filled since.
  struct Locked {
    std::string connection, casefile, opportunity;
  };
  Locked locked(Json more = Json::object()) {
    Locked out;
    out.casefile = admit("Joe", "Clark");
    out.connection = connect(std::move(more));
    pulled(out.connection);
    discharge(out.casefile);
    pulled(out.connection);
    const Json linked = record(out.connection, out.casefile);
    EXPECT_EQ(linked["state"].text_or(), "locked") << linked.dump();
    out.opportunity = linked["intakeOpportunityId"].text_or();
    fill(out.casefile, "Northside Recovery Homes");
    pulled(out.connection);
    EXPECT_THAT(outbound(), IsEmpty());
    return out;
  }
  static std::string path(const std::string& opportunity, const std::string& more = "") {
    return "/api/v1/intake-opportunities/" + opportunity + more;
  }
  struct Hook {
    std::string url, token;
  };
  Hook issue(const std::string& connection, const std::string& kind) {
    const Answer issued = mill.caller.post(at(connection, "/hooks/" + kind));
    EXPECT_EQ(issued.status, 200) << issued.body;
    return {issued.json["url"].text_or(), issued.json["token"].text_or()};
  }
  // To the server under test, whatever public address it gave out.
  static std::string path_of_hook(const Hook& hook) { return hook.url.substr(hook.url.find("/hooks/")); }
  Answer deliver(const Hook& hook, const std::string& body, const std::string& type = "application/json") {
    return server.send({"POST", path_of_hook(hook), body, {{"Content-Type", type}}}, hook.token);
  }
};
INSTANTIATE_TEST_SUITE_P(Both, EmrLocks, testing::ValuesIn(both_databases()), database_name);

TEST_P(EmrLocks, ALockedRecordShowsWhatWaitsAndUnlockingLetsItThrough) {
  const Locked l = locked();
  Json shown = mill.caller.get(path(l.opportunity)).json;
  EXPECT_EQ(shown["linkedEmrRecord"]["label"].text_or(), "Patient Discharged: EMR Updates Locked");
  EXPECT_EQ(shown["linkedEmrRecord"]["waitingChanges"].int_or(0), 1);
  EXPECT_EQ(shown["linkedEmrRecord"]["lockCause"].text_or(), "chart_hook_never_seen");
  EXPECT_EQ(shown["actions"], Json::array({"unlock_emr_updates"}));
  EXPECT_EQ(mill.caller.get(at(l.connection)).json["counts"]["locked"].int_or(0), 1);
  EXPECT_EQ(house.caller.post(path(l.opportunity, "/unlock-emr-updates")).status, 404);

  const Answer unlocked =
      mill.caller.post(path(l.opportunity, "/unlock-emr-updates"), Json::object({{"reason", "filled late"}}));
  ASSERT_EQ(unlocked.status, 200) << unlocked.body;
  EXPECT_EQ(unlocked.json["linkedEmrRecord"]["state"].text_or(), "unlocked");
  EXPECT_THAT(unlocked.json["actions"].items(), IsEmpty());
  // The record is read at once, without anybody asking for a pull.
  const Answer there = until([&] { return mill.caller.get("/api/v1/referrals?direction=sent"); },
                             [](const Answer& a) { return a.json["items"].size() == 1; });
  EXPECT_EQ(there.json["items"].size(), 1U);
  // Asking again changes nothing; the next pull does not lock it again.
  EXPECT_EQ(mill.caller.post(path(l.opportunity, "/unlock-emr-updates")).status, 200);
  pulled(l.connection);
  EXPECT_EQ(record(l.connection, l.casefile)["state"].text_or(), "unlocked");
  const Answer audit = mill.caller.get("/api/v1/audit?limit=200");
  std::size_t unlocks = 0;
  for (const Json& row : audit.json["items"].items()) unlocks += row["action"].text_or() == "emr.unlock" ? 1 : 0;
  EXPECT_EQ(unlocks, 1U);
  EXPECT_EQ(audit.body.find("Clark"), std::string::npos);
}

// The four steps of "Resolving Locked Records", word for word.
TEST_P(EmrLocks, StrictModeFollowsTheFourStepsOfTheDocument) {
  const Locked l = locked(Json::object({{"readMode", "strict"}}));
  // 1. Navigate to the affected Intake Opportunity. While it is locked nothing of it is read.
  const Json shown = mill.caller.get(path(l.opportunity)).json;
  // 2. Locate the "Unlock EMR Updates" link in the Linked EMR Record section.
  EXPECT_EQ(shown["linkedEmrRecord"]["label"].text_or(), "Patient Discharged: EMR Updates Locked");
  EXPECT_EQ(shown["linkedEmrRecord"]["waitingChanges"].int_or(-1), 0);
  EXPECT_EQ(shown["actions"], Json::array({"unlock_emr_updates"}));
  // 3. Click the link to allow updates to continue.
  const Answer unlocked = mill.caller.post(path(l.opportunity, "/unlock-emr-updates"));
  ASSERT_EQ(unlocked.status, 200) << unlocked.body;
  EXPECT_EQ(unlocked.json["linkedEmrRecord"]["state"].text_or(), "unlocked");
  // 4. Wait for the next sync cycle to process the outbound referral.
  pulled(l.connection);
  EXPECT_THAT(outbound(), SizeIs(1));
  // Once unlocked, the record stays synchronized.
  fill(l.casefile, "Lakeside House");
  pulled(l.connection);
  EXPECT_EQ(record(l.connection, l.casefile)["dischargingTo"].text_or(), "Lakeside House");
  EXPECT_EQ(record(l.connection, l.casefile)["state"].text_or(), "unlocked");
}

TEST_P(EmrLocks, ADateAndADestinationSavedTogetherAreNotLost) {
  const std::string casefile = admit("Joe", "Clark");
  const std::string connection = connect();
  pulled(connection);
  discharge(casefile, Json::object({{"dischargeTo", "Northside Recovery Homes"}}));
  pulled(connection);
  EXPECT_THAT(outbound(), SizeIs(1));
  EXPECT_EQ(record(connection, casefile)["state"].text_or(), "locked");
}

TEST_P(EmrLocks, EachNewLockIsTold) {
  const Locked l = locked();
  const Answer events = mill.caller.get(at(l.connection, "/events"));
  ASSERT_EQ(events.status, 200) << events.body;
  std::size_t locks = 0;
  for (const Json& event : events.json["items"].items())
    locks += event["type"].text_or() == "emr.record_locked" ? 1 : 0;
  EXPECT_EQ(locks, 1U);
  EXPECT_EQ(events.body.find("Clark"), std::string::npos);
  EXPECT_EQ(mill.caller.get(at(l.connection, "/records?worklist=locked")).json["items"].size(), 1U);
}

TEST_P(EmrLocks, UnlockingNeedsItsScope) {
  const Locked l = locked();
  const Answer client = mill.caller.post("/api/v1/api-clients",
                                         Json::object({{"name", "Reader"}, {"scopes", Json::array({"emr.read"})}}));
  ASSERT_EQ(client.status, 201) << client.body;
  const Answer token =
      server.nobody().send({"POST",
                            "/oauth2/token",
                            "grant_type=client_credentials&client_id=" + client.json["clientId"].text_or() +
                                "&client_secret=" + client.json["clientSecret"].text_or(),
                            {{"Content-Type", "application/x-www-form-urlencoded"}}});
  ASSERT_EQ(token.status, 200) << token.body;
  const Caller reader(server, token.json["access_token"].text_or());
  EXPECT_EQ(reader.get(path(l.opportunity)).status, 200);
  EXPECT_EQ(reader.post(path(l.opportunity, "/unlock-emr-updates")).status, 403);
  EXPECT_EQ(record(l.connection, l.casefile)["state"].text_or(), "locked");
}

TEST_P(EmrLocks, ManyAreUnlockedByCause) {
  const Locked l = locked();
  EXPECT_EQ(mill.caller.post(at(l.connection, "/unlock-emr-updates"), Json::object({{"lockCause", "policy"}}))
                .json["unlocked"]
                .int_or(-1),
            0);
  EXPECT_EQ(mill.caller.post(at(l.connection, "/unlock-emr-updates"), Json::object({{"olderThanHours", 24}}))
                .json["unlocked"]
                .int_or(-1),
            0);
  const Answer done =
      mill.caller.post(at(l.connection, "/unlock-emr-updates"), Json::object({{"lockCause", "chart_hook_never_seen"}}));
  ASSERT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(done.json["unlocked"].int_or(0), 1);
  EXPECT_EQ(done.json["items"].items().at(0)["intakeOpportunityId"].text_or(), l.opportunity);
  EXPECT_EQ(record(l.connection, l.casefile)["state"].text_or(), "unlocked");
}

TEST_P(EmrLocks, AWebhookLetsAFieldBecomeAReferralAtOnce) {
  const std::string connection = connect();
  const std::string casefile = admit("Joe", "Clark");
  pulled(connection);
  const Hook hook = issue(connection, "chart-update");
  EXPECT_EQ(mill.caller.get(at(connection)).json["hooks"]["chart-update"]["state"].text_or(), "never_seen");
  staff("PUT", "/hooks/chart-update",
        Json::object({{"url", "http://127.0.0.1:" + std::to_string(server.service().port()) + path_of_hook(hook)},
                      {"token", hook.token},
                      {"active", true}}));
  fill(casefile, "Northside Recovery Homes");
  const Answer there = until([&] { return mill.caller.get("/api/v1/referrals?direction=sent"); },
                             [](const Answer& a) { return a.json["items"].size() == 1; });
  EXPECT_EQ(there.json["items"].size(), 1U);
  const Json health = mill.caller.get(at(connection)).json["hooks"]["chart-update"];
  EXPECT_EQ(health["received"].int_or(0), 1);
  EXPECT_TRUE(health["lastReceivedAt"].is_string());
}

TEST_P(EmrLocks, AWebhookIsKnownByItsTokenAndJunkIsRefused) {
  const std::string connection = connect();
  const std::string casefile = admit("Joe", "Clark");
  pulled(connection);
  EXPECT_EQ(server.send({"POST", "/hooks/emr/" + connection + "/chart-update", "{}", {}}, "").status, 401);
  const Hook hook = issue(connection, "chart-update");
  const Hook other = issue(connection, "patient-creation");
  const std::string body = Json::object({{"data", Json::array({Json::object({{"casefile_id", casefile}})})}}).dump();
  EXPECT_EQ(server.send({"POST", path_of_hook(hook), body, {}}, other.token).status, 401);
  EXPECT_EQ(server.send({"POST", "/hooks/emr/" + connection + "/vitals", body, {}}, hook.token).status, 401);
  EXPECT_EQ(deliver(hook, "this is not JSON").status, 400);
  EXPECT_EQ(deliver(hook, "{}").status, 400);
  EXPECT_EQ(deliver(hook, std::string(300 * 1024, 'x')).status, 413);
  EXPECT_EQ(deliver(hook, body).status, 202);
  EXPECT_EQ(deliver(hook, body).status, 202);
  EXPECT_EQ(deliver(hook,
                    "patient_id=" + casefile.substr(0, casefile.find(':')) +
                        "&patient_master_id=" + casefile.substr(casefile.find(':') + 1),
                    "application/x-www-form-urlencoded")
                .status,
            202);
  EXPECT_EQ(server
                .send({"POST",
                       path_of_hook(hook) + "?token=" + hook.token,
                       "{\"mr_number\":\"MR-Clark\"}",
                       {{"Content-Type", "application/json"}}},
                      "")
                .status,
            202);
  const Json health = mill.caller.get(at(connection)).json["hooks"]["chart-update"];
  EXPECT_EQ(health["received"].int_or(0), 3);  // the repeated one counts once
  EXPECT_GE(health["refused"].int_or(0), 1);
  // A renewed token puts an end to the old one.
  const Hook renewed = issue(connection, "chart-update");
  EXPECT_EQ(deliver(hook, body).status, 401);
  EXPECT_EQ(deliver(renewed, body).status, 202);
  EXPECT_THAT(outbound(), SizeIs(0));
}

}  // namespace
}  // namespace handoff::testing_support

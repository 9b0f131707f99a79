// Integrations: what is asked of an administrator, and what becomes of what was asked.
#include "sandbox/cms_sandbox.h"
#include "tests/support/api.h"

namespace handoff::testing_support {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

class Integrations : public ApiTest {
 protected:
  std::unique_ptr<sandbox::CmsSandbox> partner(sandbox::CmsProduct product) {
    sandbox::CmsSandboxOptions options;
    options.product = product;
    options.token = "sandbox-token";
    return sandbox::CmsSandbox::start(std::move(options), server.clock(), server.random()).value();
  }
  std::string new_integration(Json body) {
    const Answer made = house.caller.post("/api/v1/integrations", body);
    EXPECT_EQ(made.status, 201) << made.body;
    return "/api/v1/integrations/" + made.json["id"].text_or();
  }
  Answer delivery_of(const std::string& referral_at, const std::string& state) {
    return until([&] { return house.caller.get(referral_at + "/deliveries"); },
                 [&](const Answer& answer) {
                   const auto& items = answer.json["items"].items();
                   return !items.empty() && items.front()["state"].text_or() == state;
                 });
  }
};
INSTANTIATE_TEST_SUITE_P(Both, Integrations, testing::ValuesIn(both_databases()), database_name);

TEST_P(Integrations, the_plan_is_asked_first_and_said_in_the_agreed_words) {
  const Office basic = server.office("Small Office", directory::Plan::basic);
  const auto before = server.rows();
  const Answer refused = basic.caller.post("/api/v1/integrations", integration_body("lst_x", "no address"));
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.code(), "plan.connector_not_included");
  EXPECT_EQ(refused.json["detail"].text_or(),
            "The CRMS integration needs the Advanced CBO plan or higher; this organization is on Basic.");
  EXPECT_EQ(server.rows(), before);
}

TEST_P(Integrations, are_made_from_a_preset_with_the_connectors_defaults) {
  const std::string listing = new_listing();
  Json body = integration_body(listing, "http://127.0.0.1:9");
  body.erase("triggers");
  body.set("preset", "handoff_at_end");
  const Answer made = house.caller.post("/api/v1/integrations", body);
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(made.location(), "/api/v1/integrations/" + made.json["id"].text_or());
  EXPECT_EQ(made.json["triggers"].dump(), "[\"closed.completed\"]");
  EXPECT_EQ(made.json["mode"].text_or(), "once");
  EXPECT_TRUE(made.json["includeRouted"].boolean());
  EXPECT_EQ(made.json["settings"]["token"].text_or(), "write-only");
  EXPECT_THAT(made.body, testing::Not(HasSubstr("sandbox-token")));
  const Answer shown = house.caller.get("/api/v1/listings/" + listing);
  ASSERT_EQ(shown.json["integrations"].size(), 1u);
  EXPECT_EQ(shown.json["integrations"].items()[0]["id"], made.json["id"]);
  EXPECT_EQ(shown.json["integrations"].items()[0]["name"].text_or(), "CRMS intake");
}

TEST_P(Integrations, faults_are_named_all_at_once) {
  const auto before = server.rows();
  Json body = Json::parse(R"({"connector": "crms", "side": "up", "listingIds": ["lst_01ARZ3NDEKTSV4RRFFQ69G5FAV", 3],
      "settings": {"baseUrl": "ftp://x", "tokn": "1"}, "triggers": ["closed.complete"], "mode": "often",
      "summaryPdf": false, "enabled": "yes"})")
                  .value();
  const Answer answer = house.caller.post("/api/v1/integrations", body);
  EXPECT_EQ(answer.status, 400);
  for (const char* fault :
       {"/name property.required", "/side property.unknown_value", "/listingIds/1 id.wrong_kind",
        "/settings/baseUrl setting.bad_url", "/settings/tokn property.unknown", "/settings/token property.required",
        "/triggers/0 trigger.unknown", "/mode property.unknown_value", "/summaryPdf integration.summary_required",
        "/enabled property.wrong_type"})
    EXPECT_THAT(answer.faults(), Contains(fault));
  EXPECT_THAT(house.caller.post("/api/v1/integrations", Json::object({{"connector", "crm"}})).body,
              HasSubstr("\\\"crms\\\""));
  EXPECT_EQ(server.rows(), before);
}

TEST_P(Integrations, each_change_is_a_version_and_old_ones_stay_readable) {
  const std::string at = new_integration(integration_body(new_listing(), "http://127.0.0.1:9"));
  Answer answer = house.caller.patch(at, Json::object({{"mode", "until_accepted"}}), {{"If-Match", "\"1\""}});
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.json["version"].int_or(0), 2);
  EXPECT_THAT(answer.json["warnings"].dump(), HasSubstr("takes no updates"));
  EXPECT_EQ(house.caller.patch(at, Json::object({{"enabled", false}}), {{"If-Match", "\"1\""}}).status, 412);
  EXPECT_EQ(house.caller.get(at + "/versions/1").json["mode"].text_or(), "once");
  EXPECT_EQ(house.caller.get(at + "/versions/2").json["mode"].text_or(), "until_accepted");
  EXPECT_EQ(house.caller.get(at + "/versions/3").status, 404);
  EXPECT_EQ(house.caller.get(at + "/versions").json["items"].size(), 2u);
  EXPECT_THAT(house.caller.patch(at, Json::object({{"settings", Json::object({{"token", nullptr}})}})).faults(),
              ElementsAre("/settings/token property.required"));
  EXPECT_THAT(house.caller.patch(at, Json::object({{"connector", "cms"}})).faults(),
              ElementsAre("/connector integration.fixed"));
}

TEST_P(Integrations, are_tried_and_previewed_without_sending_anything) {
  const auto crms = partner(sandbox::CmsProduct::crms);
  const std::string listing = new_listing();
  Json body = integration_body(listing, crms->url());
  body.set("triggers", Json::array({"closed"}));
  const std::string at = new_integration(body);
  Answer answer = house.caller.post(at + "/test");
  EXPECT_TRUE(answer.json["ok"].bool_or(false)) << answer.body;
  const std::string referral = new_referral(listing);
  answer = house.caller.post(at + "/preview", Json::object({{"referralId", referral}}));
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_THAT(answer.body, HasSubstr("Amélie"));
  EXPECT_THAT(answer.body, testing::Not(HasSubstr("sandbox-token")));
  EXPECT_EQ(crms->memory().all().size(), 0u);
  EXPECT_THAT(
      house.caller.post(at + "/preview", Json::object({{"referralId", "ref_01ARZ3NDEKTSV4RRFFQ69G5FAV"}})).faults(),
      ElementsAre("/referralId referral.not_found"));
  EXPECT_EQ(house.caller.patch(at, Json::object({{"settings", Json::object({{"token", "wrong"}})}})).status, 200);
  EXPECT_FALSE(house.caller.post(at + "/test").json["ok"].bool_or(true));
  crms->stop();
  EXPECT_FALSE(house.caller.post(at + "/test").json["ok"].bool_or(true));
}

TEST_P(Integrations, a_referral_arrives_once_and_its_acceptance_comes_back_by_hook) {
  const auto cms = partner(sandbox::CmsProduct::cms);
  const std::string listing = new_listing();
  Json body = integration_body(listing, cms->url());
  body.set("connector", "cms");
  body.set("updateTriggers", Json::array({"referral.edited"}));
  const std::string at = new_integration(body);
  const std::string referral_at = path_of(new_referral(listing));
  const Answer delivered = delivery_of(referral_at, "delivered");
  ASSERT_EQ(delivered.json["items"].items().at(0)["state"].text_or(), "delivered") << delivered.body;
  const std::string remote = delivered.json["items"].items().at(0)["remoteId"].text_or();
  const Answer explained = house.caller.get(referral_at + "/explain?integrationId=" + at.substr(at.rfind('/') + 1));
  EXPECT_TRUE(explained.json["delivered"].bool_or(false)) << explained.body;
  EXPECT_EQ(explained.json["checks"].size(), 9u);

  const Answer issued = house.caller.post(at + "/hook");
  ASSERT_EQ(issued.status, 200) << issued.body;
  EXPECT_THAT(issued.json["url"].text_or(),
              testing::StartsWith("https://referrals.example.org/api/v1/hooks/destination/int_"));
  const std::string hook = "/api/v1/hooks/destination/" + at.substr(at.rfind('/') + 1);
  const Caller destination(server, issued.json["token"].text_or());
  const Json word = Json::object({{"remoteId", remote}, {"status", "accepted"}});
  EXPECT_EQ(house.caller.post(hook, word).status, 401) << "an API key is no hook token";
  EXPECT_EQ(server.nobody().post(hook, word).status, 401);
  EXPECT_EQ(destination.post(hook, Json::object({{"remoteId", "other"}, {"status", "accepted"}})).status, 404);
  EXPECT_EQ(destination.post(hook, Json::object({{"remoteId", remote}, {"status", "lost"}})).status, 400);
  const Answer accepted = destination.post(hook, word);
  EXPECT_EQ(accepted.status, 200) << accepted.body;
  EXPECT_EQ(destination.post(hook, word).json, accepted.json) << "told again it changes nothing";
  EXPECT_EQ(server.nobody()
                .post("/hooks/destination/" + at.substr(at.rfind('/') + 1) + "?token=" + destination.key(), word)
                .json,
            accepted.json);
  // From now on it is silent.
  EXPECT_EQ(house.caller.patch(referral_at, Json::object({{"notes", "later"}})).status, 200);
  EXPECT_EQ(house.caller.get(referral_at + "/deliveries").json["items"].size(), 1u);
  // Renewing takes the old token's word away.
  EXPECT_EQ(house.caller.post(at + "/hook").status, 200);
  EXPECT_EQ(destination.post(hook, word).status, 401);
}

TEST_P(Integrations, referrals_from_before_are_sent_by_hand) {
  const auto cms = partner(sandbox::CmsProduct::cms);
  const std::string listing = new_listing(), other = new_listing("Not linked");
  const std::string early = new_referral(listing), elsewhere = new_referral(other);
  Json body = integration_body(listing, cms->url());
  body.set("connector", "cms");
  const std::string at = new_integration(body);
  EXPECT_EQ(house.caller.get(path_of(early) + "/deliveries").json["items"].size(), 0u) << "no silent backfill";
  const auto send = [&](const char* as) {
    return house.caller.post(
        at + "/send",
        Json::parse(R"({"referralIds": [")" + early + "\", \"" + elsewhere + "\"], \"as\": \"" + as + "\"}").value());
  };
  Answer answer = send("update");
  EXPECT_EQ(answer.json["items"].items().at(0)["problem"]["code"].text_or(), "send.nothing_to_update") << answer.body;
  answer = send("new");
  EXPECT_TRUE(answer.json["items"].items().at(0)["ok"].bool_or(false)) << answer.body;
  EXPECT_EQ(answer.json["items"].items().at(1)["problem"]["code"].text_or(), "send.listing_not_linked");
  EXPECT_EQ(delivery_of(path_of(early), "delivered").json["items"].size(), 1u);
  answer = send("update");
  EXPECT_TRUE(answer.json["items"].items().at(0)["ok"].bool_or(false)) << answer.body;
  EXPECT_EQ(delivery_of(path_of(early), "delivered").json["items"].size(), 2u);
  ASSERT_EQ(cms->memory().all().size(), 1u);
  EXPECT_EQ(cms->memory().all().at(0).updates, 1);
}

TEST_P(Integrations, connectors_say_what_they_cannot_do) {
  const Answer answer = house.caller.get("/api/v1/connectors");
  const Json* crms = nullptr;
  for (const Json& connector : answer.json["items"].items()) {
    if (connector["id"].text_or() == "crms") crms = &connector;
  }
  ASSERT_NE(crms, nullptr);
  EXPECT_EQ((*crms)["minimumPlan"]["code"].text_or(), "advanced_cbo");
  EXPECT_FALSE((*crms)["updates"].boolean());
  EXPECT_GT((*crms)["limitations"].size(), 0u);
  EXPECT_FALSE((*crms)["fees"].text_or().empty());
  const Answer judged = house.caller.post("/api/v1/connectors/validate", Json::object({{"profile", "id = \"x\"\n"}}));
  EXPECT_EQ(judged.status, 200) << judged.body;
  EXPECT_FALSE(judged.json["valid"].bool_or(true));
  EXPECT_GT(judged.json["faults"].size(), 0u);
}

}  // namespace
}  // namespace handoff::testing_support

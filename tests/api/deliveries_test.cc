// The error queue: what a coordinator and an administrator do with deliveries that stand still.
#include "sandbox/cms_sandbox.h"
#include "tests/support/api.h"

namespace handoff::testing_support {
namespace {

using testing::HasSubstr;

class Deliveries : public ApiTest {
 protected:
  Deliveries() : listing(new_listing()) {
    sandbox::CmsSandboxOptions options;
    options.token = "sandbox-token";
    options.required = {"email"};
    crms = sandbox::CmsSandbox::start(std::move(options), server.clock(), server.random()).value();
    integration =
        house.caller.post("/api/v1/integrations", integration_body(listing, crms->url())).json["id"].text_or();
  }
  Json delivery_in(const std::string& referral, const std::string& state) {
    const Answer found = until([&] { return house.caller.get(path_of(referral) + "/deliveries"); },
                               [&](const Answer& answer) {
                                 const auto& items = answer.json["items"].items();
                                 return !items.empty() && items.front()["state"].text_or() == state;
                               });
    EXPECT_EQ(found.json["items"].items().at(0)["state"].text_or(), state) << found.body;
    return found.json["items"].items().at(0);
  }
  static std::string path_of_delivery(const Json& delivery) { return "/api/v1/deliveries/" + delivery["id"].text_or(); }

  std::string listing, integration;
  std::unique_ptr<sandbox::CmsSandbox> crms;
};
INSTANTIATE_TEST_SUITE_P(Both, Deliveries, testing::ValuesIn(both_databases()), database_name);

TEST_P(Deliveries, what_was_refused_for_its_data_goes_out_when_the_referral_is_mended) {
  const std::string referral = new_referral(listing);
  const Json delivery = delivery_in(referral, "needs_data");
  EXPECT_EQ(delivery["problem"]["who"].text_or(), "coordinator");
  EXPECT_FALSE(delivery["problem"]["sentence"].text_or().empty());
  EXPECT_EQ(delivery["attempts"].items().back()["httpStatus"].int_or(0), 400);
  EXPECT_EQ(house.caller.get(path_of(referral)).json["integrationErrors"].int_or(0), 1);
  EXPECT_EQ(house.caller.get(path_of(referral)).json["version"].int_or(0), 1) << "outcomes do not change the referral";
  EXPECT_EQ(house.caller.get("/api/v1/referrals?hasIntegrationErrors=true").json["items"].size(), 1u);
  EXPECT_EQ(house.caller.get("/api/v1/deliveries?state=needs_data").json["items"].size(), 1u);
  EXPECT_EQ(house.caller.get("/api/v1/deliveries?state=dead").json["items"].size(), 0u);
  EXPECT_EQ(house.caller.get("/api/v1/deliveries?integrationId=" + integration).json["items"].size(), 1u);

  EXPECT_EQ(house.caller.patch(path_of(referral), Json::parse(R"({"registrant": {"email": "a@example.org"}})").value())
                .status,
            200);
  delivery_in(referral, "delivered");
  EXPECT_EQ(house.caller.get(path_of(referral)).json["integrationErrors"].int_or(-1), 0);
  EXPECT_EQ(crms->memory().all().size(), 1u);
}

TEST_P(Deliveries, are_resent_cleared_and_stopped) {
  const std::string first = new_referral(listing), second = new_referral(listing);
  const Json one = delivery_in(first, "needs_data"), two = delivery_in(second, "needs_data");
  const std::string at = path_of_delivery(one);
  const Answer read = house.caller.get(at);
  EXPECT_EQ(read.json, one);
  EXPECT_EQ(house.caller.post(at + "/clear", Json::object(), {{"If-Match", "\"1\""}}).status, 412);
  Answer answer = house.caller.post(at + "/clear", Json::object({{"reason", "Entered by hand"}}));
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.json["state"].text_or(), "cleared");
  EXPECT_EQ(house.caller.post(at + "/clear").code(), "delivery.settled");
  EXPECT_EQ(house.caller.post(at + "/resend").status, 409);
  EXPECT_EQ(house.caller.get(path_of(first)).json["integrationErrors"].int_or(-1), 0);

  answer = house.caller.post(path_of_delivery(two) + "/stop");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.json["state"].text_or(), "stopped");
  EXPECT_EQ(
      house.caller.patch(path_of(second), Json::parse(R"({"registrant": {"email": "b@example.org"}})").value()).status,
      200);
  EXPECT_EQ(house.caller.get(path_of_delivery(two)).json["state"].text_or(), "stopped") << "silent until it is resent";
  answer = house.caller.post(path_of_delivery(two) + "/resend");
  ASSERT_EQ(answer.status, 200) << answer.body;
  delivery_in(second, "delivered");
  EXPECT_EQ(house.caller.post(at + "/resend", Json::object({{"now", true}})).status, 400);
}

TEST_P(Deliveries, many_are_resent_by_filter) {
  const std::string first = new_referral(listing), second = new_referral(listing);
  delivery_in(first, "needs_data");
  delivery_in(second, "needs_data");
  const Answer answer = house.caller.post("/api/v1/deliveries/resend",
                                          Json::object({{"state", "needs_data"}, {"integrationId", integration}}));
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.json["items"].size(), 2u);
  for (const Json& item : answer.json["items"].items()) EXPECT_TRUE(item["ok"].boolean()) << answer.body;
  EXPECT_FALSE(answer.json["more"].boolean());
  EXPECT_THAT(house.caller.post("/api/v1/deliveries/resend", Json::object({{"state", "delivered"}})).faults(),
              testing::ElementsAre("/state delivery.state_not_resendable"));
  EXPECT_THAT(house.caller.post("/api/v1/deliveries/resend", Json::object()).faults(),
              testing::ElementsAre("/state property.required"));
}

TEST_P(Deliveries, an_integration_that_owes_some_is_deleted_only_with_them_stopped) {
  const std::string referral = new_referral(listing);
  const Json delivery = delivery_in(referral, "needs_data");
  const std::string at = "/api/v1/integrations/" + integration;
  const Answer refused = house.caller.remove(at);
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(refused.code(), "integration.deliveries_owed");
  EXPECT_THAT(refused.json["detail"].text_or(), HasSubstr("1 delivery"));
  EXPECT_EQ(house.caller.remove(at + "?stop=true").status, 204);
  EXPECT_EQ(house.caller.get(at).status, 404);
  EXPECT_EQ(house.caller.get(path_of_delivery(delivery)).json["state"].text_or(), "stopped");
  EXPECT_EQ(house.caller.get("/api/v1/integrations").json["items"].size(), 0u);
  new_referral(listing);
  EXPECT_EQ(house.caller.get("/api/v1/deliveries").json["items"].size(), 1u);
}

TEST_P(Deliveries, a_switched_off_integration_holds_them_until_it_is_on_again) {
  const std::string at = "/api/v1/integrations/" + integration;
  EXPECT_EQ(house.caller.patch(at, Json::object({{"enabled", false}})).status, 200);
  Json body = for_listing(listing);
  Json registrant = person();
  registrant.set("email", "c@example.org");
  body.set("registrant", registrant);
  const std::string referral = house.caller.post("/api/v1/referrals", body).json["id"].text_or();
  const Json held = delivery_in(referral, "held");
  EXPECT_EQ(held["problem"]["code"].text_or(), "integration.disabled");
  EXPECT_EQ(house.caller.patch(at, Json::object({{"enabled", true}})).status, 200);
  delivery_in(referral, "delivered");
}

TEST_P(Deliveries, wrong_credentials_are_one_notice_and_saving_the_settings_tries_again) {
  const std::string at = "/api/v1/integrations/" + integration;
  EXPECT_EQ(house.caller.patch(at, Json::parse(R"({"settings": {"token": "wrong"}})").value()).status, 200);
  Json body = for_listing(listing);
  Json registrant = person();
  registrant.set("email", "d@example.org");
  body.set("registrant", registrant);
  const std::string referral = house.caller.post("/api/v1/referrals", body).json["id"].text_or();
  delivery_in(referral, "held");
  EXPECT_EQ(house.caller.get(at).json["health"]["state"].text_or(), "misconfigured");
  EXPECT_EQ(house.caller.get("/api/v1/notices").json["items"].size(), 1u);
  const Answer mended = house.caller.patch(at, Json::parse(R"({"settings": {"token": "sandbox-token"}})").value());
  EXPECT_EQ(mended.json["health"]["state"].text_or(), "ok");
  delivery_in(referral, "delivered");
  EXPECT_EQ(house.caller.get("/api/v1/notices").json["items"].size(), 0u);
}

}  // namespace
}  // namespace handoff::testing_support

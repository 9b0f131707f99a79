// The organization's own records, tokens for programs, and the pages beside the API.
#include "tests/support/api.h"

namespace handoff::testing_support {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class OfficeWork : public ApiTest {
 protected:
  Answer ask_token(const std::string& form, std::map<std::string, std::string> headers = {}) {
    headers.emplace("Content-Type", "application/x-www-form-urlencoded");
    return server.nobody().send({"POST", "/oauth2/token", form, std::move(headers)});
  }
};
INSTANTIATE_TEST_SUITE_P(Both, OfficeWork, testing::ValuesIn(both_databases()), database_name);

TEST_P(OfficeWork, listings_are_made_and_mended) {
  Answer answer = house.caller.post(
      "/api/v1/listings",
      Json::parse(R"({"name": "", "visibility": "open", "registrantRequired": ["birthday"], "form": {"fields": [
          {"key": "a b", "label": "A", "type": "choice"}, {"key": "x", "label": "X", "type": "txt"}]}, "colour": 1})")
          .value());
  EXPECT_THAT(answer.faults(),
              testing::UnorderedElementsAre(
                  "/colour property.unknown", "/name property.required", "/visibility property.unknown_value",
                  "/registrantRequired/0 listing.unknown_registrant_field", "/form/fields/0/key form.bad_key",
                  "/form/fields/0/options form.needs_options", "/form/fields/1/type form.unknown_type"));
  answer = house.caller.post("/api/v1/listings", Json::parse(R"({"name": "Intake", "form": {"fields": [
      {"key": "living", "label": "Living situation", "type": "text"}]}})")
                                                     .value());
  ASSERT_EQ(answer.status, 201) << answer.body;
  EXPECT_EQ(answer.json["visibility"].text_or(), "private");
  const std::string at = answer.location(), id = answer.json["id"].text_or();
  EXPECT_EQ(house.caller.get(at).json, answer.json);
  EXPECT_EQ(house.caller.post("/api/v1/referrals", for_listing(id)).status, 201);
  // A form field can be made mandatory.
  answer = house.caller.patch(at,
                              Json::parse(R"({"form": {"fields": [
      {"key": "living", "label": "Living situation", "type": "text", "required": true}]}})")
                                  .value(),
                              {{"If-Match", answer.etag()}});
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.json["version"].int_or(0), 2);
  EXPECT_EQ(house.caller.patch(at, Json::object({{"name", "x"}}), {{"If-Match", "\"1\""}}).status, 412);
  EXPECT_THAT(house.caller.post("/api/v1/referrals", for_listing(id)).faults(),
              ElementsAre("/answers/living answer.required"));
  // Others see it once it is open to the exchange.
  EXPECT_EQ(mill.caller.get(at).status, 404);
  EXPECT_EQ(house.caller.patch(at, Json::object({{"visibility", "exchange"}})).status, 200);
  answer = mill.caller.get(at);
  EXPECT_EQ(answer.json["organization"]["name"].text_or(), "Harbour House") << answer.body;
  EXPECT_FALSE(answer.json.contains("integrations"));
  EXPECT_EQ(mill.caller.patch(at, Json::object({{"name", "Mine"}})).status, 404);
  const Json unassigned = house.caller.get("/api/v1/listings").json["items"].items().at(0);
  EXPECT_EQ(unassigned["name"].text_or(), "Unassigned");
  EXPECT_THAT(
      house.caller.patch("/api/v1/listings/" + unassigned["id"].text_or(), Json::object({{"name", "Other"}})).faults(),
      ElementsAre("/name listing.unassigned_is_fixed"));
}

TEST_P(OfficeWork, sub_statuses_are_added_and_renamed) {
  Answer answer = house.caller.post("/api/v1/sub-statuses",
                                    Json::object({{"label", "Waiting for a bed (floor 2)"}, {"category", "on_hold"}}));
  ASSERT_EQ(answer.status, 201) << answer.body;
  EXPECT_EQ(answer.json["code"].text_or(), "waiting_for_a_bed_floor_2");
  const std::string at = answer.location(), etag = answer.etag();
  EXPECT_EQ(house.caller.get(at).etag(), etag);
  EXPECT_EQ(house.caller
                .post("/api/v1/sub-statuses", Json::object({{"code", "ready"}, {"label", "R"}, {"category", "ready"}}))
                .code(),
            "sub_status.exists");
  const std::string referral = path_of(new_referral(new_listing()));
  EXPECT_EQ(house.caller.post(referral + "/sub-status", Json::object({{"code", "waiting_for_a_bed_floor_2"}})).status,
            200);
  EXPECT_EQ(house.caller.patch(at, Json::object({{"label", "Waiting for a room"}}), {{"If-Match", etag}}).status, 200);
  EXPECT_EQ(house.caller.patch(at, Json::object({{"label", "Again"}}), {{"If-Match", etag}}).status, 412);
  EXPECT_EQ(house.caller.get(referral).json["subStatus"]["label"].text_or(), "Waiting for a room");
  EXPECT_EQ(house.caller.patch(at, Json::object({{"category", "failed"}})).status, 400);
  EXPECT_EQ(mill.caller.get(at).status, 404);
  EXPECT_THAT(
      house.caller.post("/api/v1/sub-statuses", Json::object({{"code", "No!"}, {"label", "x"}, {"category", "odd"}}))
          .faults(),
      testing::UnorderedElementsAre("/category property.unknown_value", "/code sub_status.bad_code"));
}

TEST_P(OfficeWork, the_organization_says_whom_to_ask) {
  const std::string at = "/api/v1/organizations/" + house.id.text();
  Answer answer = house.caller.get(at);
  EXPECT_EQ(answer.json["plan"]["label"].text_or(), "Advanced CBO");
  answer = house.caller.patch(
      at,
      Json::parse(
          R"({"integrationContact": {"name": "Rachel Vance", "email": "rachel@example.org"}, "duplicatePolicy": "block"})")
          .value(),
      {{"If-Match", answer.etag()}});
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.json["integrationContact"]["name"].text_or(), "Rachel Vance");
  EXPECT_EQ(answer.json["duplicatePolicy"].text_or(), "block");
  EXPECT_EQ(house.caller.get(at).json, answer.json);
  EXPECT_EQ(house.caller.get(at).etag(), answer.etag());
  EXPECT_THAT(
      house.caller
          .patch(at,
                 Json::parse(R"({"duplicatePolicy": "ask", "integrationContact": {"mail": 1, "email": "x"}})").value())
          .faults(),
      testing::UnorderedElementsAre("/duplicatePolicy property.unknown_value",
                                    "/integrationContact/mail property.unknown",
                                    "/integrationContact/email email.malformed"));
  EXPECT_EQ(house.caller.patch(at, Json::object({{"plan", "enterprise"}})).status, 400);
  EXPECT_EQ(mill.caller.get(at).status, 404);
}

TEST_P(OfficeWork, programs_get_tokens_with_their_clients_scopes) {
  const Answer made = house.caller.post(
      "/api/v1/api-clients",
      Json::object({{"name", "Mill Clinic EMR"}, {"scopes", Json::array({"referrals.read", "listings.read"})}}));
  ASSERT_EQ(made.status, 201) << made.body;
  const std::string id = made.json["clientId"].text_or(), secret = made.json["clientSecret"].text_or();
  EXPECT_FALSE(house.caller.get(made.location()).json.contains("clientSecret")) << "shown once";

  const std::string basic = "Basic " + base64(id + ":" + secret);
  const Answer token = ask_token("grant_type=client_credentials", {{"Authorization", basic}});
  ASSERT_EQ(token.status, 200) << token.body;
  EXPECT_EQ(token.json["token_type"].text_or(), "Bearer");
  EXPECT_EQ(token.json["expires_in"].int_or(0), 3600);
  const Caller program(server, token.json["access_token"].text_or());
  EXPECT_EQ(program.get("/api/v1/listings").status, 200);
  EXPECT_EQ(program.get("/api/v1/integrations").status, 403);

  const std::string form = "grant_type=client_credentials&client_id=" + id + "&client_secret=" + secret;
  EXPECT_EQ(ask_token(form).status, 200);
  EXPECT_EQ(ask_token(form, {{"Content-Type", "text/plain"}}).status, 200) << "whatever the form is called";
  const Answer narrow = ask_token(form + "&scope=listings.read");
  EXPECT_EQ(narrow.json["scope"].text_or(), "listings.read");
  EXPECT_EQ(Caller(server, narrow.json["access_token"].text_or()).get("/api/v1/referrals").status, 403);
  EXPECT_EQ(ask_token(form + "&scope=admin").json["error"].text_or(), "invalid_scope");
  EXPECT_EQ(ask_token(form + "x").status, 401);
  EXPECT_EQ(ask_token("grant_type=password&client_id=" + id + "&client_secret=" + secret).json["error"].text_or(),
            "unsupported_grant_type");
  EXPECT_EQ(ask_token("grant_type=client_credentials").status, 401);
  const Answer as_json = server.nobody().post(
      "/api/v1/oauth2/token",
      Json::object({{"grant_type", "client_credentials"}, {"client_id", id}, {"client_secret", secret}}));
  EXPECT_EQ(as_json.status, 200) << as_json.body;

  EXPECT_EQ(house.caller.remove(made.location()).status, 204);
  EXPECT_EQ(ask_token(form).status, 401);
  EXPECT_EQ(program.get("/api/v1/listings").status, 401) << "its tokens end with it";
  EXPECT_THAT(
      house.caller
          .post("/api/v1/api-clients", Json::parse(R"({"scopes": ["referral.read"], "publicKey": "x"})").value())
          .faults(),
      testing::UnorderedElementsAre("/name property.required", "/scopes/0 access.unknown_scope",
                                    "/publicKey access.bad_public_key"));
}

TEST_P(OfficeWork, the_pages_say_what_runs_here) {
  const Answer front = server.nobody().get("/");
  EXPECT_THAT(front.body, HasSubstr("/docs"));
  EXPECT_THAT(front.body, HasSubstr("/oauth2/token"));
  const Answer docs = server.nobody().get("/docs");
  EXPECT_THAT(docs.body, HasSubstr("/api/v1/referrals/{referralId}/sub-status"));
  EXPECT_THAT(docs.body, testing::Not(HasSubstr("<script")));
  house.caller.get("/api/v1/listings");
  const Answer metrics = server.nobody().get("/metrics");
  EXPECT_THAT(metrics.body, HasSubstr("handoff_requests_total{operation=\"listListings\",status=\"200\"} 1"));
  EXPECT_THAT(metrics.body, HasSubstr("handoff_oldest_pending_seconds"));
  EXPECT_EQ(server.nobody().get("/readyz").json["status"].text_or(), "ready");
  EXPECT_EQ(server.nobody().get("/healthz?x=1").status, 400);
}

TEST_P(OfficeWork, triggers_are_in_the_words_of_the_founding_documents) {
  const Answer answer = house.caller.get("/api/v1/triggers");
  EXPECT_EQ(answer.json["items"].items().at(0)["id"].text_or(), "referral.received");
  EXPECT_EQ(answer.json["items"].items().at(0)["label"].text_or(), "Received (routed requests can be included)");
}

}  // namespace
}  // namespace handoff::testing_support

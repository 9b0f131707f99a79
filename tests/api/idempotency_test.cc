// Goal: a request that is sent twice happens once. Method: the same key again, with the same and with another body.
#include "tests/support/api.h"

namespace handoff::testing_support {
namespace {

class Idempotency : public ApiTest {};
INSTANTIATE_TEST_SUITE_P(Both, Idempotency, testing::ValuesIn(both_databases()), database_name);

TEST_P(Idempotency, the_same_request_gives_the_first_answer_again) {
  const std::string listing = new_listing();
  const std::map<std::string, std::string> key{{"Idempotency-Key", "5d0e-1"}};
  const Answer first = house.caller.post("/api/v1/referrals", for_listing(listing), key);
  ASSERT_EQ(first.status, 201);
  EXPECT_EQ(house.caller.post(first.location() + "/sub-status", Json::object({{"code", "ready"}})).status, 200);
  const auto before = server.rows();
  const Answer again = house.caller.post("/api/v1/referrals", for_listing(listing), key);
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(again.json, first.json) << "as it was then, not as it is now";
  EXPECT_EQ(again.location(), first.location());
  EXPECT_EQ(again.etag(), first.etag());

  Json other = for_listing(listing);
  other.set("notes", "another");
  const Answer refused = house.caller.post("/api/v1/referrals", other, key);
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(refused.code(), "idempotency.other_body");
  EXPECT_EQ(house.caller.post(first.location() + "/archive", Json(), key).status, 409) << "another path";
  EXPECT_EQ(server.rows(), before);
  // Another caller's key is another key.
  EXPECT_NE(mill.caller.post("/api/v1/referrals", for_listing(listing), key).json["id"], first.json["id"]);
  // A refused request used nothing up.
  const std::map<std::string, std::string> second{{"Idempotency-Key", "5d0e-2"}};
  EXPECT_EQ(house.caller.post("/api/v1/referrals", Json::object(), second).status, 400);
  EXPECT_EQ(house.caller.post("/api/v1/referrals", for_listing(listing), second).status, 201);
  EXPECT_EQ(house.caller.post("/api/v1/referrals", for_listing(listing), {{"Idempotency-Key", "with space"}}).status,
            400);
}

TEST_P(Idempotency, holds_on_every_post) {
  const std::string listing = new_listing();
  const std::string at = path_of(new_referral(listing));
  Json integration = integration_body(listing, "http://127.0.0.1:9");
  integration.set("triggers", Json::array({"closed"}));
  const std::string integration_at =
      "/api/v1/integrations/" + house.caller.post("/api/v1/integrations", integration).json["id"].text_or();
  struct Case {
    std::string path;
    Json body;
  };
  const std::vector<Case> cases{
      {at + "/sub-status", Json::object({{"code", "ready"}})},
      {at + "/appointments", Json::object({{"start", "2030-05-01T10:00:00Z"}, {"durationMinutes", 30}})},
      {at + "/messages", Json::object({{"from", "provider"}, {"text", "Hello"}})},
      {at + "/notes", Json::object({{"text", "A note"}})},
      {"/api/v1/referrals/bulk",
       Json::object({{"ids", Json::array({at.substr(at.rfind('/') + 1)})}, {"action", "archive"}})},
      {at + "/close", Json::object({{"code", "admitted"}})},
      {at + "/reopen", Json::object({{"reason", "A slip"}})},
      {at + "/unarchive", Json::object()},
      {at + "/route", Json::object({{"listingId", new_listing("Other")}})},
      {"/api/v1/listings", Json::object({{"name", "Third"}})},
      {"/api/v1/sub-statuses", Json::object({{"label", "Waiting"}, {"category", "on_hold"}})},
      {"/api/v1/integrations", integration},
      {integration_at + "/preview", Json::object({{"referralId", at.substr(at.rfind('/') + 1)}})},
      {integration_at + "/hook", Json()},
      {integration_at + "/test", Json()},
      {"/api/v1/connectors/validate", Json::object({{"profile", "id = 1"}})},
      {"/api/v1/api-clients", Json::object({{"name", "Program"}, {"scopes", Json::array({"referrals.read"})}})},
      {"/api/v1/deliveries/resend", Json::object({{"state", "dead"}})},
  };
  int number = 0;
  for (const auto& [path, body] : cases) {
    SCOPED_TRACE(path);
    const std::map<std::string, std::string> key{{"Idempotency-Key", "post-" + std::to_string(++number)}};
    const Answer first = house.caller.post(path, body, key);
    EXPECT_LT(first.status, 300) << first.body;
    const Answer again = house.caller.post(path, body, key);
    EXPECT_EQ(again.status, first.status);
    EXPECT_EQ(again.body, first.body);
  }
}

TEST_P(Idempotency, a_file_sent_twice_is_attached_once) {
  const std::string at = path_of(new_referral(new_listing()));
  const Sent sent{"POST",
                  at + "/attachments",
                  "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\nhello\r\n--x--\r\n",
                  {{"Content-Type", "multipart/form-data; boundary=x"}, {"Idempotency-Key", "file-1"}}};
  const Answer first = house.caller.send(sent), again = house.caller.send(sent);
  EXPECT_EQ(first.status, 201) << first.body;
  EXPECT_EQ(again.json, first.json);
  EXPECT_EQ(house.caller.get(at).json["attachments"].size(), 1u);
}

}  // namespace
}  // namespace handoff::testing_support

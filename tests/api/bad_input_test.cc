// Goal: whatever is wrong with a request is named, with its place and its remedy, and nothing of it stays behind.
// Method: each case counts the rows of every table before and after.
#include "tests/support/api.h"

namespace handoff::testing_support {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

class BadInput : public ApiTest {
 protected:
  BadInput() : listing(new_listing()), before(server.rows()) {}
  ~BadInput() override { EXPECT_EQ(server.rows(), before) << "something of a refused request stayed"; }

  Answer send(const std::string& body, const std::string& type = "application/json") {
    return house.caller.send({"POST", "/api/v1/referrals", body, {{"Content-Type", type}}});
  }
  Answer with(const std::string& member, Json value) {
    Json body = for_listing(listing);
    body.set(member, std::move(value));
    return house.caller.post("/api/v1/referrals", body);
  }
  Answer with_registrant(const std::string& member, Json value) {
    Json registrant = person();
    registrant.set(member, std::move(value));
    return with("registrant", std::move(registrant));
  }
  // 400, the one fault, and a message that says something.
  static void expect_fault(const Answer& answer, const std::string& fault) {
    EXPECT_EQ(answer.status, 400) << answer.body;
    EXPECT_THAT(answer.faults(), ElementsAre(fault));
    if (answer.json["errors"].size() == 1) {
      EXPECT_GT(answer.json["errors"].items()[0]["message"].text_or().size(), 10u);
    }
  }

  std::string listing;
  std::map<std::string, std::int64_t> before;
};
INSTANTIATE_TEST_SUITE_P(Both, BadInput, testing::ValuesIn(both_databases()), database_name);

TEST_P(BadInput, bytes_that_are_no_json) {
  EXPECT_EQ(send("{").status, 400);
  EXPECT_EQ(send("{\"listingId\": \"a\", \"listingId\": \"b\"}").status, 400) << "duplicate keys";
  EXPECT_EQ(send("{\"notes\": \"\xFF\xFE\"}").status, 400) << "invalid UTF-8";
  EXPECT_EQ(send("{\"notes\": \"a\\u0000b\"}").status, 400) << "a NUL";
  EXPECT_EQ(send(std::string("{\"notes\": \"a\0b\"}", 16)).status, 400) << "a bare NUL";
  EXPECT_EQ(send("").code(), "request.body_missing");
  EXPECT_EQ(send("[]").status, 400);
  EXPECT_EQ(send("{}", "text/plain").status, 415);
  std::string deep = "{\"answers\": ";
  for (int i = 0; i < 100; ++i) deep += "[";
  EXPECT_EQ(send(deep).status, 400) << "deep nesting is refused before a tree is built";
}

TEST_P(BadInput, a_body_of_a_gigabyte_is_refused_by_its_length_alone) {
  net::ClientRequest request;
  request.method = "POST";
  request.url = "http://127.0.0.1:" + std::to_string(server.service().port()) + "/api/v1/referrals";
  request.headers.set("Authorization", "Bearer " + house.caller.key());
  request.headers.set("Content-Type", "application/json");
  request.body.push_back(
      {{},
       [](std::uint64_t, std::size_t size_max) { return Result<std::string>(std::string(size_max, ' ')); },
       std::uint64_t{1} << 30});
  net::ClientOptions options;
  options.allow = net::AddressRanges::parse({"127.0.0.1/32"}).value();
  auto client = net::Client::start(std::move(options)).value();
  EXPECT_EQ(client->send_and_wait(std::move(request)).status, 413);
}

TEST_P(BadInput, wrong_types_and_unknown_properties_are_named_all_at_once) {
  Json body = Json::parse(R"({
      "listingId": 7, "registrant": {"firstName": 1, "lastName": "Okafor", "birthDate": "2026-02-30", "phone": "1"},
      "requester": [], "priority": "soon", "draft": "yes", "nots": "x", "details": {},
      "appointment": {"start": "tomorrow", "durationMinutes": 0},
      "attachments": [{"fileName": "a.pdf", "contentType": "application/pdf", "data": "%%%"}]})")
                  .value();
  body.set("listingId", listing);
  const Answer answer = house.caller.post("/api/v1/referrals", body);
  EXPECT_EQ(answer.status, 400);
  EXPECT_THAT(answer.faults(),
              UnorderedElementsAre("/nots property.unknown", "/draft property.wrong_type",
                                   "/attachments/0/data attachment.bad_base64", "/registrant/phone property.unknown",
                                   "/registrant/firstName property.wrong_type", "/registrant/birthDate date.impossible",
                                   "/requester property.wrong_type", "/priority property.unknown_value",
                                   "/details property.wrong_type", "/appointment/start instant.malformed",
                                   "/appointment/durationMinutes property.out_of_range"));
  expect_fault(house.caller.post("/api/v1/referrals", Json::object({{"listingId", 7}, {"registrant", person()}})),
               "/listingId property.wrong_type");
}

TEST_P(BadInput, dates_that_cannot_be) {
  expect_fault(with_registrant("birthDate", "2026-02-30"), "/registrant/birthDate date.impossible");
  expect_fault(with_registrant("birthDate", "2999-01-01"), "/registrant/birthDate birth_date.in_future");
  expect_fault(with_registrant("birthDate", "11/02/1987"), "/registrant/birthDate date.malformed");
}

TEST_P(BadInput, a_phone_without_a_digit) {
  expect_fault(with_registrant("phones", Json::object({{"main", "call me"}})),
               "/registrant/phones/main phone.no_digit");
}

TEST_P(BadInput, missing_and_unknown_destinations) {
  expect_fault(house.caller.post("/api/v1/referrals", Json::object({{"registrant", person()}})),
               "/listingId property.required");
  expect_fault(house.caller.post("/api/v1/referrals", for_listing("lst_01ARZ3NDEKTSV4RRFFQ69G5FAV")),
               "/listingId listing.not_found");
  expect_fault(house.caller.post("/api/v1/referrals", for_listing("elsewhere")), "/listingId id.wrong_kind");
  expect_fault(with("recipient", Json::object({{"name", "Dr. Outside"}})), "/recipient referral.two_destinations");
  expect_fault(with("subStatus", "nowhere"), "/subStatus sub_status.unknown");
}

TEST_P(BadInput, a_file_that_lies_about_its_type) {
  const Json lie = Json::object({{"fileName", "scan.pdf"},
                                 {"contentType", "application/pdf"},
                                 {"data", base64(std::string("\x89PNG\r\n\x1a\n") + "rest")}});
  const Answer answer = with("attachments", Json::array({lie}));
  expect_fault(answer, "/attachments/0/contentType attachment.type_mismatch");
  EXPECT_THAT(answer.body, testing::AllOf(HasSubstr("application/pdf"), HasSubstr("image/png")));
  Json many = Json::array();
  for (int i = 0; i < 21; ++i)
    many.push_back(Json::object({{"fileName", "a.txt"}, {"contentType", "text/plain"}, {"data", "aGVsbG8="}}));
  EXPECT_EQ(with("attachments", many).status, 413);
  // A good file of a bad referral is not kept either.
  Json body = Json::object(
      {{"listingId", listing}, {"registrant", Json::object()}, {"attachments", Json::array({many.items()[0]})}});
  EXPECT_EQ(house.caller.post("/api/v1/referrals", body).status, 400);
}

TEST_P(BadInput, queries_that_mean_nothing) {
  Answer answer = house.caller.get("/api/v1/referrals?statu=submitted&limit=500&archived=maybe");
  EXPECT_EQ(answer.status, 400);
  EXPECT_THAT(answer.faults(), ElementsAre("?statu request.unknown_parameter"));
  EXPECT_THAT(answer.body, HasSubstr("\\\"status\\\""));
  answer = house.caller.get(
      "/api/v1/referrals?status=open&limit=500&archived=maybe&updatedSince=monday&sort=name&category=odd");
  EXPECT_THAT(answer.faults(),
              UnorderedElementsAre("?status property.unknown_value", "?limit request.bad_limit",
                                   "?archived property.unknown_value", "?updatedSince instant.malformed",
                                   "?sort property.unknown_value", "?category property.unknown_value"));
  EXPECT_EQ(house.caller.get("/api/v1/referrals?limit=0").status, 400);
  for (const char* list : {"referrals", "listings", "sub-statuses", "triggers", "connectors", "integrations",
                           "deliveries", "api-clients", "audit", "notices"}) {
    EXPECT_EQ(house.caller.get(std::string("/api/v1/") + list + "?cursor=nonsense").status, 400) << list;
    EXPECT_EQ(house.caller.get(std::string("/api/v1/") + list + "?limit=201").status, 400) << list;
  }
  EXPECT_EQ(house.caller.get("/api/v1/listings?scope=all").status, 400);
  EXPECT_EQ(house.caller.get("/api/v1/referrals?limit=1&limit=2").status, 400);
}

TEST_P(BadInput, methods_and_paths_that_are_not_there) {
  const Answer answer = house.caller.send({"PUT", "/api/v1/referrals", "{}", {{"Content-Type", "application/json"}}});
  EXPECT_EQ(answer.status, 405);
  EXPECT_THAT(std::string(answer.headers.get("Allow")), HasSubstr("POST"));
  EXPECT_EQ(house.caller.get("/api/v1/referals").code(), "request.no_such_path");
  EXPECT_EQ(house.caller.get("/api/v1/referrals/lst_01ARZ3NDEKTSV4RRFFQ69G5FAV").status, 404)
      << "an id of another kind";
}

class BadChange : public ApiTest {};
INSTANTIATE_TEST_SUITE_P(Both, BadChange, testing::ValuesIn(both_databases()), database_name);

TEST_P(BadChange, a_stale_if_match_names_the_other_change) {
  const std::string at = path_of(new_referral(new_listing()));
  EXPECT_EQ(house.caller.post(at + "/sub-status", Json::object({{"code", "ready"}})).status, 200);
  const auto before = server.rows();
  const Json patch = Json::object({{"notes", "too late"}});
  for (const char* stale : {"\"1\"", "W/\"1\"", "\"7\", \"8\"", "nonsense"}) {
    const Answer answer = house.caller.patch(at, patch, {{"If-Match", stale}});
    EXPECT_EQ(answer.status, 412) << stale;
    EXPECT_THAT(answer.json["detail"].text_or(), HasSubstr("sub_status_changed"));
    EXPECT_THAT(answer.json["detail"].text_or(), HasSubstr(" by "));
  }
  EXPECT_EQ(server.rows(), before);
  EXPECT_EQ(house.caller.patch(at, patch, {{"If-Match", "\"2\""}}).status, 200);
  EXPECT_EQ(house.caller.patch(at, Json::object({{"notes", "a"}}), {{"If-Match", "*"}}).status, 200);
  EXPECT_EQ(house.caller.patch(at, Json::object({{"notes", "b"}})).status, 200) << "without it the present version";
  for (const auto& [path, body] : std::map<std::string, Json>{{"/close", Json::object({{"code", "admitted"}})},
                                                              {"/archive", Json()},
                                                              {"/notes", Json::object({{"text", "x"}})}}) {
    EXPECT_EQ(house.caller.post(at + path, body, {{"If-Match", "\"1\""}}).status, 412) << path;
  }
}

TEST_P(BadChange, an_action_is_refused_for_what_its_body_says) {
  const std::string at = path_of(new_referral(new_listing()));
  const auto before = server.rows();
  const auto faults = [&](const std::string& path, const std::string& body) {
    return house.caller.post(at + path, Json::parse(body).value()).faults();
  };
  EXPECT_THAT(faults("/sub-status", "{}"), ElementsAre("/code property.required"));
  EXPECT_THAT(faults("/sub-status", R"({"code": 1, "cod": 2})"),
              UnorderedElementsAre("/code property.wrong_type", "/cod property.unknown"));
  EXPECT_THAT(faults("/close", R"({"code": "nowhere"})"), ElementsAre("/code sub_status.unknown"));
  EXPECT_THAT(faults("/reopen", R"({"reason": " "})"), ElementsAre("/reason property.required"));
  EXPECT_THAT(faults("/archive", R"({"really": true})"), ElementsAre("/really property.unknown"));
  EXPECT_THAT(faults("/appointments", R"({"start": "2030-01-01T10:00:00", "timeZone": "Mars/North"})"),
              UnorderedElementsAre("/start instant.malformed", "/timeZone time_zone.unknown",
                                   "/durationMinutes property.required"));
  EXPECT_THAT(faults("/messages", R"({"from": "someone", "text": ""})"), Contains("/text property.required"));
  EXPECT_THAT(faults("/notes", R"({"text": 3})"), ElementsAre("/text property.wrong_type"));
  EXPECT_THAT(faults("/route", R"({"listingId": "x"})"), ElementsAre("/listingId id.wrong_kind"));
  EXPECT_EQ(house.caller.patch(at, Json::array()).status, 400);
  EXPECT_THAT(house.caller.patch(at, Json::object({{"status", "closed"}})).faults(),
              ElementsAre("/status property.unknown"));
  EXPECT_EQ(server.rows(), before);
}

}  // namespace
}  // namespace handoff::testing_support

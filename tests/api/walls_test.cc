// Goal: organizations are walls. Method: records of every kind are made in one house; then every route of the table is
// called with their ids by a stranger, by nobody, and by a caller without the scope.
#include "face/own/routes.h"
#include "tests/support/api.h"

namespace handoff::testing_support {
namespace {

using face::own::Access;
using face::own::Route;
using face::own::routes;

class Walls : public ApiTest {
 protected:
  // One record of each kind that a path can name, all the house's.
  void furnish() {
    const std::string listing = new_listing(house, Json::object({{"name", "Beds"}, {"admission", true}}));
    ids["listingId"] = listing;
    const std::string integration =
        house.caller.post("/api/v1/integrations", integration_body(listing, "http://127.0.0.1:9")).json["id"].text_or();
    ids["integrationId"] = integration;
    const std::string referral = new_referral(listing);
    ids["referralId"] = referral;
    const std::string at = path_of(referral);
    ids["appointmentId"] =
        house.caller
            .post(at + "/appointments", Json::object({{"start", "2030-05-01T10:00:00Z"}, {"durationMinutes", 30}}))
            .json["id"]
            .text_or();
    ids["messageId"] = house.caller.post(at + "/messages", Json::object({{"from", "provider"}, {"text", "Hello"}}))
                           .json["id"]
                           .text_or();
    ids["noteId"] = house.caller.post(at + "/notes", Json::object({{"text", "A note"}})).json["id"].text_or();
    ids["attachmentId"] = house.caller.upload(at + "/attachments", "a.txt", "text/plain", "hello").json["id"].text_or();
    ids["deliveryId"] = house.caller.get("/api/v1/deliveries").json["items"].items().at(0)["id"].text_or();
    ids["organizationId"] = house.id.text();
    ids["clientId"] = house.client_id;
    house.caller.post(at + "/sub-status", Json::object({{"code", "accepted"}}));
    ids["opportunityId"] = house.caller.get("/api/v1/intake-opportunities").json["items"].items().at(0)["id"].text_or();
    const Answer connection = house.caller.post(
        "/api/v1/emr-connections",
        Json::object(
            {{"name", "EMR"},
             {"kind", "kipu"},
             {"enabled", false},
             {"settings",
              Json::object({{"baseUrl", "http://127.0.0.1:9"}, {"accessId", "a"}, {"secret", "s"}, {"appId", "1"}})}}));
    ids["connectionId"] = connection.json["id"].text_or();
    ids["runId"] = "run_01ARZ3NDEKTSV4RRFFQ69G5FAV";
    ids["casefileId"] = "7:x";
    ids["contactId"] = "31";
    ids["kind"] = "chart-update";
    // Somebody whose twin may be meant: a person, and a question about one.
    Json twin = for_listing(listing);
    twin.set("registrant", person("Annelise"));
    Json first = house.caller.get(at).json;
    ids["personId"] = first["person"]["id"].text_or();
    EXPECT_EQ(house.caller.post("/api/v1/referrals", twin).status, 201);
    ids["reviewId"] = house.caller.get("/api/v1/persons/reviews").json["items"].items().at(0)["id"].text_or();
    ids["version"] = "1";
    ids["code"] = "house_only";
    EXPECT_EQ(house.caller
                  .post("/api/v1/sub-statuses",
                        Json::object({{"code", "house_only"}, {"label", "House only"}, {"category", "on_hold"}}))
                  .status,
              201);
    for (const auto& [name, id] : ids) EXPECT_FALSE(id.empty()) << name;
  }
  std::string path_for(const Route& route) const {
    std::string path = route.path;
    for (const auto& [name, id] : ids) {
      const std::string placeholder = "{" + name + "}";
      if (const auto place = path.find(placeholder); place != std::string::npos)
        path.replace(place, placeholder.size(), id);
    }
    return path;
  }
  // A body that is right for the route, so that nothing but the wall can refuse it.
  Sent request_for(const Route& route) const {
    static const std::map<std::string, Json> bodies{
        {"setSubStatus", Json::object({{"code", "ready"}})},
        {"closeReferral", Json::object({{"code", "admitted"}})},
        {"reopenReferral", Json::object({{"reason", "A slip"}})},
        {"routeReferral", Json::object({{"listingId", "lst_01ARZ3NDEKTSV4RRFFQ69G5FAV"}})},
        {"bookAppointment", Json::object({{"start", "2030-05-02T10:00:00Z"}, {"durationMinutes", 30}})},
        {"sendMessage", Json::object({{"from", "provider"}, {"text", "Hello"}})},
        {"addNote", Json::object({{"text", "A note"}})},
        {"decideReview", Json::object({{"decision", "different"}, {"reason", "I know both"}})},
        {"undoReview", Json::object({{"reason", "A slip"}})},
        {"renameSubStatus", Json::object({{"label", "Other"}})},
        {"linkEmrDestination", Json::object({{"disposition", "Home"}})},
        {"joinIntakeOpportunities", Json::object({{"opportunityId", "opp_01ARZ3NDEKTSV4RRFFQ69G5FAV"}})},
    };
    Sent sent{route.method, path_for(route), {}, {}};
    const std::string operation = route.operation_id;
    if (route.body == face::own::BodyKind::none) return sent;
    sent.headers["Content-Type"] = "application/json";
    if (operation == "uploadAttachment") {
      sent.headers["Content-Type"] = "multipart/form-data; boundary=x";
      sent.body = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\nhello\r\n--x--\r\n";
    } else if (operation == "previewIntegration") {
      sent.body = Json::object({{"referralId", ids.at("referralId")}}).dump();
    } else if (operation == "sendByHand") {
      sent.body = Json::object({{"referralIds", Json::array({ids.at("referralId")})}, {"as", "new"}}).dump();
    } else {
      const auto found = bodies.find(operation);
      sent.body = found == bodies.end() ? "{}" : found->second.dump();
    }
    return sent;
  }

  std::map<std::string, std::string> ids;
};
INSTANTIATE_TEST_SUITE_P(Both, Walls, testing::ValuesIn(both_databases()), database_name);

TEST_P(Walls, a_stranger_finds_nothing_of_the_house) {
  furnish();
  const Office stranger = server.office("Stranger");
  std::size_t tried = 0;
  const auto before = server.rows();
  for (const Route& route : routes()) {
    if (route.access != Access::caller || std::string_view(route.path).find('{') == std::string_view::npos) continue;
    SCOPED_TRACE(std::string(route.method) + " " + route.path);
    const Answer answer = stranger.caller.send(request_for(route));
    EXPECT_EQ(answer.status, 404) << answer.body;
    ++tried;
  }
  EXPECT_GT(tried, 35u);
  EXPECT_EQ(server.rows(), before);
  // Lists are empty of it.
  for (const char* list : {"/api/v1/referrals", "/api/v1/referrals?direction=sent", "/api/v1/deliveries",
                           "/api/v1/integrations", "/api/v1/listings?scope=exchange", "/api/v1/notices",
                           "/api/v1/persons", "/api/v1/persons/reviews", "/api/v1/persons/assertions"}) {
    EXPECT_EQ(stranger.caller.get(list).json["items"].size(), 0u) << list;
  }
  EXPECT_EQ(stranger.caller.get("/api/v1/listings").json["items"].size(), 1u) << "its own Unassigned";
  EXPECT_EQ(stranger.caller.get("/api/v1/audit?recordId=" + ids["referralId"]).json["items"].size(), 0u);
  // By id in a body, too.
  const Answer bulk = stranger.caller.post(
      "/api/v1/referrals/bulk", Json::object({{"ids", Json::array({ids["referralId"]})}, {"action", "archive"}}));
  EXPECT_FALSE(bulk.json["items"].items().at(0)["ok"].boolean());
  EXPECT_EQ(stranger.caller.post("/api/v1/referrals", for_listing(ids["listingId"])).faults(),
            std::vector<std::string>{"/listingId listing.not_found"});
}

TEST_P(Walls, nobody_gets_401_before_anything_else_is_looked_at) {
  furnish();
  for (const Route& route : routes()) {
    if (route.access == Access::open || route.access == Access::client) continue;
    SCOPED_TRACE(std::string(route.method) + " " + route.path);
    Sent sent = request_for(route);
    sent.body = route.body == face::own::BodyKind::none ? "" : "{ this is no JSON";
    sent.path += "?nonsense=1";
    EXPECT_EQ(server.nobody().send(sent).status, 401);
    EXPECT_EQ(Caller(server, "unknown").send(sent).status, 401);
  }
  EXPECT_EQ(server.nobody().get("/api/v1/nothing/at/all").status, 401);
  EXPECT_EQ(house.caller.get("/api/v1/nothing/at/all").status, 404);
  for (const char* open : {"/", "/docs", "/healthz", "/readyz", "/metrics", "/api/v1/openapi.json"})
    EXPECT_EQ(server.nobody().get(open).status, 200) << open;
  // Not even the size of a body is looked at before it is known who sends it.
  Sent large{"POST", "/api/v1/referrals", std::string(17 * 1024 * 1024, ' '), {{"Content-Type", "application/json"}}};
  EXPECT_EQ(Caller(server, "unknown").send(large).status, 401);
  EXPECT_EQ(house.caller.send(large).status, 413);
}

TEST_P(Walls, each_route_asks_for_its_scope) {
  furnish();
  // What was furnished is being delivered meanwhile, which makes attempts.
  const auto rows = [&] {
    auto out = server.rows();
    out.erase("attempt");
    return out;
  };
  const auto with_scope = [&](const char* scope) {
    const Answer made =
        house.caller.post("/api/v1/api-clients", Json::object({{"name", scope}, {"scopes", Json::array({scope})}}));
    EXPECT_EQ(made.status, 201);
    const Answer token =
        server.nobody().send({"POST",
                              "/oauth2/token",
                              "grant_type=client_credentials&client_id=" + made.json["clientId"].text_or() +
                                  "&client_secret=" + made.json["clientSecret"].text_or(),
                              {{"Content-Type", "application/x-www-form-urlencoded"}}});
    EXPECT_EQ(token.status, 200) << token.body;
    return Caller(server, token.json["access_token"].text_or());
  };
  // One of the two has another scope than the route asks for.
  const Caller reads_emr = with_scope("emr.read"), reads_audit = with_scope("audit.read");
  const auto before = rows();
  for (const Route& route : routes()) {
    if (route.access != Access::caller || *route.scope == '\0') continue;
    SCOPED_TRACE(std::string(route.method) + " " + route.path);
    const Caller& narrow = std::string_view(route.scope) == "emr.read" ? reads_audit : reads_emr;
    const Answer answer = narrow.send(request_for(route));
    EXPECT_EQ(answer.status, 403) << answer.body;
    EXPECT_EQ(answer.code(), "access.scope_missing");
    EXPECT_THAT(answer.json["detail"].text_or(), testing::HasSubstr(route.scope));
  }
  EXPECT_EQ(rows(), before);
}

}  // namespace
}  // namespace handoff::testing_support

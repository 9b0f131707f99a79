// A whole handoff over a real socket and a fresh database, and callers who speak to it. Every answer that a test gets
// has been judged by the OpenAPI document.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <thread>

#include "app/service.h"
#include "net/client.h"
#include "net/uri.h"
#include "store/bootstrap.h"
#include "tests/support/databases.h"
#include "tests/support/openapi.h"

namespace handoff::testing_support {

struct Answer {
  int status = 0;
  Json json;  // null where the body is none
  std::string body;
  net::Headers headers;
  std::string etag() const { return std::string(headers.get("ETag")); }
  std::string location() const { return std::string(headers.get("Location")); }
  std::string code() const { return json["code"].text_or(); }
  // Pointer and code of every fault, "/registrant/firstName property.required".
  std::vector<std::string> faults() const {
    std::vector<std::string> out;
    if (!json["errors"].is_array()) return out;
    for (const Json& fault : json["errors"].items())
      out.push_back(fault["pointer"].text_or() + " " + fault["code"].text_or());
    return out;
  }
};

struct Sent {
  std::string method, path;  // with its query
  std::string body;
  std::map<std::string, std::string> headers;
};

class Server;

// A caller with a key; "" for none.
class Caller {
 public:
  Caller(Server& server, std::string key) : server_(&server), key_(std::move(key)) {}
  Answer send(Sent sent) const;
  Answer get(const std::string& path) const { return send({"GET", path, {}, {}}); }
  Answer post(const std::string& path, const Json& body, std::map<std::string, std::string> headers = {}) const {
    headers.emplace("Content-Type", "application/json");
    return send({"POST", path, body.is_null() ? std::string() : body.dump(), std::move(headers)});
  }
  Answer post(const std::string& path) const { return send({"POST", path, {}, {}}); }
  Answer patch(const std::string& path, const Json& body, std::map<std::string, std::string> headers = {}) const {
    headers.emplace("Content-Type", "application/merge-patch+json");
    return send({"PATCH", path, body.dump(), std::move(headers)});
  }
  Answer remove(const std::string& path, std::map<std::string, std::string> headers = {}) const {
    return send({"DELETE", path, {}, std::move(headers)});
  }
  Answer upload(const std::string& path, const std::string& name, const std::string& type, const std::string& bytes,
                const std::string& field = {}) const {
    std::string body;
    if (!field.empty()) body += "--xXx\r\nContent-Disposition: form-data; name=\"field\"\r\n\r\n" + field + "\r\n";
    body += "--xXx\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" + name + "\"\r\n";
    if (!type.empty()) body += "Content-Type: " + type + "\r\n";
    body += "\r\n" + bytes + "\r\n--xXx--\r\n";
    return send({"POST", path, body, {{"Content-Type", "multipart/form-data; boundary=xXx"}}});
  }
  const std::string& key() const { return key_; }

 private:
  Server* server_;
  std::string key_;
};

struct Office {
  OrganizationId id;
  Caller caller;
  std::string client_id, client_secret;
};

class Server {
 public:
  explicit Server(DatabaseKind kind) : database_(kind) {
    app::ServiceOptions options;
    options.database_url = database_.url();
    options.data_directory = database_.directory();
    options.key_file = database_.directory() + "/server.key";
    options.public_url = "https://referrals.example.org";
    options.public_url_given = true;
    options.outbound_allow = {"127.0.0.1/32"};
    options.worker_threads = 8;
    options.drain = std::chrono::seconds{2};
    auto service = app::Service::start(std::move(options), clock_, random_);
    if (!service) {
      ADD_FAILURE() << service.error().code << ": " << service.error().for_log;
      std::abort();
    }
    service_ = std::move(*service);
    net::ClientOptions client;
    client.allow = net::AddressRanges::parse({"127.0.0.1/32"}).value();
    client_ = net::Client::start(std::move(client)).value();
  }
  ~Server() { service_->stop(); }

  Office office(const std::string& name, directory::Plan plan = directory::Plan::advanced_cbo) {
    store::NewOrganization wanted;
    wanted.name = name;
    wanted.plan = plan;
    const auto made = store::bootstrap(service_->database(), service_->key(), clock_.now(), random_, wanted).value();
    return {made.organization, Caller(*this, made.api_key.reveal()), made.client.text(), made.client_secret.reveal()};
  }
  Caller nobody() { return Caller(*this, ""); }

  Answer send(const Sent& sent, const std::string& key) {
    net::ClientRequest request;
    request.method = sent.method;
    request.url = "http://127.0.0.1:" + std::to_string(service_->port()) + sent.path;
    if (!key.empty()) request.headers.set("Authorization", "Bearer " + key);
    for (const auto& [name, value] : sent.headers) request.headers.set(name, value);
    if (!sent.body.empty()) request.body.push_back({sent.body, {}, 0});
    request.timeout = std::chrono::seconds{60};
    request.answer_bytes_max = 64 * 1024 * 1024;
    const auto reply = client_->send_and_wait(std::move(request));
    EXPECT_EQ(reply.outcome, net::ClientReply::Outcome::answered)
        << sent.method << " " << sent.path << " " << reply.problem;
    Answer answer{reply.status, {}, reply.body, reply.headers};
    const std::string type = net::media_type(reply.headers.get("Content-Type"));
    if (auto parsed = Json::parse(reply.body); parsed && type.ends_with("json")) answer.json = std::move(*parsed);
    const std::string path = sent.path.substr(0, sent.path.find('?'));
    // The Salesforce face has a dialect of its own; its document is its vendor's.
    if (path.starts_with("/services/") || path.starts_with("/id/") || path.starts_with("//")) return answer;
    for (const auto& fault : OpenApi::document().faults(sent.method, path, reply.status, type, reply.body))
      ADD_FAILURE() << sent.method << " " << sent.path << " " << reply.status << ": " << fault << "\n"
                    << reply.body.substr(0, 2000);
    return answer;
  }

  // How many rows stand in each table that a request may write to: the same before and after a refused one.
  std::map<std::string, std::int64_t> rows() {
    static constexpr std::array tables{"organization",
                                       "app_user",
                                       "api_key",
                                       "api_client",
                                       "access_token",
                                       "sub_status",
                                       "listing",
                                       "integration",
                                       "integration_version",
                                       "referral",
                                       "referral_version",
                                       "source_record",
                                       "party",
                                       "event",
                                       "message",
                                       "note",
                                       "lane",
                                       "delivery",
                                       "attempt",
                                       "decision",
                                       "due",
                                       "notice",
                                       "idempotency",
                                       "audit",
                                       "emr_connection",
                                       "emr_connection_version",
                                       "emr_pull",
                                       "emr_record",
                                       "emr_place",
                                       "emr_destination",
                                       "emr_hook",
                                       "emr_receipt",
                                       "emr_hint",
                                       "emr_run",
                                       "emr_retry",
                                       "emr_event",
                                       "intake_opportunity",
                                       "intake_opportunity_key",
                                       "blob",
                                       "blob_chunk",
                                       "crm_record",
                                       "crm_key",
                                       "person",
                                       "person_link",
                                       "person_key",
                                       "person_assertion",
                                       "person_merge",
                                       "person_review",
                                       "stream_event"};
    std::map<std::string, std::int64_t> out;
    auto connection = service_->database().connect_reading().value();
    for (const char* table : tables) {
      const std::string sql = std::string("SELECT COUNT(*) FROM ") + table;
      const store::Statement statement{table, sql.c_str()};
      out[table] = connection->query(statement, {}).value().front().integer(0);
    }
    return out;
  }

  app::Service& service() { return *service_; }
  const std::string& database_url() const { return database_.url(); }
  std::string key_file() const { return database_.directory() + "/server.key"; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(service_->port()); }
  Clock& clock() { return clock_; }
  Random& random() { return random_; }

 private:
  FreshDatabase database_;
  SystemClock clock_;
  SystemRandom random_;
  std::unique_ptr<app::Service> service_;
  std::unique_ptr<net::Client> client_;
};

inline Answer Caller::send(Sent sent) const { return server_->send(sent, key_); }

// Each test has a server of its own, on either database, with a receiving and a sending organization.
class ApiTest : public testing::TestWithParam<DatabaseKind> {
 protected:
  ApiTest() : server(GetParam()), house(server.office("Harbour House")), mill(server.office("Mill Clinic")) {}

  std::string new_listing(const Office& office, Json body) {
    const Answer made = office.caller.post("/api/v1/listings", body);
    EXPECT_EQ(made.status, 201) << made.body;
    return made.json["id"].text_or();
  }
  std::string new_listing(const std::string& name = "Intake") {
    return new_listing(house, Json::object({{"name", name}, {"visibility", "exchange"}}));
  }
  static Json person(const std::string& first = "Amélie", const std::string& last = "Okafor") {
    return Json::object({{"firstName", first}, {"lastName", last}, {"birthDate", "1987-02-11"}});
  }
  static Json for_listing(const std::string& listing) {
    return Json::object({{"listingId", listing}, {"registrant", person()}});
  }
  // A referral of the house's own listing, as its id.
  std::string new_referral(const std::string& listing) {
    const Answer made = house.caller.post("/api/v1/referrals", for_listing(listing));
    EXPECT_EQ(made.status, 201) << made.body;
    return made.json["id"].text_or();
  }
  Json integration_body(const std::string& listing, const std::string& url) {
    return Json::object({{"name", "CRMS intake"},
                         {"connector", "crms"},
                         {"listingIds", Json::array({listing})},
                         {"settings", Json::object({{"baseUrl", url}, {"token", "sandbox-token"}})},
                         {"triggers", Json::array({"referral.received"})}});
  }
  // Asks again until the answer is as wished, for what happens on its own a moment later.
  template <class Ask, class Wish>
  Answer until(Ask ask, Wish wish) {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    for (;;) {
      Answer answer = ask();
      if (wish(answer) || std::chrono::steady_clock::now() > give_up) return answer;
      std::this_thread::sleep_for(std::chrono::milliseconds{20});
    }
  }

  Server server;
  Office house, mill;
};

inline std::string path_of(const std::string& referral) { return "/api/v1/referrals/" + referral; }

}  // namespace handoff::testing_support

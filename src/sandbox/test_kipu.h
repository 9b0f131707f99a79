// What the tests of the sandbox EMR share: a client that signs, staff at the control plane, and a receiver of hooks.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/crypto.h"
#include "base/http_date.h"
#include "base/text.h"
#include "net/client.h"
#include "net/server.h"
#include "sandbox/kipu_sandbox.h"

namespace handoff::sandbox::test {

inline Instant instant(std::string_view text) { return parse_instant(text).value().at; }

// How one request is signed and sent; tests change one thing at a time.
struct Signing {
  std::string access_id = "clinic-access";
  std::string secret = "clinic-secret";
  bool sha256 = false;
  std::string prefix;  // "" for the one of the hash
  std::string date;    // "" for the sandbox's time
  std::string date_header = "Date";
  std::string md5;  // "" for the right one
  std::string accept = "application/vnd.kipusystems+json; version=3";
  net::Headers more;
};

class KipuSandboxTest : public ::testing::Test {
 protected:
  void SetUp() override {
    net::ClientOptions client;
    client.allow = net::AddressRanges::parse({"127.0.0.1/32"}).value();
    client_ = net::Client::start(std::move(client)).value();
    KipuSandboxOptions options;
    options.credentials = {"clinic-access", Secret("clinic-secret")};
    options.app_id = "42";
    auto started = KipuSandbox::start(std::move(options), clock_, random_);
    ASSERT_TRUE(started) << started.error().code;
    emr_ = std::move(*started);
  }

  // `uri` begins with /api and is signed as it is sent.
  net::ClientReply send(std::string_view method, const std::string& uri, std::string body = {},
                        const Signing& signing = {}, std::string type = "application/json") {
    net::ClientRequest request;
    request.method = method;
    request.url = emr_->url() + uri;
    const std::string date = signing.date.empty() ? format_http_date(sandbox_now()) : signing.date;
    const std::string hash = body.empty() ? "" : signing.md5.empty() ? base64(md5(body)) : signing.md5;
    if (body.empty()) type.clear();
    const std::string text = type + "," + hash + "," + uri + "," + date;
    const std::string key =
        base64(signing.sha256 ? hmac_sha256(signing.secret, text) : hmac_sha1(signing.secret, text));
    const std::string prefix = !signing.prefix.empty() ? signing.prefix
                               : signing.sha256        ? "APIAuth-HMAC-SHA256"
                                                       : "APIAuth";
    request.headers = signing.more;
    request.headers.add("Authorization", prefix + " " + signing.access_id + ":" + key);
    request.headers.add(signing.date_header, date);
    if (!signing.accept.empty()) request.headers.add("Accept", signing.accept);
    if (!body.empty()) {
      request.headers.add("Content-Type", type);
      request.headers.add("Content-MD5", hash);
      request.body.push_back({std::move(body), {}, 0});
    }
    return client_->send_and_wait(std::move(request));
  }

  net::ClientReply get(const std::string& uri, const Signing& signing = {}) { return send("GET", uri, {}, signing); }
  static Json parsed(const net::ClientReply& reply) { return Json::parse(reply.body).value_or(Json()); }
  static std::string errors(const net::ClientReply& reply) { return parsed(reply)["errors"].text_or(); }

  // The control plane over HTTP.
  net::ClientReply ask(std::string_view method, const std::string& path, const Json& body = {}) {
    net::ClientRequest request;
    request.method = method;
    request.url = emr_->control_url() + path;
    if (!body.is_null()) request.body.push_back({body.dump(), {}, 0});
    return client_->send_and_wait(std::move(request));
  }
  Json act(std::string_view method, const std::string& path, const Json& body = {}) {
    const net::ClientReply reply = ask(method, path, body);
    EXPECT_LT(reply.status, 300) << method << " " << path << ": " << reply.body;
    return parsed(reply);
  }
  Json post(const std::string& path, const Json& body = {}) { return act("POST", path, body); }

  std::string admit(const std::string& first, const std::string& last, const std::string& day = "2026-02-20") {
    return post("/patients", Json::object({{"firstName", first},
                                           {"lastName", last},
                                           {"dateOfBirth", "1990-01-02"},
                                           {"mrNumber", "MR-" + last},
                                           {"admissionDate", day}}))["casefileId"]
        .text_or();
  }

  Instant sandbox_now() { return instant(emr_->control("GET", "/clock").body["now"].text_or()); }
  static std::string id_of(const std::string& casefile) { return casefile.substr(0, casefile.find(':')); }
  static std::string master_of(const std::string& casefile) { return casefile.substr(casefile.find(':') + 1); }
  static std::string detail_uri(const std::string& casefile, const std::string& phi = "high") {
    return "/api/patients/" + id_of(casefile) + "?app_id=42&phi_level=" + phi +
           "&patient_master_id=" + master_of(casefile);
  }
  Json detail(const std::string& casefile) {
    const net::ClientReply reply = get(detail_uri(casefile));
    EXPECT_EQ(reply.status, 200) << reply.body;
    return parsed(reply)["patient"];
  }
  static std::string latest_uri(const std::string& from, const std::string& to, const std::string& more = "") {
    return "/api/patients/latest?app_id=42&start_date=" + from + "&end_date=" + to + more;
  }
  static std::vector<std::string> casefiles(const Json& answer) {
    std::vector<std::string> ids;
    for (const Json& row : answer["patients"].items()) ids.push_back(row["casefile_id"].text_or());
    return ids;
  }
  std::vector<std::string> latest(const std::string& from = "2026-03-01", const std::string& to = "2026-03-01") {
    const net::ClientReply reply = get(latest_uri(from, to));
    EXPECT_EQ(reply.status, 200) << reply.body;
    return casefiles(parsed(reply));
  }
  std::vector<std::string> census(const std::string& more = "") {
    const net::ClientReply reply = get("/api/patients/census?app_id=42&phi_level=low" + more);
    EXPECT_EQ(reply.status, 200) << reply.body;
    return casefiles(parsed(reply));
  }

  ManualClock clock_{instant("2026-03-01T15:04:05Z")};
  SeededRandom random_{11};
  std::unique_ptr<net::Client> client_;
  std::unique_ptr<KipuSandbox> emr_;
};

// Takes hooks on a port of its own.
class HookReceiver final : public net::Handler {
 public:
  explicit HookReceiver(Random& random) { server_ = net::Server::start({}, *this, random).value(); }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(server_->port()) + "/hooks"; }

  net::Response handle(net::Request& request) override {
    net::Response response;
    const std::lock_guard lock(mutex_);
    bodies_.push_back(Json::parse(request.body->all().value()).value_or(Json()));
    bearers_.emplace_back(request.headers.get("Authorization"));
    response.status = status_;
    arrived_.notify_all();
    return response;
  }
  Admission admit(const net::Request&) override { return {{1024 * 1024}, {}}; }
  net::Response refuse(int status, std::string_view, std::string_view) override {
    net::Response response;
    response.status = status;
    return response;
  }

  void answer_with(int status) {
    const std::lock_guard lock(mutex_);
    status_ = status;
  }
  // The first `count` that came, fewer where the others do not come in time.
  std::vector<Json> wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    arrived_.wait_for(lock, std::chrono::seconds(20), [&] { return bodies_.size() >= count; });
    return bodies_;
  }
  std::size_t count() {
    const std::lock_guard lock(mutex_);
    return bodies_.size();
  }
  std::string bearer(std::size_t index) {
    const std::lock_guard lock(mutex_);
    return index < bearers_.size() ? bearers_[index] : "";
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<Json> bodies_;  // guarded by mutex_, as all below
  std::vector<std::string> bearers_;
  int status_ = 200;
  std::unique_ptr<net::Server> server_;
};

}  // namespace handoff::sandbox::test

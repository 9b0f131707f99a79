// A sandbox record system beside the server under test, and the words in which tests speak to both.
#pragma once

#include "sandbox/kipu_sandbox.h"
#include "tests/support/api.h"

namespace handoff::testing_support {

class EmrTest : public ApiTest {
 protected:
  EmrTest() {
    sandbox::KipuSandboxOptions options;
    options.credentials = {"clinic-access", Secret("clinic-secret")};
    options.app_id = "42";
    emr = sandbox::KipuSandbox::start(std::move(options), server.clock(), server.random()).value();
  }
  ~EmrTest() override { emr->stop(); }

  // Staff at their screens.
  Json staff(std::string_view method, const std::string& path, const Json& body = Json::object()) {
    const auto answer = emr->control(method, path, body);
    EXPECT_LT(answer.status, 300) << method << " " << path << " " << answer.body.dump();
    return answer.body;
  }
  std::string admit(const std::string& first, const std::string& last, Json more = Json::object()) {
    Json body = Json::object({{"firstName", first},
                              {"lastName", last},
                              {"dateOfBirth", "1990-01-02"},
                              {"mrNumber", "MR-" + last},
                              {"admissionDate", today(-10)}});
    for (const auto& [key, value] : more.members()) body.set(key, value);
    return staff("POST", "/patients", body)["casefileId"].text_or();
  }
  void fill(const std::string& casefile, const std::string& destination) {
    staff("PATCH", "/patients/" + casefile, Json::object({{"dischargeTo", destination}}));
  }
  void discharge(const std::string& casefile, Json more = Json::object()) {
    more.set("date", today(0));
    staff("POST", "/patients/" + casefile + "/discharge", more);
  }
  std::string today(int days) { return Date::of(server.clock().now() + std::chrono::days{days}).text(); }

  Json settings() const {
    return Json::object({{"baseUrl", emr->url()},
                         {"version", 3},
                         {"accessId", "clinic-access"},
                         {"secret", "clinic-secret"},
                         {"appId", "42"},
                         {"requestsPerSecond", 0}});
  }
  Json connection_body(Json more = Json::object()) const {
    Json body = Json::object({{"name", "Hillside EMR"}, {"kind", "kipu"}, {"settings", settings()}});
    for (const auto& [key, value] : more.members()) body.set(key, value);
    return body;
  }
  // A connection of the mill's, as its id.
  std::string connect(Json more = Json::object()) {
    const Answer made = mill.caller.post("/api/v1/emr-connections", connection_body(std::move(more)));
    EXPECT_EQ(made.status, 201) << made.body;
    return made.json["id"].text_or();
  }
  static std::string at(const std::string& connection, const std::string& more = "") {
    return "/api/v1/emr-connections/" + connection + more;
  }
  Json pull(const std::string& connection) {
    const Answer done = mill.caller.post(at(connection, "/sync?wait=true"));
    EXPECT_EQ(done.status, 200) << done.body;
    return done.json;
  }
  Json pulled(const std::string& connection) {
    Json run = pull(connection);
    EXPECT_EQ(run["state"].text_or(), "done") << run.dump();
    return run;
  }
  Json record(const std::string& connection, const std::string& casefile) {
    const Answer read = mill.caller.get(at(connection, "/records/" + percent_encode(casefile)));
    EXPECT_EQ(read.status, 200) << read.body;
    return read.json;
  }
  std::vector<Json> outbound() {
    const Answer list = mill.caller.get("/api/v1/referrals?direction=sent&limit=200");
    EXPECT_EQ(list.status, 200) << list.body;
    return list.json["items"].items();
  }

  std::unique_ptr<sandbox::KipuSandbox> emr;
};

}  // namespace handoff::testing_support

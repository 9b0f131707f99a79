// A handoff that is spoken to as a Salesforce org: an API client's token, records registered under ids from elsewhere,
// and the two published samples.
#pragma once

#include <fstream>
#include <sstream>

#include "app/admin.h"
#include "base/text.h"
#include "tests/support/api.h"

namespace handoff::testing_support {

inline Json json(std::string_view text) {
  auto parsed = Json::parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed ? *parsed : Json();
}

class OrgTest : public ApiTest {
 protected:
  OrgTest() : org(server, token_of(house)) {}

  std::string token_of(const Office& office) {
    const Answer answer = server.send(
        {"POST",
         "/services/oauth2/token",
         "grant_type=client_credentials&client_id=" + office.client_id + "&client_secret=" + office.client_secret,
         {{"Content-Type", "application/x-www-form-urlencoded"}}},
        "");
    EXPECT_EQ(answer.status, 200) << answer.body;
    return answer.json["access_token"].text_or();
  }

  void registers(const std::string& object, const std::string& id, const std::string& fields) {
    std::ostringstream out;
    const app::AdminContext context{server.database_url(), server.key_file(), "", true, out,
                                    server.clock(),        server.random()};
    const auto done = app::admin_register_record(context, house.id.text(), object, id, fields);
    EXPECT_TRUE(done) << (done ? "" : done.error().code + " " + done.error().for_log);
  }
  // The records that the two samples name, all of them invented.
  void registers_what_the_samples_name() {
    registers("Account", "005S7000001xLk1IAE",
              R"({"FirstName": "Amélie", "LastName": "Okafor", "Phone": "+1 905 555 0142"})");
    registers("MemberPlan", "0SqRM0000004F2z0AE", R"({"Name": "Birch Plus", "MemberNumber": "B-77"})");
    registers("HealthcareProvider", "0cmS70000004CAuIAM", R"({"Name": "Mill Clinic"})");
    registers("HealthcareProvider", "0cmRM0000004nAgYAI", R"({"Name": "Dr. Lea Roy"})");
    registers("HealthcareProvider", "0cmRM0000004nAgDZc", R"({"Name": "Dr. Max Hill"})");
    registers("HealthcareProvider", "0cmRM0000000l2JYAQ", R"({"Name": "Harbour Physio"})");
    registers("HealthcareProvider", "0cmRM0000000tnoYAA", R"({"Name": "Harbour Imaging"})");
    registers("CodeSet", "0hsRM000000043aYAA", R"({"Name": "Left knee", "Code": "82169009"})");
    registers("HealthCondition", "0j4RM0000004MunYAE", R"({"Name": "Knee pain", "ConditionStatus": "Active"})");
  }
  static std::string sample(const std::string& name) {
    std::ifstream in(std::string(HANDOFF_SOURCE_DIR) + "/examples/salesforce/" + name);
    std::stringstream text;
    text << in.rdbuf();
    EXPECT_FALSE(text.str().empty()) << name;
    return text.str();
  }

  static constexpr const char* data = "/services/data/v66.0";
  static constexpr const char* referrals = "/services/data/v66.0/connect/health/referral-management/referrals";
  Answer post(const std::string& path, const std::string& body, std::map<std::string, std::string> headers = {}) {
    headers.emplace("Content-Type", "application/json");
    return org.send({"POST", path, body, std::move(headers)});
  }
  Answer patch(const std::string& path, const std::string& body) {
    return org.send({"PATCH", path, body, {{"Content-Type", "application/json"}}});
  }
  Answer query(const std::string& soql) { return org.get(std::string(data) + "/query?q=" + percent_encode(soql)); }
  std::string create(const std::string& object, const std::string& fields) {
    const Answer made = post(std::string(data) + "/sobjects/" + object, fields);
    EXPECT_EQ(made.status, 201) << made.body;
    return made.json["id"].text_or();
  }
  Answer retrieve(const std::string& object, const std::string& id) {
    return org.get(std::string(data) + "/sobjects/" + object + "/" + id);
  }
  // A referral of a new patient, as the id of its request.
  std::string refer(const std::string& fields = "{}", const std::string& more = {}) {
    const Answer made = post(referrals, R"({"patient": {"fields": {"FirstName": "Ines", "LastName": "Okoro",
      "PersonBirthdate": "1987-02-11", "Phone": "555-0142"}}, "referral": {"fields": )" +
                                            fields + "}" + more + "}");
    EXPECT_EQ(made.status, 201) << made.body;
    return made.json["referralIds"].is_array() ? made.json["referralIds"].items().front().text_or() : "";
  }
  // The native record behind a request.
  Json referral_of(const std::string& request) {
    const std::string id = retrieve("ClinicalServiceRequest", request).json["HandoffReferral__c"].text_or();
    return house.caller.get(path_of(id)).json;
  }
  // A refusal is a list of one error: its code, and its fields with spaces between.
  static std::string refusal(const Answer& answer) {
    if (!answer.json.is_array() || answer.json.size() != 1) return "not a list of one: " + answer.body;
    EXPECT_TRUE(answer.headers.get("Content-Type").starts_with("application/json"))
        << answer.headers.get("Content-Type");
    const Json& error = answer.json.items().front();
    std::string out = std::to_string(answer.status) + " " + error["errorCode"].text_or();
    if (error["fields"].is_array()) {
      for (const Json& field : error["fields"].items()) out += " " + field.text_or();
    }
    EXPECT_FALSE(error["message"].text_or().empty());
    return out;
  }

  Caller org;
};

}  // namespace handoff::testing_support

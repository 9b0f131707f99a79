#include "sync/kipu/source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace handoff::sync::kipu {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* casefile = "7:9f6c1a52-3f7b-4a53-9a39-0f6f2a1b7c11";

EmrConnection connection(int version = 3) {
  EmrConnection c;
  c.base_url = "https://emr.example.org";
  c.version = version;
  c.access_id = "access";
  c.secret = Secret("handoff-test-secret");
  c.app_id = "42";
  return c;
}

Instant at(const char* text) { return parse_instant(text).value().at; }

std::string header(const Request& request, const std::string& name) {
  for (const auto& [key, value] : request.headers) {
    if (key == name) return value;
  }
  return "";
}

Heard hear(Goal goal, int status, const std::string& body,
           std::vector<std::pair<std::string, std::string>> headers = {}) {
  Question question;
  question.goal = goal;
  if (goal == Goal::detail) question.casefile = casefile;
  Reply reply;
  reply.status = status;
  reply.body = body;
  reply.headers = std::move(headers);
  return KipuSource().hear(connection(), question, reply);
}

TEST(KipuSource, ASignedRequestIsTheKnownAnswerOfTheReference) {
  EmrConnection c = connection();
  c.page_size = 100;
  Question question;
  question.goal = Goal::changes;
  question.first_day = "2026-03-01";
  question.last_day = "2026-03-02";
  const Request request = KipuSource().ask(c, question, at("2026-03-01T15:04:05Z"));
  EXPECT_EQ(
      request.url.reveal(),
      "https://emr.example.org/api/patients/latest?app_id=42&start_date=2026-03-01&end_date=2026-03-02&page=1&per=100");
  EXPECT_EQ(header(request, "Authorization"), "APIAuth access:rbf8RbOevaH05ySO04xzVsEBuU0=");
  EXPECT_EQ(header(request, "X-Auth-Date"), "Sun, 01 Mar 2026 15:04:05 GMT");
  EXPECT_THAT(header(request, "Accept"), HasSubstr("version=3"));
}

TEST(KipuSource, ThePathOfTheBaseUrlIsSignedToo) {
  Question question;
  question.goal = Goal::locations;
  EmrConnection behind = connection();
  behind.base_url = "https://gateway.example.org/kipu";
  const Instant now = at("2026-03-01T15:04:05Z");
  const Request request = KipuSource().ask(behind, question, now);
  EXPECT_EQ(request.url.reveal(), "https://gateway.example.org/kipu/api/locations?app_id=42");
  EXPECT_EQ(header(request, "Authorization"),
            sign_get(Scheme::sha1, {"access", Secret("handoff-test-secret")}, "/kipu/api/locations?app_id=42", now)
                .authorization);
}

TEST(KipuSource, VersionFourRenamesChartsAndSignsWithSha256) {
  Question question;
  question.goal = Goal::detail;
  question.casefile = casefile;
  const Request request = KipuSource().ask(connection(4), question, at("2026-03-01T15:04:05Z"));
  EXPECT_THAT(request.url.reveal(), HasSubstr("/api/episodes/7?app_id=42&phi_level=high&patient_master_id=9f6c1a52"));
  EXPECT_THAT(header(request, "Authorization"), HasSubstr("APIAuth-HMAC-SHA256 access:"));
  question.goal = Goal::locations;
  EXPECT_THAT(header(KipuSource().ask(connection(4), question, at("2026-03-01T15:04:05Z")), "Accept"),
              HasSubstr("version=3"));
}

TEST(KipuSource, ARouteMayHaveAPathAndAVersionOfItsOwn) {
  EmrConnection c = connection();
  c.routes["detail"] = {"/api/charts/{id}/full", 4};
  Question question;
  question.goal = Goal::detail;
  question.casefile = casefile;
  const Request request = KipuSource().ask(c, question, at("2026-03-01T15:04:05Z"));
  EXPECT_THAT(request.url.reveal(), HasSubstr("/api/charts/7/full?"));
  EXPECT_THAT(header(request, "Authorization"), HasSubstr("APIAuth-HMAC-SHA256"));
}

TEST(KipuSource, ListsAreReadWrappedOrNotWithNumbersAsTexts) {
  const std::string row = std::string(R"({"casefile_id":")") + casefile +
                          R"(","first_name":"Ada","last_updated_at":"2026-03-01T10:00:00Z"})";
  const Heard wrapped = hear(Goal::changes, 200,
                             R"({"patients":[)" + row + R"(],"pagination":{"total_pages":"3","total_records":"250"}})");
  ASSERT_EQ(wrapped.trouble, Trouble::none);
  ASSERT_EQ(wrapped.answer.rows.size(), 1U);
  EXPECT_EQ(wrapped.answer.total_pages, 3);
  EXPECT_EQ(wrapped.answer.total_records, 250);
  EXPECT_EQ(wrapped.answer.rows[0].updated_at, at("2026-03-01T10:00:00Z"));
  const Heard bare = hear(Goal::changes, 200, "[" + row + "]");
  ASSERT_EQ(bare.answer.rows.size(), 1U);
  EXPECT_FALSE(bare.answer.total_pages);
  EXPECT_EQ(bare.answer.rows[0].digest, wrapped.answer.rows[0].digest);
}

TEST(KipuSource, WhatIsNotToldIsAbsentAndWhatIsToldEmptyIsNull) {
  const std::string id = std::string(R"("casefile_id":")") + casefile + R"(")";
  const Heard heard = hear(Goal::detail, 200,
                           "{\"patient\":{" + id + R"(,"discharge_or_transition_name":"","mr_number":77,"shoe":"9"}})");
  ASSERT_EQ(heard.trouble, Trouble::none);
  const Json& chart = heard.answer.rows[0].chart.reveal();
  EXPECT_TRUE(chart.contains("destinationName"));
  EXPECT_TRUE(chart["destinationName"].is_null());
  EXPECT_FALSE(chart.contains("destinationId"));
  EXPECT_FALSE(chart.contains("firstName"));
  EXPECT_EQ(chart["mrNumber"].text_or(), "77");
  EXPECT_EQ(chart["other"]["shoe"].text_or(), "9");
}

TEST(KipuSource, TheDestinationIsReadUnderBothOfItsNames) {
  const std::string id = std::string(R"({"casefile_id":")") + casefile + R"(",)";
  const auto name = [&](const char* rest) {
    return hear(Goal::detail, 200, id + rest + "}").answer.rows.at(0).chart.reveal()["destinationName"].text_or();
  };
  EXPECT_EQ(name(R"("discharge_to_name":"Riverside")"), "Riverside");
  EXPECT_EQ(name(R"("discharge_or_transition_name":"Riverside")"), "Riverside");
  EXPECT_EQ(name(R"("discharge_to_name":"Riverside","discharge_or_transition_name":null)"), "Riverside");
}

TEST(KipuSource, EveryStatusIsATrouble) {
  EXPECT_EQ(hear(Goal::changes, 401, "{}").trouble, Trouble::refused);
  EXPECT_EQ(hear(Goal::changes, 403, R"({"errors":"The API client app failed to authenticate"})").said,
            "The API client app failed to authenticate");
  EXPECT_EQ(hear(Goal::changes, 404, "").trouble, Trouble::not_there);
  EXPECT_EQ(hear(Goal::changes, 410, "").trouble, Trouble::gone);
  EXPECT_EQ(hear(Goal::changes, 422, "").trouble, Trouble::bad_request);
  EXPECT_EQ(hear(Goal::changes, 503, "").trouble, Trouble::server_fault);
  const Heard slow = hear(Goal::changes, 429, "", {{"retry-after", "7"}});
  EXPECT_EQ(slow.trouble, Trouble::slow_down);
  EXPECT_EQ(slow.retry_after, seconds{7});
  for (int status = 100; status < 600; ++status) {
    if (status == 200 || status == 201) continue;
    EXPECT_NE(hear(Goal::changes, status, "").trouble, Trouble::none) << status;
  }
}

TEST(KipuSource, HalfAnAnswerIsAFaultOfTheServer) {
  EXPECT_EQ(hear(Goal::changes, 200, R"({"patients":[{"casefile_id")").trouble, Trouble::server_fault);
  EXPECT_EQ(hear(Goal::changes, 200, R"({"message":"hello"})").trouble, Trouble::server_fault);
  // Another chart than the one asked for is no answer either.
  EXPECT_EQ(hear(Goal::detail, 200, R"({"patient":{"casefile_id":"8:9f6c1a52-3f7b-4a53-9a39-0f6f2a1b7c11"}})").trouble,
            Trouble::server_fault);
}

}  // namespace
}  // namespace handoff::sync::kipu

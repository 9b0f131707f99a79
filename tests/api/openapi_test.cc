// Goal: the document and the server say the same. Method: the table of routes is compared with the document both ways,
// and the document's own examples are judged by its schemas.
#include "tests/support/openapi.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "face/own/routes.h"

namespace handoff::face::own {
namespace {

using testing_support::OpenApi;

std::set<std::string> words(std::string_view text) {
  std::set<std::string> out;
  for (auto& word : split(text, ' ')) {
    if (!word.empty()) out.insert(std::move(word));
  }
  return out;
}

const Json& by_reference(const Json& value) {
  const Json* ref = value.find("$ref");
  if (!ref) return value;
  const Json* at = &OpenApi::document().json();
  for (const auto& step : split(std::string_view(ref->string()).substr(2), '/')) at = &(*at)[step];
  return *at;
}

TEST(OpenApiDocument, has_every_route_and_no_other) {
  std::set<std::string> served, documented;
  for (const Route& route : routes()) {
    if (*route.operation_id != '\0')
      served.insert(std::string(route.method) + " " + route.path + " " + route.operation_id);
  }
  for (const auto& [path, methods] : OpenApi::document().json()["paths"].members()) {
    for (const auto& [method, operation] : methods.members()) {
      std::string verb = method;
      std::transform(verb.begin(), verb.end(), verb.begin(), [](unsigned char c) { return std::toupper(c); });
      documented.insert(verb + " " + path + " " + operation["operationId"].text_or());
    }
  }
  EXPECT_EQ(served, documented);
}

TEST(OpenApiDocument, names_the_parameters_scopes_and_bodies_that_the_routes_take) {
  for (const Route& route : routes()) {
    if (*route.operation_id == '\0') continue;
    SCOPED_TRACE(std::string(route.method) + " " + route.path);
    const Json* operation = OpenApi::document().find(route.method, route.path);
    ASSERT_NE(operation, nullptr);
    std::set<std::string> parameters;
    if ((*operation)["parameters"].is_array()) {
      for (const Json& told : (*operation)["parameters"].items()) {
        const Json& parameter = by_reference(told);
        if (parameter["in"].text_or() == "query") parameters.insert(parameter["name"].text_or());
      }
    }
    if (route.access == Access::hook || route.access == Access::emr_hook)
      parameters.insert("token");  // a security scheme in the document
    EXPECT_EQ(parameters, words(route.query));
    if (*route.scope != '\0') {
      EXPECT_THAT((*operation)["description"].text_or(), testing::HasSubstr(std::string("`") + route.scope + "`"));
    }
    const bool takes_body = route.body != BodyKind::none;
    EXPECT_EQ((*operation).contains("requestBody"), takes_body);
    const bool open = route.access == Access::open;
    EXPECT_EQ((*operation)["security"].is_array() && (*operation)["security"].size() == 0, open);
  }
}

void judge_examples(const Json& content, const std::string& where) {
  if (!content.is_object()) return;
  for (const auto& [type, media] : content.members()) {
    if (!media.contains("example") || type.find("json") == std::string::npos) continue;
    std::vector<std::string> faults;
    OpenApi::document().judge(media["example"], media["schema"], "", faults);
    EXPECT_THAT(faults, testing::IsEmpty()) << where;
  }
}

TEST(OpenApiDocument, keeps_its_own_promises_in_its_examples) {
  for (const auto& [path, methods] : OpenApi::document().json()["paths"].members()) {
    for (const auto& [method, operation] : methods.members()) {
      judge_examples(operation["requestBody"]["content"], method + " " + path);
      for (const auto& [status, told] : operation["responses"].members())
        judge_examples(by_reference(told)["content"], method + " " + path + " " + status);
    }
  }
}

TEST(Routes, prefer_a_name_to_a_placeholder) {
  EXPECT_STREQ(find_route("POST", {"api", "v1", "referrals", "bulk"}).route->operation_id, "actOnReferrals");
  EXPECT_STREQ(find_route("POST", {"api", "v1", "deliveries", "resend"}).route->operation_id, "resendDeliveries");
  const Match match = find_route("GET", {"api", "v1", "referrals", "ref_1"});
  EXPECT_STREQ(match.route->operation_id, "getReferral");
  EXPECT_THAT(match.names, testing::ElementsAre("ref_1"));
  EXPECT_EQ(find_route("GET", {"api", "v1", "nothing"}).route, nullptr);
  const Match other = find_route("PUT", {"api", "v1", "referrals"});
  EXPECT_EQ(other.route, nullptr);
  EXPECT_THAT(other.methods, testing::UnorderedElementsAre("GET", "POST"));
}

}  // namespace
}  // namespace handoff::face::own

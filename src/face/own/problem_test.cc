#include "face/own/problem.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace handoff::face::own {
namespace {

TEST(Problem, every_kind_has_its_status) {
  const std::map<Kind, int> expected{
      {Kind::invalid_input, 400}, {Kind::malformed, 400},    {Kind::unauthenticated, 401},     {Kind::forbidden, 403},
      {Kind::not_found, 404},     {Kind::conflict, 409},     {Kind::precondition_failed, 412}, {Kind::too_large, 413},
      {Kind::unsupported, 415},   {Kind::rate_limited, 429}, {Kind::unavailable, 503},         {Kind::internal, 500}};
  for (const auto& [kind, status] : expected) EXPECT_EQ(row_of(kind).status, status);
}

TEST(Problem, names_every_fault) {
  const auto response = problem(fault_error({{"/a", "property.unknown", "No."}, {"/b", "property.required", "Yes."}}));
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.headers.get("Content-Type"), "application/problem+json");
  const Json body = Json::parse(response.body).value();
  EXPECT_EQ(body["errors"].size(), 2u);
  EXPECT_EQ(body["errors"].items()[1]["pointer"].text_or(), "/b");
}

TEST(Problem, what_went_wrong_inside_is_not_told) {
  const Json body = problem_json(Error{Kind::internal, "store.broken", "text for nobody", "secret detail", {}});
  EXPECT_EQ(body["status"].int_or(0), 500);
  EXPECT_THAT(body.dump(), testing::Not(testing::HasSubstr("detail for")));
  EXPECT_THAT(body.dump(), testing::Not(testing::HasSubstr("secret detail")));
}

TEST(Problem, a_401_says_how_to_sign_in) {
  EXPECT_FALSE(problem(Error{Kind::unauthenticated, "access.not_signed_in", "x", {}, {}})
                   .headers.get("WWW-Authenticate")
                   .empty());
}

}  // namespace
}  // namespace handoff::face::own

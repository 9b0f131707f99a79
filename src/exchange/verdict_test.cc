#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exchange/connector.h"

namespace handoff::exchange {
namespace {

const Instant now = parse_instant("2026-11-20T12:00:00Z").value().at;

Reply answered(int status, std::string body = {}, std::string retry = {}) {
  Reply reply;
  reply.status = status;
  reply.body = std::move(body);
  if (!retry.empty()) reply.headers.emplace_back("retry-after", std::move(retry));
  return reply;
}
std::string word(int status, std::string body = {}) {
  return verdict_word(verdict_of(answered(status, std::move(body)), now));
}

TEST(Verdict, follows_the_one_table) {
  for (const int status : {500, 502, 503, 504, 408, 425, 429, 507, 508, 520})
    EXPECT_EQ(word(status), "retry_later") << status;
  for (const int status : {400, 422}) EXPECT_EQ(word(status), "needs_data") << status;
  for (const int status : {401, 403, 404, 405, 406, 415, 501, 300, 301, 302, 304, 307, 308, 505, 511}) {
    EXPECT_EQ(word(status), "misconfigured") << status;
  }
  EXPECT_EQ(word(409, R"({"code": "DUPLICATE_REFERRAL"})"), "done");
  EXPECT_EQ(word(409, R"({"message": "changed meanwhile"})"), "needs_person");
  EXPECT_EQ(word(412), "needs_person");
  EXPECT_EQ(word(410), "gone");
  EXPECT_EQ(word(413), "too_large");
  for (const int status : {402, 407, 411, 414, 416, 418, 423, 451, 499})
    EXPECT_EQ(word(status), "needs_person") << status;
  for (const int status : {0, 99, 100, 101, 199, 600, 999}) EXPECT_EQ(word(status), "unknown") << status;
  for (const int status : {200, 201, 202, 204}) EXPECT_EQ(word(status), "done") << status;
}

TEST(Verdict, a_success_that_is_no_answer_is_unknown) {
  const auto json = [](Reply reply) { return std::string(verdict_word(verdict_of(reply, now, Expect::json))); };
  EXPECT_EQ(json(answered(200, R"({"id": "r1"})")), "done");
  EXPECT_EQ(json(answered(204)), "done");
  EXPECT_EQ(json(answered(200, "<!DOCTYPE html><p>Sign in")), "unknown");
  EXPECT_EQ(json(answered(200, R"({"id": )")), "unknown");
  Reply page = answered(200, "Welcome");
  page.headers.emplace_back("Content-Type", "text/HTML; charset=utf-8");
  EXPECT_EQ(json(page), "unknown");
  EXPECT_STREQ(verdict_word(verdict_of(page, now)), "done") << "where anything will do, a page will";
  Reply cut = answered(200, R"({"id": "r1"})");
  cut.truncated = true;
  EXPECT_STREQ(verdict_word(verdict_of(cut, now)), "unknown");
}

TEST(Verdict, what_was_not_sent_is_tried_again_and_what_may_have_arrived_is_unknown) {
  Reply reply;
  reply.outcome = Reply::Outcome::not_sent;
  reply.problem = "No route to the destination.";
  const Verdict not_sent = verdict_of(reply, now);
  ASSERT_TRUE(std::holds_alternative<RetryLater>(not_sent));
  EXPECT_EQ(std::get<RetryLater>(not_sent).why, "No route to the destination.");
  reply.outcome = Reply::Outcome::unknown;
  EXPECT_STREQ(verdict_word(verdict_of(reply, now)), "unknown");
}

TEST(Verdict, carries_the_message_only_where_it_goes_to_who_mends_it) {
  const std::string body = R"({"message": "Date of birth of Amélie is required"})";
  const Verdict refused = verdict_of(answered(400, body), now);
  EXPECT_EQ(std::get<NeedsData>(refused).message, "Date of birth of Amélie is required");
  EXPECT_EQ(std::get<Misconfigured>(verdict_of(answered(401, body), now)).why.find("Amélie"), std::string::npos);
  EXPECT_EQ(std::get<NeedsPerson>(verdict_of(answered(402, body), now)).why.find("Amélie"), std::string::npos);
  EXPECT_EQ(std::get<RetryLater>(verdict_of(answered(500, body), now)).why.find("Amélie"), std::string::npos);
}

TEST(Verdict, of_an_error_says_who_acts) {
  const auto of = [](Kind kind) {
    return std::string(verdict_word(verdict_of(Error{kind, "a.code", "words", {}, {}})));
  };
  EXPECT_EQ(of(Kind::conflict), "needs_person");
  EXPECT_EQ(of(Kind::invalid_input), "needs_data");
  EXPECT_EQ(of(Kind::unavailable), "retry_later");
  EXPECT_EQ(of(Kind::precondition_failed), "misconfigured");
  EXPECT_EQ(of(Kind::unsupported), "misconfigured");
}

TEST(RetryAfter, reads_seconds_and_dates_and_is_bounded) {
  const auto read = [](const char* text) { return retry_after(answered(503, {}, text), now); };
  EXPECT_EQ(read("7"), seconds(7));
  EXPECT_EQ(read(" 0 "), seconds(0));
  EXPECT_EQ(read("999999"), std::chrono::hours(24));
  EXPECT_EQ(read("99999999999999999999999999"), std::chrono::hours(24));
  EXPECT_EQ(read("Fri, 20 Nov 2026 12:00:30 GMT"), seconds(30));
  EXPECT_EQ(read("Fri, 20 Nov 2020 12:00:30 GMT"), seconds(0)) << "a moment that is over";
  EXPECT_EQ(read("Fri, 20 Nov 2099 12:00:30 GMT"), std::chrono::hours(24));
  for (const char* nonsense : {"soon", "-3", "1.5", "7s", "Fri, 31 Feb 2026 12:00:30 GMT", "2026-11-20T12:00:30Z"}) {
    EXPECT_EQ(read(nonsense), std::nullopt) << nonsense;
  }
  EXPECT_EQ(retry_after(answered(503), now), std::nullopt);
  EXPECT_EQ(std::get<RetryLater>(verdict_of(answered(429, {}, "12"), now)).after, seconds(12));
}

TEST(MessageOf, finds_the_words_where_destinations_put_them) {
  const auto of = [](std::string body) { return message_of(answered(400, std::move(body)), {}); };
  EXPECT_EQ(of(R"({"message": "City is required"})"), "City is required");
  EXPECT_EQ(of(R"({"message": ["City is required", "Email is wrong", "City is required"]})"),
            "City is required Email is wrong");
  EXPECT_EQ(of(R"({"error": {"message": "no"}})"), "no");
  EXPECT_EQ(of(R"({"errors": [{"detail": "a"}, {"detail": "b"}]})"), "a b");
  EXPECT_EQ(of("plain\r\nwords"), "plain words");
  EXPECT_EQ(of("<html>no</html>"), "");
  EXPECT_EQ(of("{half"), "");
  EXPECT_EQ(of("\xff"), "");
  EXPECT_EQ(of(""), "");
  EXPECT_EQ(message_of(answered(400, R"({"message": "a", "why": {"text": "b"}})"), {"/gone", "/why/text"}), "b");
  EXPECT_LE(of(R"({"message": ")" + std::string(100'000, 'x') + "\"}").size(), 1010u);
}

TEST(AtPointer, walks_objects_and_lists) {
  const Json json = Json::parse(R"({"a": [{"b/c": 1}], "~": 2})").value();
  EXPECT_EQ(*at_pointer(json, "/a/0/b~1c"), Json(1));
  EXPECT_EQ(*at_pointer(json, "/~0"), Json(2));
  EXPECT_EQ(at_pointer(json, ""), &json);
  for (const char* nowhere : {"/a/1", "/a/-1", "/a/x", "/b", "a", "/a/0/b~1c/d"})
    EXPECT_EQ(at_pointer(json, nowhere), nullptr) << nowhere;
}

TEST(CarriedOver, keeps_what_the_destination_holds_and_drops_the_rest) {
  Progress progress;
  progress.data =
      Json::parse(R"({"remoteId": "r1", "done": ["create"], "sent": ["summary"], "filled": ["city"], "ask": true})")
          .value();
  EXPECT_EQ(carried_over(progress).data,
            Json::parse(R"({"remoteId": "r1", "sent": ["summary"], "filled": ["city"]})").value());
  EXPECT_EQ(carried_over(Progress{}).data, Json::object());
}

}  // namespace
}  // namespace handoff::exchange

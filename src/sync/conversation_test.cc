// Asking a record system, its refusals and the patience of whoever waits, in virtual time.
#include "sync/conversation.h"

#include <gtest/gtest.h>

namespace handoff::sync {
namespace {

struct Talk {
  Talk() {
    connection.base_url = "https://emr.example.org";
    connection.access_id = "access";
    connection.secret = Secret("handoff-test-secret");
    connection.app_id = "42";
    conversation.use(connection, 0);
  }
  void ask() {
    Question question;
    question.goal = Goal::locations;
    conversation.ask(std::move(question));
    conversation.tick(now);
  }
  void answer(int status, std::vector<std::pair<std::string, std::string>> headers = {}) {
    Reply reply;
    reply.status = status;
    reply.headers = std::move(headers);
    conversation.arrived(sent, reply, now);
  }

  EmrConnection connection;
  SeededRandom random{7};
  std::uint64_t sent = 0;
  Conversation conversation{[this](Request) { return ++sent; }, random};
  Instant now = parse_instant("2026-03-01T15:04:05Z").value().at;
};

TEST(Conversation, AFaultIsTriedAgainAndThenTold) {
  Talk talk;
  talk.ask();
  talk.answer(503);
  EXPECT_FALSE(talk.conversation.quiet());
  EXPECT_TRUE(talk.conversation.in_trouble(talk.now));
  for (int i = 0; i < 20 && !talk.conversation.quiet(); ++i) {
    talk.now = talk.conversation.next_at(talk.now).value();
    talk.conversation.tick(talk.now);
    talk.answer(503);
  }
  ASSERT_TRUE(talk.conversation.quiet());
  EXPECT_EQ(talk.conversation.take().at(0).heard.trouble, Trouble::server_fault);
}

TEST(Conversation, WhoeverWaitsIsNotHeldUpByARetryAfter) {
  Talk talk;
  talk.ask();
  talk.answer(429, {{"Retry-After", "60"}});
  EXPECT_FALSE(talk.conversation.quiet());
  EXPECT_TRUE(talk.conversation.in_trouble(talk.now));
  talk.conversation.hurry(talk.now, talk.now + seconds{10});
  ASSERT_TRUE(talk.conversation.quiet());
  EXPECT_EQ(talk.conversation.take().at(0).heard.trouble, Trouble::slow_down);
}

TEST(Conversation, HurryTriesAgainSoonAndGivesUpInTime) {
  Talk talk;
  talk.ask();
  for (int i = 0; i < 3; ++i) {  // into the long waits
    talk.answer(503);
    talk.now = talk.conversation.next_at(talk.now).value();
    talk.conversation.tick(talk.now);
  }
  talk.answer(503);
  const Instant until = talk.now + seconds{10};
  talk.conversation.hurry(talk.now, until);
  while (!talk.conversation.quiet()) {
    talk.now = talk.conversation.next_at(talk.now).value();
    ASSERT_LE(talk.now, until);
    talk.conversation.tick(talk.now);
    talk.answer(503);
  }
}

}  // namespace
}  // namespace handoff::sync

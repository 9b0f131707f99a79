#include "net/head.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace handoff::net {
namespace {

TEST(Headers, CompareWithoutCaseAndKeepOrder) {
  Headers headers;
  headers.add("Accept", "a");
  headers.add("X", "1");
  headers.add("ACCEPT", "b");
  EXPECT_EQ(headers.get("accept"), "a");
  EXPECT_EQ(headers.get("none"), "");
  EXPECT_EQ(headers.find("none"), nullptr);
  headers.set("aCCept", "c");
  EXPECT_EQ(headers.items(), (std::vector<Headers::Item>{{"Accept", "c"}, {"X", "1"}}));
  headers.set("New", "n");
  headers.remove("x");
  EXPECT_EQ(headers.items(), (std::vector<Headers::Item>{{"Accept", "c"}, {"New", "n"}}));
}

TEST(Head, IsReadInAnyPieces) {
  const std::string text =
      "PATCH /a%20b?c=d&e HTTP/1.1\r\nHost: x\r\nA:  spaced  \r\na: again\r\nContent-Length: 7\r\n\r\nrest";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    HeadParser parser(1024);
    std::string pending;
    std::size_t used = 0;
    HeadParser::Fed fed;
    for (std::size_t at = 0; at < text.size() && !fed.done; at += size) {
      pending += text.substr(at, size);
      fed = parser.feed(pending);
      ASSERT_FALSE(fed.refusal);
      pending.erase(0, fed.used);
      used += fed.used;
    }
    ASSERT_TRUE(fed.done);
    EXPECT_EQ(used, text.size() - 4);
    const Head head = parser.take();
    EXPECT_EQ(head.request.method, "PATCH");
    EXPECT_EQ(head.request.path, "/a%20b");
    EXPECT_EQ(head.request.query, "c=d&e");
    EXPECT_EQ(head.request.headers.items(),
              (std::vector<Headers::Item>{{"Host", "x"}, {"A", "spaced"}, {"a", "again"}, {"Content-Length", "7"}}));
    EXPECT_EQ(head.content_length, 7U);
    EXPECT_TRUE(head.keep_alive);
    EXPECT_FALSE(head.chunked);
  }
}

TEST(Head, IsRefusedAboveItsLimitOnly) {
  for (const auto& [size, refused] : {std::pair{900, false}, {2000, true}}) {
    HeadParser parser(1024);
    const auto fed =
        parser.feed("GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(static_cast<std::size_t>(size), 'a') + "\r\n\r\n");
    EXPECT_EQ(fed.refusal.has_value(), refused);
    EXPECT_EQ(fed.refusal ? fed.refusal->status : 0, refused ? 431 : 0);
  }
  // What follows the head does not count.
  HeadParser parser(1024);
  EXPECT_TRUE(parser.feed("GET / HTTP/1.1\r\nHost: x\r\n\r\n" + std::string(5000, 'b')).done);
}

TEST(Head, ShowsPathsFitForALog) {
  EXPECT_EQ(path_for_log("/a/b"), "/a/b");
  EXPECT_EQ(path_for_log("/\xff"), "%2F%FF");
  EXPECT_EQ(path_for_log("/" + std::string(1000, 'a')).size(), 259U);
}

TEST(Head, MakesRequestIdsThatDiffer) {
  SeededRandom random(7);
  EXPECT_NE(request_id({}, random), request_id({}, random));
}

}  // namespace
}  // namespace handoff::net

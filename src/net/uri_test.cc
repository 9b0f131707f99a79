#include "net/uri.h"

#include <gtest/gtest.h>

namespace handoff::net {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

TEST(Uri, ReadsQueries) {
  EXPECT_EQ(parse_query("").value(), Pairs{});
  EXPECT_EQ(parse_query("a=1&b=two+words&&c&d=&a=%C3%A9%3D").value(),
            (Pairs{{"a", "1"}, {"b", "two words"}, {"c", ""}, {"d", ""}, {"a", "é="}}));
  EXPECT_EQ(parse_query("a=b=c").value(), (Pairs{{"a", "b=c"}}));
  for (const char* bad : {"a=%", "a=%4", "a=%zz", "%ff=1", "a=%00", "a=%ED%A0%80"}) {
    const auto parsed = parse_query(bad);
    ASSERT_FALSE(parsed) << bad;
    EXPECT_EQ(parsed.error().code, "request.bad_query");
  }
  EXPECT_EQ(parse_form("grant_type=client_credentials").value(), (Pairs{{"grant_type", "client_credentials"}}));
}

TEST(Uri, SplitsPaths) {
  using Segments = std::vector<std::string>;
  EXPECT_EQ(path_segments("/").value(), Segments{});
  EXPECT_EQ(path_segments("//a///b%2Fc/d+e/").value(), (Segments{"a", "b/c", "d+e"}));
  EXPECT_EQ(path_segments("/a..b/...").value(), (Segments{"a..b", "..."}));
  for (const char* bad : {"/a/../b", "/%2e%2E/b", "/./a", "/%2", "/%00", "/%ff"}) {
    const auto parsed = path_segments(bad);
    ASSERT_FALSE(parsed) << bad;
    EXPECT_EQ(parsed.error().code, "request.bad_path");
  }
}

TEST(Uri, ReadsMediaTypesAndParameters) {
  EXPECT_EQ(media_type(" Application/JSON ; charset=utf-8"), "application/json");
  EXPECT_EQ(media_type(""), "");
  EXPECT_EQ(header_parameter("text/plain; charset=utf-8", "CHARSET"), "utf-8");
  EXPECT_EQ(header_parameter("form-data; name=\"a; filename=b\"; filename=\"c \\\"d\\\" e\"", "filename"), "c \"d\" e");
  EXPECT_EQ(header_parameter("form-data; filename=\"C:\\scans\\x.pdf\"", "filename"), "C:\\scans\\x.pdf");
  EXPECT_EQ(header_parameter("a; b ; c = d ", "c"), "d");
  EXPECT_EQ(header_parameter("a; b=\"\"", "b"), "");
  EXPECT_EQ(header_parameter("a; b=\"open", "b"), std::nullopt);
  EXPECT_EQ(header_parameter("b=c", "b"), std::nullopt);
  EXPECT_EQ(header_parameter("a;", "b"), std::nullopt);
}

}  // namespace
}  // namespace handoff::net

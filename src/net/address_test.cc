#include <gtest/gtest.h>

#include "net/client.h"
#include "net/head.h"

namespace handoff::net {
namespace {

TEST(Address, TellsSpecialFromPublic) {
  for (const char* special : {"127.0.0.1",
                              "127.255.255.254",
                              "0.0.0.0",
                              "10.0.0.1",
                              "172.16.0.1",
                              "172.31.255.255",
                              "192.168.1.1",
                              "169.254.169.254",
                              "100.64.0.1",
                              "100.127.255.255",
                              "192.0.2.1",
                              "198.51.100.1",
                              "203.0.113.1",
                              "198.19.0.1",
                              "224.0.0.1",
                              "239.1.1.1",
                              "255.255.255.255",
                              "240.0.0.1",
                              "192.88.99.1",
                              "168.63.129.16",
                              "::",
                              "::1",
                              "::ffff:127.0.0.1",
                              "::ffff:a00:1",
                              "::127.0.0.1",
                              "fe80::1",
                              "fe80::1%eth0",
                              "febf::1",
                              "fec0::1",
                              "fc00::1",
                              "fd00:ec2::254",
                              "ff02::1",
                              "2001:db8::1",
                              "2001::1",
                              "2002:7f00:1::",
                              "64:ff9b::7f00:1",
                              "64:ff9b::a9fe:a9fe",
                              "64:ff9b:1::1",
                              "100::1",
                              "3fff::1",
                              "[::1]",
                              "",
                              "localhost",
                              "127.1",
                              "0x7f000001",
                              "2130706433",
                              "1.2.3.4.5",
                              "1.2.3.4 "}) {
    EXPECT_TRUE(is_special_address(special)) << special;
  }
  for (const char* open :
       {"8.8.8.8", "1.1.1.1", "172.15.255.255", "172.32.0.1", "100.63.255.255", "100.128.0.1", "192.0.1.1",
        "223.255.255.255", "::ffff:8.8.8.8", "2606:4700::1111", "2a00::1", "64:ff9b::808:808", "2001:4860::8888"}) {
    EXPECT_FALSE(is_special_address(open)) << open;
  }
}

TEST(Address, RangesHoldWhatTheyName) {
  const auto ranges = AddressRanges::parse({"10.0.0.0/8", "192.168.1.7", "2001:db8::/33", "::1",
                                            "::ffff:172.16.0.0/108", "203.0.113.128/25"})
                          .value();
  for (const char* in :
       {"10.255.0.1", "192.168.1.7", "::ffff:10.1.1.1", "2001:db8:7fff::1", "::1", "172.31.0.1", "203.0.113.200"}) {
    EXPECT_TRUE(ranges.contains(in)) << in;
  }
  for (const char* out :
       {"11.0.0.1", "192.168.1.8", "2001:db8:8000::1", "::2", "172.32.0.1", "203.0.113.127", "10.0.0.0/8", "x", ""}) {
    EXPECT_FALSE(ranges.contains(out)) << out;
  }
  EXPECT_TRUE(AddressRanges::parse({"0.0.0.0/0"}).value().contains("8.8.8.8"));
  EXPECT_FALSE(AddressRanges::parse({"0.0.0.0/0"}).value().contains("2a00::1"));
  AddressRanges sum;
  sum.add(ranges);
  sum.add(sum);
  EXPECT_TRUE(sum.contains("10.1.1.1"));
  for (const char* bad : {"", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0.0/8", "::/129", "::ffff:1.2.3.4/95",
                          "host", "10.0.0.0/8/8"}) {
    const auto parsed = AddressRanges::parse({bad});
    ASSERT_FALSE(parsed) << bad;
    EXPECT_EQ(parsed.error().code, "address.bad_range");
  }
}

TEST(Address, BelievesTrustedProxiesOnly) {
  const auto trusted = AddressRanges::parse({"10.0.0.0/8", "::1"}).value();
  const auto seen = [&](std::string_view peer, std::initializer_list<const char*> forwarded) {
    Headers headers;
    for (const char* value : forwarded) headers.add("x-forwarded-for", value);
    return remote_address(peer, headers, trusted);
  };
  EXPECT_EQ(seen("192.0.2.1", {"198.51.100.1"}), "192.0.2.1");
  EXPECT_EQ(seen("10.0.0.1", {}), "10.0.0.1");
  EXPECT_EQ(seen("10.0.0.1", {"6.6.6.6, 198.51.100.1"}), "198.51.100.1");
  EXPECT_EQ(seen("10.0.0.1", {"6.6.6.6", "198.51.100.1, 10.0.0.2"}), "198.51.100.1");
  EXPECT_EQ(seen("10.0.0.1", {"10.0.0.3, 10.0.0.2"}), "10.0.0.3");
  EXPECT_EQ(seen("::1", {"198.51.100.1:8080"}), "198.51.100.1");
  EXPECT_EQ(seen("::1", {"[2001:db8::1]:8080"}), "2001:db8::1");
  EXPECT_EQ(seen("10.0.0.1", {"198.51.100.1, nonsense"}), "10.0.0.1");
  EXPECT_EQ(seen("10.0.0.1", {"198.51.100.0/24"}), "10.0.0.1");
  EXPECT_EQ(seen("10.0.0.1", {"198.51.100.1, [::1"}), "10.0.0.1");
}

}  // namespace
}  // namespace handoff::net

// Which addresses are special, and ranges of addresses; the text is always numeric, nothing here asks a resolver.
#include <arpa/inet.h>

#include <array>

#include "base/text.h"
#include "net/client.h"

namespace handoff::net {
namespace {

// The bytes of a numeric address, 4 or 16; "" where it is not one. IPv4-mapped IPv6 becomes IPv4, so that a rule about
// 127.0.0.1 also holds for ::ffff:127.0.0.1.
std::string address_bytes(std::string_view text) {
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  const std::string plain(text.substr(0, text.find('%')));  // a scope such as %eth0 does not change what it is
  std::array<char, 16> bytes{};
  if (::inet_pton(AF_INET, plain.c_str(), bytes.data()) == 1) return {bytes.data(), 4};
  if (::inet_pton(AF_INET6, plain.c_str(), bytes.data()) != 1) return {};
  constexpr std::string_view mapped("\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);
  if (std::string_view(bytes.data(), 12) == mapped) return {bytes.data() + 12, 4};
  return {bytes.data(), 16};
}

bool same_prefix(std::string_view a, std::string_view b, int bits) {
  const auto whole = static_cast<std::size_t>(bits / 8);
  if (a.size() != b.size() || a.substr(0, whole) != b.substr(0, whole)) return false;
  const int rest = bits % 8;
  if (rest == 0) return true;
  const auto mask = static_cast<unsigned char>(0xFF << (8 - rest));
  return (static_cast<unsigned char>(a[whole]) & mask) == (static_cast<unsigned char>(b[whole]) & mask);
}

// RFC 6890 and its successors, the relays and translators that lead back into IPv4, and the metadata services of
// hosting providers that answer on what looks like a public address.
const AddressRanges& special_ranges() {
  static const std::vector<std::string> texts = {
      "0.0.0.0/8",         "10.0.0.0/8",     "100.64.0.0/10",  "127.0.0.0/8",     "168.63.129.16",
      "169.254.0.0/16",    "172.16.0.0/12",  "192.0.0.0/24",   "192.0.2.0/24",    "192.31.196.0/24",
      "192.52.193.0/24",   "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15",
      "198.51.100.0/24",   "203.0.113.0/24", "224.0.0.0/4",    "240.0.0.0/4",     "::/96",
      "64:ff9b:1::/48",    "100::/64",       "2001::/23",      "2001:db8::/32",   "2002::/16",
      "2620:4f:8000::/48", "3fff::/20",      "5f00::/16",      "fc00::/7",        "fe80::/10",
      "fec0::/10",         "ff00::/8"};
  static const AddressRanges ranges = AddressRanges::parse(texts).value();
  return ranges;
}

// Behind NAT64 every IPv4 destination looks like this; the last four bytes say where it really leads.
constexpr std::string_view nat64_prefix("\x00\x64\xff\x9b\0\0\0\0\0\0\0\0", 12);

}  // namespace

Result<AddressRanges> AddressRanges::parse(const std::vector<std::string>& ranges) {
  AddressRanges parsed;
  for (const auto& text : ranges) {
    const auto slash = text.find('/');
    const std::string_view address = trim(std::string_view(text).substr(0, slash));
    std::string bytes = address_bytes(address);
    const int bits_max = static_cast<int>(bytes.size()) * 8;
    std::optional<std::int64_t> bits = bits_max;
    if (slash != std::string::npos) {
      bits = parse_int(trim(std::string_view(text).substr(slash + 1)));
      // ::ffff:10.0.0.0/104 is 10.0.0.0/8.
      if (bits && bits_max == 32 && address.find(':') != std::string_view::npos) *bits -= 96;
    }
    if (bytes.empty() || !bits || *bits < 0 || *bits > bits_max) {
      return Error{Kind::invalid_input,
                   "address.bad_range",
                   "\"" + text + "\" is not a range of addresses; write it like 10.0.0.0/8 or 2001:db8::/32.",
                   {}};
    }
    parsed.ranges_.push_back({std::move(bytes), static_cast<int>(*bits)});
  }
  return parsed;
}

bool AddressRanges::contains(std::string_view address) const {
  const std::string bytes = address_bytes(address);
  if (bytes.empty()) return false;
  for (const auto& range : ranges_) {
    if (same_prefix(range.bytes, bytes, range.bits)) return true;
  }
  return false;
}

void AddressRanges::add(const AddressRanges& other) {
  // By value first: a set may be added to itself.
  const std::vector<Range> more = other.ranges_;
  ranges_.insert(ranges_.end(), more.begin(), more.end());
}

bool is_special_address(std::string_view address) {
  const std::string bytes = address_bytes(address);
  // What cannot be read is treated as special: the answer guards a connection.
  if (bytes.empty()) return true;
  if (bytes.size() == 16 && bytes.starts_with(nat64_prefix)) {
    std::array<char, INET_ADDRSTRLEN> text{};
    ::inet_ntop(AF_INET, bytes.data() + 12, text.data(), text.size());
    return special_ranges().contains(text.data());
  }
  return special_ranges().contains(address);
}

}  // namespace handoff::net

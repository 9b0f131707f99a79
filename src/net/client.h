// The outbound HTTP client: libcurl multi on one thread of its own. No redirects, no proxies from the environment, only
// http and https; the address check sees every resolved address before a connection is made.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/http.h"

namespace handoff::net {

// CIDR ranges, IPv4 and IPv6.
class AddressRanges {
 public:
  static Result<AddressRanges> parse(const std::vector<std::string>& ranges);  // "127.0.0.1/32", "::1/128", "10.0.0.5"
  bool contains(std::string_view address) const;  // numeric text; IPv4-mapped IPv6 counts as IPv4
  void add(const AddressRanges& other);

 private:
  struct Range {
    std::string bytes;  // 4 or 16
    int bits;
  };
  std::vector<Range> ranges_;
};

// True for loopback, private, link-local, unique-local, carrier NAT, multicast, unspecified, documentation and the
// cloud metadata address: nothing a public destination has (RFC 6890).
bool is_special_address(std::string_view address);

struct ClientRequest {
  std::string method;
  std::string url;
  Headers headers;
  std::vector<BodyPart> body;  // sent one after the other; Content-Length is their sum
  std::chrono::milliseconds connect_timeout{5000};
  std::chrono::milliseconds timeout{15000};
  std::size_t answer_bytes_max = 1024 * 1024;  // a longer answer is cut there and `truncated` is set
};

struct ClientReply {
  // What became of it. `not_sent`: surely nothing reached the far side (DNS, refused, address not allowed, TLS refused
  // before the request). `unknown`: bytes may have arrived (time-out, reset, cut off). `answered`: there is a status.
  enum class Outcome { answered, not_sent, unknown } outcome = Outcome::not_sent;
  int status = 0;  // also told where the answer was cut off
  Headers headers;
  std::string body;
  bool truncated = false;
  std::string problem;       // for not_sent and unknown: a short reason without addresses or data
  std::string problem_code;  // "dns.failed", "connect.refused", "connect.address_not_allowed", "tls.failed", "timeout",
                             // "connection.lost", "answer.malformed", "request.malformed", "request.bad_url",
                             // "body.unreadable", "client.stopped", "client.busy"
  std::chrono::milliseconds duration{0};
};

struct ClientOptions {
  AddressRanges allow;  // special addresses that are allowed all the same (outbound.allow)
  int connections_max = 64;
  int connections_per_host_max = 8;
  std::string ca_file;  // "" : the system's
};

class Client {
 public:
  static Result<std::unique_ptr<Client>> start(ClientOptions options);
  virtual ~Client() = default;  // aborts what is in flight: those end as `unknown`
  // `done` is called exactly once, on the client's thread; it must be quick.
  virtual void send(ClientRequest request, std::function<void(ClientReply)> done) = 0;
  ClientReply send_and_wait(ClientRequest request);  // from any other thread
};

}  // namespace handoff::net

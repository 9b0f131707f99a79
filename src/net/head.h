// The head of a request: parsed by Beast, then judged by what RFC 9112 wants beyond the grammar.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "net/client.h"
#include "net/http.h"

namespace handoff::net {

// What the server itself refuses; the texts go to Handler::refuse.
struct Refusal {
  int status;
  std::string code;
  std::string detail;
};

struct Head {
  Request request;         // without id, remote address and body
  bool head_only = false;  // the method was HEAD
  bool http_1_0 = false;
  bool keep_alive = true;
  bool chunked = false;
  bool expects_continue = false;
  bool expects_other = false;
  std::optional<std::uint64_t> content_length;
};

// Fed with bytes as they come.
class HeadParser {
 public:
  explicit HeadParser(std::size_t bytes_max);
  ~HeadParser();
  HeadParser(const HeadParser&) = delete;
  HeadParser& operator=(const HeadParser&) = delete;

  struct Fed {
    std::size_t used = 0;  // may be less than given: feed the rest again together with what comes next
    bool done = false;
    std::optional<Refusal> refusal;
  };
  Fed feed(std::string_view bytes);
  Head take();  // once, after `done`

 private:
  class State;
  std::unique_ptr<State> state_;
};

// The caller's X-Request-Id where it is 1-64 plain characters, else a fresh one.
std::string request_id(const Headers& headers, Random& random);
// The peer; where the peer is a trusted proxy, the last address of X-Forwarded-For that is not one.
std::string remote_address(std::string_view peer, const Headers& headers, const AddressRanges& trusted);
// The method and path as they may be logged: without the query, cut where long, always UTF-8.
std::string path_for_log(std::string_view path);

}  // namespace handoff::net

// How sync reaches a record system; app lends it net. Sending never waits: what came back is taken at the next tick.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/id.h"
#include "base/private.h"
#include "base/time.h"

namespace handoff::sync {

// Signed, so neither address nor headers go to a log.
struct Request {
  std::string method = "GET";
  Secret url;  // complete; path and query must leave byte for byte as they stand here
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::chrono::milliseconds timeout{30000};
};

struct Reply {
  int status = 0;  // 0: no answer; `error` says why
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::string error;         // "timeout", "connection refused", "address not allowed", … without personal data
  bool not_allowed = false;  // the address is not permitted; trying again cannot help
  std::string header(std::string_view name) const;  // "" where absent; names are compared without case
};

struct Outgoing {
  std::uint64_t ticket = 0;
  OrganizationId organization;
  Request request;
};
struct Arrived {
  std::uint64_t ticket = 0;
  Reply reply;
};

class Transport {
 public:
  virtual ~Transport() = default;
  virtual void send(Outgoing outgoing) = 0;
  virtual std::vector<Arrived> take_arrived() = 0;
};

}  // namespace handoff::sync

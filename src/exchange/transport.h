// How exchange reaches a partner; app lends it net. Sending never waits: what came back is taken at the next tick.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "exchange/connector.h"

namespace handoff::exchange {

struct Outgoing {
  std::uint64_t ticket = 0;
  HttpRequest request;
  OrganizationId organization;                         // the owner of the referral, whose attachments its parts name
  std::shared_ptr<const referral::Snapshot> snapshot;  // where a part is the summary PDF
  std::chrono::milliseconds timeout{15000};            // from `leased_at` to the last byte of the answer
  Instant leased_at{};                                 // the commit may have been slow, and so may what is drawn first
};
struct Arrived {
  std::uint64_t ticket = 0;
  Reply reply;
  std::chrono::milliseconds duration{0};
};

class Transport {
 public:
  virtual ~Transport() = default;
  virtual void send(Outgoing outgoing) = 0;
  virtual std::vector<Arrived> take_arrived() = 0;
};

}  // namespace handoff::exchange

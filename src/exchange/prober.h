// One request of a connector, sent now and answered now: how an administrator tries an integration's address and
// credentials. Deliveries never leave this way.
#pragma once

#include "exchange/connector.h"

namespace handoff::exchange {

class Prober {
 public:
  virtual ~Prober() = default;
  // Waits for the answer, at most for the request timeout. Only for requests without files.
  virtual Reply send(const HttpRequest& request) = 0;
};

}  // namespace handoff::exchange

// What lives as long as the face: its parts, counters, and which looks at records were audited this minute.
#pragma once

#include <string>

#include "access/rate_limit.h"
#include "face/metrics.h"
#include "face/own/own.h"

namespace handoff::face::own {

struct Shared {
  OwnFaceParts parts;
  Metrics metrics;
  AuditedLooks looks;
  KnownCallers known;
  std::string documentation;  // the page at /docs
  RecentDeliveries recent_hooks{};
  RefusalCount refused_hooks{};
  access::RateLimit hook_rate{100, 1000};  // deliveries of one webhook
};

}  // namespace handoff::face::own

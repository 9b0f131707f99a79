// What a linked record promises to those who wait for it: when it was read, when it is read next, by when a value saved
// now appears, and why there is no referral yet.
#pragma once

#include <optional>
#include <string>

#include "sync/reader.h"

namespace handoff::sync {

struct Promise {
  std::optional<Instant> last_pull_at, next_pull_at;
  std::optional<Instant> visible_by;  // nothing while locked or while the connection stands
  std::string why_code;               // "" where a referral stands for what the chart says
  std::string why_no_referral;        // one line; begins with the words of kipu-dazos, 10.5
};
Promise promise_of(const LinkedRecord& record, const EmrConnection& connection, const PullState& state, Instant now);

// The contract's `linkedEmrRecord`.
Json linked_record_to_json(const LinkedRecord& record, const EmrConnection& connection, const PullState& state,
                           Instant now);

}  // namespace handoff::sync

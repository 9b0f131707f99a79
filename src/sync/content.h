// What a chart says as the content of a referral, and which of it the EMR keeps.
#pragma once

#include <string>
#include <vector>

#include "referral/referral.h"
#include "sync/chart.h"

namespace handoff::sync {

// {registrant, requester, details}; values that a chart does not hold are absent. `organization` is the sender's name.
Json content_of(const Json& chart, const EmrConnection& connection, const std::string& organization);
// The paths that nobody but the EMR may change.
std::vector<std::string> owned_fields(const EmrConnection& connection);
// What of `current` has to follow the chart, as a merge patch; an empty object where nothing has.
Json content_patch(const Json& current, const Json& applied_chart, const Json& chart, const EmrConnection& connection,
                   const std::string& organization);
// Why a draft is held back, each as a warning at "/source"; none where it may go.
std::vector<referral::Warning> hold_reasons(const Json& chart, const EmrConnection& connection);
// True for a warning that hold_reasons() gave once: the draft that carries it was held back.
bool is_hold_reason(const referral::Warning& warning);

}  // namespace handoff::sync

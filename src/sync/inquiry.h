// A conversation with a record system that somebody waits for, outside of any pull: the connection doctor and the dry
// first import. Decides what to ask and what the answers mean; whoever runs it sends the requests one after the other.
#pragma once

#include <functional>
#include <optional>

#include "sync/connection.h"
#include "sync/transport.h"

namespace handoff::sync {

using Ask = std::function<Reply(const Request&)>;  // waits

// {ok, checks: [{check, result: "pass"|"fail"|"skipped", code, detail}], skewSeconds, locations}. Tells apart an
// address that does not answer, a wrong secret, a wrong URI, a missing permission (by route) and a clock that is off.
Json diagnose(const EmrConnection& connection, const Ask& ask, const std::function<Instant()>& now);

// A dry first import: {charts, wouldCreate: [{casefileId, destination, effect, reason}], nonDestinations,
// internalTransfers, unmapped, historical, dischargedWithoutDestination, complete}. Reads at most `charts_max` charts
// and says so in `complete`. Names of people are not shown; the caller audits the read.
Result<Json> preview(const EmrConnection& connection, const std::vector<DestinationLink>& links, const Ask& ask,
                     const std::function<Instant()>& now, std::size_t charts_max);

}  // namespace handoff::sync

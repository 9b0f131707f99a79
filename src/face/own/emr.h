// Connections to record systems, linked records and intake opportunities: what several handlers share.
#pragma once

#include "face/own/call.h"

namespace handoff::face::own {

// The connection of the path's first id, of the caller's organization. Error "emr_connection.not_found".
Result<sync::ConnectionWithState> find_connection(Call& call);
Error no_such_connection();
std::string connection_path(const EmrConnectionId& id);
std::string hook_url(const Call& call, const EmrConnectionId& id, sync::HookKind kind);

// The contract's connection: settings, how the pulling goes, the health of both webhooks, the counts of each worklist.
Json connection_json(const Call& call, const sync::ConnectionWithState& of, const sync::RecordCounts& counts);
// A linked record as lists and opportunities show it.
Json record_json(const Call& call, const sync::LinkedRecord& record, const sync::ConnectionWithState& of);

// `linkedEmrRecord` and `actions` of an opportunity; the record is null where there is none.
Json opportunity_json(const Call& call, const opportunity::IntakeOpportunity& opportunity,
                      const sync::LinkedRecord* record, const sync::ConnectionWithState* of);

// The actor behind a hook of a record system: known by its token. Error "emr_hook.not_signed_in".
Result<access::Actor> sign_in_emr_hook(Call& call);

}  // namespace handoff::face::own

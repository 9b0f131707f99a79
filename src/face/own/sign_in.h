// Who is asking: API keys and access tokens in the Authorization header.
#pragma once

#include "face/credentials.h"
#include "face/own/call.h"

namespace handoff::face::own {

Error not_signed_in();
// The actor behind the request's token; not_signed_in() where nobody is.
Result<access::Actor> sign_in(Shared& shared, const net::Headers& headers);
// The destination behind the hook token of the path's integration. Error "hook.not_signed_in" whatever is wrong, so
// that nobody without the token learns which integrations there are.
Result<access::Actor> sign_in_destination(const Call& call);

}  // namespace handoff::face::own

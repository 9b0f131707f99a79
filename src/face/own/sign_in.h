// Who is asking: API keys and access tokens in the Authorization header.
#pragma once

#include <optional>
#include <string>

#include "face/own/call.h"

namespace handoff::face::own {

// The token of "Authorization: Bearer …"; nothing where there is none.
std::optional<std::string> bearer_token(const net::Headers& headers);
// "Authorization: Basic …", decoded.
std::optional<std::pair<std::string, std::string>> basic_credentials(const net::Headers& headers);

Error not_signed_in();
// The actor behind the request's token; not_signed_in() where nobody is.
Result<access::Actor> sign_in(Shared& shared, const net::Headers& headers);

}  // namespace handoff::face::own

// Who is asking, as every face learns it: API keys and access tokens in the Authorization header, and API clients that
// ask for a token.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "access/credentials.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/json.h"
#include "exchange/ledger.h"
#include "net/http.h"

namespace handoff::face {

inline constexpr std::chrono::seconds access_token_life{3600};

// The token of "Authorization: Bearer …"; nothing where there is none.
std::optional<std::string> bearer_token(const net::Headers& headers);
// "Authorization: Basic …", decoded.
std::optional<std::pair<std::string, std::string>> basic_credentials(const net::Headers& headers);

// The actor behind an API key or access token; nothing for an unknown, revoked or expired one.
Result<std::optional<access::Actor>> actor_of(access::CredentialReader& credentials, const ServerKey& key, Instant now,
                                              const std::string& token);

// What an OAuth client sends: a form under whatever content type, or JSON. Nothing where it is neither.
using TokenFields = std::vector<std::pair<std::string, std::string>>;
std::optional<TokenFields> read_token_fields(std::string_view body, Json::Limits limits);
std::optional<std::string> token_field(const TokenFields& fields, std::string_view name);

// The client that id and secret belong to; nothing for an unknown or revoked one, and where they do not belong
// together.
Result<std::optional<access::ApiClient>> client_of(access::CredentialReader& credentials, const ServerKey& key,
                                                   const std::string& id, const std::string& secret);
// A new access token of the client, kept and audited before this answers.
Result<std::string> issue_access_token(exchange::Ledger& ledger, const ServerKey& key, Instant now, Random& random,
                                       const access::ApiClient& client, const std::vector<std::string>& scopes,
                                       const std::string& request_id);

}  // namespace handoff::face

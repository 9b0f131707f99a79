#include "face/credentials.h"

#include "base/text.h"
#include "net/uri.h"

namespace handoff::face {
namespace {

constexpr std::string_view token_prefix = "tok_";
constexpr std::size_t token_bytes = 32;
constexpr std::size_t credential_max = 1024;

std::optional<std::string_view> after_scheme(const net::Headers& headers, std::string_view scheme) {
  const std::string_view value = trim(headers.get("Authorization"));
  const auto space = value.find(' ');
  if (space == std::string_view::npos || !ascii_equal_fold(value.substr(0, space), scheme)) return std::nullopt;
  const std::string_view rest = trim(value.substr(space + 1));
  if (rest.empty() || rest.size() > credential_max) return std::nullopt;
  return rest;
}

}  // namespace

std::optional<std::string> bearer_token(const net::Headers& headers) {
  const auto token = after_scheme(headers, "Bearer");
  return token ? std::optional(std::string(*token)) : std::nullopt;
}

std::optional<std::pair<std::string, std::string>> basic_credentials(const net::Headers& headers) {
  const auto packed = after_scheme(headers, "Basic");
  if (!packed) return std::nullopt;
  const auto plain = base64_decode(*packed);
  if (!plain) return std::nullopt;
  const auto colon = plain->find(':');
  if (colon == std::string::npos) return std::nullopt;
  // RFC 6749, 2.3.1: both halves are form-encoded before they are joined.
  const auto name = percent_decode(plain->substr(0, colon), true);
  const auto secret = percent_decode(plain->substr(colon + 1), true);
  if (!name || !secret) return std::nullopt;
  return std::pair(*name, *secret);
}

Result<std::optional<access::Actor>> actor_of(access::CredentialReader& credentials, const ServerKey& key, Instant now,
                                              const std::string& token) {
  const std::string hash = key.keyed_hash(token);
  const auto as_token = [&] { return credentials.actor_of_token(hash, now); };
  const auto as_key = [&] { return credentials.actor_of_key(hash); };
  const bool looks_like_token = token.starts_with(token_prefix);
  auto actor = HANDOFF_TRY(looks_like_token ? as_token() : as_key());
  if (!actor) actor = HANDOFF_TRY(looks_like_token ? as_key() : as_token());
  return actor;
}

std::optional<TokenFields> read_token_fields(std::string_view body, Json::Limits limits) {
  if (trim(body).starts_with('{')) {
    const auto json = Json::parse(body, limits);
    if (!json || !json->is_object()) return std::nullopt;
    TokenFields fields;
    for (const auto& [key, value] : json->members()) {
      if (value.is_string()) fields.emplace_back(key, value.string());
    }
    return fields;
  }
  auto fields = net::parse_form(trim(body));
  if (!fields) return std::nullopt;
  return *fields;
}

std::optional<std::string> token_field(const TokenFields& fields, std::string_view name) {
  for (const auto& [key, value] : fields) {
    if (key == name) return value;
  }
  return std::nullopt;
}

Result<std::optional<access::ApiClient>> client_of(access::CredentialReader& credentials, const ServerKey& key,
                                                   const std::string& id, const std::string& secret) {
  const auto parsed = ApiClientId::parse(id);
  std::optional<access::ApiClient> client;
  if (parsed) client = HANDOFF_TRY(credentials.client(*parsed));
  const std::string hash = key.keyed_hash(secret);
  if (!client || client->revoked_at || !equal_in_constant_time(client->secret_hash, hash)) client.reset();
  return client;
}

Result<std::string> issue_access_token(exchange::Ledger& ledger, const ServerKey& key, Instant now, Random& random,
                                       const access::ApiClient& client, const std::vector<std::string>& scopes,
                                       const std::string& request_id) {
  const std::string token = std::string(token_prefix) + random_token(random, token_bytes);
  const access::AccessToken kept{key.keyed_hash(token), client.id, client.organization, scopes,
                                 now + access_token_life};
  exchange::Command command;
  command.actor = {access::ActorKind::api_client, client.id.text(), client.name, client.organization, {}, {}};
  command.cause = request_id;
  command.run = [&kept](exchange::OfficeUnit& unit) -> Result<exchange::CommandAnswer> {
    unit.save(kept);
    unit.audit(kept.organization, "access.token_issued", "api_client", kept.client.text());
    return exchange::CommandAnswer{};
  };
  HANDOFF_TRY(ledger.run(std::move(command)));
  return token;
}

}  // namespace handoff::face

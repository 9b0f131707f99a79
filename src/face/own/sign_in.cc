#include "face/own/sign_in.h"

#include "base/text.h"
#include "face/own/handlers.h"
#include "net/uri.h"

namespace handoff::face::own {
namespace {

constexpr std::string_view token_prefix = "tok_";
constexpr std::size_t token_bytes = 32;
constexpr std::chrono::seconds token_life{3600};
constexpr std::size_t credential_max = 1024;

std::optional<std::string_view> after_scheme(const net::Headers& headers, std::string_view scheme) {
  const std::string_view value = trim(headers.get("Authorization"));
  const auto space = value.find(' ');
  if (space == std::string_view::npos || !ascii_equal_fold(value.substr(0, space), scheme)) return std::nullopt;
  const std::string_view rest = trim(value.substr(space + 1));
  if (rest.empty() || rest.size() > credential_max) return std::nullopt;
  return rest;
}

// RFC 6749, 5.2. Not problem+json: clients of OAuth read these two members.
net::Response oauth_error(int status, const char* code, const char* detail) {
  net::Response response = Call::json(status, Json::object({{"error", code}, {"error_description", detail}}));
  if (status == 401) response.headers.set("WWW-Authenticate", "Basic realm=\"handoff\"");
  return response;
}

using Fields = std::vector<std::pair<std::string, std::string>>;

// Clients send the form under all sorts of content types, and some send JSON; either is understood.
std::optional<Fields> read_fields(Call& call) {
  const auto body = call.request.body->all();
  if (!body) return std::nullopt;
  if (trim(*body).starts_with('{')) {
    const auto json = Json::parse(*body, call.parts.settings.json);
    if (!json || !json->is_object()) return std::nullopt;
    Fields fields;
    for (const auto& [key, value] : json->members()) {
      if (value.is_string()) fields.emplace_back(key, value.string());
    }
    return fields;
  }
  auto fields = net::parse_form(trim(*body));
  if (!fields) return std::nullopt;
  return *fields;
}

std::optional<std::string> field(const Fields& fields, std::string_view name) {
  for (const auto& [key, value] : fields) {
    if (key == name) return value;
  }
  return std::nullopt;
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

Error not_signed_in() {
  return Error{Kind::unauthenticated,
               "access.not_signed_in",
               "Send an API key or an access token as Authorization: Bearer …; the one sent, if any, is unknown, "
               "revoked or expired.",
               {},
               {}};
}

Result<access::Actor> sign_in(Shared& shared, const net::Headers& headers) {
  const auto token = bearer_token(headers);
  if (!token) return not_signed_in();
  OwnFaceParts& parts = shared.parts;
  const std::string hash = parts.key.keyed_hash(*token);
  const auto as_token = [&] { return parts.credentials.actor_of_token(hash, parts.clock.now()); };
  const auto as_key = [&] { return parts.credentials.actor_of_key(hash); };
  const bool looks_like_token = token->starts_with(token_prefix);
  auto actor = HANDOFF_TRY(looks_like_token ? as_token() : as_key());
  if (!actor) actor = HANDOFF_TRY(looks_like_token ? as_key() : as_token());
  if (!actor) {
    shared.known.remove(hash);
    return not_signed_in();
  }
  shared.known.add(hash);
  return *actor;
}

Result<access::Actor> sign_in_destination(const Call& call) {
  std::optional<std::string> token = bearer_token(call.request.headers);
  if (!token) {
    const auto query = net::parse_query(call.request.query);
    if (query) token = field(*query, "token");
  }
  const auto id = IntegrationId::parse(call.names.at(0));
  std::optional<exchange::Integration> integration;
  if (id && token) integration = HANDOFF_TRY(call.parts.deliveries.integration_for_hook(*id));
  if (!integration || integration->deleted || integration->hook_token_hash.empty() ||
      !equal_in_constant_time(integration->hook_token_hash, call.parts.key.keyed_hash(*token))) {
    return Error{Kind::unauthenticated,
                 "hook.not_signed_in",
                 "Send the integration's hook token as Authorization: Bearer … or as ?token=.",
                 {},
                 {}};
  }
  return access::Actor{
      access::ActorKind::destination, integration->id.text(), integration->name, integration->organization, {}, {}};
}

Result<net::Response> issue_token(Call& call) {
  const auto fields = read_fields(call);
  if (!fields)
    return oauth_error(400, "invalid_request", "The body must be a form such as grant_type=client_credentials.");
  auto credentials = basic_credentials(call.request.headers);
  if (!credentials) {
    const auto id = field(*fields, "client_id"), secret = field(*fields, "client_secret");
    if (id && secret) credentials = std::pair(*id, *secret);
  }
  if (!credentials) {
    return oauth_error(401, "invalid_client", "Send client id and secret as Basic credentials or in the form.");
  }
  const auto id = ApiClientId::parse(credentials->first);
  std::optional<access::ApiClient> client;
  if (id) client = HANDOFF_TRY(call.parts.credentials.client(*id));
  const std::string hash = call.parts.key.keyed_hash(credentials->second);
  if (!client || client->revoked_at || !equal_in_constant_time(client->secret_hash, hash)) {
    return oauth_error(401, "invalid_client",
                       "Client id and secret do not belong together, or the client was revoked.");
  }
  const auto grant = field(*fields, "grant_type");
  if (!grant) return oauth_error(400, "invalid_request", "grant_type is missing; send client_credentials.");
  if (*grant != "client_credentials") {
    return oauth_error(400, "unsupported_grant_type", "The only grant here is client_credentials.");
  }
  std::vector<std::string> scopes = client->scopes;
  if (const auto wanted = field(*fields, "scope"); wanted && !trim(*wanted).empty()) {
    scopes.clear();
    for (const auto& scope : split(trim(*wanted), ' ')) {
      if (scope.empty()) continue;
      if (std::find(client->scopes.begin(), client->scopes.end(), scope) == client->scopes.end()) {
        return oauth_error(400, "invalid_scope", "A scope was asked for that the client does not have.");
      }
      scopes.push_back(scope);
    }
  }
  const std::string token = std::string(token_prefix) + random_token(call.parts.random, token_bytes);
  const access::AccessToken kept{call.parts.key.keyed_hash(token), client->id, client->organization, scopes,
                                 call.now() + token_life};
  exchange::Command command;
  command.actor = {access::ActorKind::api_client, client->id.text(), client->name, client->organization, {}, {}};
  command.cause = call.request.id;
  command.run = [&kept](exchange::OfficeUnit& unit) -> Result<exchange::CommandAnswer> {
    unit.save(kept);
    unit.audit(kept.organization, "access.token_issued", "api_client", kept.client.text());
    return exchange::CommandAnswer{};
  };
  HANDOFF_TRY(call.parts.ledger.run(std::move(command)));
  net::Response response = Call::json(200, Json::object({{"access_token", token},
                                                         {"token_type", "Bearer"},
                                                         {"expires_in", static_cast<std::int64_t>(token_life.count())},
                                                         {"scope", join(scopes, " ")}}));
  response.headers.set("Pragma", "no-cache");
  return response;
}

}  // namespace handoff::face::own

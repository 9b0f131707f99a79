#include "face/own/sign_in.h"

#include "base/text.h"
#include "face/own/handlers.h"
#include "net/uri.h"

namespace handoff::face::own {
namespace {

// RFC 6749, 5.2. Not problem+json: clients of OAuth read these two members.
net::Response oauth_error(int status, const char* code, const char* detail) {
  net::Response response = Call::json(status, Json::object({{"error", code}, {"error_description", detail}}));
  if (status == 401) response.headers.set("WWW-Authenticate", "Basic realm=\"handoff\"");
  return response;
}

}  // namespace

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
  const auto actor = HANDOFF_TRY(actor_of(parts.credentials, parts.key, parts.clock.now(), *token));
  const std::string hash = parts.key.keyed_hash(*token);
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
    if (query) token = token_field(*query, "token");
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
  const auto body = call.request.body->all();
  const auto fields = body ? read_token_fields(*body, call.parts.settings.json) : std::nullopt;
  if (!fields)
    return oauth_error(400, "invalid_request", "The body must be a form such as grant_type=client_credentials.");
  auto credentials = basic_credentials(call.request.headers);
  if (!credentials) {
    const auto id = token_field(*fields, "client_id"), secret = token_field(*fields, "client_secret");
    if (id && secret) credentials = std::pair(*id, *secret);
  }
  if (!credentials) {
    return oauth_error(401, "invalid_client", "Send client id and secret as Basic credentials or in the form.");
  }
  const auto client =
      HANDOFF_TRY(client_of(call.parts.credentials, call.parts.key, credentials->first, credentials->second));
  if (!client) {
    return oauth_error(401, "invalid_client",
                       "Client id and secret do not belong together, or the client was revoked.");
  }
  const auto grant = token_field(*fields, "grant_type");
  if (!grant) return oauth_error(400, "invalid_request", "grant_type is missing; send client_credentials.");
  if (*grant != "client_credentials") {
    return oauth_error(400, "unsupported_grant_type", "The only grant here is client_credentials.");
  }
  std::vector<std::string> scopes = client->scopes;
  if (const auto wanted = token_field(*fields, "scope"); wanted && !trim(*wanted).empty()) {
    scopes.clear();
    for (const auto& scope : split(trim(*wanted), ' ')) {
      if (scope.empty()) continue;
      if (std::find(client->scopes.begin(), client->scopes.end(), scope) == client->scopes.end()) {
        return oauth_error(400, "invalid_scope", "A scope was asked for that the client does not have.");
      }
      scopes.push_back(scope);
    }
  }
  const std::string token = HANDOFF_TRY(issue_access_token(call.parts.ledger, call.parts.key, call.now(),
                                                           call.parts.random, *client, scopes, call.request.id));
  net::Response response =
      Call::json(200, Json::object({{"access_token", token},
                                    {"token_type", "Bearer"},
                                    {"expires_in", static_cast<std::int64_t>(access_token_life.count())},
                                    {"scope", join(scopes, " ")}}));
  response.headers.set("Pragma", "no-cache");
  return response;
}

}  // namespace handoff::face::own

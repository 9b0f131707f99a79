#include <array>

#include "base/text.h"
#include "face/credentials.h"
#include "face/salesforce/handlers.h"
#include "face/salesforce/json_web_token.h"
#include "net/uri.h"
#include "record/record_id.h"

namespace handoff::face::salesforce {
namespace {

net::Response oauth_error(int status, const std::string& code, const std::string& detail) {
  return json_answer(status, Json::object({{"error", code}, {"error_description", detail}}));
}

net::Response out_of_service(const Error& error) {
  const Refusal refusal = refusal_of(error);
  return oauth_error(refusal.status, "server_error", refusal.message);
}

struct Grant {
  access::ApiClient client;
  std::optional<std::string> secret;  // that it proved itself with
};

// Either the client behind the credentials or the answer that refuses.
using Granted = std::variant<Grant, net::Response>;

Granted by_credentials(Call& call, const TokenFields& fields) {
  auto credentials = basic_credentials(call.request.headers);
  if (!credentials) {
    const auto id = token_field(fields, "client_id"), secret = token_field(fields, "client_secret");
    if (!id) return oauth_error(400, "invalid_client_id", "client identifier invalid");
    if (!secret) return oauth_error(400, "invalid_client", "invalid client credentials");
    credentials = std::pair(*id, *secret);
  }
  auto client = client_of(call.parts.credentials, call.parts.key, credentials->first, credentials->second);
  if (!client) return out_of_service(client.error());
  if (!*client) return oauth_error(400, "invalid_client", "invalid client credentials");
  return Grant{**client, credentials->second};
}

Granted by_assertion(Call& call, const TokenFields& fields) {
  const auto assertion = token_field(fields, "assertion");
  if (!assertion) return oauth_error(400, "invalid_grant", "invalid assertion");
  const auto claims = read_json_web_token(*assertion);
  if (!claims) return oauth_error(400, "invalid_grant", "invalid assertion");
  const auto id = ApiClientId::parse(claims->issuer);
  std::optional<access::ApiClient> client;
  if (id) {
    auto found = call.parts.credentials.client(*id);
    if (!found) return out_of_service(found.error());
    client = std::move(*found);
  }
  if (!client || client->revoked_at) return oauth_error(400, "invalid_client_id", "client identifier invalid");
  if (client->public_key.empty() || !is_signed_by(*claims, client->public_key))
    return oauth_error(400, "invalid_grant", "invalid assertion");
  const std::array audiences{std::string("https://login.salesforce.com"), std::string("https://test.salesforce.com"),
                             call.base_url(), call.base_url() + "/services/oauth2/token"};
  const bool for_us = std::any_of(audiences.begin(), audiences.end(), [&](const std::string& each) {
    return claims->audience == each || claims->audience == each + "/";
  });
  if (!for_us) return oauth_error(400, "invalid_grant", "audience is invalid");
  if (claims->subject.empty()) return oauth_error(400, "invalid_grant", "user hasn't approved this consumer");
  constexpr std::chrono::seconds skew{30}, longest{600};
  const Instant now = call.now();
  if (claims->expires + skew < now) return oauth_error(400, "invalid_grant", "expired authorization code");
  if (claims->expires > now + longest)
    return oauth_error(400, "invalid_grant", "the assertion must expire within ten minutes");
  return Grant{*client, std::nullopt};
}

}  // namespace

net::Response issue_token(Call& call) {
  if (call.request.method != "POST") return oauth_error(400, "invalid_request", "must use HTTP POST");
  const auto body = call.request.body->all();
  const auto fields = body ? read_token_fields(*body, call.parts.settings.json) : std::nullopt;
  if (!fields)
    return oauth_error(400, "invalid_request", "the body must be a form such as grant_type=client_credentials");
  const auto grant_type = token_field(*fields, "grant_type");
  if (!grant_type) return oauth_error(400, "invalid_request", "missing required parameter: grant_type");
  const bool credentials = *grant_type == "client_credentials";
  if (!credentials && *grant_type != "urn:ietf:params:oauth:grant-type:jwt-bearer")
    return oauth_error(400, "unsupported_grant_type", "grant type not supported");
  Granted granted = credentials ? by_credentials(call, *fields) : by_assertion(call, *fields);
  if (auto* refused = std::get_if<net::Response>(&granted)) return std::move(*refused);
  const Grant& grant = std::get<Grant>(granted);

  call.actor = {
      access::ActorKind::api_client, grant.client.id.text(), grant.client.name, grant.client.organization, {}, {}};
  const auto token = issue_access_token(call.parts.ledger, call.parts.key, call.now(), call.parts.random, grant.client,
                                        grant.client.scopes, call.request.id);
  if (!token) return out_of_service(token.error());
  const std::string id = call.base_url() + "/id/" + call.organization_id() + "/" + call.user_id();
  const std::string issued_at = std::to_string(to_ms(call.now()));
  Json out = Json::object({{"access_token", *token}});
  if (grant.secret) out.set("signature", base64(hmac_sha256(*grant.secret, id + issued_at)));
  out.set("scope", "api id");
  out.set("instance_url", call.base_url());
  out.set("id", id);
  out.set("token_type", "Bearer");
  out.set("issued_at", issued_at);
  out.set("api_instance_url", call.base_url());
  net::Response response = json_answer(200, out);
  response.headers.set("Pragma", "no-cache");
  return response;
}

net::Response revoke_token(Call& call) {
  std::optional<std::string> token;
  if (const std::string* given = call.parameter("token")) token = *given;
  if (!token) {
    const auto body = call.request.body->all();
    const auto fields = body ? read_token_fields(*body, call.parts.settings.json) : std::nullopt;
    if (fields) token = token_field(*fields, "token");
  }
  if (!token) return oauth_error(400, "unsupported_token_type", "this token type is not supported");
  const auto actor = actor_of(call.parts.credentials, call.parts.key, call.now(), *token);
  if (!actor) return out_of_service(actor.error());
  if (*actor && (*actor)->kind == access::ActorKind::api_client) {
    call.actor = **actor;
    const std::string hash = call.parts.key.keyed_hash(*token);
    const auto done = call.commit({}, [&](exchange::OfficeUnit& unit) -> Result<exchange::CommandAnswer> {
      unit.revoke_token(hash);
      unit.audit(call.organization(), "access.token_revoked", "api_client", call.actor.id);
      return exchange::CommandAnswer{};
    });
    if (!done) return out_of_service(done.error());
  }
  // RFC 7009: one that is not known any more is as revoked as it can be.
  net::Response response;
  response.headers.set("Cache-Control", "no-store");
  return response;
}

Result<net::Response> identity(Call& call) {
  const bool known = call.segments.size() == 3 && call.segments[0] == "id" &&
                     record::plain_id(call.segments[1]) == record::plain_id(call.organization_id()) &&
                     record::plain_id(call.segments[2]) == record::plain_id(call.user_id());
  if (!known)
    return Error{Kind::not_found, "salesforce.no_such_resource", "The requested resource does not exist", {}, {}};
  const std::string base = call.base_url(), rest = base + "/services/data/v{version}/";
  return json_answer(200, Json::object({{"id", base + "/id/" + call.organization_id() + "/" + call.user_id()},
                                        {"asserted_user", true},
                                        {"user_id", call.user_id()},
                                        {"organization_id", call.organization_id()},
                                        {"username", call.actor.id + "@" + call.organization().text()},
                                        {"nick_name", call.actor.name},
                                        {"display_name", call.actor.name},
                                        {"email", nullptr},
                                        {"user_type", "STANDARD"},
                                        {"active", true},
                                        {"language", "en_US"},
                                        {"locale", "en_US"},
                                        {"utcOffset", 0},
                                        {"urls", Json::object({{"rest", rest},
                                                               {"sobjects", rest + "sobjects/"},
                                                               {"query", rest + "query/"},
                                                               {"custom_domain", base}})}}));
}

}  // namespace handoff::face::salesforce

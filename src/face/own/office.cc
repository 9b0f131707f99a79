// The organization itself: its record, its API clients, its audit trail and its notices.
#include "base/text.h"
#include "face/own/handlers.h"
#include "referral/intake.h"

namespace handoff::face::own {
namespace {

using access::ApiClient;
using directory::Organization;
using exchange::CommandAnswer;
using exchange::OfficeUnit;

constexpr std::size_t name_max = 200, key_max = 8000;
constexpr std::size_t secret_bytes = 32;

Json contact_json(const std::optional<directory::IntegrationContact>& contact) {
  if (!contact) return {};
  return Json::object({{"name", contact->name}, {"email", contact->email}, {"phone", contact->phone}});
}

Json texts_json(const std::vector<std::string>& texts) {
  Json out = Json::array();
  for (const auto& text : texts) out.push_back(text);
  return out;
}

Json organization_json(const Organization& o) {
  return Json::object(
      {{"id", o.id.text()},
       {"name", o.name},
       {"plan", Json::object({{"code", directory::plan_code(o.plan)}, {"label", directory::plan_label(o.plan)}})},
       {"duplicatePolicy", o.block_duplicates ? "block" : "review"},
       {"secondReaderFor", texts_json(o.second_reader_for)},
       {"integrationContact", contact_json(o.integration_contact)},
       {"version", o.version},
       {"createdAt", format_instant(o.created_at)}});
}

std::optional<std::string> contact_text(const Json& from, const char* key, Faults& faults) {
  const Json& value = from[key];
  const std::string at = std::string("/integrationContact/") + key;
  if (value.is_null()) return std::nullopt;
  if (!value.is_string()) {
    faults.push_back({at, "property.wrong_type", "Send a text."});
    return std::nullopt;
  }
  if (utf8_length(value.string()) > name_max) faults.push_back({at, "property.too_long", "At most 200 characters."});
  return trim(value.string()).empty() ? std::nullopt : std::optional(value.string());
}

// Causes of questions about persons, see people::Review.
void read_second_reader(const Json& causes, Organization& into, Faults& faults) {
  static const std::vector<std::string> known{"guards", "too_close", "below_certain", "certain", "overlay"};
  into.second_reader_for.clear();
  if (causes.is_null()) return;
  if (!causes.is_array()) {
    faults.push_back({"/secondReaderFor", "property.wrong_type", "Send a list of causes, or none."});
    return;
  }
  for (std::size_t i = 0; i < causes.size(); ++i) {
    const std::string word = causes.items()[i].text_or();
    if (std::find(known.begin(), known.end(), word) == known.end()) {
      faults.push_back(
          {"/secondReaderFor/" + std::to_string(i), "property.unknown_value", "One of " + join(known, ", ") + "."});
    } else if (std::find(into.second_reader_for.begin(), into.second_reader_for.end(), word) ==
               into.second_reader_for.end()) {
      into.second_reader_for.push_back(word);
    }
  }
}

// The merged record, judged.
void read_organization(const Json& merged, Organization& into, Faults& faults) {
  const std::string policy = merged["duplicatePolicy"].text_or();
  if (policy != "review" && policy != "block")
    faults.push_back({"/duplicatePolicy", "property.unknown_value", "Either review or block."});
  into.block_duplicates = policy == "block";
  read_second_reader(merged["secondReaderFor"], into, faults);
  const Json& contact = merged["integrationContact"];
  into.integration_contact.reset();
  if (contact.is_null()) return;
  if (!contact.is_object()) {
    faults.push_back({"/integrationContact", "property.wrong_type", "Send an object with name, email and phone."});
    return;
  }
  referral::refuse_unknown(contact, "/integrationContact", {"name", "email", "phone"}, faults);
  directory::IntegrationContact told;
  told.name = contact_text(contact, "name", faults);
  told.email = contact_text(contact, "email", faults);
  told.phone = contact_text(contact, "phone", faults);
  if (told.email && told.email->find('@') == std::string::npos)
    faults.push_back(
        {"/integrationContact/email", "email.malformed", "Write an e-mail address such as name@example.org."});
  if (told.name || told.email || told.phone) into.integration_contact = std::move(told);
}

Json client_json(const ApiClient& client) {
  Json scopes = Json::array();
  for (const auto& scope : client.scopes) scopes.push_back(scope);
  return Json::object({{"id", client.id.text()},
                       {"clientId", client.id.text()},
                       {"name", client.name},
                       {"scopes", std::move(scopes)},
                       {"defaultListingId", client.default_listing},
                       {"publicKey", client.public_key.empty() ? Json() : Json(client.public_key)},
                       {"createdAt", format_instant(client.created_at)},
                       {"revokedAt", client.revoked_at ? Json(format_instant(*client.revoked_at)) : Json()}});
}

Result<ApiClient> find_client(Call& call) {
  const auto id = HANDOFF_TRY(call.id<ApiClientId>(0, "api_client"));
  auto client = HANDOFF_TRY(call.parts.credentials.client(id));
  if (!client || client->organization != call.organization()) return Call::not_found("api_client");
  return std::move(*client);
}

std::vector<std::string> read_scopes(const Call& call, Faults& faults) {
  std::vector<std::string> scopes;
  const Json& list = call.body["scopes"];
  if (!list.is_array() || list.size() == 0) {
    faults.push_back({"/scopes", list.is_null() ? "property.required" : "property.wrong_type",
                      "Send a list of at least one scope."});
    return scopes;
  }
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string at = "/scopes/" + std::to_string(i);
    const std::string word = list.items()[i].text_or();
    if (!access::is_scope(word)) {
      const auto near = nearest(word, access::every_scope());
      faults.push_back({at, "access.unknown_scope",
                        near ? "There is no such scope; did you mean \"" + *near + "\"?"
                             : "One of " + join(access::every_scope(), ", ") + "."});
    } else if (std::find(scopes.begin(), scopes.end(), word) == scopes.end()) {
      scopes.push_back(word);
    }
  }
  return scopes;
}

Json entry_json(const access::AuditEntry& e) {
  const auto detail = Json::parse(e.detail);
  return Json::object({{"number", e.number},
                       {"at", format_instant(e.at)},
                       {"actorKind", e.actor_kind},
                       {"actorId", e.actor_id},
                       {"action", e.action},
                       {"recordKind", e.record_kind},
                       {"recordId", e.record_id.empty() ? Json() : Json(e.record_id)},
                       {"requestId", e.request_id},
                       {"detail", detail && detail->is_object() ? *detail : Json::object()}});
}

}  // namespace

Result<net::Response> get_organization(Call& call) {
  const auto id = HANDOFF_TRY(call.id<OrganizationId>(0, "organization"));
  if (id != call.organization()) return Call::not_found("organization");
  const auto organization = HANDOFF_TRY(call.parts.referrals.organization(id));
  if (!organization) return Call::not_found("organization");
  return Call::json(200, organization_json(*organization), organization->version);
}

Result<net::Response> patch_organization(Call& call) {
  const auto id = HANDOFF_TRY(call.id<OrganizationId>(0, "organization"));
  if (id != call.organization()) return Call::not_found("organization");
  Faults faults;
  call.members({"duplicatePolicy", "secondReaderFor", "integrationContact"}, faults);
  if (!faults.empty()) return fault_error(std::move(faults));
  return call.change({}, [&](OfficeUnit& unit) -> Result<CommandAnswer> {
    const Organization* standing = unit.organization(id);
    if (!standing) return Call::not_found("organization");
    HANDOFF_TRY(call.match(standing->version));
    Organization next = *standing;
    Faults all;
    read_organization(merge_patch(organization_json(*standing), call.body), next, all);
    if (!all.empty()) return fault_error(std::move(all));
    if (organization_json(next) != organization_json(*standing)) {
      next.version += 1;
      unit.save(next);
      unit.audit(id, "organization.edit", "organization", id.text());
    }
    return CommandAnswer{200, organization_json(next), next.version, {}};
  });
}

Result<net::Response> list_api_clients(Call& call) {
  return page_by_key(
      call, HANDOFF_TRY(call.parts.credentials.clients(call.organization())),
      [](const ApiClient& client) { return client.id.text(); }, client_json);
}

Result<net::Response> create_api_client(Call& call) {
  Faults faults;
  call.members({"name", "scopes", "defaultListingId", "publicKey"}, faults);
  ApiClient client;
  client.name = call.text("name", name_max, faults);
  client.scopes = read_scopes(call, faults);
  client.default_listing = call.optional_text("defaultListingId", 64, faults);
  client.public_key = call.optional_text("publicKey", key_max, faults).value_or("");
  if (!client.public_key.empty() && !trim(client.public_key).starts_with("-----BEGIN PUBLIC KEY-----"))
    faults.push_back({"/publicKey", "access.bad_public_key",
                      "Send a public key in PEM, beginning with -----BEGIN PUBLIC KEY-----."});
  client.id = ApiClientId::make(call.now(), call.parts.random);
  client.organization = call.organization();
  client.created_at = call.now();
  const std::string secret = random_token(call.parts.random, secret_bytes);
  client.secret_hash = call.parts.key.keyed_hash(secret);
  // As with hook tokens: where the answer is kept for an idempotency key, the secret lies sealed in it.
  constexpr const char* context = "client-secret";
  const std::string sealed = call.parts.key.seal(Secret(secret), context, call.parts.random);
  auto done = HANDOFF_TRY(call.commit({}, [&](OfficeUnit& unit) -> Result<CommandAnswer> {
    Faults all = faults;
    if (client.default_listing) {
      const auto own = unit.listings(call.organization());
      const bool known = std::any_of(own.begin(), own.end(), [&](const directory::Listing* listing) {
        return listing->id.text() == *client.default_listing;
      });
      if (!known)
        all.push_back({"/defaultListingId", "listing.not_found",
                       "The organization has no such listing; GET /listings shows those there are."});
    }
    if (!all.empty()) return fault_error(std::move(all));
    unit.save(client);
    unit.audit(call.organization(), "api_client.create", "api_client", client.id.text());
    Json shown = client_json(client);
    const auto version = version_of(shown);
    shown.set("clientSecret", sealed);
    return CommandAnswer{201, std::move(shown), version, "/api/v1/api-clients/" + client.id.text()};
  }));
  const Secret opened = HANDOFF_TRY(call.parts.key.open(done.body["clientSecret"].text_or(), context));
  done.body.set("clientSecret", opened.reveal());
  return Call::json(done.status, done.body, done.version, done.location);
}

Result<net::Response> get_api_client(Call& call) {
  const Json shown = client_json(HANDOFF_TRY(find_client(call)));
  return Call::json(200, shown, version_of(shown));
}

Result<net::Response> revoke_api_client(Call& call) {
  ApiClient client = HANDOFF_TRY(find_client(call));
  HANDOFF_TRY(call.match(version_of(client_json(client))));
  return call.change({}, [&](OfficeUnit& unit) -> Result<CommandAnswer> {
    if (!client.revoked_at) {
      ApiClient next = client;
      next.revoked_at = unit.now();
      unit.save(next);
      unit.audit(call.organization(), "api_client.revoke", "api_client", client.id.text());
    }
    return CommandAnswer{204, {}, std::nullopt, {}};
  });
}

Result<net::Response> list_audit(Call& call) {
  Faults faults;
  access::AuditFilter filter;
  const auto take = [&](const char* name) -> std::optional<std::string> {
    const std::string* value = call.parameter(name);
    return value ? std::optional(*value) : std::nullopt;
  };
  filter.record_id = take("recordId");
  filter.actor_id = take("actorId");
  filter.action = take("action");
  filter.limit = call.limit(faults);
  filter.cursor = call.cursor();
  if (!faults.empty()) return fault_error(std::move(faults));
  const auto [entries, next] = HANDOFF_TRY(call.parts.credentials.audit(call.organization(), filter));
  Json items = Json::array();
  for (const auto& entry : entries) items.push_back(entry_json(entry));
  return Call::page(std::move(items), next);
}

Result<net::Response> list_notices(Call& call) {
  return page_by_key(
      call, HANDOFF_TRY(call.parts.deliveries.notices(call.organization())),
      [](const exchange::Notice& notice) { return notice.id.text(); },
      [](const exchange::Notice& notice) {
        return Json::object({{"id", notice.id.text()},
                             {"integrationId", notice.integration.text()},
                             {"code", notice.code},
                             {"sentence", notice.sentence},
                             {"openedAt", format_instant(notice.opened_at)},
                             {"closedAt", notice.closed_at ? Json(format_instant(*notice.closed_at)) : Json()}});
      });
}

}  // namespace handoff::face::own

// An integration: which connector, for which listings, at which moments, in which mode. Each change is a new version;
// old ones stay readable.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "exchange/connector.h"
#include "exchange/trigger.h"

namespace handoff::exchange {

const char* word(Mode mode);
std::optional<Mode> mode_of(std::string_view word);

struct ListingLink {
  ListingId listing;
  Instant since{};
};

// How the destination as a whole is doing. `misconfigured` holds every lane in order until the settings change.
struct Health {
  bool misconfigured = false;
  std::string code;
  std::string sentence;
  std::optional<Instant> since;
};

struct Integration {
  IntegrationId id;
  OrganizationId organization;
  std::string name;
  std::string connector;
  IntegrationSide side = IntegrationSide::received;
  std::vector<ListingLink> listings;  // side received
  bool enabled = true;
  Json settings = Json::object();  // without secrets
  std::map<std::string, Secret> secrets;
  std::vector<std::string> triggers, update_triggers;
  bool include_routed = false;
  bool edited_includes_status = false;
  bool arrival_fires_sub_status = false;
  Mode mode = Mode::once;
  bool summary_pdf = true;
  bool attachments = true;
  Json mapping;  // null for the connector's own
  bool test = false;
  bool deleted = false;
  std::string hook_token_hash;  // keyed hash; "" when none was issued
  std::int64_t version = 1;
  Instant created_at{};
  Health health;  // beside the version
};

bool linked(const Integration& integration, const ListingId& listing);
// As the API shows it; secrets as "write-only". `warnings` are made by check_integration.
Json integration_to_json(const Integration& integration, const std::vector<std::string>& warnings);
// For a version row: everything but secrets and health.
Json integration_to_stored(const Integration& integration);
void integration_from_stored(const Json& stored, Integration& into);

// Reads the body of POST (with `preset`) or of a merged PATCH. Adds every fault; the connector checks its own settings.
// `body` may carry secrets in settings: they are taken out into `secrets`. "write-only" leaves a secret as it was.
void read_integration(const Json& body, const Connector& connector, bool creating, Instant now, Integration& into,
                      Faults& faults);
// What an administrator should know before switching it on: updates asked of a create-only destination and the like.
std::vector<std::string> integration_warnings(const Integration& integration, const Manifest& manifest);

}  // namespace handoff::exchange

// The first rows: an organization with its administrator, its API key and API client, its sub-statuses and the listing
// `Unassigned` that every organization has.
#pragma once

#include "base/clock.h"
#include "base/crypto.h"
#include "directory/organization.h"
#include "store/sql.h"

namespace handoff::store {

struct Credentials {
  OrganizationId organization;
  Secret api_key;
  ApiClientId client;
  Secret client_secret;
};

struct NewOrganization {
  std::string name;
  directory::Plan plan = directory::Plan::advanced_cbo;
  // Given for the demo only, so that its key is the same at every start; otherwise made.
  std::optional<Secret> api_key;
  std::optional<Secret> client_secret;
};

// Both with every scope. Error "organization.name_taken" (conflict) where the name exists.
Result<Credentials> bootstrap(Database& database, const ServerKey& key, Instant now, Random& random,
                              const NewOrganization& organization);
}  // namespace handoff::store

// What the operator's commands ask of the database, across organizations: never served to a caller of the API.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "directory/organization.h"
#include "store/sql.h"

namespace handoff::store {

Result<std::optional<OrganizationId>> organization_named(Database& database, const std::string& name);
// Error "organization.not_found".
Result<void> set_plan(Database& database, const std::string& id_or_name, directory::Plan plan, Instant now);

// A server that starts looks again at everything that is held: a connector may have been installed meanwhile.
Result<void> wake_everything_held(Database& database, Instant now);

// Every organization concerned with the referral.
Result<std::vector<OrganizationId>> parties_of(Database& database, const ReferralId& referral);

}  // namespace handoff::store

// The connector that runs profiles: one instance for each profile, without state of its own.
#pragma once

#include <memory>

#include "connector/rest/profile.h"
#include "exchange/connector.h"

namespace handoff::connector {

std::unique_ptr<exchange::Connector> make_rest_connector(Profile profile);

// The manifest as GET /connectors and a validated profile show it.
Json manifest_json(const exchange::Manifest& manifest, const std::string& profile_hash);

}  // namespace handoff::connector

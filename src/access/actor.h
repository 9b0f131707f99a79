// Who acts: a person, a program, a rule of ours or a destination that reports back.
#pragma once

#include <array>
#include <set>
#include <string>
#include <vector>

#include "base/id.h"

namespace handoff::access {

enum class ActorKind { api_key, api_client, user, rule, destination, operator_command };
const char* word(ActorKind kind);

// What a key or client may do. A route names the one it needs.
inline constexpr std::array scope_words{
    "referrals.read",    "referrals.write",    "listings.read",     "listings.write",
    "integrations.read", "integrations.write", "deliveries.manage", "persons.read",
    "persons.write",     "persons.merge",      "audit.read",        "admin",
    "emr.read",          "emr.write",          "emr.unlock",
};
std::vector<std::string> every_scope();
bool is_scope(std::string_view word);

struct Actor {
  ActorKind kind = ActorKind::operator_command;
  std::string id;    // key_…, cli_…, usr_…, int_… or a rule's name
  std::string name;  // as the organization calls it; never a registrant
  OrganizationId organization;
  std::set<std::string> scopes;
  std::string default_listing;  // of an API client; "" when none
  bool may(std::string_view scope) const { return scopes.contains(std::string(scope)); }
};

}  // namespace handoff::access

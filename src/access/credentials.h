// API keys, API clients and the tokens they are given. Only keyed hashes are stored.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "access/actor.h"
#include "base/private.h"
#include "base/time.h"

namespace handoff::access {

struct User {
  UserId id;
  OrganizationId organization;
  std::string name;
  std::string role;  // "administrator", …
  Instant created_at{};
};

struct ApiKey {
  ApiKeyId id;
  OrganizationId organization;
  std::string name;
  std::string hash;  // ServerKey::keyed_hash of the key
  std::vector<std::string> scopes;
  Instant created_at{};
  std::optional<Instant> revoked_at;
};

struct ApiClient {
  ApiClientId id;
  OrganizationId organization;
  std::string name;
  std::string secret_hash;
  std::vector<std::string> scopes;
  std::optional<std::string> default_listing;
  std::string public_key;  // PEM; "" for none
  Instant created_at{};
  std::optional<Instant> revoked_at;
};

struct AccessToken {
  std::string hash;
  ApiClientId client;
  OrganizationId organization;
  std::vector<std::string> scopes;
  Instant expires_at{};
};

struct AuditFilter {
  std::optional<std::string> record_id, actor_id, action;
  std::size_t limit = 50;
  std::optional<std::string> cursor;
};
struct AuditEntry {
  std::int64_t number = 0;
  Instant at{};
  std::string actor_kind, actor_id, action, record_kind, record_id, request_id;
  std::string detail;  // JSON text
};

class CredentialReader {
 public:
  virtual ~CredentialReader() = default;
  // The actor behind a hashed key or token; nothing for an unknown, revoked or expired one.
  virtual Result<std::optional<Actor>> actor_of_key(const std::string& hash) = 0;
  virtual Result<std::optional<Actor>> actor_of_token(const std::string& hash, Instant now) = 0;
  virtual Result<std::optional<ApiClient>> client(const ApiClientId& id) = 0;
  virtual Result<std::vector<ApiClient>> clients(const OrganizationId& organization) = 0;
  virtual Result<std::pair<std::vector<AuditEntry>, std::optional<std::string>>> audit(
      const OrganizationId& organization, const AuditFilter& filter) = 0;
};

}  // namespace handoff::access

#include <algorithm>
#include <limits>

#include "store/cursor.h"
#include "store/readers.h"
#include "store/records.h"

namespace handoff::store {
namespace {

using access::Actor;
using access::ActorKind;
using access::ApiClient;

// Credentials are looked up before it is known whose they are: these statements answer the organization.
constexpr Statement key_by_hash{"read.api_key",
                                "SELECT id, name, organization_id, scopes FROM api_key "
                                "WHERE hash = $1 AND revoked_at IS NULL"};
// A token dies with its client, whatever its own time says.
constexpr Statement token_by_hash{"read.access_token",
                                  "SELECT c.id, c.name, c.organization_id, t.scopes, c.default_listing_id "
                                  "FROM access_token t JOIN api_client c ON c.id = t.client_id "
                                  "WHERE t.hash = $1 AND t.expires_at > $2 AND c.revoked_at IS NULL"};
constexpr Statement one_client{"read.api_client",
                               "SELECT id, organization_id, name, secret_hash, scopes, default_listing_id, public_key, "
                               "created_at, revoked_at FROM api_client WHERE id = $1"};
constexpr Statement own_clients{"read.api_clients",
                                "SELECT id, organization_id, name, secret_hash, scopes, default_listing_id, "
                                "public_key, created_at, revoked_at FROM api_client "
                                "WHERE organization_id = $1 ORDER BY id"};

#define HANDOFF_AUDIT                                                                                       \
  "SELECT number, at, actor_kind, actor_id, action, record_kind, record_id, request_id, detail FROM audit " \
  "WHERE organization_id = $1 AND number < $2 AND (CAST($3 AS TEXT) IS NULL OR actor_id = $3) "             \
  "AND (CAST($4 AS TEXT) IS NULL OR action = $4) "
constexpr Statement page_of_audit{"read.audit", HANDOFF_AUDIT "ORDER BY number DESC LIMIT $5"};
constexpr Statement page_of_record{"read.audit_of_record",
                                   HANDOFF_AUDIT "AND record_id = $6 ORDER BY number DESC LIMIT $5"};
#undef HANDOFF_AUDIT

ApiClient client_of(const Row& row) {
  const auto revoked = row.optional_integer(8);
  return {ApiClientId::trusted(row.text(0)),
          OrganizationId::trusted(row.text(1)),
          row.text(2),
          row.text(3),
          texts_of(row.view(4)),
          row.optional_text(5),
          row.text(6),
          from_ms(row.integer(7)),
          revoked ? std::optional(from_ms(*revoked)) : std::nullopt};
}

Actor actor_of(ActorKind kind, const Row& row, std::string default_listing) {
  const auto scopes = texts_of(row.view(3));
  return {kind,
          row.text(0),
          row.text(1),
          OrganizationId::trusted(row.text(2)),
          {scopes.begin(), scopes.end()},
          std::move(default_listing)};
}

class CredentialReader final : public access::CredentialReader {
 public:
  explicit CredentialReader(ReaderPool& pool) : pool_(pool) {}

  Result<std::optional<Actor>> actor_of_key(const std::string& hash) override {
    const auto rows = HANDOFF_TRY(query(key_by_hash, {hash}));
    if (rows.empty()) return std::optional<Actor>();
    return std::optional(actor_of(ActorKind::api_key, rows.front(), {}));
  }

  Result<std::optional<Actor>> actor_of_token(const std::string& hash, Instant now) override {
    const auto rows = HANDOFF_TRY(query(token_by_hash, {hash, to_ms(now)}));
    if (rows.empty()) return std::optional<Actor>();
    return std::optional(actor_of(ActorKind::api_client, rows.front(), rows.front().text(4)));
  }

  // A revoked one, too: the caller sees it by its time.
  Result<std::optional<ApiClient>> client(const ApiClientId& id) override {
    const auto rows = HANDOFF_TRY(query(one_client, {id.text()}));
    if (rows.empty()) return std::optional<ApiClient>();
    return std::optional(client_of(rows.front()));
  }

  Result<std::vector<ApiClient>> clients(const OrganizationId& organization) override {
    const auto rows = HANDOFF_TRY(query(own_clients, {organization.text()}));
    std::vector<ApiClient> out;
    for (const auto& row : rows) out.push_back(client_of(row));
    return out;
  }

  Result<std::pair<std::vector<access::AuditEntry>, std::optional<std::string>>> audit(
      const OrganizationId& organization, const access::AuditFilter& filter) override {
    Position from{std::numeric_limits<std::int64_t>::max(), ""};
    if (filter.cursor) from = HANDOFF_TRY(read_cursor("audit", *filter.cursor));
    const auto limit = std::max<std::size_t>(filter.limit, 1);
    Values values{organization.text(), from.key, nullable(filter.actor_id), nullable(filter.action),
                  static_cast<std::int64_t>(limit + 1)};
    if (filter.record_id) values.emplace_back(*filter.record_id);
    const auto rows = HANDOFF_TRY(query(filter.record_id ? page_of_record : page_of_audit, values));
    std::vector<access::AuditEntry> out;
    for (std::size_t i = 0; i < std::min(rows.size(), limit); ++i) {
      const Row& row = rows[i];
      out.push_back({row.integer(0), from_ms(row.integer(1)), row.text(2), row.text(3), row.text(4), row.text(5),
                     row.text(6), row.text(7), row.text(8)});
    }
    std::optional<std::string> next;
    if (rows.size() > limit) next = write_cursor("audit", {out.back().number, ""});
    return std::pair(std::move(out), std::move(next));
  }

 private:
  Result<Rows> query(const Statement& statement, const Values& values) {
    return pool_.use(
        [&](Connection& connection) { return connection.query(statement, std::span<const Value>(values)); });
  }
  ReaderPool& pool_;
};

}  // namespace

std::unique_ptr<access::CredentialReader> make_credential_reader(ReaderPool& pool) {
  return std::make_unique<CredentialReader>(pool);
}

}  // namespace handoff::store

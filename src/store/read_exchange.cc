#include <algorithm>
#include <map>

#include "store/cursor.h"
#include "store/readers.h"
#include "store/records.h"

namespace handoff::store {
namespace {

using exchange::Attempt;
using exchange::DeliveryWithAttempts;
using exchange::Integration;
using exchange::Lane;
using exchange::LaneKey;
using exchange::Page;

constexpr Statement own_integrations{"read.integrations",
                                     "SELECT organization_id, id, version, body, secrets, deleted, misconfigured, "
                                     "health_code, health_sentence, health_since FROM integration "
                                     "WHERE organization_id = $1 AND deleted = 0 ORDER BY id"};
constexpr Statement one_integration{"read.integration",
                                    "SELECT organization_id, id, version, body, secrets, deleted, misconfigured, "
                                    "health_code, health_sentence, health_since FROM integration "
                                    "WHERE organization_id = $1 AND id = $2 AND deleted = 0"};
// Also of a deleted one: what was sent under it stays explicable. Secrets and health have no versions.
constexpr Statement one_integration_version{
    "read.integration_version",
    "SELECT i.organization_id, i.id, v.version, v.body, i.secrets, i.deleted, i.misconfigured, i.health_code, "
    "i.health_sentence, i.health_since FROM integration_version v "
    "JOIN integration i ON i.organization_id = v.organization_id AND i.id = v.integration_id "
    "WHERE v.organization_id = $1 AND v.integration_id = $2 AND v.version = $3"};
// The one statement without an organization: a hook brings a token of the integration instead, which the caller checks
// before it does anything else.
constexpr Statement integration_by_id{"read.integration_for_hook",
                                      "SELECT organization_id, id, version, body, secrets, deleted, misconfigured, "
                                      "health_code, health_sentence, health_since FROM integration "
                                      "WHERE id = $1 AND deleted = 0"};
constexpr Statement one_lane{"read.lane",
                             "SELECT organization_id, referral_id, integration_id, next_sequence, remote_id, "
                             "delivered_at, accepted_at, stopped, sent FROM lane "
                             "WHERE organization_id = $1 AND referral_id = $2 AND integration_id = $3"};
// A destination that was emptied may give a number out again: the newest referral is meant.
constexpr Statement newest_lane_of_remote{"read.lane_of_remote",
                                          "SELECT organization_id, referral_id, integration_id FROM lane "
                                          "WHERE organization_id = $1 AND integration_id = $2 AND remote_id = $3 "
                                          "ORDER BY referral_id DESC LIMIT 1"};

// The snapshot is left where it is: it holds the whole person, and only the lane runner has a use for it.
#define HANDOFF_DELIVERY                                                                                             \
  "SELECT organization_id, id, referral_id, integration_id, integration_version, change_id, kind, sequence, state, " \
  "body, CAST(NULL AS TEXT), next_attempt_at, created_at, updated_at FROM delivery WHERE organization_id = $1 "
// One statement for each index that leads to a page: of one lane, in one state, of one integration, of everything.
constexpr Statement page_of_deliveries{
    "read.deliveries",
    HANDOFF_DELIVERY "AND (CAST($4 AS BIGINT) IS NULL OR created_at >= $4) AND id < $2 ORDER BY id DESC LIMIT $3"};
constexpr Statement page_by_integration{"read.deliveries_of_integration", HANDOFF_DELIVERY
                                        "AND (CAST($4 AS BIGINT) IS NULL OR created_at >= $4) AND integration_id = $5 "
                                        "AND id < $2 ORDER BY id DESC LIMIT $3"};
constexpr Statement page_by_state{"read.deliveries_in_state", HANDOFF_DELIVERY
                                  "AND (CAST($4 AS BIGINT) IS NULL OR created_at >= $4) "
                                  "AND (CAST($5 AS TEXT) IS NULL OR integration_id = $5) AND state = $6 "
                                  "AND id < $2 ORDER BY id DESC LIMIT $3"};
// A referral has few enough for a sort. The || keeps SQLite from walking all deliveries in the order of their ids.
constexpr Statement page_by_referral{"read.deliveries_of_referral", HANDOFF_DELIVERY
                                     "AND (CAST($4 AS BIGINT) IS NULL OR created_at >= $4) "
                                     "AND (CAST($5 AS TEXT) IS NULL OR integration_id = $5) "
                                     "AND (CAST($6 AS TEXT) IS NULL OR state = $6) AND referral_id = $7 "
                                     "AND id || '' < $2 ORDER BY id || '' DESC LIMIT $3"};
constexpr Statement one_delivery{"read.delivery", HANDOFF_DELIVERY "AND id = $2"};
#undef HANDOFF_DELIVERY

constexpr Statement attempts_of{"read.attempts",
                                "SELECT organization_id, delivery_id, number, at, step, body_hash, http_status, "
                                "verdict, message, duration_ms FROM attempt WHERE organization_id = $1 "
                                "AND delivery_id IN (SELECT value FROM {set:$2}) ORDER BY delivery_id, number"};
constexpr Statement open_deliveries{
    "read.owed",
    "SELECT COUNT(*) FROM delivery WHERE organization_id = $1 AND integration_id = $2 "
    "AND state IN ('pending', 'sending', 'retrying', 'held', 'needs_data', 'needs_person')"};
// The decision is the asking organization's, the event the owner's: a sender's integration reads the facts it was
// decided on, which hold no personal content.
constexpr Statement decisions_of_lane{
    "read.decisions",
    "SELECT d.organization_id, d.event_id, d.integration_id, d.referral_id, d.integration_version, d.body, "
    "d.delivery_id, d.at, e.type, e.facts FROM decision d JOIN event e ON e.id = d.event_id "
    "WHERE d.organization_id = $1 AND d.referral_id = $2 AND d.integration_id = $3 ORDER BY e.sequence"};
constexpr Statement open_notices{"read.notices",
                                 "SELECT id, integration_id, code, sentence, opened_at, closed_at FROM notice "
                                 "WHERE organization_id = $1 AND closed_at IS NULL ORDER BY id"};

constexpr const char* after_all = "~";

class ExchangeReader final : public exchange::Reader {
 public:
  ExchangeReader(ReaderPool& pool, const ServerKey& key) : pool_(pool), key_(key) {}

  Result<std::vector<Integration>> integrations(const OrganizationId& organization) override {
    const auto rows = HANDOFF_TRY(query(own_integrations, {organization.text()}));
    std::vector<Integration> out;
    for (const auto& row : rows) out.push_back(integration_of(row, 0, key_));
    return out;
  }

  Result<std::optional<Integration>> integration(const OrganizationId& organization, const IntegrationId& id) override {
    return integration_by(one_integration, {organization.text(), id.text()});
  }
  Result<std::optional<Integration>> integration_version(const OrganizationId& organization, const IntegrationId& id,
                                                         std::int64_t version) override {
    return integration_by(one_integration_version, {organization.text(), id.text(), version});
  }
  Result<std::optional<Integration>> integration_for_hook(const IntegrationId& id) override {
    return integration_by(integration_by_id, {id.text()});
  }

  Result<std::optional<Lane>> lane(const LaneKey& key) override {
    const auto rows =
        HANDOFF_TRY(query(one_lane, {key.organization.text(), key.referral.text(), key.integration.text()}));
    if (rows.empty()) return std::optional<Lane>();
    return std::optional(lane_of(rows.front(), 0));
  }

  Result<std::optional<LaneKey>> lane_of_remote(const OrganizationId& organization, const IntegrationId& id,
                                                const std::string& remote_id) override {
    const auto rows = HANDOFF_TRY(query(newest_lane_of_remote, {organization.text(), id.text(), remote_id}));
    if (rows.empty()) return std::optional<LaneKey>();
    const Row& row = rows.front();
    return std::optional(LaneKey{OrganizationId::trusted(row.text(0)), ReferralId::trusted(row.text(1)),
                                 IntegrationId::trusted(row.text(2))});
  }

  Result<Page<DeliveryWithAttempts>> deliveries(const OrganizationId& organization,
                                                const exchange::DeliveryFilter& filter) override {
    Position from{0, after_all};
    if (filter.cursor) from = HANDOFF_TRY(read_cursor("deliveries", *filter.cursor));
    const auto limit = std::max<std::size_t>(filter.limit, 1);
    Values values{organization.text(), from.id, static_cast<std::int64_t>(limit + 1),
                  filter.since ? Value(to_ms(*filter.since)) : Value()};
    const Value integration = filter.integration ? Value(filter.integration->text()) : Value();
    const Value state = filter.state ? Value(std::string(word(*filter.state))) : Value();
    const Statement* statement = &page_of_deliveries;
    if (filter.referral) {
      statement = &page_by_referral;
      values.insert(values.end(), {integration, state, Value(filter.referral->text())});
    } else if (filter.state) {
      statement = &page_by_state;
      values.insert(values.end(), {integration, state});
    } else if (filter.integration) {
      statement = &page_by_integration;
      values.push_back(integration);
    }
    auto rows = HANDOFF_TRY(query(*statement, values));
    const bool more = rows.size() > limit;
    if (more) rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(limit), rows.end());
    Page<DeliveryWithAttempts> out;
    out.items = HANDOFF_TRY(with_attempts(organization, rows));
    if (more) out.next_cursor = write_cursor("deliveries", {0, rows.back().text(1)});
    return out;
  }

  Result<std::optional<DeliveryWithAttempts>> delivery(const OrganizationId& organization,
                                                       const DeliveryId& id) override {
    const auto rows = HANDOFF_TRY(query(one_delivery, {organization.text(), id.text()}));
    auto found = HANDOFF_TRY(with_attempts(organization, rows));
    if (found.empty()) return std::optional<DeliveryWithAttempts>();
    return std::optional(std::move(found.front()));
  }

  Result<std::int64_t> owed(const OrganizationId& organization, const IntegrationId& id) override {
    const auto rows = HANDOFF_TRY(query(open_deliveries, {organization.text(), id.text()}));
    return rows.front().integer(0);
  }

  Result<std::vector<exchange::RecordedDecision>> decisions(const OrganizationId& organization,
                                                            const ReferralId& referral,
                                                            const IntegrationId& integration) override {
    const auto rows = HANDOFF_TRY(query(decisions_of_lane, {organization.text(), referral.text(), integration.text()}));
    std::vector<exchange::RecordedDecision> out;
    for (const auto& row : rows) {
      out.push_back({decision_of(row, 0), referral::event_type_of(row.view(8)).value_or(referral::EventType::edited),
                     referral::facts_from_json(stored_json(row.view(9)))});
    }
    return out;
  }

  Result<std::vector<exchange::Notice>> notices(const OrganizationId& organization) override {
    const auto rows = HANDOFF_TRY(query(open_notices, {organization.text()}));
    std::vector<exchange::Notice> out;
    for (const auto& row : rows) {
      const auto closed = row.optional_integer(5);
      out.push_back({NoticeId::trusted(row.text(0)), IntegrationId::trusted(row.text(1)), row.text(2), row.text(3),
                     from_ms(row.integer(4)), closed ? std::optional(from_ms(*closed)) : std::nullopt});
    }
    return out;
  }

 private:
  Result<Rows> query(const Statement& statement, const Values& values) {
    return pool_.use(
        [&](Connection& connection) { return connection.query(statement, std::span<const Value>(values)); });
  }

  Result<std::optional<Integration>> integration_by(const Statement& statement, const Values& values) {
    const auto rows = HANDOFF_TRY(query(statement, values));
    if (rows.empty()) return std::optional<Integration>();
    return std::optional(integration_of(rows.front(), 0, key_));
  }

  // In the order of `rows`. An attempt that began between the two readings may already stand beside its delivery.
  Result<std::vector<DeliveryWithAttempts>> with_attempts(const OrganizationId& organization, const Rows& rows) {
    std::vector<DeliveryWithAttempts> out;
    if (rows.empty()) return out;
    std::vector<std::string> ids;
    for (const auto& row : rows) {
      out.push_back({delivery_of(row, 0), {}});
      ids.push_back(out.back().delivery.id.text());
    }
    std::map<DeliveryId, std::vector<Attempt>> attempts;
    for (const auto& row : HANDOFF_TRY(query(attempts_of, {organization.text(), texts_json(ids)}))) {
      Attempt attempt = attempt_of(row, 0);
      attempts[attempt.delivery].push_back(std::move(attempt));
    }
    for (auto& item : out) item.attempts = std::move(attempts[item.delivery.id]);
    return out;
  }

  ReaderPool& pool_;
  const ServerKey& key_;
};

}  // namespace

std::unique_ptr<exchange::Reader> make_exchange_reader(ReaderPool& pool, const ServerKey& key) {
  return std::make_unique<ExchangeReader>(pool, key);
}

}  // namespace handoff::store

#include "store/operator.h"

namespace handoff::store {
namespace {

constexpr Statement find_by_name{"bootstrap.by_name", "SELECT id FROM organization WHERE name = $1"};
constexpr Statement update_plan{"organization.plan",
                                "UPDATE organization SET plan = $2, version = version + 1, config_version = "
                                "config_version + 1 WHERE id = $1 OR name = $1"};
// As every change of a configuration: whoever decides by the old plan commits first.
constexpr Statement lock_organization{"organization.lock_one",
                                      "SELECT id FROM organization WHERE id = $1 OR name = $1 {for_update}"};
// What waited for the plan is looked at again; what still may not leave is held again.
constexpr Statement wake_held{
    "due.wake_held",
    "INSERT INTO due (organization_id, referral_id, integration_id, due_at) SELECT DISTINCT d.organization_id, "
    "d.referral_id, d.integration_id, "
    "CAST($2 AS BIGINT) FROM delivery d JOIN organization o ON o.id = d.organization_id WHERE (o.id = $1 OR o.name = "
    "$1) AND d.state = 'held' "
    "ON CONFLICT (organization_id, referral_id, integration_id) DO UPDATE SET due_at = excluded.due_at"};

constexpr Statement wake_all_held{
    "due.wake_all_held",
    "INSERT INTO due (organization_id, referral_id, integration_id, due_at) SELECT DISTINCT d.organization_id, "
    "d.referral_id, d.integration_id, CAST($1 AS BIGINT) FROM delivery d WHERE d.state = 'held' "
    "ON CONFLICT (organization_id, referral_id, integration_id) DO UPDATE SET due_at = excluded.due_at"};

constexpr Statement find_parties{"party.of_referral",
                                 "SELECT organization_id FROM party WHERE referral_id = $1 ORDER BY organization_id"};

}  // namespace

Result<std::optional<OrganizationId>> organization_named(Database& database, const std::string& name) {
  auto connection = HANDOFF_TRY(database.connect_reading());
  const auto rows = HANDOFF_TRY(connection->query(find_by_name, {name}));
  if (rows.empty()) return std::optional<OrganizationId>();
  return std::optional(OrganizationId::trusted(rows.front().text(0)));
}

Result<void> set_plan(Database& database, const std::string& id_or_name, directory::Plan plan, Instant now) {
  auto connection = HANDOFF_TRY(database.connect());
  HANDOFF_TRY(connection->begin());
  if (auto locked = connection->query(lock_organization, {id_or_name}); !locked) {
    connection->rollback();
    return std::move(locked).error();
  }
  const std::vector<Connection::Call> calls{{&update_plan, {id_or_name, std::string(directory::plan_code(plan))}},
                                            {&wake_held, {id_or_name, to_ms(now)}}};
  auto changed = connection->execute_all(calls);
  if (!changed) {
    connection->rollback();
    return std::move(changed).error();
  }
  if (changed->front() == 0) {
    connection->rollback();
    return Error{Kind::not_found, "organization.not_found", "There is no organization of this id or name.", {}, {}};
  }
  return connection->commit();
}

Result<void> wake_everything_held(Database& database, Instant now) {
  auto connection = HANDOFF_TRY(database.connect());
  HANDOFF_TRY(connection->query(wake_all_held, {to_ms(now)}));
  return {};
}

Result<std::vector<OrganizationId>> parties_of(Database& database, const ReferralId& referral) {
  auto connection = HANDOFF_TRY(database.connect_reading());
  std::vector<OrganizationId> out;
  for (const auto& row : HANDOFF_TRY(connection->query(find_parties, {referral.text()})))
    out.push_back(OrganizationId::trusted(row.text(0)));
  return out;
}

}  // namespace handoff::store

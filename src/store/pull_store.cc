#include "store/pull_store.h"

#include "store/records.h"

namespace handoff::store {
namespace {

// Who is stopped by a fault waits for a person: new settings, or somebody who asks for a pull.
#define HANDOFF_EMR_IS_DUE                                                                                  \
  "((p.stopped = 0 AND (p.due_at <= $1 OR p.running = 1 "                                                   \
  "OR EXISTS (SELECT 1 FROM emr_hint h WHERE h.organization_id = p.organization_id AND h.connection_id = "  \
  "p.connection_id AND h.at <= $1) "                                                                        \
  "OR EXISTS (SELECT 1 FROM emr_retry t WHERE t.organization_id = p.organization_id AND t.connection_id = " \
  "p.connection_id AND t.next_at <= $1))) "                                                                 \
  "OR EXISTS (SELECT 1 FROM emr_hint s WHERE s.organization_id = p.organization_id AND s.connection_id = "  \
  "p.connection_id AND s.why = 'sync')) "
// Asked first, because it takes no lock: mostly nobody is due.
constexpr Statement any_due{"emr.any_due",
                            "SELECT 1 FROM emr_pull p WHERE p.enabled = 1 AND p.lease_until <= $1 AND p.connection_id "
                            "NOT IN (SELECT value FROM {set:$2}) AND " HANDOFF_EMR_IS_DUE "LIMIT 1"};
// The fence is random, as that of a lane is.
constexpr Statement claim_pulls{
    "emr.claim",
    "WITH chosen AS MATERIALIZED (SELECT p.organization_id, p.connection_id FROM emr_pull p "
    "WHERE p.enabled = 1 AND p.lease_until <= $1 AND p.connection_id NOT IN (SELECT value FROM {set:$3}) "
    "AND " HANDOFF_EMR_IS_DUE
    "{skip_locked}) UPDATE emr_pull SET lease_until = $2, fence = $4 WHERE (organization_id, connection_id) IN "
    "(SELECT organization_id, connection_id FROM chosen) RETURNING connection_id, organization_id, fence"};
constexpr Statement hold_pull{
    "emr.hold",
    "UPDATE emr_pull SET lease_until = $4 WHERE organization_id = $1 AND connection_id = $2 AND fence = $3"};
constexpr Statement release_pull{
    "emr.release",
    "UPDATE emr_pull SET lease_until = 0 WHERE organization_id = $1 AND connection_id = $2 AND fence = $3"};
constexpr Statement next_pull{
    "emr.next",
    "SELECT MIN(CASE WHEN p.lease_until > d.at THEN p.lease_until ELSE d.at END) FROM emr_pull p JOIN ("
    "SELECT organization_id, connection_id, CASE WHEN running = 1 THEN 0 ELSE due_at END AS at, 0 AS asked FROM "
    "emr_pull UNION ALL SELECT organization_id, connection_id, at, CASE WHEN why = 'sync' THEN 1 ELSE 0 END FROM "
    "emr_hint UNION ALL SELECT organization_id, connection_id, next_at, 0 FROM emr_retry) AS d "
    "ON d.organization_id = p.organization_id AND d.connection_id = p.connection_id "
    "WHERE p.enabled = 1 AND (p.stopped = 0 OR d.asked = 1)"};
#undef HANDOFF_EMR_IS_DUE

class StoreOfPulls final : public sync::PullStore {
 public:
  StoreOfPulls(std::unique_ptr<Connection> connection, std::unique_ptr<Connection> reading, exchange::Ledger& ledger,
               Random& random)
      : connection_(std::move(connection)), reading_(std::move(reading)), ledger_(ledger), random_(random) {}

  Result<std::vector<sync::ClaimedConnection>> claim(Instant now, milliseconds lease,
                                                     const std::set<EmrConnectionId>& leave_out) override {
    std::vector<std::string> left_out;
    for (const auto& id : leave_out) left_out.push_back(id.text());
    if (HANDOFF_TRY(reading_->query(any_due, {to_ms(now), texts_json(left_out)})).empty())
      return std::vector<sync::ClaimedConnection>();
    const auto rows = HANDOFF_TRY(connection_->query(claim_pulls, {to_ms(now), to_ms(now + lease), texts_json(left_out),
                                                                   static_cast<std::int64_t>(random_.next() >> 1)}));
    std::vector<sync::ClaimedConnection> out;
    for (const auto& row : rows)
      out.push_back({EmrConnectionId::trusted(row.text(0)), OrganizationId::trusted(row.text(1)), row.integer(2)});
    return out;
  }

  Result<bool> hold(const sync::ClaimedConnection& claimed, Instant lease_until) override {
    return changed(hold_pull, {claimed.organization.text(), claimed.id.text(), claimed.fence, to_ms(lease_until)});
  }
  Result<void> release(const sync::ClaimedConnection& claimed) override {
    HANDOFF_TRY(changed(release_pull, {claimed.organization.text(), claimed.id.text(), claimed.fence}));
    return {};
  }
  Result<std::optional<Instant>> next_due() override {
    const auto rows = HANDOFF_TRY(reading_->query(next_pull, {}));
    const auto at = rows.empty() ? std::nullopt : rows.front().optional_integer(0);
    return at ? std::optional(from_ms(*at)) : std::nullopt;
  }

  Result<void> run(sync::PullCommand pull) override {
    exchange::Command command;
    command.actor = std::move(pull.actor);
    command.cause = std::move(pull.cause);
    command.needs.referrals = std::move(pull.referrals);
    command.needs.listings = std::move(pull.listings);
    command.needs.rooms = std::move(pull.others);
    command.needs.rooms.push_back(std::make_shared<sync::Needs>(std::move(pull.needs)));
    command.run = [run = std::move(pull.run)](exchange::OfficeUnit& unit) -> Result<exchange::CommandAnswer> {
      HANDOFF_TRY(run(unit));
      return exchange::CommandAnswer{};
    };
    HANDOFF_TRY(ledger_.run(std::move(command)));
    return {};
  }

 private:
  Result<bool> changed(const Statement& statement, Values values) {
    const std::array<Connection::Call, 1> calls{{{&statement, std::move(values)}}};
    return HANDOFF_TRY(connection_->execute_all(calls)).front() == 1;
  }
  std::unique_ptr<Connection> connection_, reading_;
  exchange::Ledger& ledger_;
  Random& random_;
};

}  // namespace

Result<std::unique_ptr<sync::PullStore>> open_pull_store(Database& database, exchange::Ledger& ledger, Random& random) {
  return std::unique_ptr<sync::PullStore>(std::make_unique<StoreOfPulls>(
      HANDOFF_TRY(database.connect()), HANDOFF_TRY(database.connect_reading()), ledger, random));
}

}  // namespace handoff::store

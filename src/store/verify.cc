#include "store/verify.h"

#include <map>

#include "access/audit.h"
#include "store/records.h"

namespace handoff::store {
namespace {

// --- decisions -----------------------------------------------------------------------------------------------------

constexpr std::int64_t page_rows = 1'000;
constexpr std::size_t mismatches_named_max = 100;

// In the order of the primary key, so that each page is found where the last one ended.
constexpr Statement page_of_decisions{
    "verify.decisions",
    "SELECT d.organization_id, d.event_id, d.integration_id, d.referral_id, d.integration_version, d.body, "
    "d.delivery_id, d.at, d.function_version, d.outcome, d.code, e.type, e.facts, v.body FROM decision d "
    "LEFT JOIN event e ON e.id = d.event_id "
    "LEFT JOIN integration_version v ON v.organization_id = d.organization_id AND v.integration_id = d.integration_id "
    "AND v.version = d.integration_version "
    "WHERE (d.organization_id, d.event_id, d.integration_id) > ($1, $2, $3) "
    "ORDER BY d.organization_id, d.event_id, d.integration_id LIMIT $4"};

// The rule as that version of the integration had it. Whether its connector took updates is the connector's word, which
// only the row remembers.
exchange::Rule rule_of_version(std::string_view body, const exchange::Rule& recorded) {
  exchange::Integration integration;
  exchange::integration_from_stored(stored_json(body), integration);
  exchange::Manifest manifest;
  manifest.updates = recorded.updates_supported;
  return exchange::rule_of(integration, manifest);
}

// What does not fit; "" where all does.
std::string mismatch_of(const Row& row, const exchange::DecisionRow& recorded) {
  const auto type = referral::event_type_of(row.view(11));
  if (row.is_null(11) || !type) return "event";
  // The columns that lists are made from, and the row they were written with.
  if (row.integer(8) != recorded.version || row.view(9) != word(recorded.decision.outcome) ||
      row.view(10) != recorded.decision.code)
    return "record";
  if (row.is_null(13)) return "rule";
  if (to_json(rule_of_version(row.view(13), recorded.rule)) != to_json(recorded.rule)) return "rule";
  const auto facts = referral::facts_from_json(stored_json(row.view(12)));
  const auto again = exchange::decide(*type, facts, recorded.rule, recorded.lane);
  return again == recorded.decision ? "" : "outcome";
}

Result<DecisionReport> verify_decisions(Connection& connection) {
  DecisionReport report;
  std::string organization, event, integration;
  for (;;) {
    const auto rows = HANDOFF_TRY(connection.query(page_of_decisions, {organization, event, integration, page_rows}));
    for (const Row& row : rows) {
      const auto recorded = decision_of(row, 0);
      // A row whose body and column disagree about the version is not passed over as an old one.
      if (row.integer(8) != exchange::decision_version && recorded.version != exchange::decision_version) {
        ++report.other_versions;
        continue;
      }
      ++report.checked;
      std::string what = mismatch_of(row, recorded);
      if (what.empty()) continue;
      ++report.mismatch_count;
      if (report.mismatches.size() < mismatches_named_max)
        report.mismatches.push_back({row.text(0), row.text(1), row.text(2), std::move(what)});
    }
    if (static_cast<std::int64_t>(rows.size()) < page_rows) return report;
    organization = rows.back().text(0);
    event = rows.back().text(1);
    integration = rows.back().text(2);
  }
}

// --- the audit trail -----------------------------------------------------------------------------------------------

#define HANDOFF_AUDIT_ROW                                                                                             \
  "SELECT number, organization_id, at, actor_kind, actor_id, actor_organization_id, action, record_kind, record_id, " \
  "request_id, detail, hash, block FROM audit "
constexpr Statement rows_of_block{"verify.audit_block", HANDOFF_AUDIT_ROW "WHERE block = $1 ORDER BY number"};
constexpr Statement page_of_unsealed{"verify.audit_unsealed",
                                     HANDOFF_AUDIT_ROW "WHERE block IS NULL AND number > $1 ORDER BY number LIMIT $2"};
#undef HANDOFF_AUDIT_ROW
constexpr Statement page_of_blocks{"verify.blocks",
                                   "SELECT number, row_count, rows_root, previous_root, root FROM audit_block "
                                   "WHERE number > $1 ORDER BY number LIMIT $2"};
// A row that names a block nobody sealed.
constexpr Statement stray_row{"verify.audit_stray",
                              "SELECT a.number, a.block FROM audit a LEFT JOIN audit_block b ON b.number = a.block "
                              "WHERE a.block IS NOT NULL AND b.number IS NULL ORDER BY a.number LIMIT 1"};

bool row_fits(const Row& row) {
  access::AuditRow audit;
  audit.organization = OrganizationId::trusted(row.text(1));
  audit.at = from_ms(row.integer(2));
  audit.actor_kind = row.text(3);
  audit.actor_id = row.text(4);
  audit.actor_organization = OrganizationId::trusted(row.text(5));
  audit.action = row.text(6);
  audit.record_kind = row.text(7);
  audit.record_id = row.text(8);
  audit.request_id = row.text(9);
  if (!row.view(10).empty()) {
    audit.detail = stored_json(row.view(10));
    // The hash is over the text; another spelling of the same value is a change, too.
    if (audit.detail.dump() != row.view(10)) return false;
  }
  return access::row_hash(audit) == row.view(11);
}

AuditFault row_fault(const Row& row) {
  const auto block = row.optional_integer(12);
  return {row.integer(0), block,
          "Row " + row.text(0) + " does not match its own hash: it was changed after it was written."};
}
AuditFault block_fault(std::int64_t block, const std::string& what) {
  return {std::nullopt, block, "Block " + std::to_string(block) + " " + what};
}

// One block: its rows, its root, its place in the chain.
Result<std::optional<AuditFault>> fault_of_block(Connection& connection, const Row& block, AuditReport& report) {
  const std::int64_t number = block.integer(0);
  if (number != report.blocks + 1) {
    return std::optional(
        block_fault(report.blocks + 1, "is missing: block " + std::to_string(number) + " stands in its place."));
  }
  const auto rows = HANDOFF_TRY(connection.query(rows_of_block, {number}));
  std::vector<std::string> hashes;
  hashes.reserve(rows.size());
  for (const Row& row : rows) {
    if (!row_fits(row)) return std::optional(row_fault(row));
    hashes.push_back(row.text(11));
  }
  if (static_cast<std::int64_t>(rows.size()) != block.integer(1)) {
    return std::optional(block_fault(number, "was sealed over " + block.text(1) + " rows and now has " +
                                                 std::to_string(rows.size()) + ": rows were added or removed."));
  }
  const std::string rows_root = access::merkle_root(std::move(hashes));
  if (rows_root != block.view(2))
    return std::optional(
        block_fault(number, "does not match the root it was sealed with: one of its rows was replaced."));
  if (block.view(3) != report.last_root)
    return std::optional(block_fault(number, "does not follow the block before it: one of the two was replaced."));
  if (access::block_root(rows_root, report.last_root, number) != block.view(4))
    return std::optional(block_fault(number, "does not match its own root: it was changed after it was sealed."));
  report.rows += static_cast<std::int64_t>(rows.size());
  report.blocks = number;
  report.last_root = block.text(4);
  return std::optional<AuditFault>();
}

Result<AuditReport> verify_audit(Connection& connection) {
  AuditReport report;
  constexpr std::int64_t blocks_at_once = 100;
  for (;;) {
    const auto blocks = HANDOFF_TRY(connection.query(page_of_blocks, {report.blocks, blocks_at_once}));
    for (const Row& block : blocks) {
      report.fault = HANDOFF_TRY(fault_of_block(connection, block, report));
      if (report.fault) return report;
    }
    if (static_cast<std::int64_t>(blocks.size()) < blocks_at_once) break;
  }
  const auto stray = HANDOFF_TRY(connection.query(stray_row, {}));
  if (!stray.empty()) {
    report.fault = AuditFault{stray[0].integer(0), stray[0].integer(1),
                              "Row " + stray[0].text(0) + " names block " + stray[0].text(1) +
                                  ", which does not exist: the block was removed, or the row was never sealed."};
    return report;
  }
  for (std::int64_t after = -1;;) {
    const auto rows = HANDOFF_TRY(connection.query(page_of_unsealed, {after, page_rows}));
    for (const Row& row : rows) {
      if (!row_fits(row)) {
        report.fault = row_fault(row);
        return report;
      }
      ++report.rows;
      ++report.unsealed;
      after = row.integer(0);
    }
    if (static_cast<std::int64_t>(rows.size()) < page_rows) return report;
  }
}

// --- sealing -------------------------------------------------------------------------------------------------------

constexpr Statement last_block{"audit.last_block", "SELECT number, root FROM audit_block ORDER BY number DESC LIMIT 1"};
constexpr Statement unsealed_rows{"audit.unsealed",
                                  "SELECT number, at, hash FROM audit WHERE block IS NULL ORDER BY number LIMIT $1"};
constexpr Statement insert_block{"audit.seal_block",
                                 "INSERT INTO audit_block (number, row_count, rows_root, previous_root, root, "
                                 "sealed_at) VALUES ($1, $2, $3, $4, $5, $6)"};
constexpr Statement seal_rows{"audit.seal_rows",
                              "UPDATE audit SET block = $1 WHERE block IS NULL "
                              "AND number IN (SELECT CAST(value AS BIGINT) FROM {set:$2})"};
// How long a row must have lain still, in milliseconds. PostgreSQL gives out numbers when a row is written and shows
// the row when its transaction commits, so a smaller number may appear after a larger one: sealed too early, the block
// would close over a row that was still on its way, and that row would stand out of order in a later block. On SQLite
// there is one writer, and the order of numbers is the order of commits.
constexpr Statement rows_lie_still{"audit.grace", "SELECT 0", "SELECT 5000"};

Result<std::int64_t> seal(Connection& connection, Instant now, std::optional<Instant> cut_off) {
  if (!cut_off) {
    const auto grace = HANDOFF_TRY(connection.query(rows_lie_still, {})).front().integer(0);
    if (grace > 0) cut_off = now - milliseconds(grace);
  }
  const auto rows = HANDOFF_TRY(connection.query(unsealed_rows, {audit_block_rows_max}));
  // The hashes as they were written are sealed, not as they would be now: a row that was changed before its block was
  // made is found all the same.
  std::vector<std::string> hashes, numbers;
  for (const Row& row : rows) {
    if (cut_off && from_ms(row.integer(1)) >= *cut_off) break;
    numbers.push_back(row.text(0));
    hashes.push_back(row.text(2));
  }
  if (numbers.empty()) return std::int64_t{0};
  const auto count = static_cast<std::int64_t>(numbers.size());
  const auto last = HANDOFF_TRY(connection.query(last_block, {}));
  const std::int64_t number = last.empty() ? 1 : last[0].integer(0) + 1;
  const std::string previous = last.empty() ? std::string() : last[0].text(1);
  const std::string rows_root = access::merkle_root(std::move(hashes));
  const std::vector<Connection::Call> calls{
      // First: two processes that seal at the same time ask for the same number, and only one gets it.
      {&insert_block,
       {number, count, rows_root, previous, access::block_root(rows_root, previous, number), to_ms(now)}},
      {&seal_rows, {number, texts_json(numbers)}}};
  const auto changed = HANDOFF_TRY(connection.execute_all(calls));
  if (changed[1] != count)
    return Error{handoff::Kind::unavailable, "store.busy", "Try again.", "audit rows were sealed meanwhile", {}};
  return count;
}

// --- sweeping ------------------------------------------------------------------------------------------------------

constexpr std::chrono::hours idempotency_keys_last{24};
// Webhooks are judged over days, not months; what a record system told is kept nowhere else.
constexpr std::chrono::hours receipts_last{9 * 24}, runs_last{90 * 24};
constexpr Statement delete_receipts{"sweep.emr_receipt", "DELETE FROM emr_receipt WHERE at < $1"};
constexpr Statement delete_runs{"sweep.emr_run", "DELETE FROM emr_run WHERE started_at < $1 AND state <> 'running'"};
constexpr Statement delete_events{"sweep.emr_event", "DELETE FROM emr_event WHERE at < $1"};
constexpr Statement delete_tokens{"sweep.access_token", "DELETE FROM access_token WHERE expires_at <= $1"};
constexpr Statement delete_idempotency{"sweep.idempotency", "DELETE FROM idempotency WHERE at < $1"};

// Both verifications read one picture of the database, whatever is written while they take their time.
template <class Report>
Result<Report> over_snapshot(Database& database, Result<Report> (*verify)(Connection&)) {
  auto connection = HANDOFF_TRY(database.connect_reading());
  HANDOFF_TRY(connection->begin_read());
  auto report = verify(*connection);
  connection->rollback();
  return report;
}

}  // namespace

Result<DecisionReport> verify_decisions(Database& database) {
  return over_snapshot<DecisionReport>(database, &verify_decisions);
}

Result<AuditReport> verify_audit(Database& database) { return over_snapshot<AuditReport>(database, &verify_audit); }

Result<std::int64_t> seal_audit(Connection& connection, Instant now, std::optional<Instant> cut_off) {
  HANDOFF_TRY(connection.begin());
  auto sealed = seal(connection, now, cut_off);
  if (sealed) {
    if (auto committed = connection.commit(); !committed) return std::move(committed).error();
    return sealed;
  }
  connection.rollback();
  // Somebody else sealed this block: there is nothing left to do here, and nothing went wrong.
  if (sealed.error().code == "store.constraint" || sealed.error().code == "store.busy") return std::int64_t{0};
  return sealed;
}

Result<Swept> sweep(Connection& connection, Instant now) {
  const std::vector<Connection::Call> calls{{&delete_tokens, {to_ms(now)}},
                                            {&delete_idempotency, {to_ms(now - idempotency_keys_last)}},
                                            {&delete_receipts, {to_ms(now - receipts_last)}},
                                            {&delete_runs, {to_ms(now - runs_last)}},
                                            {&delete_events, {to_ms(now - runs_last)}}};
  const auto changed = HANDOFF_TRY(connection.execute_all(calls));
  return Swept{changed[0], changed[1]};
}

}  // namespace handoff::store

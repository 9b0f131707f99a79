#include <algorithm>
#include <charconv>
#include <limits>

#include "base/crypto.h"
#include "base/text.h"
#include "store/cursor.h"
#include "store/emr_rows.h"
#include "store/readers.h"
#include "sync/reader.h"

namespace handoff::store {
namespace {

using sync::ConnectionWithState;
using sync::HookKind;
using sync::LinkedRecord;
using sync::RecordFilter;

#define HANDOFF_EMR_WITH_STATE                                                                                     \
  "SELECT " HANDOFF_EMR_CONNECTION_COLUMNS                                                                         \
  ", p.body FROM emr_connection c JOIN emr_pull p ON p.organization_id = c.organization_id AND p.connection_id = " \
  "c.id WHERE c.deleted = 0 "
constexpr Statement own_connections{"read.emr_connections",
                                    HANDOFF_EMR_WITH_STATE "AND c.organization_id = $1 ORDER BY c.id"};
constexpr Statement one_connection{"read.emr_connection",
                                   HANDOFF_EMR_WITH_STATE "AND c.organization_id = $1 AND c.id = $2"};
// By id alone: a hook brings a token of the connection instead of credentials, which the caller checks first of all.
constexpr Statement connection_by_id{"read.emr_connection_for_hook", HANDOFF_EMR_WITH_STATE "AND c.id = $1"};
#undef HANDOFF_EMR_WITH_STATE
constexpr Statement own_hooks{"read.emr_hooks",
                              "SELECT " HANDOFF_EMR_HOOK_COLUMNS
                              " FROM emr_hook h WHERE h.organization_id = $1 "
                              "AND h.connection_id IN (SELECT value FROM {set:$2}) ORDER BY h.connection_id, h.kind"};

// Filters that are not asked for are null. The first page begins behind nothing.
#define HANDOFF_EMR_RECORDS                                                                             \
  "SELECT " HANDOFF_EMR_RECORD_COLUMNS                                                                  \
  " FROM emr_record r WHERE r.organization_id = $1 AND r.connection_id = $2 "                           \
  "AND (CAST($3 AS TEXT) IS NULL OR r.state = $3) AND (CAST($4 AS TEXT) IS NULL OR r.lock_cause = $4) " \
  "AND (CAST($5 AS TEXT) IS NULL OR r.location_id = $5) AND (CAST($6 AS BIGINT) IS NULL OR r.locked_at < $6) "
#define HANDOFF_EMR_WORKLIST "AND r.worklists <> 0 AND (r.worklists & $9) <> 0 "
constexpr Statement page_of_records{"read.emr_records",
                                    HANDOFF_EMR_RECORDS "AND r.casefile > $7 ORDER BY r.casefile LIMIT $8"};
// Written out, so that both databases find the partial index of records with something to do.
constexpr Statement page_of_worklist{
    "read.emr_worklist", HANDOFF_EMR_RECORDS HANDOFF_EMR_WORKLIST "AND r.casefile > $7 ORDER BY r.casefile LIMIT $8"};
constexpr Statement page_by_age{"read.emr_worklist_by_age", HANDOFF_EMR_RECORDS HANDOFF_EMR_WORKLIST
                                "AND (COALESCE(r.discharge_day, ''), r.casefile) > ($10, $7) "
                                "ORDER BY COALESCE(r.discharge_day, ''), r.casefile LIMIT $8"};
#undef HANDOFF_EMR_RECORDS
#undef HANDOFF_EMR_WORKLIST
constexpr Statement one_record{"read.emr_record",
                               "SELECT " HANDOFF_EMR_RECORD_COLUMNS
                               " FROM emr_record r WHERE r.organization_id = $1 AND r.connection_id = $2 AND "
                               "r.casefile = $3"};
constexpr Statement record_by_opportunity{"read.emr_record_of_opportunity",
                                          "SELECT " HANDOFF_EMR_RECORD_COLUMNS
                                          " FROM emr_record r WHERE r.organization_id = $1 AND r.opportunity_id = $2"};
constexpr Statement count_records{"read.emr_counts",
                                  "SELECT state, worklists, COUNT(*), MIN(locked_at) FROM emr_record "
                                  "WHERE organization_id = $1 AND connection_id = $2 GROUP BY state, worklists"};
constexpr Statement page_of_runs{"read.emr_runs",
                                 "SELECT " HANDOFF_EMR_RUN_COLUMNS
                                 " FROM emr_run u WHERE u.organization_id = $1 AND u.connection_id = $2 AND u.id < $3 "
                                 "ORDER BY u.id DESC LIMIT $4"};
constexpr Statement one_run{
    "read.emr_run", "SELECT " HANDOFF_EMR_RUN_COLUMNS " FROM emr_run u WHERE u.organization_id = $1 AND u.id = $2"};
constexpr Statement own_destinations{"read.emr_destinations",
                                     "SELECT " HANDOFF_EMR_DESTINATION_COLUMNS
                                     " FROM emr_destination d WHERE d.organization_id = $1 AND d.connection_id = $2 "
                                     "ORDER BY d.key"};

// --- for the pull: it knows the connection it holds, and the organization follows from that -------------------------

#define HANDOFF_EMR_OWNER "(SELECT o.organization_id FROM emr_connection o WHERE o.id = $1)"
constexpr Statement known_rows{
    "read.emr_known",
    "SELECT casefile, row_digest, row_updated_at, state, read_due, standing, destination_key FROM emr_record "
    "WHERE organization_id = " HANDOFF_EMR_OWNER
    " AND connection_id = $1 "
    "AND casefile IN (SELECT value FROM {set:$2})"};
constexpr Statement casefiles_of_number{"read.emr_casefile_of_number",
                                        "SELECT casefile FROM emr_record WHERE organization_id = " HANDOFF_EMR_OWNER
                                        " AND connection_id = $1 AND mr_number = $2 LIMIT 2"};
constexpr Statement oldest_hints{
    "read.emr_hints", "SELECT casefile, number, at, why FROM emr_hint WHERE organization_id = " HANDOFF_EMR_OWNER
                      " AND connection_id = $1 ORDER BY at, casefile LIMIT $2"};
constexpr Statement all_retries{"read.emr_retries",
                                "SELECT casefile, attempts, next_at, row_updated_at, code, sentence FROM emr_retry "
                                "WHERE organization_id = " HANDOFF_EMR_OWNER
                                " AND connection_id = $1 ORDER BY next_at"};
constexpr Statement active{"read.emr_active",
                           "SELECT casefile FROM emr_record WHERE organization_id = " HANDOFF_EMR_OWNER
                           " AND connection_id = $1 AND state NOT IN ('missing', 'tombstoned') "
                           "AND discharge_day IS NULL ORDER BY casefile"};
constexpr Statement without_destination{"read.emr_without_destination",
                                        "SELECT casefile FROM emr_record WHERE organization_id = " HANDOFF_EMR_OWNER
                                        " AND connection_id = $1 AND discharge_day >= $2 AND no_destination = 1 "
                                        "AND state <> 'tombstoned' ORDER BY casefile"};
constexpr Statement in_state{"read.emr_in_state",
                             "SELECT casefile FROM emr_record WHERE organization_id = " HANDOFF_EMR_OWNER
                             " AND connection_id = $1 AND state = $2 AND (CAST($3 AS BIGINT) IS NULL OR "
                             "COALESCE(changed_at, 0) <= $3) ORDER BY COALESCE(changed_at, 0), casefile LIMIT $4"};
constexpr Statement hook_locks{"read.emr_locked_by_hook",
                               "SELECT casefile FROM emr_record WHERE organization_id = " HANDOFF_EMR_OWNER
                               " AND connection_id = $1 AND state = 'locked' AND lock_cause IN "
                               "('chart_hook_never_seen', 'chart_hook_inactive') ORDER BY casefile LIMIT $2"};
constexpr Statement due_reads{"read.emr_read_due",
                              "SELECT casefile FROM emr_record WHERE organization_id = " HANDOFF_EMR_OWNER
                              " AND connection_id = $1 AND read_due = 1 ORDER BY casefile"};
constexpr Statement last_receipts{"read.emr_receipts",
                                  "SELECT casefile, MAX(at) FROM emr_receipt WHERE organization_id = " HANDOFF_EMR_OWNER
                                  " AND connection_id = $1 AND kind = $2 AND casefile IN (SELECT value FROM {set:$3}) "
                                  "AND at >= $4 GROUP BY casefile"};
#undef HANDOFF_EMR_OWNER

std::optional<Instant> instant_at(const Row& row, std::size_t column) {
  const auto ms = row.optional_integer(column);
  return ms ? std::optional(from_ms(*ms)) : std::nullopt;
}

// A day as a number that sorts alike, for cursors; 0 for none.
std::int64_t number_of(const std::optional<Date>& day) {
  if (!day) return 0;
  std::string digits = day->text();
  std::erase(digits, '-');
  return parse_int(digits).value_or(0);
}
std::string day_of(std::int64_t number) {
  const std::string digits = std::to_string(number);
  if (digits.size() != 8) return {};
  return digits.substr(0, 4) + "-" + digits.substr(4, 2) + "-" + digits.substr(6, 2);
}

constexpr Statement page_of_events{"read.emr_events",
                                   "SELECT number, connection_id, type, casefile, sentence, detail, at FROM emr_event "
                                   "WHERE organization_id = $1 AND connection_id = $2 AND number < $3 "
                                   "ORDER BY number DESC LIMIT $4"};
// A sequence is not the order of commits: a number that is missing now may still come. Whoever streams asks again for
// what lies a little before what it has seen.
constexpr Statement events_behind{"read.emr_events_after",
                                  "SELECT number, connection_id, type, casefile, sentence, detail, at FROM emr_event "
                                  "WHERE organization_id = $1 AND number > $2 ORDER BY number LIMIT $3"};

class EmrEvents final : public sync::EventReader {
 public:
  explicit EmrEvents(ReaderPool& pool) : pool_(pool) {}
  Result<sync::Page<sync::NumberedEvent>> events(const OrganizationId& asking, const EmrConnectionId& id,
                                                 std::size_t limit, const std::optional<std::string>& cursor) override {
    std::int64_t before = std::numeric_limits<std::int64_t>::max();
    if (cursor) before = HANDOFF_TRY(read_cursor("emr_events", *cursor)).key;
    auto found = HANDOFF_TRY(
        read(asking, page_of_events, {asking.text(), id.text(), before, static_cast<std::int64_t>(limit) + 1}));
    sync::Page<sync::NumberedEvent> page;
    for (auto& each : found) {
      if (page.items.size() == limit) {
        page.next_cursor = write_cursor("emr_events", {page.items.back().number, ""});
        break;
      }
      page.items.push_back(std::move(each));
    }
    return page;
  }
  Result<std::vector<sync::NumberedEvent>> events_after(const OrganizationId& asking, std::int64_t number,
                                                        std::size_t limit) override {
    return read(asking, events_behind, {asking.text(), number, static_cast<std::int64_t>(limit)});
  }

 private:
  Result<std::vector<sync::NumberedEvent>> read(const OrganizationId& asking, const Statement& statement,
                                                const Values& values) {
    const auto rows = HANDOFF_TRY(
        pool_.use([&](Connection& connection) { return connection.query(statement, std::span<const Value>(values)); }));
    std::vector<sync::NumberedEvent> out;
    for (const auto& row : rows) {
      sync::EmrEvent event;
      event.connection = EmrConnectionId::trusted(row.text(1));
      event.organization = asking;
      event.type = row.text(2);
      event.casefile = row.text(3);
      event.sentence = row.text(4);
      event.detail = stored_json(row.view(5));
      event.at = from_ms(row.integer(6));
      out.push_back({row.integer(0), std::move(event)});
    }
    return out;
  }
  ReaderPool& pool_;
};

// A casefile in a cursor, which carries letters and digits only.
std::string packed(const std::string& casefile) { return hex(casefile); }
Result<std::string> unpacked(std::string_view digits) {
  if (digits.size() % 2 != 0) return invalid_cursor();
  std::string out;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    unsigned value = 0;
    const char* end = digits.data() + i + 2;
    if (std::from_chars(digits.data() + i, end, value, 16).ptr != end) return invalid_cursor();
    out += static_cast<char>(value);
  }
  if (!is_utf8(out) || out.find('\0') != std::string::npos) return invalid_cursor();
  return out;
}

class EmrReader final : public sync::Reader {
 public:
  EmrReader(ReaderPool& pool, const ServerKey& key) : pool_(pool), key_(key) {}

  Result<std::vector<ConnectionWithState>> connections(const OrganizationId& asking) override {
    return with_hooks(own_connections, {asking.text()});
  }
  Result<std::optional<ConnectionWithState>> connection(const OrganizationId& asking,
                                                        const EmrConnectionId& id) override {
    return one_of(one_connection, {asking.text(), id.text()});
  }
  Result<std::optional<ConnectionWithState>> connection_for_hook(const EmrConnectionId& id) override {
    return one_of(connection_by_id, {id.text()});
  }

  Result<sync::Page<LinkedRecord>> records(const OrganizationId& asking, const EmrConnectionId& id,
                                           const RecordFilter& filter) override {
    const bool by_age = filter.worklist && filter.oldest_discharge_first;
    const std::string list = by_age ? "emr_records.age" : "emr_records";
    Position after;
    if (filter.cursor) {
      after = HANDOFF_TRY(read_cursor(list, *filter.cursor));
      after.id = HANDOFF_TRY(unpacked(after.id));
    }
    Values values{asking.text(),
                  id.text(),
                  filter.state ? Value(std::string(word(*filter.state))) : Value(),
                  filter.lock_cause ? Value(std::string(word(*filter.lock_cause))) : Value(),
                  nullable(filter.location_id),
                  filter.locked_before ? Value(to_ms(*filter.locked_before)) : Value(),
                  after.id,
                  static_cast<std::int64_t>(filter.limit) + 1};
    if (filter.worklist) values.emplace_back(static_cast<std::int64_t>(*filter.worklist));
    if (by_age) values.emplace_back(day_of(after.key));
    const auto rows = HANDOFF_TRY(query(by_age            ? page_by_age
                                        : filter.worklist ? page_of_worklist
                                                          : page_of_records,
                                        values));
    sync::Page<LinkedRecord> page;
    for (const auto& row : rows) {
      if (page.items.size() == filter.limit) {
        const LinkedRecord& last = page.items.back();
        page.next_cursor = write_cursor(list, {by_age ? number_of(last.discharge_day) : 0, packed(last.casefile)});
        break;
      }
      page.items.push_back(emr_record_of(row, 0));
    }
    return page;
  }

  Result<std::optional<LinkedRecord>> record(const OrganizationId& asking, const EmrConnectionId& id,
                                             const std::string& casefile) override {
    return first_record(one_record, {asking.text(), id.text(), casefile});
  }
  Result<std::optional<LinkedRecord>> record_of_opportunity(const OrganizationId& asking,
                                                            const IntakeOpportunityId& id) override {
    return first_record(record_by_opportunity, {asking.text(), id.text()});
  }

  Result<sync::RecordCounts> counts(const OrganizationId& asking, const EmrConnectionId& id) override {
    sync::RecordCounts counts;
    for (const auto state : sync::record_states) counts.by_state[word(state)] = 0;
    for (const auto list : sync::worklists) counts.by_worklist[word(list)] = 0;
    for (const auto& row : HANDOFF_TRY(query(count_records, {asking.text(), id.text()}))) {
      counts.by_state[row.text(0)] += row.integer(2);
      for (const auto list : sync::worklists) {
        if ((static_cast<unsigned>(row.integer(1)) & static_cast<unsigned>(list)) != 0)
          counts.by_worklist[word(list)] += row.integer(2);
      }
      const auto locked = instant_at(row, 3);
      if (row.view(0) == "locked" && locked && (!counts.oldest_lock_at || *locked < *counts.oldest_lock_at))
        counts.oldest_lock_at = locked;
    }
    return counts;
  }

  Result<sync::Page<sync::Run>> runs(const OrganizationId& asking, const EmrConnectionId& id, std::size_t limit,
                                     const std::optional<std::string>& cursor) override {
    std::string before = "~";
    if (cursor) before = HANDOFF_TRY(read_cursor("emr_runs", *cursor)).id;
    const auto rows =
        HANDOFF_TRY(query(page_of_runs, {asking.text(), id.text(), before, static_cast<std::int64_t>(limit) + 1}));
    sync::Page<sync::Run> page;
    for (const auto& row : rows) {
      if (page.items.size() == limit) {
        page.next_cursor = write_cursor("emr_runs", {0, page.items.back().id.text()});
        break;
      }
      page.items.push_back(emr_run_of(row, 0));
    }
    return page;
  }
  Result<std::optional<sync::Run>> run(const OrganizationId& asking, const EmrRunId& id) override {
    const auto rows = HANDOFF_TRY(query(one_run, {asking.text(), id.text()}));
    if (rows.empty()) return std::optional<sync::Run>();
    return std::optional(emr_run_of(rows.front(), 0));
  }

  Result<std::vector<sync::DestinationLink>> destinations(const OrganizationId& asking,
                                                          const EmrConnectionId& id) override {
    std::vector<sync::DestinationLink> out;
    for (const auto& row : HANDOFF_TRY(query(own_destinations, {asking.text(), id.text()})))
      out.push_back(emr_destination_of(row, 0));
    return out;
  }

  Result<std::map<std::string, sync::KnownRow>> known(const EmrConnectionId& id,
                                                      const std::vector<std::string>& casefiles) override {
    std::map<std::string, sync::KnownRow> out;
    for (const auto& row : HANDOFF_TRY(query(known_rows, {id.text(), texts_json(casefiles)}))) {
      sync::KnownRow known;
      known.row_digest = row.text(1);
      known.row_updated_at = instant_at(row, 2);
      known.state = sync::record_state_of(row.view(3)).value_or(sync::RecordState::linked);
      known.read_due = row.integer(4) != 0;
      if (!row.is_null(5)) {
        for (const auto& referral : texts_of(row.view(5))) known.referrals.push_back(ReferralId::trusted(referral));
      }
      known.destination_key = row.text(6);
      out.emplace(row.text(0), std::move(known));
    }
    return out;
  }
  Result<std::string> casefile_of_mr_number(const EmrConnectionId& id, const std::string& mr_number) override {
    const auto rows = HANDOFF_TRY(query(casefiles_of_number, {id.text(), mr_number}));
    return rows.size() == 1 ? rows.front().text(0) : std::string();
  }
  Result<std::vector<sync::Hint>> hints(const EmrConnectionId& id, std::size_t limit) override {
    std::vector<sync::Hint> out;
    for (const auto& row : HANDOFF_TRY(query(oldest_hints, {id.text(), static_cast<std::int64_t>(limit)})))
      out.push_back({id, row.text(0), row.integer(1), from_ms(row.integer(2)), row.text(3)});
    return out;
  }
  Result<std::vector<sync::Retry>> retries(const EmrConnectionId& id) override {
    std::vector<sync::Retry> out;
    for (const auto& row : HANDOFF_TRY(query(all_retries, {id.text()}))) {
      out.push_back(
          {id, row.text(0), row.integer(1), from_ms(row.integer(2)), instant_at(row, 3), row.text(4), row.text(5)});
    }
    return out;
  }
  Result<std::vector<std::string>> active_casefiles(const EmrConnectionId& id) override {
    return casefiles(active, {id.text()});
  }
  Result<std::vector<std::string>> discharged_without_destination(const EmrConnectionId& id,
                                                                  const Date& since) override {
    return casefiles(without_destination, {id.text(), since.text()});
  }
  Result<std::vector<std::string>> casefiles_in(const EmrConnectionId& id, sync::RecordState state,
                                                const std::optional<Instant>& unchanged_since,
                                                std::size_t limit) override {
    return casefiles(in_state,
                     {id.text(), std::string(word(state)), unchanged_since ? Value(to_ms(*unchanged_since)) : Value(),
                      static_cast<std::int64_t>(limit)});
  }
  Result<std::vector<std::string>> locked_by_hook(const EmrConnectionId& id, std::size_t limit) override {
    return casefiles(hook_locks, {id.text(), static_cast<std::int64_t>(limit)});
  }
  Result<std::vector<std::string>> read_due(const EmrConnectionId& id) override {
    return casefiles(due_reads, {id.text()});
  }
  Result<std::map<std::string, Instant>> latest_receipts(const EmrConnectionId& id, HookKind kind,
                                                         const std::vector<std::string>& of, Instant since) override {
    std::map<std::string, Instant> out;
    for (const auto& row :
         HANDOFF_TRY(query(last_receipts, {id.text(), std::string(word(kind)), texts_json(of), to_ms(since)})))
      out.emplace(row.text(0), from_ms(row.integer(1)));
    return out;
  }

 private:
  Result<Rows> query(const Statement& statement, const Values& values) {
    return pool_.use(
        [&](Connection& connection) { return connection.query(statement, std::span<const Value>(values)); });
  }
  Result<std::vector<std::string>> casefiles(const Statement& statement, const Values& values) {
    std::vector<std::string> out;
    for (const auto& row : HANDOFF_TRY(query(statement, values))) out.push_back(row.text(0));
    return out;
  }
  Result<std::optional<LinkedRecord>> first_record(const Statement& statement, const Values& values) {
    const auto rows = HANDOFF_TRY(query(statement, values));
    if (rows.empty()) return std::optional<LinkedRecord>();
    return std::optional(emr_record_of(rows.front(), 0));
  }
  Result<std::optional<ConnectionWithState>> one_of(const Statement& statement, const Values& values) {
    auto found = HANDOFF_TRY(with_hooks(statement, values));
    if (found.empty()) return std::optional<ConnectionWithState>();
    return std::optional(std::move(found.front()));
  }
  Result<std::vector<ConnectionWithState>> with_hooks(const Statement& statement, const Values& values) {
    std::vector<ConnectionWithState> out;
    std::vector<std::string> ids;
    for (const auto& row : HANDOFF_TRY(query(statement, values))) {
      ConnectionWithState each;
      each.connection = emr_connection_of(row, 0, key_);
      each.state = sync::pull_state_from_stored(stored_json(row.view(emr_connection_column_count)));
      for (const HookKind kind : sync::hook_kinds) each.hooks.push_back(fresh_hook(each.connection.id, kind));
      ids.push_back(each.connection.id.text());
      out.push_back(std::move(each));
    }
    if (out.empty()) return out;
    for (const auto& row :
         HANDOFF_TRY(query(own_hooks, {out.front().connection.organization.text(), texts_json(ids)}))) {
      sync::HookSlot slot = emr_hook_of(row, 0);
      for (auto& each : out) {
        if (each.connection.id == slot.connection) each.hooks[static_cast<std::size_t>(slot.kind)] = slot;
      }
    }
    return out;
  }

  ReaderPool& pool_;
  const ServerKey& key_;
};

}  // namespace

std::unique_ptr<sync::Reader> make_sync_reader(ReaderPool& pool, const ServerKey& key) {
  return std::make_unique<EmrReader>(pool, key);
}

std::unique_ptr<sync::EventReader> make_emr_event_reader(ReaderPool& pool) { return std::make_unique<EmrEvents>(pool); }

}  // namespace handoff::store

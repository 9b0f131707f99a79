#include <algorithm>
#include <set>

#include "record/record_id.h"
#include "store/batch_record.h"
#include "store/readers.h"
#include "store/records.h"

namespace handoff::store {
namespace {

using record::Found;

constexpr std::int64_t piece_size = 500;

// A record with the referral behind it. Nine columns of the record, then the referral's as its readers know them.
#define HANDOFF_FOUND                                                                                          \
  "SELECT o.organization_id, o.id, o.object, o.referral_id, o.fields, o.version, o.created_at, o.updated_at, " \
  "o.created_by, p.integration_errors, " HANDOFF_REFERRAL_COLUMNS("r.body") " "
#define HANDOFF_BEHIND                                                                            \
  "LEFT JOIN party p ON p.organization_id = o.organization_id AND p.referral_id = o.referral_id " \
  "LEFT JOIN referral r ON r.organization_id = p.owner_id AND r.id = p.referral_id "
constexpr std::size_t record_columns = 9;

constexpr Statement records_by_id{
    "read.records",
    HANDOFF_FOUND "FROM {set:$2} AS s JOIN crm_record o ON o.organization_id = $1 AND o.id = s.value " HANDOFF_BEHIND};
constexpr Statement records_by_key{
    "read.records_by_key", HANDOFF_FOUND
    "FROM {set:$4} AS s JOIN crm_key k ON k.organization_id = $1 AND k.object = $2 AND k.field = $3 AND k.value = "
    "s.value JOIN crm_record o ON o.organization_id = k.organization_id AND o.id = k.id " HANDOFF_BEHIND
    "ORDER BY o.id"};
constexpr Statement records_by_change{"read.records_by_change", HANDOFF_FOUND
                                      "FROM crm_record o " HANDOFF_BEHIND
                                      "WHERE o.organization_id = $1 AND o.object = $2 "
                                      "AND (o.updated_at, o.id) > ($3, $4) ORDER BY o.updated_at, o.id LIMIT $5"};
// A request whose referral was changed lately, though its own row was not.
constexpr Statement requests_by_referral{
    "read.requests_by_referral", HANDOFF_FOUND
    "FROM party p JOIN crm_record o ON o.organization_id = p.organization_id AND o.referral_id = p.referral_id "
    "JOIN referral r ON r.organization_id = p.owner_id AND r.id = p.referral_id "
    "WHERE p.organization_id = $1 AND (p.updated_at, p.referral_id) > ($2, $3) "
    "ORDER BY p.updated_at, p.referral_id LIMIT $4"};
constexpr Statement record_of_referral{"read.record_of_referral",
                                       HANDOFF_FOUND "FROM crm_record o " HANDOFF_BEHIND
                                                     "WHERE o.organization_id = $1 AND o.referral_id = $2"};
constexpr Statement count_records{"read.record_count",
                                  "SELECT COUNT(*) FROM crm_record WHERE organization_id = $1 AND object = $2"};
#undef HANDOFF_FOUND
#undef HANDOFF_BEHIND

Found found_of(const Row& row) {
  Found out{record_of(row, 0), std::nullopt};
  if (!row.is_null(record_columns + 1)) {
    out.referral = referral_of(row, record_columns + 1);
    out.referral->integration_errors = row.integer(record_columns);
  }
  return out;
}

std::vector<Found> each_of(const Rows& rows) {
  std::vector<Found> out;
  out.reserve(rows.size());
  for (const Row& row : rows) out.push_back(found_of(row));
  return out;
}

class RecordReader final : public record::Reader {
 public:
  explicit RecordReader(ReaderPool& pool) : pool_(pool) {}

  Result<std::vector<Found>> by_ids(const OrganizationId& organization, const std::vector<std::string>& ids) override {
    std::set<std::string> wanted;
    for (const auto& id : ids) {
      for (auto& stored : record::stored_ids(id)) wanted.insert(std::move(stored));
    }
    if (wanted.empty()) return std::vector<Found>();
    return each_of(
        HANDOFF_TRY(query(records_by_id, {organization.text(), texts_json({wanted.begin(), wanted.end()})})));
  }

  Result<std::vector<Found>> by_key(const OrganizationId& organization, std::string_view object, std::string_view field,
                                    const std::vector<std::string>& values) override {
    std::set<std::string> wanted(values.begin(), values.end());
    return each_of(HANDOFF_TRY(query(records_by_key, {organization.text(), std::string(object), std::string(field),
                                                      texts_json({wanted.begin(), wanted.end()})})));
  }

  Result<void> each(const OrganizationId& organization, std::string_view object, std::optional<Instant> since,
                    const std::function<Result<bool>(std::vector<Found> piece)>& take) override {
    const std::int64_t from = since ? to_ms(*since) - 1 : -1;
    std::set<std::string> seen;  // what is changed while this reads is met twice
    const auto hand_over = [&](const Rows& rows) -> Result<bool> {
      std::vector<Found> piece;
      for (const Row& row : rows) {
        if (seen.insert(row.text(1)).second) piece.push_back(found_of(row));
      }
      if (piece.empty()) return true;
      return take(std::move(piece));
    };
    std::int64_t at = from;
    std::string id = "~";  // behind every id
    for (;;) {
      const auto rows =
          HANDOFF_TRY(query(records_by_change, {organization.text(), std::string(object), at, id, piece_size}));
      if (rows.empty()) break;
      if (!HANDOFF_TRY(hand_over(rows))) return {};
      at = rows.back().integer(7);
      id = rows.back().text(1);
      if (static_cast<std::int64_t>(rows.size()) < piece_size) break;
    }
    if (!since || object != "ClinicalServiceRequest") return {};
    at = from;
    std::string referral = "~";
    for (;;) {
      const auto rows = HANDOFF_TRY(query(requests_by_referral, {organization.text(), at, referral, piece_size}));
      if (rows.empty()) break;
      if (!HANDOFF_TRY(hand_over(rows))) return {};
      at = to_ms(referral_of(rows.back(), record_columns + 1).updated_at);
      referral = rows.back().text(3);
      if (static_cast<std::int64_t>(rows.size()) < piece_size) break;
    }
    return {};
  }

  Result<std::int64_t> count(const OrganizationId& organization, std::string_view object) override {
    const auto rows = HANDOFF_TRY(query(count_records, {organization.text(), std::string(object)}));
    return rows.front().integer(0);
  }

  Result<std::optional<Found>> of_referral(const OrganizationId& organization, const ReferralId& referral) override {
    const auto rows = HANDOFF_TRY(query(record_of_referral, {organization.text(), referral.text()}));
    if (rows.empty()) return std::optional<Found>();
    return std::optional(found_of(rows.front()));
  }

 private:
  Result<Rows> query(const Statement& statement, const Values& values) {
    return pool_.use(
        [&](Connection& connection) { return connection.query(statement, std::span<const Value>(values)); });
  }
  ReaderPool& pool_;
};

}  // namespace

std::unique_ptr<record::Reader> make_record_reader(ReaderPool& pool) { return std::make_unique<RecordReader>(pool); }

}  // namespace handoff::store

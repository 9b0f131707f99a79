#include <map>

#include "store/cursor.h"
#include "store/emr_rows.h"
#include "store/readers.h"

namespace handoff::store {

opportunity::IntakeOpportunity opportunity_of(const Row& row, std::size_t at) {
  opportunity::IntakeOpportunity o;
  o.organization = OrganizationId::trusted(row.text(at));
  o.id = IntakeOpportunityId::trusted(row.text(at + 1));
  o.version = row.integer(at + 2);
  o.stage = opportunity::stage_of(row.view(at + 3)).value_or(opportunity::Stage::accepted);
  o.source = opportunity::source_of(row.view(at + 4)).value_or(opportunity::Source::referral);
  if (!row.is_null(at + 5)) o.referral = ReferralId::trusted(row.text(at + 5));
  if (!row.is_null(at + 6)) {
    o.chart = opportunity::ChartKey{EmrConnectionId::trusted(row.text(at + 6)), row.text(at + 7), row.integer(at + 8)};
  }
  from_stored(stored_json(row.view(at + 9)), o);
  o.created_at = from_ms(row.integer(at + 10));
  o.updated_at = from_ms(row.integer(at + 11));
  if (!row.is_null(at + 12)) o.person = PersonId::trusted(row.text(at + 12));
  if (o.referral) o.person_in_review = row.integer(at + 13) > 0;
  return o;
}

namespace {

using opportunity::IntakeOpportunity;

constexpr Statement one_opportunity{"read.opportunity",
                                    "SELECT " HANDOFF_OPPORTUNITY_COLUMNS
                                    " FROM intake_opportunity o WHERE o.organization_id = $1 AND o.id = $2"};
constexpr Statement page_of_opportunities{
    "read.opportunities",
    "SELECT " HANDOFF_OPPORTUNITY_COLUMNS
    " FROM intake_opportunity o WHERE o.organization_id = $1 AND (CAST($2 AS TEXT) IS NULL OR o.stage = $2) "
    "AND (CAST($3 AS TEXT) IS NULL OR o.source = $3) AND (CAST($4 AS TEXT) IS NULL OR o.referral_id = $4) "
    "AND (CAST($5 AS BIGINT) IS NULL OR o.in_review = $5) AND o.id < $6 ORDER BY o.id DESC LIMIT $7"};
constexpr Statement opportunities_of_charts{
    "read.opportunities_of_charts", "SELECT " HANDOFF_OPPORTUNITY_COLUMNS
                                    " FROM intake_opportunity o WHERE o.organization_id = $1 AND o.connection_id = $2 "
                                    "AND o.casefile IN (SELECT value FROM {set:$3}) ORDER BY o.id"};

class OpportunityReader final : public opportunity::Reader {
 public:
  explicit OpportunityReader(ReaderPool& pool) : pool_(pool) {}

  Result<std::optional<IntakeOpportunity>> opportunity(const OrganizationId& asking,
                                                       const IntakeOpportunityId& id) override {
    const auto rows = HANDOFF_TRY(query(one_opportunity, {asking.text(), id.text()}));
    if (rows.empty()) return std::optional<IntakeOpportunity>();
    return std::optional(opportunity_of(rows.front(), 0));
  }

  Result<referral::Page<IntakeOpportunity>> list(const OrganizationId& asking,
                                                 const opportunity::ListFilter& filter) override {
    constexpr std::string_view name = "opportunities";
    std::string before = "~";
    if (filter.cursor) before = HANDOFF_TRY(read_cursor(name, *filter.cursor)).id;
    const Values values{asking.text(),
                        filter.stage ? Value(std::string(word(*filter.stage))) : Value(),
                        filter.source ? Value(std::string(word(*filter.source))) : Value(),
                        filter.referral ? Value(filter.referral->text()) : Value(),
                        filter.in_review ? Value(std::int64_t{*filter.in_review ? 1 : 0}) : Value(),
                        before,
                        static_cast<std::int64_t>(filter.limit) + 1};
    const auto rows = HANDOFF_TRY(query(page_of_opportunities, values));
    referral::Page<IntakeOpportunity> page;
    for (const auto& row : rows) {
      if (page.items.size() == filter.limit) {
        page.next_cursor = write_cursor(name, {0, page.items.back().id.text()});
        break;
      }
      page.items.push_back(opportunity_of(row, 0));
    }
    return page;
  }

  Result<std::vector<IntakeOpportunity>> of_charts(const OrganizationId& asking,
                                                   const std::vector<opportunity::ChartKey>& charts) override {
    std::map<EmrConnectionId, std::vector<std::string>> casefiles;
    for (const auto& chart : charts) casefiles[chart.connection].push_back(chart.casefile);
    std::vector<IntakeOpportunity> out;
    for (const auto& [connection, files] : casefiles) {
      for (const auto& row :
           HANDOFF_TRY(query(opportunities_of_charts, {asking.text(), connection.text(), texts_json(files)}))) {
        IntakeOpportunity o = opportunity_of(row, 0);
        if (std::find(charts.begin(), charts.end(), *o.chart) != charts.end()) out.push_back(std::move(o));
      }
    }
    return out;
  }

 private:
  Result<Rows> query(const Statement& statement, const Values& values) {
    return pool_.use(
        [&](Connection& connection) { return connection.query(statement, std::span<const Value>(values)); });
  }
  ReaderPool& pool_;
};

}  // namespace

std::unique_ptr<opportunity::Reader> make_opportunity_reader(ReaderPool& pool) {
  return std::make_unique<OpportunityReader>(pool);
}

}  // namespace handoff::store

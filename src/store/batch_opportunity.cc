// Intake opportunities within a batch of commands: what opportunity/store.h asks for.
#include <algorithm>
#include <map>
#include <set>

#include "opportunity/store.h"
#include "store/batch.h"
#include "store/emr_rows.h"

namespace handoff::store {
namespace {

using opportunity::ChartKey;
using opportunity::IntakeOpportunity;

constexpr Statement load_by_id{
    "opportunity.load",
    "SELECT " HANDOFF_OPPORTUNITY_COLUMNS
    " FROM intake_opportunity o WHERE o.organization_id = $1 AND o.id IN (SELECT value FROM {set:$2}) "
    "ORDER BY o.id {for_update}"};
constexpr Statement load_by_referral{
    "opportunity.load_of_referral",
    "SELECT " HANDOFF_OPPORTUNITY_COLUMNS
    " FROM intake_opportunity o WHERE o.organization_id = $1 AND o.referral_id = $2 {for_update}"};
constexpr Statement load_by_charts{"opportunity.load_of_charts",
                                   "SELECT " HANDOFF_OPPORTUNITY_COLUMNS
                                   " FROM intake_opportunity o WHERE o.organization_id = $1 AND o.connection_id = $2 "
                                   "AND o.casefile IN (SELECT value FROM {set:$3}) ORDER BY o.id {for_update}"};
// Index look-ups: one for the keys, one for whoever was merged into the person, one for the person's referrals.
constexpr Statement load_like{
    "opportunity.load_like",
    "SELECT " HANDOFF_OPPORTUNITY_COLUMNS
    " FROM intake_opportunity o WHERE o.organization_id = $1 AND o.stage <> 'closed' AND o.id IN "
    "(SELECT k.opportunity_id FROM intake_opportunity_key k WHERE k.organization_id = $1 "
    "AND k.key IN (SELECT value FROM {set:$2}) "
    "UNION SELECT p.id FROM intake_opportunity p WHERE p.organization_id = $1 AND p.person_id IN "
    "(WITH RECURSIVE family (id) AS (SELECT CAST($3 AS TEXT) {by_bytes} UNION SELECT n.id FROM person n JOIN family f "
    "ON n.organization_id = $1 AND n.merged_into = f.id) SELECT id FROM family) "
    "UNION SELECT p.id FROM intake_opportunity p WHERE p.organization_id = $1 AND p.referral_id IN "
    "(SELECT l.referral_id FROM person_link l WHERE l.organization_id = $1 AND l.person_id = $3)) "
    "ORDER BY o.id LIMIT 20 {for_update}"};
constexpr Statement find_waiting{"opportunity.find_waiting",
                                 "SELECT 1 FROM intake_opportunity WHERE organization_id = $1 AND stage = 'accepted' "
                                 "AND connection_id IS NULL LIMIT 1"};
constexpr Statement save_row{
    "opportunity.save",
    "INSERT INTO intake_opportunity (organization_id, id, version, stage, source, person_id, referral_id, "
    "connection_id, casefile, stay, in_review, body, created_at, updated_at) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) "
    "ON CONFLICT (organization_id, id) DO UPDATE SET version = excluded.version, stage = excluded.stage, "
    "source = excluded.source, person_id = excluded.person_id, referral_id = excluded.referral_id, "
    "connection_id = excluded.connection_id, casefile = excluded.casefile, stay = excluded.stay, "
    "in_review = excluded.in_review, body = excluded.body, updated_at = excluded.updated_at"};
constexpr Statement forget_keys{
    "opportunity.forget_keys", "DELETE FROM intake_opportunity_key WHERE organization_id = $1 AND opportunity_id = $2"};
constexpr Statement save_keys{
    "opportunity.save_keys",
    "INSERT INTO intake_opportunity_key (organization_id, key, opportunity_id) SELECT $1, s.value, $2 FROM {set:$3} AS "
    "s"};

class OpportunityBatch final : public RoomBatch, public opportunity::Unit {
 public:
  std::type_index kind() const override { return typeid(opportunity::Unit); }
  void* part() override { return static_cast<opportunity::Unit*>(this); }

  void need(const access::Actor& actor, const RoomNeeds& needs) override {
    const auto* own = dynamic_cast<const opportunity::Needs*>(&needs);
    if (!own) return;
    for (const auto& id : own->opportunities) wanted_[actor.organization].insert(id.text());
    for (const auto& chart : own->charts) wanted_charts_[{actor.organization, chart.connection}].insert(chart.casefile);
  }

  Result<void> load(Connection& connection, const BatchState&) override {
    connection_ = &connection;
    for (const auto& [organization, ids] : wanted_) {
      for (const auto& row :
           HANDOFF_TRY(connection.query(load_by_id, {organization.text(), texts_json({ids.begin(), ids.end()})})))
        keep(row);
    }
    for (const auto& [key, casefiles] : wanted_charts_) {
      const std::string set = texts_json({casefiles.begin(), casefiles.end()});
      for (const auto& row : HANDOFF_TRY(connection.query(load_by_charts, {key.first.text(), key.second.text(), set})))
        keep(row);
      for (const auto& casefile : casefiles) known_charts_.insert({key.first, key.second, casefile});
    }
    return {};
  }

  void begin(CommandUnit& unit) override {
    unit_ = &unit;
    over_.clear();
  }
  void merge() override {
    for (auto& [id, o] : over_) {
      changed_.insert(id);
      rows_.insert_or_assign(id, std::move(o));
    }
    over_.clear();
  }

  void write(std::vector<Connection::Call>& calls) override {
    // Who gives a referral or a chart away comes before who takes it: the indexes allow each only once.
    std::vector<const IntakeOpportunity*> order;
    for (const auto& id : changed_) order.push_back(&rows_.at(id));
    const auto holds = [](const IntakeOpportunity& o) { return (o.referral ? 1 : 0) + (o.chart ? 1 : 0); };
    std::stable_sort(order.begin(), order.end(), [&](const auto* a, const auto* b) { return holds(*a) < holds(*b); });
    for (const IntakeOpportunity* o : order) {
      calls.push_back(
          {&save_row,
           {o->organization.text(), o->id.text(), o->version, std::string(word(o->stage)), std::string(word(o->source)),
            o->home ? Value(o->home->text()) : Value(), o->referral ? Value(o->referral->text()) : Value(),
            o->chart ? Value(o->chart->connection.text()) : Value(), o->chart ? Value(o->chart->casefile) : Value(),
            o->chart ? Value(o->chart->stay) : Value(), std::int64_t{o->in_review ? 1 : 0},
            opportunity::to_stored(*o).dump(), to_ms(o->created_at), to_ms(o->updated_at)}});
      calls.push_back({&forget_keys, {o->organization.text(), o->id.text()}});
      calls.push_back({&save_keys, {o->organization.text(), o->id.text(), texts_json(opportunity::all_keys(*o))}});
    }
  }

  const IntakeOpportunity* opportunity(const IntakeOpportunityId& id) override {
    const OrganizationId& organization = unit_->actor().organization;
    if (!standing(id)) read(load_by_id, {organization.text(), texts_json({id.text()})});
    const IntakeOpportunity* found = standing(id);
    return found && found->organization == organization ? found : nullptr;
  }

  const IntakeOpportunity* of_referral(const OrganizationId& organization, const ReferralId& referral) override {
    const auto fits = [&](const IntakeOpportunity& o) {
      return o.organization == organization && o.referral == referral;
    };
    if (const auto* found = first(fits)) return found;
    read(load_by_referral, {organization.text(), referral.text()});
    return first(fits);
  }

  const IntakeOpportunity* of_chart(const OrganizationId& organization, const ChartKey& chart) override {
    const auto fits = [&](const IntakeOpportunity& o) { return o.organization == organization && o.chart == chart; };
    if (const auto* found = first(fits)) return found;
    if (!known_charts_.insert({organization, chart.connection, chart.casefile}).second) return nullptr;
    read(load_by_charts, {organization.text(), chart.connection.text(), texts_json({chart.casefile})});
    return first(fits);
  }

  std::vector<const IntakeOpportunity*> like(const OrganizationId& organization, const std::vector<std::string>& keys,
                                             const std::optional<PersonId>& person) override {
    read(load_like, {organization.text(), texts_json(keys), person ? Value(person->text()) : Value()});
    std::vector<const IntakeOpportunity*> out;
    each([&](const IntakeOpportunity& o) {
      if (o.organization != organization || o.stage == opportunity::Stage::closed) return;
      const auto own = opportunity::all_keys(o);
      const bool shared = std::any_of(own.begin(), own.end(), [&](const std::string& key) {
        return std::find(keys.begin(), keys.end(), key) != keys.end();
      });
      if (shared || (person && o.person == person)) out.push_back(&o);
    });
    std::sort(out.begin(), out.end(), [](const auto* a, const auto* b) { return a->id < b->id; });
    return out;
  }

  bool awaits_chart(const OrganizationId& organization) override {
    if (first([&](const IntakeOpportunity& o) {
          return o.organization == organization && o.stage == opportunity::Stage::accepted && !o.chart;
        }))
      return true;
    // Asked once a batch: what was linked in it meanwhile costs a search that finds nobody.
    const auto [known, fresh] = waiting_.try_emplace(organization, false);
    if (!fresh) return known->second;
    auto rows = connection_->query(find_waiting, {organization.text()});
    if (!rows) {
      unit_->fail(std::move(rows).error());
      return false;
    }
    return known->second = !rows->empty();
  }

  void save(const IntakeOpportunity& o) override { over_.insert_or_assign(o.id, o); }

 private:
  // What was changed in this batch is newer than the row.
  void keep(const Row& row) {
    IntakeOpportunity o = opportunity_of(row, 0);
    rows_.try_emplace(o.id, std::move(o));
  }
  void read(const Statement& statement, Values values) {
    auto rows = connection_->query(statement, std::span<const Value>(values));
    if (!rows) return unit_->fail(std::move(rows).error());
    for (const auto& row : *rows) keep(row);
  }
  const IntakeOpportunity* standing(const IntakeOpportunityId& id) const {
    if (const auto found = over_.find(id); found != over_.end()) return &found->second;
    const auto found = rows_.find(id);
    return found == rows_.end() ? nullptr : &found->second;
  }
  template <class Use>
  void each(Use use) const {
    for (const auto& [id, o] : over_) use(o);
    for (const auto& [id, o] : rows_) {
      if (!over_.contains(id)) use(o);
    }
  }
  template <class Fits>
  const IntakeOpportunity* first(Fits fits) const {
    const IntakeOpportunity* found = nullptr;
    each([&](const IntakeOpportunity& o) {
      if (!found && fits(o)) found = &o;
    });
    return found;
  }

  struct ChartOf {
    OrganizationId organization;
    EmrConnectionId connection;
    std::string casefile;
    friend auto operator<=>(const ChartOf&, const ChartOf&) = default;
  };
  Connection* connection_ = nullptr;
  CommandUnit* unit_ = nullptr;
  std::map<OrganizationId, std::set<std::string>> wanted_;
  std::map<std::pair<OrganizationId, EmrConnectionId>, std::set<std::string>> wanted_charts_;
  std::map<OrganizationId, bool> waiting_;  // as the database has it
  std::set<ChartOf> known_charts_;          // all stays of these are in rows_
  std::map<IntakeOpportunityId, IntakeOpportunity> rows_, over_;
  std::set<IntakeOpportunityId> changed_;
};

}  // namespace

std::unique_ptr<RoomBatch> make_opportunity_batch() { return std::make_unique<OpportunityBatch>(); }

}  // namespace handoff::store

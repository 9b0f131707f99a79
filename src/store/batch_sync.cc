// Connections, linked records and hooks within a batch of commands: what sync/store.h asks for.
#include <map>
#include <set>

#include "store/batch.h"
#include "store/emr_rows.h"
#include "sync/destination.h"
#include "sync/store.h"

namespace handoff::store {
namespace {

using sync::DestinationLink;
using sync::EmrConnection;
using sync::HookKind;
using sync::HookSlot;
using sync::LinkedRecord;
using sync::PullState;

Value ms_or_null(const std::optional<Instant>& at) { return at ? Value(to_ms(*at)) : Value(); }
Value flag(bool value) { return Value(std::int64_t{value ? 1 : 0}); }

// The row of the pull is what serializes everything that is done to a connection, but for receiving hooks.
constexpr Statement load_pull{"emr.load", "SELECT " HANDOFF_EMR_CONNECTION_COLUMNS
                                          ", p.body, p.fence FROM emr_pull p JOIN emr_connection c "
                                          "ON c.organization_id = p.organization_id AND c.id = p.connection_id "
                                          "WHERE p.organization_id = $1 AND p.connection_id = $2 {for_update}"};
constexpr Statement load_records{"emr.load_records",
                                 "SELECT " HANDOFF_EMR_RECORD_COLUMNS
                                 " FROM emr_record r WHERE r.organization_id = $1 AND r.connection_id = $2 "
                                 "AND r.casefile IN (SELECT value FROM {set:$3}) ORDER BY r.casefile {for_update}"};
constexpr Statement load_destinations{"emr.load_destinations",
                                      "SELECT " HANDOFF_EMR_DESTINATION_COLUMNS
                                      " FROM emr_destination d WHERE d.organization_id = $1 AND d.connection_id = $2 "
                                      "AND d.key IN (SELECT value FROM {set:$3})"};
constexpr Statement load_hooks{"emr.load_hooks",
                               "SELECT " HANDOFF_EMR_HOOK_COLUMNS
                               " FROM emr_hook h WHERE h.organization_id = $1 AND h.connection_id = $2"};
constexpr Statement find_place{"emr.find_place",
                               "SELECT referral_id FROM emr_place WHERE organization_id = $1 AND connection_id = $2 "
                               "AND casefile = $3 AND stay = $4 AND revision = $5"};

constexpr Statement save_connection{
    "emr.save_connection",
    "INSERT INTO emr_connection (organization_id, id, row_version, body, secret, deleted, created_at) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (organization_id, id) DO UPDATE SET "
    "row_version = excluded.row_version, body = excluded.body, secret = excluded.secret, deleted = excluded.deleted"};
constexpr Statement insert_version{
    "emr.insert_version",
    "INSERT INTO emr_connection_version (organization_id, connection_id, row_version, body, at, actor_id) "
    "VALUES ($1, $2, $3, $4, $5, $6)"};
constexpr Statement save_enabled{
    "emr.save_enabled",
    "INSERT INTO emr_pull (organization_id, connection_id, body, enabled, due_at) VALUES ($1, $2, '{}', $3, 0) "
    "ON CONFLICT (organization_id, connection_id) DO UPDATE SET enabled = excluded.enabled"};
constexpr Statement save_pull{
    "emr.save_pull",
    "UPDATE emr_pull SET body = $3, stopped = $4, running = $5, due_at = $6 WHERE organization_id = $1 AND "
    "connection_id = $2"};
constexpr Statement save_record{
    "emr.save_record",
    "INSERT INTO emr_record (organization_id, connection_id, casefile, row_version, state, worklists, lock_cause, "
    "location_id, mr_number, row_digest, row_updated_at, opportunity_id, locked_at, discharge_day, no_destination, "
    "changed_at, read_at, read_due, standing, destination_key, body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, "
    "$11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21) ON CONFLICT (organization_id, connection_id, casefile) DO "
    "UPDATE SET row_version = excluded.row_version, state = excluded.state, worklists = excluded.worklists, "
    "lock_cause = excluded.lock_cause, location_id = excluded.location_id, mr_number = excluded.mr_number, "
    "row_digest = excluded.row_digest, row_updated_at = excluded.row_updated_at, "
    "opportunity_id = excluded.opportunity_id, locked_at = excluded.locked_at, "
    "discharge_day = excluded.discharge_day, no_destination = excluded.no_destination, "
    "changed_at = excluded.changed_at, read_at = excluded.read_at, read_due = excluded.read_due, "
    "standing = excluded.standing, destination_key = excluded.destination_key, body = excluded.body"};
constexpr Statement insert_place{
    "emr.insert_place",
    "INSERT INTO emr_place (organization_id, connection_id, casefile, stay, revision, referral_id) "
    "VALUES ($1, $2, $3, $4, $5, $6)"};
constexpr Statement save_destination{
    "emr.save_destination",
    "INSERT INTO emr_destination (organization_id, connection_id, key, body, linked_at, linked_by) "
    "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (organization_id, connection_id, key) DO UPDATE SET "
    "body = excluded.body, linked_at = excluded.linked_at, linked_by = excluded.linked_by"};
constexpr Statement mark_to_read{
    "emr.read_again",
    "UPDATE emr_record SET read_due = 1 WHERE organization_id = $1 AND connection_id = $2 AND no_destination = 0 "
    "AND state NOT IN ('missing', 'tombstoned', 'locked')"};
constexpr Statement delete_destination{
    "emr.forget_destination",
    "DELETE FROM emr_destination WHERE organization_id = $1 AND connection_id = $2 AND key = $3"};
// What is received meanwhile is counted by whoever receives it, and stays as it is.
constexpr Statement save_hook{
    "emr.save_hook",
    "INSERT INTO emr_hook (organization_id, connection_id, kind, token_hash, issued_at, body) "
    "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (organization_id, connection_id, kind) DO UPDATE SET "
    "token_hash = excluded.token_hash, issued_at = excluded.issued_at, body = excluded.body"};
constexpr Statement insert_receipt{
    "emr.insert_receipt",
    "INSERT INTO emr_receipt (organization_id, connection_id, kind, casefile, at, body_digest) "
    "VALUES ($1, $2, $3, $4, $5, $6)"};
constexpr Statement count_received{
    "emr.count_received",
    "UPDATE emr_hook SET received = received + 1, refused_in_a_row = 0, last_received_at = $4 "
    "WHERE organization_id = $1 AND connection_id = $2 AND kind = $3"};
constexpr Statement count_refused{
    "emr.count_refused",
    "UPDATE emr_hook SET refused = refused + $6, refused_in_a_row = refused_in_a_row + $6, last_refused_at = $4, "
    "last_refusal = $5 WHERE organization_id = $1 AND connection_id = $2 AND kind = $3"};
// A number is never given twice for one casefile while somebody may still forget it. Whoever asked for a pull is not
// overruled by a hook that came after.
constexpr Statement add_hint{
    "emr.add_hint",
    "INSERT INTO emr_hint (organization_id, connection_id, casefile, number, at, why) VALUES ($1, $2, $3, $4, $5, $6) "
    "ON CONFLICT (organization_id, connection_id, casefile) DO UPDATE SET "
    "number = CASE WHEN excluded.number > emr_hint.number THEN excluded.number ELSE emr_hint.number + 1 END, "
    "at = excluded.at, why = CASE WHEN emr_hint.why = 'sync' THEN 'sync' ELSE excluded.why END"};
constexpr Statement delete_hint{
    "emr.forget_hint",
    "DELETE FROM emr_hint WHERE organization_id = $1 AND connection_id = $2 AND casefile = $3 AND number <= $4"};
constexpr Statement save_run{
    "emr.save_run",
    "INSERT INTO emr_run (organization_id, id, connection_id, state, started_at, body) VALUES ($1, $2, $3, $4, $5, $6) "
    "ON CONFLICT (organization_id, id) DO UPDATE SET state = excluded.state, body = excluded.body"};
constexpr Statement save_retry{
    "emr.save_retry",
    "INSERT INTO emr_retry (organization_id, connection_id, casefile, attempts, next_at, row_updated_at, code, "
    "sentence) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (organization_id, connection_id, casefile) DO "
    "UPDATE SET attempts = excluded.attempts, next_at = excluded.next_at, row_updated_at = excluded.row_updated_at, "
    "code = excluded.code, sentence = excluded.sentence"};
constexpr Statement delete_retry{
    "emr.forget_retry", "DELETE FROM emr_retry WHERE organization_id = $1 AND connection_id = $2 AND casefile = $3"};
constexpr Statement insert_event{
    "emr.insert_event",
    "INSERT INTO emr_event (organization_id, connection_id, type, casefile, sentence, detail, at) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7)"};

// The same for whoever listens to the stream; the connection is its subject.
constexpr Statement insert_stream_event{
    "emr.stream_event",
    "INSERT INTO stream_event (organization_id, type, subject_id, other_id, detail, at) "
    "VALUES ($1, $2, $3, $4, $5, $6)"};

class SyncBatch final : public RoomBatch, public sync::Unit {
 public:
  std::type_index kind() const override { return typeid(sync::Unit); }
  void* part() override { return static_cast<sync::Unit*>(this); }

  void need(const access::Actor& actor, const RoomNeeds& needs) override {
    const auto* own = dynamic_cast<const sync::Needs*>(&needs);
    if (!own || own->connection.empty()) return;
    Wanted& wanted = wanted_[{actor.organization, own->connection}];
    wanted.casefiles.insert(own->casefiles.begin(), own->casefiles.end());
    wanted.destinations.insert(own->destinations.begin(), own->destinations.end());
    wanted.hooks = wanted.hooks || own->hooks;
  }

  Result<void> load(Connection& connection, const BatchState&) override {
    connection_ = &connection;
    for (const auto& [key, wanted] : wanted_) {
      const std::string organization = key.first.text(), id = key.second.text();
      std::vector<Connection::Call> calls{{&load_pull, {organization, id}}};
      if (!wanted.casefiles.empty())
        calls.push_back(
            {&load_records, {organization, id, texts_json({wanted.casefiles.begin(), wanted.casefiles.end()})}});
      if (!wanted.destinations.empty())
        calls.push_back({&load_destinations,
                         {organization, id, texts_json({wanted.destinations.begin(), wanted.destinations.end()})}});
      if (wanted.hooks) calls.push_back({&load_hooks, {organization, id}});
      const auto answers = HANDOFF_TRY(connection.query_all(calls));
      for (std::size_t i = 0; i < calls.size(); ++i) {
        for (const Row& row : answers[i]) {
          if (calls[i].statement == &load_pull) {
            pulls_.insert_or_assign(key.second, row);
          } else if (calls[i].statement == &load_records) {
            LinkedRecord record = emr_record_of(row, 0);
            state_.records.insert_or_assign({record.connection, record.casefile}, std::move(record));
          } else if (calls[i].statement == &load_destinations) {
            DestinationLink link = emr_destination_of(row, 0);
            state_.destinations.insert_or_assign({link.connection, link.key}, std::move(link));
          } else {
            HookSlot slot = emr_hook_of(row, 0);
            state_.hooks.insert_or_assign({slot.connection, slot.kind}, std::move(slot));
          }
        }
      }
    }
    return {};
  }

  void begin(CommandUnit& unit) override {
    unit_ = &unit;
    // Secrets are opened here because the key belongs to the unit; once a batch is enough.
    for (const auto& [id, row] : pulls_) {
      state_.connections.insert_or_assign(id, emr_connection_of(row, 0, unit.key()));
      state_.pulls.insert_or_assign(id,
                                    sync::pull_state_from_stored(stored_json(row.view(emr_connection_column_count))));
      fences_[id] = row.integer(emr_connection_column_count + 1);
    }
    pulls_.clear();
    over_ = {};
    calls_.clear();
  }

  void merge() override {
    state_.take(over_);
    for (auto& [key, record] : over_.records) {
      changed_.insert(key);
      state_.records.insert_or_assign(key, std::move(record));
    }
    written_.insert(written_.end(), std::make_move_iterator(calls_.begin()), std::make_move_iterator(calls_.end()));
    over_ = {};
    calls_.clear();
  }

  void write(std::vector<Connection::Call>& calls) override {
    for (const auto& key : changed_) calls.push_back(record_call(state_.records.at(key)));
    calls.insert(calls.end(), std::make_move_iterator(written_.begin()), std::make_move_iterator(written_.end()));
  }

  // --- sync::Unit ---------------------------------------------------------------------------------------------------

  const EmrConnection* connection(const EmrConnectionId& id) override {
    const auto* found = find(&State::connections, id);
    return found && found->organization == organization() ? found : nullptr;
  }
  void save(const EmrConnection& c) override {
    const std::string body = sync::connection_to_stored(c).dump();
    call(save_connection, {c.organization.text(), c.id.text(), c.row_version, body,
                           sealed_secret(c, unit_->key(), unit_->random()), flag(c.deleted), to_ms(c.created_at)});
    call(insert_version,
         {c.organization.text(), c.id.text(), c.row_version, body, to_ms(unit_->now()), unit_->actor().id});
    call(save_enabled, {c.organization.text(), c.id.text(), flag(c.enabled && !c.deleted)});
    over_.connections.insert_or_assign(c.id, c);
  }
  const PullState& pull_state(const EmrConnectionId& id) override {
    static const PullState fresh;
    const auto* found = find(&State::pulls, id);
    return found ? *found : fresh;
  }
  void save(const EmrConnectionId& id, const PullState& s) override {
    call(save_pull, {organization().text(), id.text(), sync::pull_state_to_stored(s).dump(), flag(s.stopped),
                     flag(s.running.has_value()), s.next_pull_at ? to_ms(*s.next_pull_at) : std::int64_t{0}});
    over_.pulls.insert_or_assign(id, s);
  }
  std::int64_t fence(const EmrConnectionId& id) override {
    const auto found = fences_.find(id);
    return found == fences_.end() ? 0 : found->second;
  }

  const LinkedRecord* record(const EmrConnectionId& id, const std::string& casefile) override {
    const auto* found = find(&State::records, {id, casefile});
    return found && found->organization == organization() ? found : nullptr;
  }
  void save(const LinkedRecord& record) override {
    over_.records.insert_or_assign({record.connection, record.casefile}, record);
  }
  bool take_place(const EmrConnectionId& id, const std::string& casefile, std::int64_t stay, std::int64_t revision,
                  const ReferralId& referral) override {
    const Place place{id, casefile, stay, revision};
    if (state_.places.contains(place) || over_.places.contains(place)) return false;
    auto rows = connection_->query(find_place, {organization().text(), id.text(), casefile, stay, revision});
    if (!rows) {
      unit_->fail(std::move(rows).error());
      return false;
    }
    if (!rows->empty()) return false;
    over_.places.insert(place);
    call(insert_place, {organization().text(), id.text(), casefile, stay, revision, referral.text()});
    return true;
  }

  const DestinationLink* destination(const EmrConnectionId& id, const std::string& key) override {
    if (over_.forgotten.contains({id, key})) return nullptr;
    return find(&State::destinations, {id, key});
  }
  void save(const DestinationLink& link) override {
    call(save_destination, {organization().text(), link.connection.text(), link.key, emr_destination_body(link),
                            to_ms(link.linked_at), link.linked_by});
    over_.forgotten.erase({link.connection, link.key});
    over_.destinations.insert_or_assign({link.connection, link.key}, link);
  }
  void read_again(const EmrConnectionId& id) override { call(mark_to_read, {organization().text(), id.text()}); }
  void forget_destination(const EmrConnectionId& id, const std::string& key) override {
    call(delete_destination, {organization().text(), id.text(), key});
    over_.destinations.erase({id, key});
    over_.forgotten.insert({id, key});
  }

  const HookSlot& hook(const EmrConnectionId& id, HookKind hook_kind) override {
    if (const auto* found = find(&State::hooks, {id, hook_kind})) return *found;
    return state_.hooks.insert_or_assign({id, hook_kind}, fresh_hook(id, hook_kind)).first->second;
  }
  void save(const HookSlot& slot) override {
    call(save_hook, {organization().text(), slot.connection.text(), std::string(word(slot.kind)), slot.token_hash,
                     ms_or_null(slot.issued_at), sync::hook_to_stored(slot).dump()});
    over_.hooks.insert_or_assign({slot.connection, slot.kind}, slot);
  }
  void add(const sync::Receipt& receipt) override {
    const std::string organization_id = organization().text(), kind_word = word(receipt.kind);
    call(insert_receipt, {organization_id, receipt.connection.text(), kind_word, receipt.casefile, to_ms(receipt.at),
                          receipt.body_digest});
    call(count_received, {organization_id, receipt.connection.text(), kind_word, to_ms(receipt.at)});
  }
  void refused(const EmrConnectionId& id, HookKind hook_kind, const std::string& code, std::int64_t count,
               Instant at) override {
    call(count_refused, {organization().text(), id.text(), std::string(word(hook_kind)), to_ms(at), code, count});
  }
  void add(const sync::Hint& hint) override {
    call(add_hint,
         {organization().text(), hint.connection.text(), hint.casefile, to_ms(hint.at), to_ms(hint.at), hint.why});
  }
  void forget_hint(const EmrConnectionId& id, const std::string& casefile, std::int64_t number_max) override {
    call(delete_hint, {organization().text(), id.text(), casefile, number_max});
  }

  void save(const sync::Run& run) override {
    call(save_run, {run.organization.text(), run.id.text(), run.connection.text(), std::string(word(run.state)),
                    to_ms(run.started_at), sync::run_to_stored(run).dump()});
  }
  void save(const sync::Retry& retry) override {
    call(save_retry, {organization().text(), retry.connection.text(), retry.casefile, retry.attempts,
                      to_ms(retry.next_at), ms_or_null(retry.row_updated_at), retry.code, retry.sentence});
  }
  void forget_retry(const EmrConnectionId& id, const std::string& casefile) override {
    call(delete_retry, {organization().text(), id.text(), casefile});
  }
  void add(const sync::EmrEvent& event) override {
    call(insert_event, {event.organization.text(), event.connection.text(), event.type, event.casefile, event.sentence,
                        event.detail.dump(), to_ms(event.at)});
    Json told = Json::object({{"sentence", event.sentence}});
    if (event.detail.is_object()) {
      for (const auto& [key, value] : event.detail.members()) told.set(key, value);
    }
    call(insert_stream_event, {event.organization.text(), event.type, event.connection.text(),
                               event.casefile.empty() ? Value() : Value(event.casefile), told.dump(), to_ms(event.at)});
  }

 private:
  using RecordKey = std::pair<EmrConnectionId, std::string>;
  struct Place {
    EmrConnectionId connection;
    std::string casefile;
    std::int64_t stay = 0, revision = 0;
    friend auto operator<=>(const Place&, const Place&) = default;
  };
  struct State {
    std::map<EmrConnectionId, EmrConnection> connections;
    std::map<EmrConnectionId, PullState> pulls;
    std::map<RecordKey, LinkedRecord> records;
    std::map<std::pair<EmrConnectionId, std::string>, DestinationLink> destinations;
    std::set<std::pair<EmrConnectionId, std::string>> forgotten;
    std::map<std::pair<EmrConnectionId, HookKind>, HookSlot> hooks;
    std::set<Place> places;

    // All but the records.
    void take(State& over) {
      for (auto& [id, each] : over.connections) connections.insert_or_assign(id, std::move(each));
      for (auto& [id, each] : over.pulls) pulls.insert_or_assign(id, std::move(each));
      for (auto& key : over.forgotten) destinations.erase(key);
      for (auto& [key, each] : over.destinations) destinations.insert_or_assign(key, std::move(each));
      for (auto& [key, each] : over.hooks) hooks.insert_or_assign(key, std::move(each));
      places.merge(over.places);
    }
  };
  struct Wanted {
    std::set<std::string> casefiles, destinations;
    bool hooks = false;
  };

  template <class Map>
  const typename Map::mapped_type* find(Map State::*map, const typename Map::key_type& key) const {
    for (const State* state : {&over_, &state_}) {
      const auto found = (state->*map).find(key);
      if (found != (state->*map).end()) return &found->second;
    }
    return nullptr;
  }
  const OrganizationId& organization() const { return unit_->actor().organization; }
  void call(const Statement& statement, Values values) { calls_.push_back({&statement, std::move(values)}); }

  static Connection::Call record_call(const LinkedRecord& r) {
    std::vector<std::string> standing;
    for (const auto& referral : r.referrals) {
      if (referral.standing()) standing.push_back(referral.id.text());
    }
    return {&save_record,
            {r.organization.text(),
             r.connection.text(),
             r.casefile,
             r.row_version,
             std::string(word(r.state)),
             static_cast<std::int64_t>(r.worklists),
             r.lock ? Value(std::string(word(r.lock->cause))) : Value(),
             r.location_id,
             r.mr_number,
             r.row_digest,
             ms_or_null(r.row_updated_at),
             r.opportunity ? Value(r.opportunity->text()) : Value(),
             ms_or_null(r.locked_at),
             r.discharge_day ? Value(r.discharge_day->text()) : Value(),
             flag(r.applied.empty()),
             ms_or_null(r.changed_at),
             ms_or_null(r.read_at),
             flag(r.read_due),
             standing.empty() ? Value() : Value(texts_json(standing)),
             r.applied.empty() ? std::string() : sync::destination_keys(r.applied).front(),
             sync::record_to_stored(r).dump()}};
  }

  Connection* connection_ = nullptr;
  CommandUnit* unit_ = nullptr;
  std::map<std::pair<OrganizationId, EmrConnectionId>, Wanted> wanted_;
  std::map<EmrConnectionId, Row> pulls_;  // as loaded, until the first command begins
  std::map<EmrConnectionId, std::int64_t> fences_;
  State state_, over_;
  std::set<RecordKey> changed_;
  std::vector<Connection::Call> calls_, written_;  // of this command, of the batch
};

}  // namespace

std::unique_ptr<RoomBatch> make_sync_batch() { return std::make_unique<SyncBatch>(); }

}  // namespace handoff::store

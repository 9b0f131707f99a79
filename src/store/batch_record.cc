#include "store/batch_record.h"

#include <algorithm>
#include <map>
#include <set>

#include "record/record_id.h"
#include "record/store.h"
#include "record/value.h"
#include "store/batch.h"

namespace handoff::store {
namespace {

using record::Record;
using Key = std::pair<OrganizationId, std::string>;  // organization and stored id

#define HANDOFF_RECORD \
  "o.organization_id, o.id, o.object, o.referral_id, o.fields, o.version, o.created_at, o.updated_at, o.created_by"

constexpr Statement load_records{"load.records", "SELECT " HANDOFF_RECORD
                                                 " FROM {pairs:$1} AS q JOIN crm_record o ON o.organization_id = q.a "
                                                 "AND o.id = q.b ORDER BY o.organization_id, o.id"};
constexpr Statement load_changing{"load.records_to_change",
                                  "SELECT r.organization_id, r.id, r.object, r.referral_id, r.fields, r.version, "
                                  "r.created_at, r.updated_at, r.created_by "
                                  "FROM {pairs:$1} AS q JOIN crm_record r ON r.organization_id = q.a "
                                  "AND r.id = q.b ORDER BY r.organization_id, r.id {for_update_of_r}"};
constexpr Statement records_with_key{"record.with_key", "SELECT " HANDOFF_RECORD
                                                        " FROM crm_key k JOIN crm_record o ON o.organization_id = "
                                                        "k.organization_id AND o.id = k.id "
                                                        "WHERE k.organization_id = $1 AND k.object = $2 AND k.field = "
                                                        "$3 AND k.value = $4 ORDER BY k.id LIMIT $5"};
constexpr Statement record_of_referral{"record.of_referral", "SELECT " HANDOFF_RECORD
                                                             " FROM crm_record o WHERE o.organization_id = $1 AND "
                                                             "o.referral_id = $2"};
constexpr Statement insert_record{
    "record.insert",
    "INSERT INTO crm_record (organization_id, id, object, referral_id, fields, version, created_at, updated_at, "
    "created_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"};
constexpr Statement update_record{"record.update",
                                  "UPDATE crm_record SET referral_id = $3, fields = $4, version = $5, updated_at = $6 "
                                  "WHERE organization_id = $1 AND id = $2"};
constexpr Statement insert_key{"record.key",
                               "INSERT INTO crm_key (organization_id, object, field, value, id) "
                               "VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING"};
constexpr Statement delete_key{"record.forget_key",
                               "DELETE FROM crm_key WHERE organization_id = $1 AND object = $2 AND field = $3 "
                               "AND value = $4 AND id = $5"};
#undef HANDOFF_RECORD

std::string pairs_text(const std::set<Key>& keys) {
  Json out = Json::array();
  for (const auto& [organization, id] : keys) out.push_back(Json::array({organization.text(), id}));
  return out.dump();
}

class RecordBatch final : public RoomBatch, public record::Unit {
 public:
  std::type_index kind() const override { return typeid(record::Unit); }

  void need(const access::Actor& actor, const RoomNeeds& needs) override {
    const auto* wanted = dynamic_cast<const record::Needs*>(&needs);
    if (wanted == nullptr) return;
    for (const auto& id : wanted->read) {
      for (auto& stored : record::stored_ids(id)) read_.emplace(actor.organization, std::move(stored));
    }
    for (const auto& id : wanted->changing) {
      for (auto& stored : record::stored_ids(id)) changing_.emplace(actor.organization, std::move(stored));
    }
  }

  Result<void> load(Connection& connection, const BatchState&) override {
    connection_ = &connection;
    for (const auto& key : changing_) read_.erase(key);
    std::vector<Connection::Call> calls;
    if (!changing_.empty()) calls.push_back({&load_changing, {pairs_text(changing_)}});
    if (!read_.empty()) calls.push_back({&load_records, {pairs_text(read_)}});
    if (calls.empty()) return {};
    for (const auto& rows : HANDOFF_TRY(connection.query_all(calls))) {
      for (const Row& row : rows) {
        Record found = record_of(row, 0);
        Key key{found.organization, found.id};
        loaded_.insert_or_assign(std::move(key), std::move(found));
      }
    }
    return {};
  }

  void begin(CommandUnit& unit) override {
    unit_ = &unit;
    changed_.clear();
  }
  void* part() override { return static_cast<record::Unit*>(this); }

  void merge() override {
    for (auto& [key, changed] : changed_) {
      const auto before = loaded_.find(key);
      write_down(before == loaded_.end() ? nullptr : &before->second, changed);
      loaded_.insert_or_assign(key, std::move(changed));
    }
    changed_.clear();
  }

  void write(std::vector<Connection::Call>& calls) override {
    calls.insert(calls.end(), std::make_move_iterator(calls_.begin()), std::make_move_iterator(calls_.end()));
    calls_.clear();
  }

  const Record* record(std::string_view id) override {
    for (const auto& stored : record::stored_ids(id)) {
      if (const Record* found = stored_record({unit_->actor().organization, stored})) return found;
    }
    return nullptr;
  }

  std::vector<Record> with_key(std::string_view object, std::string_view field, const std::string& value,
                               std::size_t count_max) override {
    const OrganizationId& organization = unit_->actor().organization;
    const record::Object* kind_of_record = record::find_object(object);
    HANDOFF_ASSERT(kind_of_record != nullptr);
    const record::Field* keyed = nullptr;
    for (const record::Field& each : kind_of_record->fields) {
      if (field == each.name) keyed = &each;
    }
    HANDOFF_ASSERT(keyed != nullptr && (keyed->use & record::keyed));
    const std::string wanted = record::key_of(*keyed, value);
    std::vector<Record> out;
    auto rows = connection_->query(records_with_key, {organization.text(), std::string(object), std::string(field),
                                                      wanted, static_cast<std::int64_t>(count_max)});
    if (!rows) {
      unit_->fail(std::move(rows).error());
      return out;
    }
    // What this batch has changed is newer than what the store answers.
    for (const Row& row : *rows) {
      Record found = record_of(row, 0);
      if (!stored_record({organization, found.id})) out.push_back(std::move(found));
    }
    const auto add = [&](const std::map<Key, Record>& records, bool shadowed) {
      for (const auto& [key, candidate] : records) {
        if (out.size() >= count_max || key.first != organization || candidate.object != kind_of_record) continue;
        if (shadowed && changed_.contains(key)) continue;
        if (record::key_of(*keyed, candidate.field(field).text_or()) == wanted) out.push_back(candidate);
      }
    };
    add(loaded_, true);
    add(changed_, false);
    return out;
  }

  std::string fresh_id(const record::Object& object) override {
    for (;;) {
      std::string id = record::make_id(object.prefix, unit_->now(), unit_->random());
      if (!stored_record({unit_->actor().organization, id})) return id;
    }
  }

  void save(const Record& changed) override {
    Record& kept = changed_.insert_or_assign({changed.organization, changed.id}, changed).first->second;
    const std::string name = record::person_name_of(kept);
    if (name.empty() && kept.field(record::person_name_key).is_null()) return;
    Json fields = kept.fields.reveal();
    fields.set(record::person_name_key, name.empty() ? Json() : Json(name));
    kept.fields = Private(std::move(fields));
  }

  std::optional<Record> read(std::string_view id) override {
    if (const Record* known = record(id)) return *known;
    std::set<Key> keys;
    for (auto& stored : record::stored_ids(id)) keys.emplace(unit_->actor().organization, std::move(stored));
    auto rows = connection_->query(load_records, {pairs_text(keys)});
    if (!rows) {
      unit_->fail(std::move(rows).error());
      return std::nullopt;
    }
    return rows->empty() ? std::nullopt : std::optional(record_of(rows->front(), 0));
  }

  std::optional<Record> of_referral(const ReferralId& referral) override {
    const OrganizationId& organization = unit_->actor().organization;
    for (const auto* records : {&changed_, &loaded_}) {
      for (const auto& [key, each] : *records) {
        if (key.first == organization && each.referral == referral) return each;
      }
    }
    auto rows = connection_->query(record_of_referral, {organization.text(), referral.text()});
    if (!rows) {
      unit_->fail(std::move(rows).error());
      return std::nullopt;
    }
    return rows->empty() ? std::nullopt : std::optional(record_of(rows->front(), 0));
  }

 private:
  const Record* stored_record(const Key& key) const {
    if (const auto found = changed_.find(key); found != changed_.end()) return &found->second;
    const auto found = loaded_.find(key);
    return found == loaded_.end() ? nullptr : &found->second;
  }

  void write_down(const Record* before, const Record& after) {
    const Value referral = after.referral ? Value(after.referral->text()) : Value();
    const std::string fields = after.fields.reveal().dump();
    if (before == nullptr) {
      calls_.push_back({&insert_record,
                        {after.organization.text(), after.id, std::string(after.object->name), referral, fields,
                         after.version, to_ms(after.created_at), to_ms(after.updated_at), after.created_by}});
    } else {
      calls_.push_back(
          {&update_record,
           {after.organization.text(), after.id, referral, fields, after.version, to_ms(after.updated_at)}});
    }
    for (const record::Field& field : after.object->fields) {
      if (!(field.use & record::keyed)) continue;
      const Json& now = after.field(field.name);
      const Json& then = before ? before->field(field.name) : Json();
      if (now == then) continue;  // a key that differs only in case is taken away and put back
      const auto key = [&](const Statement& statement, const Json& value) {
        calls_.push_back({&statement,
                          {after.organization.text(), std::string(after.object->name), std::string(field.name),
                           record::key_of(field, value.text_or()), after.id}});
      };
      if (then.is_string()) key(delete_key, then);
      if (now.is_string()) key(insert_key, now);
    }
  }

  std::set<Key> read_, changing_;
  std::map<Key, Record> loaded_;   // and what merged commands have saved
  std::map<Key, Record> changed_;  // by the command that runs
  std::vector<Connection::Call> calls_;
  Connection* connection_ = nullptr;
  CommandUnit* unit_ = nullptr;
};

}  // namespace

record::Record record_of(const Row& row, std::size_t from) {
  Record out;
  out.organization = OrganizationId::trusted(row.text(from));
  out.id = row.text(from + 1);
  out.object = record::find_object(row.view(from + 2));
  HANDOFF_ASSERT(out.object != nullptr);
  if (const auto referral = row.optional_text(from + 3)) out.referral = ReferralId::trusted(*referral);
  out.fields = Private(stored_json(row.view(from + 4)));
  out.version = row.integer(from + 5);
  out.created_at = from_ms(row.integer(from + 6));
  out.updated_at = from_ms(row.integer(from + 7));
  out.created_by = row.text(from + 8);
  return out;
}

std::unique_ptr<RoomBatch> make_record_batch() { return std::make_unique<RecordBatch>(); }

}  // namespace handoff::store

// Persons within a batch of commands: what people/store.h asks for. What a search and a new link need is remembered
// here; everything else is rare enough to be written at once, so that the database itself can be asked.
#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "people/curate.h"
#include "store/batch.h"
#include "store/people_rows.h"

namespace handoff::store {
namespace {

using people::Assertion;
using people::Found;
using people::Key;
using people::Link;
using people::Merge;
using people::Person;
using people::Prepared;
using people::Review;
using people::Split;

// Two transactions that add a record under one of these keys come one after the other, so that the second sees the
// first. SQLite has one writer; PostgreSQL needs a lock on what is not there yet.
constexpr Statement lock_under_keys{
    "person_key.lock", "SELECT value FROM {set:$1} WHERE 1 = 0",
    "SELECT pg_advisory_xact_lock(CAST(q.value AS BIGINT)) IS NULL FROM (SELECT value FROM {set:$1} ORDER BY "
    "CAST(value AS BIGINT)) AS q"};
constexpr Statement lock_for_change{
    "person.lock", "SELECT " HANDOFF_PERSON_COLUMNS
                   " FROM person n WHERE n.organization_id = $1 AND n.id IN (SELECT value FROM {set:$2}) "
                   "ORDER BY n.id {for_update}"};
constexpr Statement lock_for_link{
    "person.share", "SELECT " HANDOFF_PERSON_COLUMNS
                    " FROM person n WHERE n.organization_id = $1 AND n.id IN (SELECT value FROM {set:$2}) "
                    "ORDER BY n.id {for_share}"};
constexpr Statement links_of_referral_rows{"person_link.of_referral",
                                           "SELECT " HANDOFF_LINK_COLUMNS
                                           " FROM person_link l WHERE l.organization_id = $1 AND l.referral_id = $2 "
                                           "ORDER BY l.record_id"};
constexpr Statement family_of{
    "person.family",
    "WITH RECURSIVE family (id) AS (SELECT CAST($2 AS TEXT) {by_bytes} UNION SELECT p.id FROM person p JOIN family f "
    "ON p.organization_id = $1 AND p.merged_into = f.id) SELECT id FROM family"};
constexpr Statement one_merge{"person_merge.lock",
                              "SELECT " HANDOFF_MERGE_COLUMNS
                              " FROM person_merge m WHERE m.organization_id = $1 AND m.id = $2 {for_update}"};
constexpr Statement one_review{"person_review.lock",
                               "SELECT " HANDOFF_REVIEW_COLUMNS
                               " FROM person_review v WHERE v.organization_id = $1 AND v.id = $2 {for_update}"};
constexpr Statement reviews_waiting{
    "person_review.waiting",
    "SELECT " HANDOFF_REVIEW_COLUMNS
    " FROM person_review v WHERE v.organization_id = $1 AND v.status IN " HANDOFF_REVIEW_WAITING
    " AND v.id IN "
    "(SELECT p.review_id FROM person_review_person p WHERE p.organization_id = $1 "
    "AND p.person_id IN (SELECT value FROM {set:$2})) ORDER BY v.id {for_update}"};

constexpr Statement reviews_past{
    "person_review.past",
    "SELECT " HANDOFF_REVIEW_COLUMNS
    " FROM person_review v WHERE v.organization_id = $1 AND v.status IN ('decided', 'closed') AND v.id IN "
    "(SELECT p.review_id FROM person_review_person p WHERE p.organization_id = $1 "
    "AND p.person_id IN (SELECT value FROM {set:$2})) ORDER BY v.id DESC LIMIT 200"};
constexpr Statement one_split{"person_split.lock",
                              "SELECT " HANDOFF_SPLIT_COLUMNS
                              " FROM person_split s WHERE s.organization_id = $1 AND s.id = $2 {for_update}"};
constexpr Statement children_of{"person.children",
                                "SELECT p.id FROM person p WHERE p.organization_id = $1 AND p.merged_into = $2"};

constexpr Statement save_person{
    "person.save",
    "INSERT INTO person (organization_id, id, version, status, merged_into, created_at, updated_at) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (organization_id, id) DO UPDATE SET version = excluded.version, "
    "status = excluded.status, merged_into = excluded.merged_into, updated_at = excluded.updated_at"};
constexpr Statement insert_link{
    "person_link.insert",
    "INSERT INTO person_link (organization_id, referral_id, record_id, person_id, home_id, home_doubtful, origin, "
    "model_version, explanation, method, source_name, keys, body, at) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"};
// Behind the last of each key, and nowhere any more once it is crowded: nobody would look there. Whoever adds holds the
// key's lock, so no other takes the place.
static_assert(places_of_key == 64, "as the statements below have it");
constexpr Statement insert_keys{
    "person_key.insert",
    "INSERT INTO person_key (slot, space, record, person, body) SELECT p.slot, CAST($6 AS BIGINT), CAST($2 AS BIGINT), "
    "$3, $4 FROM "
    "(SELECT CAST(q.value AS BIGINT) AS first, COALESCE((SELECT k.slot + 1 FROM person_key k "
    "WHERE k.slot >= CAST(q.value AS BIGINT) AND k.slot < CAST(q.value AS BIGINT) + 64 ORDER BY k.slot DESC LIMIT 1), "
    "CAST(q.value AS BIGINT)) AS slot FROM {set:$1} AS q) AS p WHERE p.slot < p.first + $5"};
constexpr Statement move_link{"person_link.move",
                              "UPDATE person_link SET person_id = $4, home_id = $5, home_doubtful = $6, origin = $7 "
                              "WHERE organization_id = $1 AND referral_id = $2 AND record_id = $3"};
// PostgreSQL would read the whole table for a subquery; an array it looks up.
#define HANDOFF_ITS_PLACES                                                                            \
  "SELECT k.slot FROM {set:$1} AS q CROSS JOIN person_key k WHERE k.slot >= CAST(q.value AS BIGINT) " \
  "AND k.slot < CAST(q.value AS BIGINT) + 64 AND k.record = $2"
#define HANDOFF_ITS_PLACES_LATERAL                                                                               \
  "SELECT k.slot FROM {set:$1} AS q, LATERAL (SELECT x.slot, x.record FROM person_key x "                        \
  "WHERE x.slot >= CAST(q.value AS BIGINT) AND x.slot < CAST(q.value AS BIGINT) + 64 ORDER BY x.slot LIMIT 64) " \
  "AS k WHERE k.record = $2"
constexpr Statement move_keys{
    "person_key.move", "UPDATE person_key SET person = $3 WHERE slot IN (" HANDOFF_ITS_PLACES ")",
    "UPDATE person_key SET person = $3 WHERE slot = ANY (ARRAY(" HANDOFF_ITS_PLACES_LATERAL "))"};
constexpr Statement forget_keys{"person_key.forget", "DELETE FROM person_key WHERE slot IN (" HANDOFF_ITS_PLACES ")",
                                "DELETE FROM person_key WHERE slot = ANY (ARRAY(" HANDOFF_ITS_PLACES_LATERAL "))"};
constexpr Statement supersede_link{
    "person_link.supersede",
    "UPDATE person_link SET superseded = 1 WHERE organization_id = $1 AND referral_id = $2 AND record_id = $3"};
constexpr Statement save_assertion{
    "person_assertion.save",
    "INSERT INTO person_assertion (organization_id, id, a_id, b_id, kind, body, at, taken_back_at) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8) "
    "ON CONFLICT (organization_id, id) DO UPDATE SET taken_back_at = excluded.taken_back_at"};
constexpr Statement save_merge{
    "person_merge.save",
    "INSERT INTO person_merge (organization_id, id, survivor_id, merged_id, body, at, undone_at) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7) "
    "ON CONFLICT (organization_id, id) DO UPDATE SET body = excluded.body, undone_at = excluded.undone_at"};
constexpr Statement save_review{
    "person_review.save",
    "INSERT INTO person_review (organization_id, id, version, status, subject_id, referral_id, urgency, score, "
    "source_name, body, opened_at, updated_at, kind, cause, model_version, outcome) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) "
    "ON CONFLICT (organization_id, id) DO UPDATE SET version = excluded.version, status = excluded.status, "
    "subject_id = excluded.subject_id, referral_id = excluded.referral_id, urgency = excluded.urgency, "
    "score = excluded.score, source_name = excluded.source_name, body = excluded.body, "
    "updated_at = excluded.updated_at, cause = excluded.cause, model_version = excluded.model_version, "
    "outcome = excluded.outcome"};
constexpr Statement save_split{
    "person_split.save",
    "INSERT INTO person_split (organization_id, id, person_id, made_id, body, at, undone_at) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7) "
    "ON CONFLICT (organization_id, id) DO UPDATE SET body = excluded.body, undone_at = excluded.undone_at"};
constexpr Statement forget_review_persons{
    "person_review_person.forget", "DELETE FROM person_review_person WHERE organization_id = $1 AND review_id = $2"};
constexpr Statement insert_review_persons{
    "person_review_person.insert",
    "INSERT INTO person_review_person (organization_id, person_id, review_id) SELECT DISTINCT $1, q.value, $2 FROM "
    "{set:$3} AS q"};
constexpr Statement insert_event{
    "stream_event.insert",
    "INSERT INTO stream_event (organization_id, type, subject_id, other_id, detail, at) VALUES ($1, $2, $3, $4, $5, "
    "$6)"};

constexpr double score_scale = 1e6;  // probabilities are ordered as whole numbers

class PeopleBatch final : public RoomBatch, public people::Unit {
 public:
  std::type_index kind() const override { return typeid(people::Unit); }
  void* part() override { return static_cast<people::Unit*>(this); }

  void need(const access::Actor&, const RoomNeeds& needs) override {
    if (const auto* own = dynamic_cast<const people::PersonNeeds*>(&needs)) wanted_.push_back(own);
  }

  Result<void> load(Connection& connection, const BatchState& core) override {
    connection_ = &connection;
    for (const auto* wanted : wanted_) {
      OrganizationId organization = wanted->organization;
      for (const auto& [id, configuration] : core.records.configurations) {
        if (!organization.empty()) break;
        for (const auto& listing : configuration->listings) {
          if (listing.id == wanted->listing) organization = id;
        }
      }
      if (organization.empty() || !wanted->prepared) continue;
      for (const Key& key : wanted->prepared->stored) wanted_locks_.insert(slot_of(organization, key));
    }
    return take_locks(std::move(wanted_locks_));
  }

  void begin(CommandUnit& unit) override {
    unit_ = &unit;
    own_ = {};
    answered_.clear();
  }
  void merge() override {
    for (auto& [id, person] : own_.persons) all_.persons.insert_or_assign(id, std::move(person));
    for (auto& [key, found] : own_.keys) all_.keys.emplace(key, std::move(found));
    all_.calls.insert(all_.calls.end(), std::make_move_iterator(own_.calls.begin()),
                      std::make_move_iterator(own_.calls.end()));
    all_.moved = all_.moved || own_.moved || !own_.moves.empty();
    all_.asked = all_.asked || !own_.reviews.empty();
    own_ = {};
  }
  void write(std::vector<Connection::Call>& calls) override {
    calls.insert(calls.end(), std::make_move_iterator(all_.calls.begin()), std::make_move_iterator(all_.calls.end()));
    all_ = {};
  }

  Instant now() const override { return unit_->now(); }
  Random& random() override { return unit_->random(); }
  people::Decider decider() const override {
    const access::Actor& actor = unit_->actor();
    return {access::word(actor.kind), actor.id, actor.name};
  }
  const people::Model& model() const override { return people::Model::standard(); }

  Result<people::Findings> find(const OrganizationId& organization, std::span<const Key> keys, std::size_t max,
                                people::Crowded crowded) override {
    // Keys that were moved by an earlier command name somebody else by now.
    if (all_.moved) HANDOFF_TRY(settle());
    auto out = HANDOFF_TRY(told(found(organization, keys, max, crowded)));
    std::erase_if(out.records, [&](const Found& each) { return own_.forgotten.contains(each.record); });
    for (Found& each : out.records) {
      const auto moved = own_.moves.find(each.record);
      if (moved != own_.moves.end()) each.person = moved->second;
    }
    for (const Key& key : keys) {
      for (const auto* pending : {&all_, &own_}) {
        const auto [from, to] = pending->keys.equal_range(slot_of(organization, key));
        for (auto it = from; it != to; ++it) add_found(out, it->second, max);
      }
    }
    return out;
  }

  Result<std::vector<Person>> persons(const OrganizationId& organization, std::span<const PersonId> ids) override {
    return over(HANDOFF_TRY(told(read_persons(*connection_, organization, ids))), organization, ids);
  }
  Result<std::vector<Person>> lock(const OrganizationId& organization, std::span<const PersonId> ids,
                                   bool change) override {
    std::vector<std::string> texts;
    for (const auto& id : ids) texts.push_back(id.text());
    std::vector<Person> out;
    for (const Row& row : HANDOFF_TRY(told(
             connection_->query(change ? lock_for_change : lock_for_link, {organization.text(), texts_json(texts)}))))
      out.push_back(person_of(row, 0));
    return over(std::move(out), organization, ids);
  }
  Result<void> lock_keys(const OrganizationId& organization, std::span<const Key> keys) override {
    std::set<std::int64_t> missing;
    for (const Key& key : keys) {
      const std::int64_t lock = slot_of(organization, key);
      if (!locked_.contains(lock)) missing.insert(lock);
    }
    return take_locks(std::move(missing));
  }

  Result<std::vector<Link>> links(const OrganizationId& organization, const PersonId& person,
                                  std::size_t max) override {
    HANDOFF_TRY(settle());
    auto out = HANDOFF_TRY(told(read_links(*connection_, organization, person, max)));
    std::erase_if(out, [&](const Link& link) { return own_.moves.contains(people::mark_of(link.record)); });
    for (const Link& link : own_.links) {
      if (link.organization == organization && link.person == person) out.push_back(link);
    }
    std::stable_sort(out.begin(), out.end(), [](const Link& a, const Link& b) { return a.record < b.record; });
    return out;
  }
  Result<std::vector<Link>> links_of_referral(const OrganizationId& organization, const ReferralId& referral) override {
    HANDOFF_TRY(settle());
    std::vector<Link> out;
    for (const Row& row :
         HANDOFF_TRY(told(connection_->query(links_of_referral_rows, {organization.text(), referral.text()}))))
      out.push_back(link_of(row, 0));
    for (const Link& link : own_.links) {
      if (link.organization != organization || link.referral != referral) continue;
      const auto known = std::find_if(out.begin(), out.end(), [&](const Link& l) { return l.record == link.record; });
      if (known == out.end())
        out.push_back(link);
      else
        *known = link;
    }
    return out;
  }
  Result<std::vector<Assertion>> assertions(const OrganizationId& organization,
                                            std::span<const PersonId> ids) override {
    HANDOFF_TRY(settle());
    if (!own_.moved && own_.assertions.empty()) return told(read_assertions(*connection_, organization, ids));
    // The command under way has said or merged something that the database does not know yet.
    const auto family = HANDOFF_TRY(family_of_all(organization, ids));
    auto out = HANDOFF_TRY(told(read_assertions_as_said(*connection_, organization, family)));
    for (const Assertion& own : own_.assertions) {
      std::erase_if(out, [&](const Assertion& each) { return each.id == own.id; });
      const auto among = [&](const PersonId& id) {
        return std::find(family.begin(), family.end(), id) != family.end();
      };
      if (own.organization == organization && !own.taken_back_at && (among(own.a) || among(own.b))) out.push_back(own);
    }
    for (Assertion& each : out) {
      each.a = HANDOFF_TRY(people::standing_for(*this, organization, each.a));
      each.b = HANDOFF_TRY(people::standing_for(*this, organization, each.b));
    }
    std::erase_if(out, [](const Assertion& each) { return each.a == each.b; });
    std::stable_sort(out.begin(), out.end(), [](const Assertion& a, const Assertion& b) { return a.at < b.at; });
    return out;
  }
  Result<people::Population> population(const OrganizationId& organization) override {
    const auto known = populations_.find(organization);
    if (known != populations_.end()) return known->second;
    auto read = HANDOFF_TRY(told(read_population(*connection_, organization)));
    populations_.emplace(organization, read);
    return read;
  }
  Result<std::vector<PersonId>> merged_into(const OrganizationId& organization, const PersonId& person) override {
    if (all_.moved) HANDOFF_TRY(settle());
    if (own_.moved) return family_of_all(organization, std::span(&person, 1));
    std::vector<PersonId> out;
    for (const Row& row : HANDOFF_TRY(told(connection_->query(family_of, {organization.text(), person.text()}))))
      out.push_back(PersonId::trusted(row.text(0)));
    return out;
  }
  Result<std::optional<Merge>> merge(const OrganizationId& organization, const MergeId& id) override {
    return one<Merge>(one_merge, organization, id.text(), merge_of);
  }
  Result<std::optional<Review>> review(const OrganizationId& organization, const ReviewId& id) override {
    if (const auto own = own_.reviews.find(id); own != own_.reviews.end()) return std::optional(own->second);
    return one<Review>(one_review, organization, id.text(), review_of);
  }
  Result<std::optional<Split>> split(const OrganizationId& organization, const SplitId& id) override {
    return one<Split>(one_split, organization, id.text(), split_of);
  }
  Result<std::vector<Review>> past_reviews(const OrganizationId& organization, std::span<const PersonId> ids) override {
    return reviews(reviews_past, organization, ids, false);
  }
  Result<std::vector<Review>> waiting_reviews(const OrganizationId& organization,
                                              std::span<const PersonId> ids) override {
    return reviews(reviews_waiting, organization, ids, true);
  }

  void save(const Person& p) override {
    own_.persons.insert_or_assign(p.id, p);
    call(save_person,
         {p.organization.text(), p.id.text(), p.version, std::string(word(p.status)),
          p.merged_into ? Value(p.merged_into->text()) : Value(), to_ms(p.created_at), to_ms(p.updated_at)});
    own_.moved = own_.moved || p.version > 1;
  }
  void add(const Link& l, const Prepared& prepared) override {
    const std::uint64_t mark = people::mark_of(l.record);
    const std::string keys = slots_json(l.organization, prepared.stored);
    call(insert_link, {l.organization.text(), l.referral.text(), l.record.text(), l.person.text(), l.home.text(),
                       std::int64_t{l.home_doubtful ? 1 : 0}, std::string(word(l.origin)), l.model_version,
                       l.explanation.is_null() ? Value() : Value(l.explanation.dump()), l.method, l.source_name, keys,
                       Blob{prepared.bytes}, to_ms(l.at)});
    call(insert_keys, {keys, as_stored(mark), compact(l.person), Blob{prepared.bytes},
                       static_cast<std::int64_t>(people::crowded_from), space_of(l.organization)});
    for (const Key& key : prepared.stored)
      own_.keys.emplace(slot_of(l.organization, key), Found{l.person, mark, prepared.record});
    own_.links.push_back(l);
    own_.links.back().keys = keys;
  }
  void supersede(const Link& l) override {
    const std::uint64_t mark = people::mark_of(l.record);
    call(supersede_link, {l.organization.text(), l.referral.text(), l.record.text()});
    call(forget_keys, {l.keys, as_stored(mark)});
    own_.forgotten.insert(mark);
    for (Link& link : own_.links) link.superseded = link.superseded || link.record == l.record;
    own_.moved = true;
  }
  void move(const Link& l) override {
    const std::uint64_t mark = people::mark_of(l.record);
    call(move_link, {l.organization.text(), l.referral.text(), l.record.text(), l.person.text(), l.home.text(),
                     std::int64_t{l.home_doubtful ? 1 : 0}, std::string(word(l.origin))});
    call(move_keys, {l.keys, as_stored(mark), compact(l.person)});
    own_.moves.insert_or_assign(mark, l.person);
    const auto known =
        std::find_if(own_.links.begin(), own_.links.end(), [&](const Link& link) { return link.record == l.record; });
    if (known == own_.links.end())
      own_.links.push_back(l);
    else
      *known = l;
  }
  void save(const Assertion& t) override {
    own_.assertions.push_back(t);
    call(save_assertion,
         {t.organization.text(), t.id.text(), t.a.text(), t.b.text(), std::string(t.same ? "same" : "different"),
          assertion_body(t), to_ms(t.at), t.taken_back_at ? Value(to_ms(*t.taken_back_at)) : Value()});
  }
  void save(const Merge& m) override {
    call(save_merge, {m.organization.text(), m.id.text(), m.survivor.text(), m.merged.text(), merge_body(m),
                      to_ms(m.at), m.undone_at ? Value(to_ms(*m.undone_at)) : Value()});
  }
  void save(const Split& s) override {
    call(save_split, {s.organization.text(), s.id.text(), s.from.text(), s.made.text(), split_body(s), to_ms(s.at),
                      s.undone_at ? Value(to_ms(*s.undone_at)) : Value()});
  }
  void save(const Review& v) override {
    own_.reviews.insert_or_assign(v.id, v);
    const auto outcome = outcome_of(v);
    call(save_review, {v.organization.text(), v.id.text(), v.version, std::string(word(v.status)), v.subject.text(),
                       v.referral.text(), std::int64_t{v.urgency}, static_cast<std::int64_t>(v.score * score_scale),
                       v.source_name, review_body(v), to_ms(v.opened_at), to_ms(v.updated_at),
                       std::string(word(v.kind)), v.cause, v.model_version, outcome ? Value(*outcome) : Value()});
    std::vector<std::string> persons{v.subject.text()};
    for (const auto& option : v.options) persons.push_back(option.person.text());
    call(forget_review_persons, {v.organization.text(), v.id.text()});
    call(insert_review_persons, {v.organization.text(), v.id.text(), texts_json(persons)});
  }
  void add(const people::PersonEvent& e) override {
    call(insert_event, {e.organization.text(), e.type, e.person.text(), e.other ? Value(e.other->text()) : Value(),
                        e.detail.dump(), to_ms(e.at)});
  }

 private:
  // What one command, or all merged ones, have changed and the database does not show yet.
  struct Pending {
    std::map<PersonId, Person> persons;
    std::multimap<std::int64_t, Found> keys;            // by slot_of()
    std::vector<Link> links;                            // of the command under way
    std::unordered_map<std::uint64_t, PersonId> moves;  // of the command under way, by mark
    std::set<std::uint64_t> forgotten;                  // of the command under way, by mark
    std::map<ReviewId, Review> reviews;                 // of the command under way
    std::vector<Assertion> assertions;                  // of the command under way
    std::vector<Connection::Call> calls;
    bool moved = false;
    bool asked = false;  // reviews are among the calls
  };

  // As the database has them, and what the command under way has made of them.
  Result<std::vector<Review>> reviews(const Statement& statement, const OrganizationId& organization,
                                      std::span<const PersonId> ids, bool waiting) {
    if (all_.asked) HANDOFF_TRY(settle());
    std::vector<std::string> texts;
    for (const auto& id : ids) texts.push_back(id.text());
    std::vector<Review> out;
    for (const Row& row : HANDOFF_TRY(told(connection_->query(statement, {organization.text(), texts_json(texts)})))) {
      Review read = review_of(row, 0);
      if (!own_.reviews.contains(read.id)) out.push_back(std::move(read));
    }
    const auto about = [&](const Review& review) {
      return std::any_of(ids.begin(), ids.end(), [&](const PersonId& id) {
        return review.subject == id || std::any_of(review.options.begin(), review.options.end(),
                                                   [&](const auto& option) { return option.person == id; });
      });
    };
    for (const auto& [id, own] : own_.reviews) {
      if (own.organization == organization && people::is_waiting(own.status) == waiting && about(own))
        out.push_back(own);
    }
    return out;
  }
  // Everybody whose chain of merges leads to one of these, as the command under way leaves it.
  Result<std::vector<PersonId>> family_of_all(const OrganizationId& organization, std::span<const PersonId> ids) {
    std::vector<PersonId> out(ids.begin(), ids.end());
    for (std::size_t at = 0; at < out.size(); ++at) {
      const PersonId parent = out[at];
      std::vector<PersonId> children;
      for (const Row& row : HANDOFF_TRY(told(connection_->query(children_of, {organization.text(), parent.text()}))))
        children.push_back(PersonId::trusted(row.text(0)));
      for (const auto& [id, own] : own_.persons) {
        if (own.organization != organization) continue;
        std::erase(children, id);
        if (own.merged_into == parent) children.push_back(id);
      }
      for (auto& child : children) {
        if (std::find(out.begin(), out.end(), child) == out.end()) out.push_back(std::move(child));
      }
    }
    return out;
  }

  void call(const Statement& statement, Values values) { own_.calls.push_back({&statement, std::move(values)}); }

  template <class T>
  Result<T> told(Result<T> result) {
    if (!result) unit_->fail(result.error());
    return result;
  }

  // What the database answers. A command may ask for the same person twice, first whether to refuse it and then whom to
  // link it to.
  Result<people::Findings> found(const OrganizationId& organization, std::span<const Key> keys, std::size_t max,
                                 people::Crowded crowded) {
    for (const auto& answer : answered_) {
      if (answer.organization == organization && answer.max == max && answer.crowded == crowded &&
          std::equal(keys.begin(), keys.end(), answer.keys.begin(), answer.keys.end()))
        return answer.findings;
    }
    auto out = HANDOFF_TRY(read_found(*connection_, organization, keys, max, crowded));
    answered_.push_back({organization, {keys.begin(), keys.end()}, max, crowded, out});
    return out;
  }

  // Writes what merged commands want written now instead of at the end; the transaction is the same.
  Result<void> settle() {
    if (all_.calls.empty()) return {};
    answered_.clear();
    auto written = connection_->execute_all(all_.calls);
    if (!written) {
      unit_->fail(written.error());
      return std::move(written).error();
    }
    all_ = {};
    return {};
  }

  Result<void> take_locks(std::set<std::int64_t> wanted) {
    if (wanted.empty()) return {};
    std::vector<std::string> texts;
    for (const auto lock : wanted) texts.push_back(std::to_string(lock));
    auto taken = connection_->query(lock_under_keys, {texts_json(texts)});
    if (!taken) {
      if (unit_) unit_->fail(taken.error());
      return std::move(taken).error();
    }
    locked_.insert(wanted.begin(), wanted.end());
    return {};
  }

  // As this batch has changed it, and the database does not show yet.
  const Person* pending(const OrganizationId& organization, const PersonId& id) const {
    for (const auto* of : {&own_, &all_}) {
      const auto found = of->persons.find(id);
      if (found != of->persons.end() && found->second.organization == organization) return &found->second;
    }
    return nullptr;
  }

  std::vector<Person> over(std::vector<Person> read, const OrganizationId& organization,
                           std::span<const PersonId> ids) const {
    for (const PersonId& id : ids) {
      const Person* newer = pending(organization, id);
      if (!newer) continue;
      const auto known = std::find_if(read.begin(), read.end(), [&](const Person& p) { return p.id == id; });
      if (known == read.end())
        read.push_back(*newer);
      else
        *known = *newer;
    }
    return read;
  }

  static void add_found(people::Findings& out, const Found& pending, std::size_t max) {
    const auto is_pending = [&](const Found& each) { return each.record == pending.record; };
    if (std::any_of(out.records.begin(), out.records.end(), is_pending)) return;
    if (out.records.size() < max)
      out.records.push_back(pending);
    else
      out.truncated = true;
  }

  template <class T, class Of>
  Result<std::optional<T>> one(const Statement& statement, const OrganizationId& organization, const std::string& id,
                               Of of) {
    HANDOFF_TRY(settle());
    const auto rows = HANDOFF_TRY(told(connection_->query(statement, {organization.text(), id})));
    if (rows.empty()) return std::optional<T>();
    return std::optional<T>(of(rows.front(), 0));
  }

  Connection* connection_ = nullptr;
  CommandUnit* unit_ = nullptr;
  std::vector<const people::PersonNeeds*> wanted_;
  std::set<std::int64_t> wanted_locks_, locked_;
  std::map<OrganizationId, people::Population> populations_;
  struct Answered {
    OrganizationId organization;
    std::vector<Key> keys;
    std::size_t max;
    people::Crowded crowded;
    people::Findings findings;
  };
  std::vector<Answered> answered_;  // of the command under way
  Pending all_, own_;
};

}  // namespace

std::unique_ptr<RoomBatch> make_people_batch() { return std::make_unique<PeopleBatch>(); }

}  // namespace handoff::store

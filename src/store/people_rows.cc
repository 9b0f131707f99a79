#include "store/people_rows.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <unordered_map>

#include "base/text.h"
#include "store/verify.h"

namespace handoff::store {
namespace {

using people::Assertion;
using people::Findings;
using people::Found;
using people::Key;
using people::KeyKind;
using people::Link;
using people::Merge;
using people::Person;
using people::Population;
using people::Review;

// At most `crowded_from` rows of each key. The bound is a range of the index in SQLite; PostgreSQL would read the whole
// of a crowded key and then compare, so there it is a LATERAL, which SQLite does not have.
constexpr Statement find_under_keys{
    "person_key.find",
    "SELECT k.key, k.record, k.person, k.body FROM {set:$2} AS q CROSS JOIN person_key k WHERE k.space = $1 "
    "AND k.key = CAST(q.value AS INTEGER) AND k.record <= COALESCE((SELECT x.record FROM person_key x "
    "WHERE x.space = $1 AND x.key = CAST(q.value AS INTEGER) ORDER BY x.record LIMIT 1 OFFSET $3), "
    "9223372036854775807)",
    "SELECT k.key, k.record, k.person, k.body FROM {set:$2} AS q, LATERAL (SELECT key, record, person, body "
    "FROM person_key x WHERE x.space = $1 AND x.key = CAST(q.value AS BIGINT) ORDER BY x.record "
    "LIMIT CAST($3 AS BIGINT) + 1) AS k"};
constexpr Statement some_persons{
    "person.read",
    "SELECT " HANDOFF_PERSON_COLUMNS
    " FROM person n WHERE n.organization_id = $1 AND n.id IN (SELECT value FROM {set:$2}) ORDER BY n.id"};
constexpr Statement links_of_person{"person_link.of_person",
                                    "SELECT " HANDOFF_LINK_COLUMNS
                                    " FROM person_link l WHERE l.organization_id = $1 AND l.person_id = $2 "
                                    "ORDER BY l.record_id LIMIT $3"};
// Up to the persons that were merged into these, then down again from whoever was spoken of.
constexpr Statement assertions_about{
    "person_assertion.about",
    "WITH RECURSIVE family (id) AS (SELECT value {by_bytes} FROM {set:$2} UNION SELECT p.id FROM person p JOIN family "
    "f "
    "ON p.organization_id = $1 AND p.merged_into = f.id) "
    "SELECT " HANDOFF_ASSERTION_COLUMNS
    " FROM person_assertion t WHERE t.organization_id = $1 AND t.taken_back_at IS NULL "
    "AND (t.a_id IN (SELECT id FROM family) OR t.b_id IN (SELECT id FROM family)) ORDER BY t.at, t.id"};
constexpr Statement standing_of{
    "person.standing",
    "WITH RECURSIVE chain (start, id, step) AS (SELECT value {by_bytes}, value {by_bytes}, 0 FROM {set:$2} UNION ALL "
    "SELECT c.start, p.merged_into, c.step + 1 FROM chain c JOIN person p ON p.organization_id = $1 AND p.id = c.id "
    "WHERE p.merged_into IS NOT NULL AND c.step < 1000) "
    "SELECT c.start, c.id FROM chain c WHERE c.step = (SELECT MAX(d.step) FROM chain d WHERE d.start = c.start)"};
constexpr Statement count_version{"person_count.version",
                                  "SELECT version, persons FROM person_count WHERE organization_id = $1"};
constexpr Statement count_body{"person_count.read",
                               "SELECT version, persons, body FROM person_count WHERE organization_id = $1"};

Json decider_json(const people::Decider& by) {
  return Json::object({{"kind", by.kind}, {"id", by.id}, {"name", by.name}});
}
people::Decider decider_of(const Json& json) {
  return {json["kind"].text_or(), json["id"].text_or(), json["name"].text_or()};
}
template <class AnyId>
Json ids_json(const std::vector<AnyId>& ids) {
  Json out = Json::array();
  for (const auto& id : ids) out.push_back(id.text());
  return out;
}
template <class AnyId>
std::vector<AnyId> ids_of(const Json& json) {
  std::vector<AnyId> out;
  if (json.is_array()) {
    for (const Json& id : json.items()) out.push_back(AnyId::trusted(id.text_or()));
  }
  return out;
}
std::optional<Instant> instant_of(const Json& json) {
  const auto ms = json.integer();
  return ms ? std::optional(from_ms(*ms)) : std::nullopt;
}
std::optional<Instant> instant_of(const Row& row, std::size_t at) {
  const auto ms = row.optional_integer(at);
  return ms ? std::optional(from_ms(*ms)) : std::nullopt;
}

constexpr std::string_view alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

// Counts of values, sorted by their key; a value that only one person has is not among them and counts as none.
class CountedValues final : public people::Frequencies {
 public:
  explicit CountedValues(std::string_view body) {
    if (body.size() < sizeof totals_) return;
    std::memcpy(totals_.data(), body.data(), sizeof totals_);
    body.remove_prefix(sizeof totals_);
    entries_.resize(body.size() / sizeof(Entry));
    std::memcpy(entries_.data(), body.data(), entries_.size() * sizeof(Entry));
  }
  std::uint32_t count(people::Value kind, std::uint64_t hash) const override {
    const std::uint64_t key = people::value_key(kind, hash);
    const auto found = std::lower_bound(entries_.begin(), entries_.end(), key,
                                        [](const Entry& entry, std::uint64_t wanted) { return entry.key < wanted; });
    return found != entries_.end() && found->key == key ? static_cast<std::uint32_t>(found->count) : 0;
  }
  std::uint32_t total(people::Value kind) const override { return totals_[static_cast<std::size_t>(kind)]; }

  struct Entry {
    std::uint64_t key, count;
  };

 private:
  std::array<std::uint32_t, people::value_count> totals_{};
  std::vector<Entry> entries_;
};

}  // namespace

Link link_of(const Row& row, std::size_t at) {
  Link l;
  l.organization = OrganizationId::trusted(row.text(at));
  l.referral = ReferralId::trusted(row.text(at + 1));
  l.record = SourceRecordId::trusted(row.text(at + 2));
  l.person = PersonId::trusted(row.text(at + 3));
  l.home = PersonId::trusted(row.text(at + 4));
  l.home_doubtful = row.integer(at + 5) != 0;
  l.origin = people::origin_of(row.view(at + 6)).value_or(people::Origin::created);
  l.model_version = row.text(at + 7);
  if (!row.is_null(at + 8)) l.explanation = stored_json(row.view(at + 8));
  l.method = row.text(at + 9);
  l.source_name = row.text(at + 10);
  if (auto data = people::deserialize(row.view(at + 11))) l.data = *data;
  l.at = from_ms(row.integer(at + 12));
  l.keys = row.text(at + 13);
  return l;
}

Person person_of(const Row& row, std::size_t at) {
  Person p;
  p.organization = OrganizationId::trusted(row.text(at));
  p.id = PersonId::trusted(row.text(at + 1));
  p.version = row.integer(at + 2);
  p.status = people::person_status_of(row.view(at + 3)).value_or(people::PersonStatus::active);
  if (!row.is_null(at + 4)) p.merged_into = PersonId::trusted(row.text(at + 4));
  p.created_at = from_ms(row.integer(at + 5));
  p.updated_at = from_ms(row.integer(at + 6));
  return p;
}

Assertion assertion_of(const Row& row, std::size_t at) {
  Assertion t;
  t.organization = OrganizationId::trusted(row.text(at));
  t.id = AssertionId::trusted(row.text(at + 1));
  t.a = PersonId::trusted(row.text(at + 2));
  t.b = PersonId::trusted(row.text(at + 3));
  t.same = row.view(at + 4) == "same";
  const Json body = stored_json(row.view(at + 5));
  t.reason = Text(body["reason"].text_or());
  t.by = decider_of(body["by"]);
  t.at = from_ms(row.integer(at + 6));
  t.taken_back_at = instant_of(row, at + 7);
  return t;
}
std::string assertion_body(const Assertion& t) {
  return Json::object({{"reason", t.reason.reveal()}, {"by", decider_json(t.by)}}).dump();
}

Merge merge_of(const Row& row, std::size_t at) {
  Merge m;
  m.organization = OrganizationId::trusted(row.text(at));
  m.id = MergeId::trusted(row.text(at + 1));
  m.survivor = PersonId::trusted(row.text(at + 2));
  m.merged = PersonId::trusted(row.text(at + 3));
  const Json body = stored_json(row.view(at + 4));
  m.reason = Text(body["reason"].text_or());
  m.by = decider_of(body["by"]);
  m.records = ids_of<SourceRecordId>(body["records"]);
  m.referrals = ids_of<ReferralId>(body["referrals"]);
  m.reviews = ids_of<ReviewId>(body["reviews"]);
  m.undone_by = decider_of(body["undoneBy"]);
  m.at = from_ms(row.integer(at + 5));
  m.undone_at = instant_of(row, at + 6);
  return m;
}
std::string merge_body(const Merge& m) {
  return Json::object({{"reason", m.reason.reveal()},
                       {"by", decider_json(m.by)},
                       {"records", ids_json(m.records)},
                       {"referrals", ids_json(m.referrals)},
                       {"reviews", ids_json(m.reviews)},
                       {"undoneBy", decider_json(m.undone_by)}})
      .dump();
}

Review review_of(const Row& row, std::size_t at) {
  Review v;
  v.organization = OrganizationId::trusted(row.text(at));
  v.id = ReviewId::trusted(row.text(at + 1));
  v.version = row.integer(at + 2);
  v.status = people::review_status_of(row.view(at + 3)).value_or(people::ReviewStatus::open);
  v.subject = PersonId::trusted(row.text(at + 4));
  v.referral = ReferralId::trusted(row.text(at + 5));
  v.urgency = static_cast<int>(row.integer(at + 6));
  v.source_name = row.text(at + 7);
  const Json body = stored_json(row.view(at + 8));
  v.record = SourceRecordId::trusted(body["record"].text_or());
  v.cause = body["cause"].text_or();
  v.score = body["score"].real().value_or(0);
  if (body["options"].is_array()) {
    for (const Json& option : body["options"].items()) {
      v.options.push_back({PersonId::trusted(option["person"].text_or()), option["grade"].text_or(),
                           option["score"].real().value_or(0), option["explanation"],
                           option["same"].is_bool() ? std::optional(option["same"].boolean()) : std::nullopt});
    }
  }
  if (body["decisions"].is_array()) {
    for (const Json& from : body["decisions"].items()) {
      Review::Decided decided;
      decided.decision = from["decision"].text_or();
      if (from["person"].is_string()) decided.person = PersonId::trusted(from["person"].string());
      decided.reason = from["reason"].text_or();
      decided.by = decider_of(from["by"]);
      decided.at = from_ms(from["at"].int_or(0));
      if (from["merge"].is_string()) decided.merge = MergeId::trusted(from["merge"].string());
      decided.assertions = ids_of<AssertionId>(from["assertions"]);
      decided.undone_at = instant_of(from["undoneAt"]);
      decided.undone_by = decider_of(from["undoneBy"]);
      decided.undone_why = from["undoneWhy"].text_or();
      v.decisions.push_back(std::move(decided));
    }
  }
  v.opened_at = from_ms(row.integer(at + 9));
  v.updated_at = from_ms(row.integer(at + 10));
  return v;
}
std::string review_body(const Review& v) {
  Json options = Json::array(), decisions = Json::array();
  for (const auto& option : v.options) {
    options.push_back(Json::object({{"person", option.person.text()},
                                    {"grade", option.grade},
                                    {"score", option.score},
                                    {"explanation", option.explanation},
                                    {"same", option.same}}));
  }
  for (const auto& decided : v.decisions) {
    decisions.push_back(Json::object({{"decision", decided.decision},
                                      {"person", decided.person ? Json(decided.person->text()) : Json()},
                                      {"reason", decided.reason},
                                      {"by", decider_json(decided.by)},
                                      {"at", to_ms(decided.at)},
                                      {"merge", decided.merge ? Json(decided.merge->text()) : Json()},
                                      {"assertions", ids_json(decided.assertions)},
                                      {"undoneAt", decided.undone_at ? Json(to_ms(*decided.undone_at)) : Json()},
                                      {"undoneBy", decider_json(decided.undone_by)},
                                      {"undoneWhy", decided.undone_why}}));
  }
  return Json::object({{"record", v.record.text()},
                       {"cause", v.cause},
                       {"score", v.score},
                       {"options", std::move(options)},
                       {"decisions", std::move(decisions)}})
      .dump();
}

std::int64_t space_of(const OrganizationId& organization) { return as_stored(people::hash_text(organization.text())); }

Blob compact(const PersonId& id) {
  const std::string_view text = std::string_view(id.text()).substr(PersonIdTag::prefix.size());
  std::string bytes(16, '\0');
  // 26 digits of five bits, of which the first two bits are none.
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto value = static_cast<unsigned>(alphabet.find(text[i]));
    for (int bit = 0; bit < 5; ++bit) {
      const int position = static_cast<int>(i) * 5 + bit - 2;
      if (position < 0 || ((value >> (4 - bit)) & 1U) == 0) continue;
      char& byte = bytes[static_cast<std::size_t>(position / 8)];
      byte = static_cast<char>(static_cast<unsigned char>(byte) | (1U << (7 - position % 8)));
    }
  }
  return Blob{std::move(bytes)};
}

PersonId expand_person(std::string_view bytes) {
  std::string text(26, '0');
  for (int i = 0; i < 26 && bytes.size() == 16; ++i) {
    unsigned value = 0;
    for (int bit = 0; bit < 5; ++bit) {
      const int position = i * 5 + bit - 2;
      value <<= 1;
      if (position >= 0)
        value |= (static_cast<unsigned char>(bytes[static_cast<std::size_t>(position / 8)]) >> (7 - position % 8)) & 1U;
    }
    text[static_cast<std::size_t>(i)] = alphabet[value];
  }
  return PersonId::trusted(std::string(PersonIdTag::prefix) + text);
}

std::string keys_json(std::span<const Key> keys) {
  std::string out = "[";
  for (const Key& key : keys) {
    if (out.size() > 1) out += ',';
    out += '"' + std::to_string(as_stored(key.hash)) + '"';
  }
  return out + ']';
}

std::optional<Population> PopulationCache::find(const OrganizationId& organization, std::int64_t version) {
  const std::lock_guard lock(mutex_);
  const auto found = kept_.find(organization);
  if (found == kept_.end() || found->second.version != version) return std::nullopt;
  return found->second;
}
void PopulationCache::keep(const OrganizationId& organization, Population population) {
  constexpr std::size_t organizations_max = 256;
  const std::lock_guard lock(mutex_);
  if (kept_.size() >= organizations_max && !kept_.contains(organization)) kept_.erase(kept_.begin());
  kept_.insert_or_assign(organization, std::move(population));
}
// One for all that read: what it keeps is named by organization and version, and both are nobody else's.
PopulationCache& population_cache() {
  static PopulationCache cache;
  return cache;
}

namespace {

// Records, by mark, in the order in which they are looked at, each with the keys that found it.
struct Order {
  std::vector<std::pair<std::uint64_t, std::vector<KeyKind>>> records;
  bool truncated = false;
};

Order order_of(std::vector<std::pair<KeyKind, std::vector<std::uint64_t>>> by_key, std::size_t max) {
  // Keys that few share tell most. A crowded one is a last resort: what it holds was cut.
  std::stable_sort(by_key.begin(), by_key.end(),
                   [](const auto& a, const auto& b) { return a.second.size() < b.second.size(); });
  Order out;
  std::unordered_map<std::uint64_t, std::size_t> place;
  for (const auto& [kind, marks] : by_key) {
    const bool crowded = marks.size() >= people::crowded_from;
    // Those that were found otherwise are told that this key finds them, too.
    const bool only_known = crowded && !out.records.empty();
    if (crowded) out.truncated = true;
    for (const std::uint64_t mark : marks) {
      if (const auto known = place.find(mark); known != place.end()) {
        out.records[known->second].second.push_back(kind);
      } else if (out.records.size() == max) {
        out.truncated = true;
      } else if (!only_known) {
        place.emplace(mark, out.records.size());
        out.records.push_back({mark, {kind}});
      }
    }
  }
  return out;
}

}  // namespace

Result<Findings> read_found(Connection& connection, const OrganizationId& organization, std::span<const Key> keys,
                            std::size_t max) {
  auto rows = HANDOFF_TRY(connection.query(
      find_under_keys, {space_of(organization), keys_json(keys), static_cast<std::int64_t>(people::crowded_from - 1)}));
  std::vector<std::pair<KeyKind, std::vector<std::uint64_t>>> by_key;
  std::unordered_map<std::int64_t, std::size_t> place;
  for (const Key& key : keys) {
    if (place.try_emplace(as_stored(key.hash), by_key.size()).second) by_key.push_back({key.kind, {}});
  }
  std::unordered_map<std::uint64_t, std::size_t> row_of;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto mark = static_cast<std::uint64_t>(rows[i].integer(1));
    row_of.try_emplace(mark, i);
    by_key[place.at(rows[i].integer(0))].second.push_back(mark);
  }
  Order order = order_of(std::move(by_key), max);
  Findings out;
  out.truncated = order.truncated;
  // Most of what crowded keys hold is passed over, so only what is chosen is read out.
  for (auto& [mark, kinds] : order.records) {
    const Row& row = rows[row_of.at(mark)];
    auto data = people::deserialize(row.view(3));
    if (data) out.records.push_back({expand_person(row.view(2)), mark, *data, std::move(kinds)});
  }
  return out;
}

Result<std::vector<Person>> read_persons(Connection& connection, const OrganizationId& organization,
                                         std::span<const PersonId> ids) {
  std::vector<std::string> texts;
  for (const auto& id : ids) texts.push_back(id.text());
  std::vector<Person> out;
  for (const Row& row : HANDOFF_TRY(connection.query(some_persons, {organization.text(), texts_json(texts)})))
    out.push_back(person_of(row, 0));
  return out;
}

Result<std::vector<Link>> read_links(Connection& connection, const OrganizationId& organization, const PersonId& person,
                                     std::size_t max) {
  std::vector<Link> out;
  for (const Row& row : HANDOFF_TRY(
           connection.query(links_of_person, {organization.text(), person.text(), static_cast<std::int64_t>(max)})))
    out.push_back(link_of(row, 0));
  return out;
}

Result<std::vector<Assertion>> read_assertions(Connection& connection, const OrganizationId& organization,
                                               std::span<const PersonId> ids) {
  std::vector<std::string> texts;
  for (const auto& id : ids) texts.push_back(id.text());
  std::vector<Assertion> out;
  std::vector<std::string> named;
  for (const Row& row : HANDOFF_TRY(connection.query(assertions_about, {organization.text(), texts_json(texts)}))) {
    out.push_back(assertion_of(row, 0));
    named.push_back(out.back().a.text());
    named.push_back(out.back().b.text());
  }
  if (out.empty()) return out;
  std::sort(named.begin(), named.end());
  named.erase(std::unique(named.begin(), named.end()), named.end());
  std::map<std::string, std::string> standing;
  for (const Row& row : HANDOFF_TRY(connection.query(standing_of, {organization.text(), texts_json(named)})))
    standing[row.text(0)] = row.text(1);
  for (Assertion& t : out) {
    t.a = PersonId::trusted(standing[t.a.text()]);
    t.b = PersonId::trusted(standing[t.b.text()]);
  }
  std::erase_if(out, [](const Assertion& t) { return t.a == t.b; });
  return out;
}

Result<Population> read_population(Connection& connection, const OrganizationId& organization) {
  const auto rows = HANDOFF_TRY(connection.query(count_version, {organization.text()}));
  if (rows.empty()) return Population{};
  if (auto kept = population_cache().find(organization, rows.front().integer(0))) return *std::move(kept);
  const auto bodies = HANDOFF_TRY(connection.query(count_body, {organization.text()}));
  if (bodies.empty()) return Population{};
  Population out{static_cast<double>(bodies.front().integer(1)), bodies.front().integer(0),
                 std::make_shared<CountedValues>(bodies.front().view(2))};
  population_cache().keep(organization, out);
  return out;
}

namespace {

constexpr Statement counted_organizations{
    "person_count.organizations",
    "SELECT o.id, c.version, c.persons, c.at FROM organization o LEFT JOIN person_count c ON c.organization_id = o.id "
    "ORDER BY o.id"};
constexpr Statement newer_persons{
    "person_count.newer",
    "SELECT COUNT(*) FROM (SELECT 1 FROM person WHERE organization_id = $1 AND id > $2 LIMIT $3) AS newer"};
// One record of each person, the one it came with.
constexpr Statement page_of_first_records{
    "person_count.records",
    "SELECT l.referral_id, l.record_id, l.body, l.origin FROM person_link l WHERE l.organization_id = $1 "
    "AND (l.referral_id, l.record_id) > ($2, $3) ORDER BY l.referral_id, l.record_id LIMIT $4"};
constexpr Statement save_count{
    "person_count.save",
    "INSERT INTO person_count (organization_id, version, persons, body, at) VALUES ($1, $2, $3, $4, $5) "
    "ON CONFLICT (organization_id) DO UPDATE SET version = excluded.version, persons = excluded.persons, "
    "body = excluded.body, at = excluded.at WHERE person_count.version < excluded.version"};
constexpr std::int64_t persons_worth_counting = 64, records_page = 2000;

// Values that everybody who shares one does not stand among the candidates for (recognize.cc counts the others).
bool is_common(people::Value kind) {
  using people::Value;
  return kind == Value::given || kind == Value::family || kind == Value::middle || kind == Value::birth ||
         kind == Value::locality || kind == Value::postcode || kind == Value::region;
}

Result<void> count_organization(Connection& connection, const std::string& organization, std::int64_t version,
                                Instant now) {
  std::unordered_map<std::uint64_t, std::uint32_t> counts;
  std::array<std::uint32_t, people::value_count> totals{};
  std::int64_t persons = 0;
  std::string referral, record;
  for (;;) {
    const auto rows =
        HANDOFF_TRY(connection.query(page_of_first_records, {organization, referral, record, records_page}));
    for (const Row& row : rows) {
      if (row.view(3) != "created") continue;
      const auto data = people::deserialize(row.view(2));
      if (!data) continue;
      ++persons;
      std::array<bool, people::value_count> had{};
      people::for_each_value(*data, [&](people::Value kind, std::uint64_t hash) {
        if (!is_common(kind)) return;
        ++counts[people::value_key(kind, hash)];
        had[static_cast<std::size_t>(kind)] = true;
      });
      for (std::size_t i = 0; i < totals.size(); ++i) totals[i] += had[i] ? 1U : 0U;
    }
    if (rows.size() < static_cast<std::size_t>(records_page)) break;
    referral = rows.back().text(0);
    record = rows.back().text(1);
  }
  std::vector<CountedValues::Entry> entries;
  for (const auto& [key, count] : counts) {
    if (count > 1) entries.push_back({key, count});
  }
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
  std::string body(sizeof totals + entries.size() * sizeof(CountedValues::Entry), '\0');
  std::memcpy(body.data(), totals.data(), sizeof totals);
  std::memcpy(body.data() + sizeof totals, entries.data(), entries.size() * sizeof(CountedValues::Entry));
  HANDOFF_TRY(connection.query(save_count, {organization, version + 1, persons, Blob{std::move(body)}, to_ms(now)}));
  return {};
}

}  // namespace

Result<void> count_persons(Connection& connection, Instant now) {
  class Zero final : public Random {
    void fill(std::span<unsigned char> bytes) override { std::fill(bytes.begin(), bytes.end(), 0); }
  };
  for (const Row& row : HANDOFF_TRY(connection.query(counted_organizations, {}))) {
    const std::int64_t counted = row.integer(2), enough = std::max(persons_worth_counting, counted / 4);
    // Ids sort by time, so those made since are a range.
    Zero zero;
    const std::string since = row.is_null(3) ? std::string() : PersonId::make(from_ms(row.integer(3)), zero).text();
    const auto newer = HANDOFF_TRY(connection.query(newer_persons, {row.text(0), since, enough}));
    if (newer.front().integer(0) < enough) continue;
    HANDOFF_TRY(count_organization(connection, row.text(0), row.integer(1), now));
  }
  return {};
}

}  // namespace handoff::store

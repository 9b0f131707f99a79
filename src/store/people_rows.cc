#include "store/people_rows.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <set>
#include <unordered_map>

#include "base/text.h"
#include "store/verify.h"

namespace handoff::store {
namespace {

using people::Assertion;
using people::Findings;
using people::Found;
using people::Key;
using people::Link;
using people::Merge;
using people::Person;
using people::Population;
using people::Review;
using people::Split;

// The records of one key, by their places behind it, the last first: where that is the last of all the key is crowded.
constexpr Statement find_under_key{"person_key.find",
                                   "SELECT k.record, k.person, k.body, k.slot, k.space FROM person_key k "
                                   "WHERE k.slot >= $1 AND k.slot < $1 + $2 ORDER BY k.slot DESC LIMIT $2"};
// Of a crowded key the last place alone: fifty records that tell nothing cost more than a look at that place.
constexpr Statement find_under_common_key{
    "person_key.find_common",
    "SELECT k.record, k.person, k.body, k.slot, k.space FROM person_key k WHERE k.slot >= $1 AND k.slot < $1 + $2 "
    "ORDER BY k.slot DESC LIMIT CASE WHEN EXISTS (SELECT 1 FROM person_key x WHERE x.slot = $1 + $2 - 1) THEN 1 "
    "ELSE $2 END"};
// The same for many keys at once: each statement costs PostgreSQL more than a key. It is told with a LATERAL, which
// SQLite does not have, to begin with the keys.
#define HANDOFF_KEYS_ASKED                                                                              \
  "WITH q AS MATERIALIZED (SELECT CAST(s.value AS BIGINT) AS slot, EXISTS (SELECT 1 FROM person_key x " \
  "WHERE x.slot = CAST(s.value AS BIGINT) + $2 - 1) AS crowded FROM {set:$1} AS s) "
constexpr Statement find_under_common_keys{
    "person_key.find_many",
    HANDOFF_KEYS_ASKED
    "SELECT k.record, k.person, k.body, k.slot, k.space FROM q CROSS JOIN person_key k "
    "ON k.slot >= q.slot + CASE WHEN q.crowded THEN $2 - 1 ELSE 0 END AND k.slot < q.slot + $2",
    HANDOFF_KEYS_ASKED
    "SELECT k.record, k.person, k.body, k.slot, k.space FROM q CROSS JOIN LATERAL (SELECT * FROM person_key x "
    "WHERE x.slot >= q.slot + CASE WHEN q.crowded THEN $2 - 1 ELSE 0 END AND x.slot < q.slot + $2 "
    "ORDER BY x.slot LIMIT $2) AS k"};
constexpr std::size_t one_by_one_max = 8;  // keys
// A full key of so few persons is not crowded.
constexpr std::size_t often_max = 10;
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
constexpr Statement assertions_naming{
    "person_assertion.naming",
    "SELECT " HANDOFF_ASSERTION_COLUMNS
    " FROM person_assertion t WHERE t.organization_id = $1 AND t.taken_back_at IS NULL "
    "AND (t.a_id IN (SELECT value FROM {set:$2}) OR t.b_id IN (SELECT value FROM {set:$2})) ORDER BY t.at, t.id"};
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
  l.superseded = row.integer(at + 14) != 0;
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
  v.evidence = body["evidence"].text_or();
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
      decided.records = ids_of<SourceRecordId>(from["records"]);
      if (from["split"].is_string()) decided.split = SplitId::trusted(from["split"].string());
      decided.waits = from["waits"].bool_or(false);
      if (const auto place = from["settledBy"].integer()) decided.settled_by = static_cast<std::size_t>(*place);
      decided.undone_at = instant_of(from["undoneAt"]);
      decided.undone_by = decider_of(from["undoneBy"]);
      decided.undone_why = from["undoneWhy"].text_or();
      v.decisions.push_back(std::move(decided));
    }
  }
  if (body["parts"].is_array()) {
    for (const Json& from : body["parts"].items()) {
      v.parts.push_back({ids_of<SourceRecordId>(from["records"]), ids_of<ReferralId>(from["referrals"]),
                         from["score"].real().value_or(0), from["explanation"]});
    }
  }
  v.opened_at = from_ms(row.integer(at + 9));
  v.updated_at = from_ms(row.integer(at + 10));
  v.kind = people::review_kind_of(row.view(at + 11)).value_or(people::ReviewKind::match);
  v.cause = row.text(at + 12);
  v.model_version = row.text(at + 13);
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
                                      {"records", ids_json(decided.records)},
                                      {"split", decided.split ? Json(decided.split->text()) : Json()},
                                      {"waits", decided.waits},
                                      {"settledBy", decided.settled_by ? Json(*decided.settled_by) : Json()},
                                      {"undoneAt", decided.undone_at ? Json(to_ms(*decided.undone_at)) : Json()},
                                      {"undoneBy", decider_json(decided.undone_by)},
                                      {"undoneWhy", decided.undone_why}}));
  }
  Json parts = Json::array();
  for (const auto& part : v.parts) {
    parts.push_back(Json::object({{"records", ids_json(part.records)},
                                  {"referrals", ids_json(part.referrals)},
                                  {"score", part.score},
                                  {"explanation", part.explanation}}));
  }
  return Json::object({{"record", v.record.text()},
                       {"evidence", v.evidence},
                       {"score", v.score},
                       {"options", std::move(options)},
                       {"parts", std::move(parts)},
                       {"decisions", std::move(decisions)}})
      .dump();
}

std::optional<std::string> outcome_of(const Review& v) {
  if (v.kind == people::ReviewKind::split) {
    for (const auto& decided : v.decisions) {
      const bool stands = !decided.undone_at && !decided.waits && !decided.settled_by;
      if (stands && (decided.decision == "right" || decided.decision == "split")) return decided.decision;
    }
    return std::nullopt;
  }
  const auto best = std::max_element(v.options.begin(), v.options.end(),
                                     [](const auto& a, const auto& b) { return a.score < b.score; });
  if (best == v.options.end()) return std::nullopt;
  if (best->same) return *best->same ? "same" : "different";
  // Another one of them it was.
  const bool other =
      std::any_of(v.options.begin(), v.options.end(), [](const auto& each) { return each.same == true; });
  return other ? std::optional<std::string>("different") : std::nullopt;
}

Split split_of(const Row& row, std::size_t at) {
  Split s;
  s.organization = OrganizationId::trusted(row.text(at));
  s.id = SplitId::trusted(row.text(at + 1));
  s.from = PersonId::trusted(row.text(at + 2));
  s.made = PersonId::trusted(row.text(at + 3));
  const Json body = stored_json(row.view(at + 4));
  s.reason = Text(body["reason"].text_or());
  s.by = decider_of(body["by"]);
  s.undone_by = decider_of(body["undoneBy"]);
  s.assertion = AssertionId::trusted(body["assertion"].text_or());
  if (body["moved"].is_array()) {
    for (const Json& from : body["moved"].items()) {
      s.moved.push_back({SourceRecordId::trusted(from["record"].text_or()),
                         ReferralId::trusted(from["referral"].text_or()), PersonId::trusted(from["home"].text_or()),
                         from["homeDoubtful"].bool_or(false),
                         people::origin_of(from["origin"].text_or()).value_or(people::Origin::created)});
    }
  }
  s.at = from_ms(row.integer(at + 5));
  s.undone_at = instant_of(row, at + 6);
  return s;
}
std::string split_body(const Split& s) {
  Json moved = Json::array();
  for (const auto& each : s.moved) {
    moved.push_back(Json::object({{"record", each.record.text()},
                                  {"referral", each.referral.text()},
                                  {"home", each.home.text()},
                                  {"homeDoubtful", each.home_doubtful},
                                  {"origin", word(each.origin)}}));
  }
  return Json::object({{"reason", s.reason.reveal()},
                       {"by", decider_json(s.by)},
                       {"undoneBy", decider_json(s.undone_by)},
                       {"assertion", s.assertion.text()},
                       {"moved", std::move(moved)}})
      .dump();
}

std::int64_t space_of(const OrganizationId& organization) {
  return static_cast<std::int64_t>(people::hash_text(organization.text(), 1) >> 32);
}

std::int64_t slot_of(const OrganizationId& organization, const Key& key) {
  static_assert(people::crowded_from < places_of_key);
  return as_stored(people::hash_text(organization.text(), key.hash)) & ~(places_of_key - 1);
}

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
  std::uint64_t high = 0, low = 0;
  for (std::size_t i = 0; i < 16 && bytes.size() == 16; ++i)
    (i < 8 ? high : low) = ((i < 8 ? high : low) << 8) | static_cast<unsigned char>(bytes[i]);
  std::string text(PersonIdTag::prefix);
  const std::size_t begin = text.size();
  text.resize(begin + 26);
  for (std::size_t i = 26; i-- > 0;) {
    text[begin + i] = alphabet[low & 31U];
    low = (low >> 5) | (high << 59);
    high >>= 5;
  }
  return PersonId::trusted(std::move(text));
}

std::string slots_json(const OrganizationId& organization, std::span<const Key> keys) {
  std::vector<std::int64_t> slots;
  for (const Key& key : keys) slots.push_back(slot_of(organization, key));
  std::sort(slots.begin(), slots.end());
  slots.erase(std::unique(slots.begin(), slots.end()), slots.end());
  std::string out = "[";
  for (const std::int64_t slot : slots) {
    if (out.size() > 1) out += ',';
    out += '"' + std::to_string(slot) + '"';
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

Result<Findings> read_found(Connection& connection, const OrganizationId& organization, std::span<const Key> keys,
                            std::size_t max, people::Crowded crowded) {
  Findings out;
  if (keys.empty()) return out;
  constexpr auto crowd = static_cast<std::int64_t>(people::crowded_from);
  const std::int64_t space = space_of(organization);
  const bool look_in = crowded == people::Crowded::look_in;
  std::vector<Connection::Call> calls;
  std::unordered_map<std::int64_t, std::uint32_t> key_of;  // by slot_of()
  for (std::uint32_t i = 0; i < keys.size(); ++i) key_of.try_emplace(slot_of(organization, keys[i]), i);
  if (look_in || keys.size() <= one_by_one_max) {
    for (const Key& key : keys)
      calls.push_back({look_in || people::is_telling(key.kind) ? &find_under_key : &find_under_common_key,
                       {slot_of(organization, key), crowd}});
  } else {
    calls.push_back({&find_under_common_keys, {slots_json(organization, keys), crowd}});
  }
  // Most rows are somebody who was read already, or one too many: only what is chosen is read out.
  struct Place {
    std::int64_t mark;
    std::uint32_t key, begin, size;
  };
  constexpr std::size_t person_bytes = 16;
  std::vector<Place> places;
  std::string bytes;  // of all places: the person's, then the record's
  std::vector<std::size_t> counts(keys.size());
  std::vector<bool> is_full(keys.size());
  HANDOFF_TRY(connection.each(calls, [&](std::size_t, const Cells& row) {
    // Another organization's key that happens to have the same places.
    if (row.integer(4) != space) return;
    const std::int64_t place = row.integer(3) & (places_of_key - 1);
    const std::uint32_t key = key_of.at(row.integer(3) - place);
    ++counts[key];
    is_full[key] = is_full[key] || place == crowd - 1;
    const auto begin = bytes.size();
    bytes.append(row.view(1)).append(row.view(2));
    places.push_back(
        {row.integer(0), key, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(bytes.size() - begin)});
  }));
  const auto of = [&](const Place& place) { return std::string_view(bytes).substr(place.begin, place.size); };
  for (std::uint32_t i = 0; i < keys.size(); ++i) {
    if (!is_full[i]) continue;
    // Who comes often fills a key alone, which makes it no less telling.
    std::set<std::string_view> persons;
    for (const Place& place : places) {
      if (place.key == i) persons.insert(of(place).substr(0, person_bytes));
    }
    if (counts[i] == people::crowded_from && persons.size() <= often_max) {
      out.truncated = true;
      continue;
    }
    out.crowded.push_back(keys[i]);
    if (!look_in) std::erase_if(places, [&](const Place& place) { return place.key == i; });
  }
  // Keys that few share tell most: the cut takes the others.
  std::stable_sort(places.begin(), places.end(),
                   [&](const Place& a, const Place& b) { return counts[a.key] < counts[b.key]; });
  std::vector<std::int64_t> taken;
  out.records.reserve(std::min(places.size(), max));
  for (const Place& place : places) {
    if (std::find(taken.begin(), taken.end(), place.mark) != taken.end()) continue;
    if (taken.size() == max) {
      out.truncated = true;
      break;
    }
    taken.push_back(place.mark);
    if (place.size < person_bytes) continue;
    if (auto data = people::deserialize(of(place).substr(person_bytes)))
      out.records.push_back(
          {expand_person(of(place).substr(0, person_bytes)), static_cast<std::uint64_t>(place.mark), *data});
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

Result<std::vector<Assertion>> read_assertions_as_said(Connection& connection, const OrganizationId& organization,
                                                       std::span<const PersonId> ids) {
  std::vector<std::string> texts;
  for (const auto& id : ids) texts.push_back(id.text());
  std::vector<Assertion> out;
  for (const Row& row : HANDOFF_TRY(connection.query(assertions_naming, {organization.text(), texts_json(texts)})))
    out.push_back(assertion_of(row, 0));
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

Result<std::vector<std::pair<OrganizationId, ReviewId>>> reviews_of_other_models(Connection& connection,
                                                                                 const std::string& model_version,
                                                                                 std::size_t max) {
  static constexpr Statement others{"person_review.of_other_models",
                                    "SELECT v.organization_id, v.id FROM person_review v "
                                    "WHERE v.status IN " HANDOFF_REVIEW_WAITING
                                    " AND v.model_version <> $1 ORDER BY v.id LIMIT $2"};
  std::vector<std::pair<OrganizationId, ReviewId>> out;
  for (const Row& row : HANDOFF_TRY(connection.query(others, {model_version, static_cast<std::int64_t>(max)})))
    out.emplace_back(OrganizationId::trusted(row.text(0)), ReviewId::trusted(row.text(1)));
  return out;
}

}  // namespace handoff::store

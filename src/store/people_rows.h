// Reading persons, alike inside and outside of a unit of work; rows to records and back.
#pragma once

#include <map>
#include <mutex>

#include "people/reader.h"
#include "people/store.h"
#include "store/records.h"

namespace handoff::store {

#define HANDOFF_LINK_COLUMNS                                                                           \
  "l.organization_id, l.referral_id, l.record_id, l.person_id, l.home_id, l.home_doubtful, l.origin, " \
  "l.model_version, l.explanation, l.method, l.source_name, l.body, l.at, l.keys, l.superseded"
people::Link link_of(const Row& row, std::size_t from);
#define HANDOFF_PERSON_COLUMNS "n.organization_id, n.id, n.version, n.status, n.merged_into, n.created_at, n.updated_at"
people::Person person_of(const Row& row, std::size_t from);
#define HANDOFF_ASSERTION_COLUMNS "t.organization_id, t.id, t.a_id, t.b_id, t.kind, t.body, t.at, t.taken_back_at"
people::Assertion assertion_of(const Row& row, std::size_t from);
std::string assertion_body(const people::Assertion& assertion);
#define HANDOFF_MERGE_COLUMNS "m.organization_id, m.id, m.survivor_id, m.merged_id, m.body, m.at, m.undone_at"
people::Merge merge_of(const Row& row, std::size_t from);
std::string merge_body(const people::Merge& merge);
#define HANDOFF_REVIEW_COLUMNS                                                                                    \
  "v.organization_id, v.id, v.version, v.status, v.subject_id, v.referral_id, v.urgency, v.source_name, v.body, " \
  "v.opened_at, v.updated_at, v.kind, v.cause, v.model_version"
inline constexpr std::size_t review_column_count = 14;
#define HANDOFF_SPLIT_COLUMNS "s.organization_id, s.id, s.person_id, s.made_id, s.body, s.at, s.undone_at"
people::Split split_of(const Row& row, std::size_t from);
std::string split_body(const people::Split& split);
people::Review review_of(const Row& row, std::size_t from);
std::string review_body(const people::Review& review);
// What was answered about the likeliest option, or about the split; nothing where it was not.
std::optional<std::string> outcome_of(const people::Review& review);

// A number of the organization beside each of its keys: places are told by a hash, and the wall must not rest on one.
std::int64_t space_of(const OrganizationId& organization);
inline constexpr std::int64_t places_of_key = 64;
// The first of the places at which records stand in person_key under a key of an organization; also the number by
// which writers lock the key.
std::int64_t slot_of(const OrganizationId& organization, const people::Key& key);
inline std::int64_t as_stored(std::uint64_t hash) { return static_cast<std::int64_t>(hash); }
Blob compact(const PersonId& id);
PersonId expand_person(std::string_view bytes);
std::string slots_json(const OrganizationId& organization, std::span<const people::Key> keys);

// The counts of each organization as they were read last; asked for by version, so that what is kept is never old.
// Thread-safe.
class PopulationCache {
 public:
  std::optional<people::Population> find(const OrganizationId& organization, std::int64_t version);
  void keep(const OrganizationId& organization, people::Population population);

 private:
  std::mutex mutex_;
  std::map<OrganizationId, people::Population> kept_;  // guarded by mutex_
};
PopulationCache& population_cache();

Result<people::Findings> read_found(Connection& connection, const OrganizationId& organization,
                                    std::span<const people::Key> keys, std::size_t max, people::Crowded crowded);
Result<std::vector<people::Person>> read_persons(Connection& connection, const OrganizationId& organization,
                                                 std::span<const PersonId> ids);
Result<std::vector<people::Link>> read_links(Connection& connection, const OrganizationId& organization,
                                             const PersonId& person, std::size_t max);
Result<std::vector<people::Assertion>> read_assertions(Connection& connection, const OrganizationId& organization,
                                                       std::span<const PersonId> ids);
// As they were said: both ids as they were then, of assertions that name any of these persons.
Result<std::vector<people::Assertion>> read_assertions_as_said(Connection& connection,
                                                               const OrganizationId& organization,
                                                               std::span<const PersonId> ids);
Result<people::Population> read_population(Connection& connection, const OrganizationId& organization);

}  // namespace handoff::store

// What decisions about persons are made of. Inside this room only: merging, splitting and answering share these.
#pragma once

#include <utility>

#include "people/curate.h"

namespace handoff::people {

// More than a person can look through; a merge of so many records is one all the same.
inline constexpr std::size_t person_records_max = 100'000;

Error conflict(const char* code, std::string sentence);
Error not_found(const char* code, const char* what);  // "There is no such `what` …"
Error not_active(const Person& person);

// Both persons, locked in one order whoever asks. Error "person.not_found".
Result<std::pair<Person, Person>> lock_both(Unit& unit, const OrganizationId& organization, const PersonId& a,
                                            const PersonId& b);
void touch(Unit& unit, Person& person);
void happened(Unit& unit, const OrganizationId& organization, const char* type, const PersonId& person,
              const PersonId& other, Json detail);
Assertion make_assertion(Unit& unit, const OrganizationId& organization, const PersonId& a, const PersonId& b,
                         bool same, const std::string& reason);
// The assertion as it stands, if it does; it is taken back.
Result<void> take_back(Unit& unit, const OrganizationId& organization, const PersonId& about, const AssertionId& id);

// Moves what the merged one has, and answers the questions that asked exactly this. `but`: a review whose own decision
// this is.
Result<Merge> merge_persons(Unit& unit, const OrganizationId& organization, const PersonId& survivor,
                            const PersonId& merged, const std::string& reason, const std::optional<ReviewId>& but);
// Cuts one step of the tree of merges, and declares nobody different.
Result<Unmerged> cut(Unit& unit, Merge done);

}  // namespace handoff::people

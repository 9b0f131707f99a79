// What people decide about persons: merging, undoing it, saying same or different; splitting stands in split.h,
// answering reviews in review.h. Each works in a unit of work and refuses before it writes.
#pragma once

#include "people/store.h"

namespace handoff::people {

// Who goes on for this person today; itself where nobody does. Error "person.not_found".
Result<PersonId> standing_for(Lookup& lookup, const OrganizationId& organization, const PersonId& id);

// Errors: "person.not_found", "person.merge_with_itself", "person.merged_already" (conflict).
Result<Merge> merge(Unit& unit, const OrganizationId& organization, const PersonId& survivor, const PersonId& merged,
                    const std::string& reason);

struct Unmerged {
  Merge merge;
  std::vector<SourceRecordId> restored;
  // Records that came after the merge and fit both: they stay with the survivor until somebody says otherwise.
  std::vector<SourceRecordId> undecided;
};
// Undoes a merge, in whatever order merges were made, and declares the two different.
// Errors: "merge.not_found", "merge.undone_already" (conflict).
Result<Unmerged> unmerge(Unit& unit, const OrganizationId& organization, const MergeId& id, const std::string& reason);

struct Asserted {
  Assertion assertion;
  std::optional<MergeId> merge;  // where two persons were said to be one
};
// Errors: as merge; "person.same_already" (conflict) where the two have become one.
Result<Asserted> assert_pair(Unit& unit, const OrganizationId& organization, const PersonId& a, const PersonId& b,
                             bool same, const std::string& reason);

}  // namespace handoff::people

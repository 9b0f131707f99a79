// Splitting records off that are another person's, and taking that back.
#pragma once

#include "people/store.h"

namespace handoff::people {

// Everything of the referrals that these records are of goes to a person of its own, and the two are declared
// different. Errors: "person.not_found", "person.merged_already", "person.inactive" (conflict), "split.not_its_record",
// "split.nothing_left".
Result<Split> split_off(Unit& unit, const OrganizationId& organization, const PersonId& person,
                        const std::vector<SourceRecordId>& records, const std::string& reason);

struct Unsplit {
  Split split;
  std::vector<SourceRecordId> restored;
  // Records that have come since, or were moved on by somebody: they stay where they are.
  std::vector<SourceRecordId> undecided;
};
// Each record goes back to whoever stands today for whom it was linked to, and the word that the two are different is
// taken back. Errors: "split.not_found", "split.undone_already" (conflict).
Result<Unsplit> unsplit(Unit& unit, const OrganizationId& organization, const SplitId& id);

}  // namespace handoff::people

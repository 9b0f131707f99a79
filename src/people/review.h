// Answering questions about persons, alone or with a second reader, and taking answers back.
#pragma once

#include "people/store.h"

namespace handoff::people {

enum class Verdict : std::uint8_t { same, different, right, split, unsure, fix_data };
const char* word(Verdict verdict);
std::optional<Verdict> verdict_of(std::string_view word);

struct Answer {
  Verdict verdict = Verdict::unsure;
  // Which of the options; needed for `same` where there are several, all of them for `different` without it. Of
  // `fix_data`: whose data are wrong; the subject's without it.
  std::optional<PersonId> person;
  std::vector<SourceRecordId> records;  // of `split`: those to split off; none: all that are not of the first part
  std::string reason;
  // Causes of reviews for which two people have to give the same answer before it is in force.
  std::vector<std::string> two_readers_for;
};
// Errors: "review.not_found", "review.decided_already", "review.needs_another_reader" (conflict),
// "review.other_question", "review.which_person", "review.no_such_option"; as merge() and split_off().
Result<Review> decide_review(Unit& unit, const OrganizationId& organization, const ReviewId& id, const Answer& answer);
// Takes the last answer back that stands, with all that followed from it.
// Errors: "review.not_found", "review.not_decided" (conflict).
Result<Review> undo_review(Unit& unit, const OrganizationId& organization, const ReviewId& id,
                           const std::string& reason);

}  // namespace handoff::people

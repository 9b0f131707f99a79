// A person as an organization knows it: nothing but an identity that links what senders said. Names and dates stand in
// the source records and are never copied; what is shown of a person is computed from them (survivor.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/id.h"
#include "base/json.h"
#include "base/private.h"
#include "base/time.h"
#include "people/record.h"

namespace handoff::people {

enum class PersonStatus : std::uint8_t {
  active,
  merged,    // another person goes on for it: merged_into
  inactive,  // its records were all recognized as somebody else's
};
const char* word(PersonStatus status);
std::optional<PersonStatus> person_status_of(std::string_view word);

struct Person {
  OrganizationId organization;
  PersonId id;
  std::int64_t version = 1;
  PersonStatus status = PersonStatus::active;
  std::optional<PersonId> merged_into;  // one step; the chain ends at an active person
  Instant created_at{}, updated_at{};
};

// How a record came to its person.
enum class Origin : std::uint8_t {
  created,    // nobody like it was known
  automatic,  // the evidence sufficed
  human,      // a person decided
};
const char* word(Origin origin);
std::optional<Origin> origin_of(std::string_view word);

// What links a source record to a person, with the reason kept as it was given.
struct Link {
  OrganizationId organization;
  SourceRecordId record;
  ReferralId referral;
  PersonId person;  // whose record it is now
  PersonId home;    // whom it was linked to when it came; merges do not touch it, so undoing them is exact
  // After a merge both halves spoke for it alike: when the merge is undone a person has to say where it belongs.
  bool home_doubtful = false;
  Origin origin = Origin::created;
  std::string model_version;
  Json explanation;                 // as to_json(Assessment); null where nobody was found
  std::string method, source_name;  // of the source record: through which door it came
  Instant at{};
  Record data;
  std::string keys;  // the store's: under which keys the record stands
};

// Who decides: a caller, or a rule of ours.
struct Decider {
  std::string kind, id, name;
};

// A person's word on two persons. The newest on a pair holds, and binds everything that decides by itself.
struct Assertion {
  OrganizationId organization;
  AssertionId id;
  PersonId a, b;
  bool same = false;
  Text reason;
  Decider by;
  Instant at{};
  std::optional<Instant> taken_back_at;
};

// One person goes on for another. Links are moved, nothing else; every moved one is listed.
struct Merge {
  OrganizationId organization;
  MergeId id;
  PersonId survivor, merged;
  Text reason;
  Decider by;
  Instant at{};
  std::vector<SourceRecordId> records;
  std::vector<ReferralId> referrals;
  std::vector<ReviewId> reviews;  // questions that it answered
  std::optional<Instant> undone_at;
  Decider undone_by;
};

enum class ReviewStatus : std::uint8_t {
  open,
  unsure,   // looked at, and left for somebody who knows more
  decided,  // by a person
  closed,   // by what happened meanwhile: a merge, a corrected registrant
};
const char* word(ReviewStatus status);
std::optional<ReviewStatus> review_status_of(std::string_view word);
inline bool is_waiting(ReviewStatus status) { return status == ReviewStatus::open || status == ReviewStatus::unsure; }

// A question for a person: is the subject one of these? The referral goes on with the subject meanwhile.
struct Review {
  struct Option {
    PersonId person;
    std::string grade;
    double score = 0;  // probability
    Json explanation;
    std::optional<bool> same;  // what was decided about it
  };
  struct Decided {
    std::string decision;  // same, different, unsure
    std::optional<PersonId> person;
    std::string reason;  // as the reviewer wrote it
    Decider by;
    Instant at{};
    std::optional<MergeId> merge;
    std::vector<AssertionId> assertions;
    std::optional<Instant> undone_at;
    Decider undone_by;
    std::string undone_why;
  };
  OrganizationId organization;
  ReviewId id;
  std::int64_t version = 1;
  ReviewStatus status = ReviewStatus::open;
  PersonId subject;
  ReferralId referral;
  SourceRecordId record;
  std::string cause;  // guards, below_certain, too_close
  int urgency = 3;    // 0 stat, 1 asap, 2 urgent, 3 routine
  double score = 0;   // of the best option
  std::string source_name;
  std::vector<Option> options;
  std::vector<Decided> decisions;  // oldest first
  Instant opened_at{}, updated_at{};
};

// What happened to a person; both ids where there are two.
struct PersonEvent {
  OrganizationId organization;
  std::string type;  // person.linked, person.unlinked, person.merged, person.unmerged
  PersonId person;
  std::optional<PersonId> other;
  Json detail;  // ids and words, no personal data
  Instant at{};
};

}  // namespace handoff::people

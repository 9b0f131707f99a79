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

namespace handoff {

HANDOFF_ID(SplitId, "spl_");

}  // namespace handoff

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
  // The referral was corrected and speaks of somebody else now: kept, but evidence for nobody.
  bool superseded = false;
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

// Records that turned out to be another human being's, split off into a person of their own. Every link that was moved
// is listed as it was, so that undoing is exact.
struct Split {
  struct Moved {
    SourceRecordId record;
    ReferralId referral;
    PersonId home;
    bool home_doubtful = false;
    Origin origin = Origin::created;
  };
  OrganizationId organization;
  SplitId id;
  PersonId from, made;
  Text reason;
  Decider by;
  Instant at{};
  std::vector<Moved> moved;
  AssertionId assertion;  // that the two are different, from the same moment on
  std::optional<Instant> undone_at;
  Decider undone_by;
};

enum class ReviewKind : std::uint8_t {
  match,  // is the subject one of these?
  split,  // are these records of one person?
};
const char* word(ReviewKind kind);
std::optional<ReviewKind> review_kind_of(std::string_view word);

enum class ReviewStatus : std::uint8_t {
  open,
  unsure,         // looked at, and left for somebody who knows more; or two readers disagree
  second_reader,  // answered once; the answer is in force when somebody else gives the same one
  correction,     // what is written down is wrong: looked at anew when it has been corrected
  decided,        // by a person
  closed,         // by what happened meanwhile: a merge, a corrected registrant
};
const char* word(ReviewStatus status);
std::optional<ReviewStatus> review_status_of(std::string_view word);
inline bool is_waiting(ReviewStatus status) { return status < ReviewStatus::decided; }

// A question for a person. The referral goes on with the subject meanwhile.
struct Review {
  struct Option {
    PersonId person;
    std::string grade;
    double score = 0;  // probability
    Json explanation;
    std::optional<bool> same;  // what was decided about it
  };
  // Of a split: records that go together, and what speaks against their being the first part's.
  struct Part {
    std::vector<SourceRecordId> records;
    std::vector<ReferralId> referrals;
    double score = 0;  // probability that it is the first part's all the same
    Json explanation;  // null for the first part
  };
  struct Decided {
    std::string decision;                 // same, different, right, split, unsure, fix_data
    std::optional<PersonId> person;       // of fix_data: whose data are wrong
    std::vector<SourceRecordId> records;  // of split: those split off; of right: all that were looked at
    std::string reason;                   // as the reviewer wrote it
    Decider by;
    Instant at{};
    std::optional<MergeId> merge;
    std::vector<AssertionId> assertions;
    std::optional<SplitId> split;
    bool waits = false;                     // for a second reader
    std::optional<std::size_t> settled_by;  // which later answer was the second one: its place among the decisions
    std::optional<Instant> undone_at;
    Decider undone_by;
    std::string undone_why;
  };
  OrganizationId organization;
  ReviewId id;
  ReviewKind kind = ReviewKind::match;
  std::int64_t version = 1;
  ReviewStatus status = ReviewStatus::open;
  PersonId subject;
  ReferralId referral;
  SourceRecordId record;
  // Of a match: guards, too_close, below_certain; certain where it became so while it waited. Of a split: overlay.
  std::string cause;
  // What was compared and how it agreed, as a digest: over the same evidence nobody is asked twice.
  std::string evidence;
  std::string model_version;
  int urgency = 3;   // 0 stat, 1 asap, 2 urgent, 3 routine
  double score = 0;  // of the best option
  std::string source_name;
  std::vector<Option> options;
  std::vector<Part> parts;         // of a split, the largest first
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

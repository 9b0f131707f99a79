// What this room wants from storage. Reading is the same inside and outside of a unit of work, so that a search answers
// alike in both; a unit also writes, and sees what it and the commands before it in the same commit have written.
#pragma once

#include <memory>
#include <span>

#include "base/part.h"
#include "base/random.h"
#include "people/frequency.h"
#include "people/keys.h"
#include "people/model.h"
#include "people/person.h"

namespace handoff::people {

// A search looks at no more records than this; `truncated` says where it could have.
inline constexpr std::size_t candidates_max = 200;
// A key that more records share is crowded: it says too little, and what it holds is looked at only where nothing else
// found anybody.
inline constexpr std::size_t crowded_from = 51;
enum class Crowded : std::uint8_t { pass_over, look_in };

// A registrant made ready for searching and keeping: folded, with its keys. Made once, outside of any lock, because
// that is most of the work.
struct Prepared {
  Record record;
  std::vector<Key> probe;   // stored keys first
  std::vector<Key> stored;  // at most stored_keys_max
  std::string bytes;        // serialize(record)
};

// One stored record that shares a key with the probe.
struct Found {
  PersonId person;
  std::uint64_t record = 0;  // mark_of(its id)
  Record data;
};
struct Findings {
  std::vector<Found> records;  // each once, those that share the rarest keys first
  std::vector<Key> crowded;    // of the keys asked for
  bool truncated = false;      // more records than `max`
};
// What a source record is called beside its keys.
inline std::uint64_t mark_of(const SourceRecordId& id) { return hash_text(id.text()); }

// What is known of an organization's persons as a whole, counted now and then (decision 0011).
struct Population {
  double persons = 0;
  std::int64_t version = 0;  // of the counts; 0: not counted yet
  std::shared_ptr<const Frequencies> frequencies;
};

class Lookup {
 public:
  virtual ~Lookup() = default;
  // Records of this organization under any of the keys; at most `max`, and of a crowded key none, or so many that it is
  // seen to be crowded.
  virtual Result<Findings> find(const OrganizationId& organization, std::span<const Key> keys, std::size_t max,
                                Crowded crowded) = 0;
  // As the persons stand; what merged is answered as merged. Others' and unknown ones are left out.
  virtual Result<std::vector<Person>> persons(const OrganizationId& organization, std::span<const PersonId> ids) = 0;
  // A person's records, oldest first.
  virtual Result<std::vector<Link>> links(const OrganizationId& organization, const PersonId& person,
                                          std::size_t max) = 0;
  // The standing assertions about any of these persons or about somebody who was merged into one of them, by time.
  // Both ids are given as they stand today; what was said of two who are one by now is left out.
  virtual Result<std::vector<Assertion>> assertions(const OrganizationId& organization,
                                                    std::span<const PersonId> ids) = 0;
  virtual Result<Population> population(const OrganizationId& organization) = 0;
};

// A command that will add a registrant says so beforehand: the keys are locked in one order, so that two writers who
// meet the same person at the same moment see each other, and candidates of a whole batch are read at once.
struct PersonNeeds final : RoomNeeds {
  OrganizationId organization;  // whose person it will be; empty: the listing's
  ListingId listing;
  std::shared_ptr<const Prepared> prepared;
};

class Unit : public Lookup {
 public:
  virtual Instant now() const = 0;
  virtual Random& random() = 0;
  virtual Decider decider() const = 0;
  virtual const Model& model() const = 0;

  // Nobody else adds a record under these keys until the commit. To be asked before `find`.
  virtual Result<void> lock_keys(const OrganizationId& organization, std::span<const Key> keys) = 0;
  // As they stand, kept as they are until the commit: `change` keeps others from linking to them, too.
  virtual Result<std::vector<Person>> lock(const OrganizationId& organization, std::span<const PersonId> ids,
                                           bool change) = 0;
  // The records linked for a referral, oldest first.
  virtual Result<std::vector<Link>> links_of_referral(const OrganizationId& organization,
                                                      const ReferralId& referral) = 0;
  // Everybody whose chain of merges leads here, itself included.
  virtual Result<std::vector<PersonId>> merged_into(const OrganizationId& organization, const PersonId& person) = 0;
  virtual Result<std::optional<Merge>> merge(const OrganizationId& organization, const MergeId& id) = 0;
  virtual Result<std::optional<Review>> review(const OrganizationId& organization, const ReviewId& id) = 0;
  // Waiting reviews in which any of these persons is the subject or an option.
  virtual Result<std::vector<Review>> waiting_reviews(const OrganizationId& organization,
                                                      std::span<const PersonId> ids) = 0;
  // The others, the newest first, at most 200.
  virtual Result<std::vector<Review>> past_reviews(const OrganizationId& organization,
                                                   std::span<const PersonId> ids) = 0;
  virtual Result<std::optional<Split>> split(const OrganizationId& organization, const SplitId& id) = 0;

  virtual void save(const Person& person) = 0;
  virtual void add(const Link& link, const Prepared& prepared) = 0;
  // The record is no evidence any more; nobody finds it.
  virtual void supersede(const Link& link) = 0;
  // The same record, linked to whom it says now.
  virtual void move(const Link& link) = 0;
  virtual void save(const Assertion& assertion) = 0;
  virtual void save(const Merge& merge) = 0;
  virtual void save(const Review& review) = 0;
  virtual void save(const Split& split) = 0;
  virtual void add(const PersonEvent& event) = 0;
};

}  // namespace handoff::people

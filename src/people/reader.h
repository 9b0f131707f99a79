// Reading persons outside of any unit of work. Every question carries the organization that asks.
#pragma once

#include <array>

#include "people/figures.h"
#include "people/store.h"

namespace handoff::people {

template <class Item>
struct Page {
  std::vector<Item> items;
  std::optional<std::string> next_cursor;  // opaque; nothing at the end
};

// A referral of a person, as a reader of it wants to see the others.
struct ReferralOfPerson {
  ReferralId id;
  std::string number, status;
  Instant created_at{};
};
struct StreamEvent {
  std::string id;  // also the cursor behind it
  std::string type;
  std::string subject;
  std::optional<std::string> other;
  Json detail;
  Instant at{};
};
struct ReviewFilter {
  std::vector<ReviewStatus> statuses{ReviewStatus::open, ReviewStatus::unsure, ReviewStatus::second_reader,
                                     ReviewStatus::correction};
  std::optional<PersonId> person;
  std::optional<ReviewKind> kind;
  std::size_t limit = 50;
  std::optional<std::string> cursor;
};
struct ReviewFigures {
  std::array<std::int64_t, 4> waiting{};  // open, unsure, second_reader, correction
  std::int64_t waiting_splits = 0;        // of all these
  std::optional<Instant> oldest;
  std::vector<std::pair<std::string, std::int64_t>> by_source;
  std::array<std::int64_t, 4> by_age{};  // less than a day, than a week, than thirty days; longer
  std::vector<Band> bands;               // those that hold anything
  std::int64_t right = 0, split = 0;     // answers about splits
};

class Reader : public Lookup {
 public:
  virtual Result<Page<Person>> list(const OrganizationId& asking, std::optional<PersonStatus> status, std::size_t limit,
                                    const std::optional<std::string>& cursor) = 0;  // newest first
  // The registrants exactly as received, for these records.
  virtual Result<std::vector<std::pair<SourceRecordId, Private<Json>>>> registrants(
      const OrganizationId& asking, std::span<const SourceRecordId> records) = 0;
  virtual Result<Page<ReferralOfPerson>> referrals(const OrganizationId& asking, const PersonId& person,
                                                   std::size_t limit, const std::optional<std::string>& cursor) = 0;
  // Merges in which any of these persons took part, by time.
  virtual Result<std::vector<Merge>> merges(const OrganizationId& asking, const PersonId& person) = 0;
  virtual Result<Page<Assertion>> all_assertions(const OrganizationId& asking, std::size_t limit,
                                                 const std::optional<std::string>& cursor) = 0;
  virtual Result<Page<Review>> reviews(const OrganizationId& asking, const ReviewFilter& filter) = 0;
  virtual Result<std::optional<Review>> review(const OrganizationId& asking, const ReviewId& id) = 0;
  virtual Result<ReviewFigures> figures(const OrganizationId& asking, Instant now) = 0;
  // Splits in which this person took part, by time.
  virtual Result<std::vector<Split>> splits(const OrganizationId& asking, const PersonId& person) = 0;
  virtual Result<Page<StreamEvent>> events(const OrganizationId& asking, const PersonId& person, std::size_t limit,
                                           const std::optional<std::string>& cursor) = 0;  // oldest first
  // Everything told since `after` (an event's id; nothing: from now on), oldest first. Nothing that is still being
  // written is passed over.
  virtual Result<std::vector<StreamEvent>> stream(const OrganizationId& asking, const std::string& after,
                                                  std::size_t limit) = 0;
  virtual Result<std::string> stream_end(const OrganizationId& asking) = 0;
};

}  // namespace handoff::people

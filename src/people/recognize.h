// Recognizing a person: who of those known here it may be, and what follows from that for a record that has just come.
#pragma once

#include "people/policy.h"
#include "people/registrant.h"
#include "people/store.h"

namespace handoff::people {

// From the registrant of a referral ({firstName, lastName, birthDate, …}, contract section 2). Takes what it can read
// and passes over the rest.
Registrant registrant_of(const Json& registrant);
std::shared_ptr<const Prepared> prepare(const Registrant& registrant, Instant now);

struct Candidate {
  PersonId person;
  Assessment assessment;
  double score() const { return assessment.evidence.score.probability; }
};
struct Candidates {
  std::vector<Candidate> ranked;  // best first; those below `possible` are left out
  bool truncated = false;         // more records share a key than are looked at
  double persons = 0;             // the prior is one of these
  std::int64_t counts_version = 0;
  std::string model_version;
};

struct Search {
  std::size_t count = 10;      // candidates at most
  std::vector<PersonId> but;   // whom to leave out
  std::optional<PersonId> of;  // whose assertions bind; nobody's for a record that has just come
};
// Persons of the organization that the registrant may be. What each of them is known by: Lookup::links.
Result<Candidates> find_candidates(Lookup& lookup, const Model& model, const OrganizationId& organization,
                                   const Prepared& prepared, const Search& search = {});
inline Result<Candidates> find_candidates(Unit& unit, const OrganizationId& organization, const Prepared& prepared,
                                          const Search& search = {}) {
  return find_candidates(unit, unit.model(), organization, prepared, search);
}

// A source record on its way into the store.
struct Arrival {
  OrganizationId organization;
  SourceRecordId record;
  ReferralId referral;
  std::string method, source_name;
  int urgency = 3;  // of the referral, as Review::urgency
  std::shared_ptr<const Prepared> prepared;
};
struct Recognition {
  PersonId person;
  bool in_review = false;
};
// Links the record of a new referral: to the person it certainly is, else to a person of its own, with a review where
// there is a doubt. All of it in the unit's commit.
Result<Recognition> recognize(Unit& unit, const Arrival& arrival);
// Links it to a person that the caller has chosen, by a rule or a person's word.
Result<Recognition> link_to(Unit& unit, const Arrival& arrival, const PersonId& person, const Candidate* evidence,
                            Origin origin);
// The same for a referral whose registrant was changed: it stays with its person unless nothing else speaks for that.
Result<Recognition> recognize_again(Unit& unit, const Arrival& arrival);

}  // namespace handoff::people

// Recognizing a person: who of those known here it may be, and what follows from that for a record that has just come.
#pragma once

#include "people/registrant.h"
#include "people/search.h"

namespace handoff::people {

// From the registrant of a referral ({firstName, lastName, birthDate, …}, contract section 2). Takes what it can read
// and passes over the rest.
Registrant registrant_of(const Json& registrant);
std::shared_ptr<const Prepared> prepare(const Registrant& registrant, Instant now);

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

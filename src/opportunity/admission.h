// When an opportunity begins, what belongs to it, and how far it has come.
#pragma once

#include "opportunity/store.h"
#include "referral/store.h"

namespace handoff::opportunity {

// What a record system's chart says that concerns an admission. `app` fills it from a linked record.
struct ChartFacts {
  ChartKey key;
  std::string connection_name;
  Private<Json> registrant;  // {firstName, lastName, birthDate}
  std::vector<std::string> identifiers, record_numbers;
  Stage stage = Stage::pre_admission;  // pre_admission, admitted, discharged or closed
  std::optional<PersonId> person;
  bool person_in_review = false;
};

// An accepted referral of a listing that admits people has an opportunity from this moment on: one that a chart has
// begun already where it is surely or probably the same admission, else a new one. Does nothing where it has one.
void follow_referral(referral::Unit& unit, const referral::Referral* before, const referral::Referral& after);
// The same from the other side: the opportunity of the chart's stay, found, linked or made; its stage follows the
// chart. Answers its id.
IntakeOpportunityId follow_chart(referral::Unit& unit, const OrganizationId& organization, const ChartFacts& facts);

// A person has looked: the link stands, or the chart gets an opportunity of its own, whose id is answered.
// Errors: "opportunity.not_found", "opportunity.nothing_to_review".
Result<void> confirm_link(referral::Unit& unit, const IntakeOpportunityId& id);
Result<IntakeOpportunityId> separate_link(referral::Unit& unit, const IntakeOpportunityId& id);
// `other`, which has only a chart or only a referral, becomes part of `id`, which lacks it.
// Errors: "opportunity.not_found", "opportunity.cannot_be_joined".
Result<void> join(referral::Unit& unit, const IntakeOpportunityId& id, const IntakeOpportunityId& other);

// Lets opportunities follow a change of a referral after whatever else follows from it.
class Follow final : public referral::Consequences {
 public:
  explicit Follow(referral::Consequences& next) : next_(next) {}
  void follow(referral::Unit& unit, const referral::Referral* before, const referral::Referral& after,
              std::span<const referral::Event> events) override;

 private:
  referral::Consequences& next_;
};

}  // namespace handoff::opportunity

// Questions to people about persons: asked where the evidence leaves a doubt, looked at anew when what they rest on has
// changed, closed where nothing is left of them, and never asked a second time over the same evidence.
#pragma once

#include "people/recognize.h"

namespace handoff::people {

// What follows from the candidates, and those a person would have to look at.
struct Outcome {
  Decision decision;
  std::vector<Candidate> options;
};
Outcome decide_over(const Model& model, const Candidates& found);
// As it is kept with a link and an option.
Json explanation_of(const Candidate& candidate, const Model& model, const Candidates& found);

// Asks whether the subject is one of the options, or renews the question that stands; `outcome` has options. False
// where that was answered over the same evidence already, and nothing is asked.
Result<bool> ask(Unit& unit, const Arrival& arrival, const PersonId& subject, const Outcome& outcome,
                 const Candidates& found, std::optional<Review> standing);
void close(Unit& unit, Review& review);
// Whether anybody is asked who this referral is about.
Result<bool> is_asked(Unit& unit, const OrganizationId& organization, const PersonId& person,
                      const ReferralId& referral);

// Records of these persons have come, were corrected, or belong to somebody else by now: what waits about them is
// compared anew, but for the review `but`, and whoever has records that contradict each other is asked about.
Result<void> look_again(Unit& unit, const OrganizationId& organization, const std::vector<PersonId>& changed,
                        const std::optional<ReviewId>& but = {});
// The same where one record has come to a person: cheaper, because nothing else has changed.
Result<void> look_at_arrival(Unit& unit, const Link& link);
// One question alone, because the model is another one. Does nothing where it does not wait.
Result<void> look_again(Unit& unit, const OrganizationId& organization, const ReviewId& id);

// What a status follows from: the answers that stand.
ReviewStatus status_after(const Review& review);

}  // namespace handoff::people

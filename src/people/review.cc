#include "people/review.h"

#include <algorithm>
#include <array>

#include "people/question.h"
#include "people/split.h"
#include "people/steps.h"

namespace handoff::people {
namespace {

constexpr std::array verdict_words{"same", "different", "right", "split", "unsure", "fix_data"};

bool binds(Verdict verdict) { return verdict != Verdict::unsure && verdict != Verdict::fix_data; }

bool fits(ReviewKind kind, Verdict verdict) {
  if (!binds(verdict)) return true;
  const bool of_match = verdict == Verdict::same || verdict == Verdict::different;
  return of_match == (kind == ReviewKind::match);
}

bool stands(const Review::Decided& decided) { return !decided.undone_at && !decided.settled_by; }

Error other_question(ReviewKind kind) {
  return fault_error(
      {{"/decision", "review.other_question",
        kind == ReviewKind::match ? "The review asks whether two are one: answer same, different, unsure or fix_data."
                                  : "The review asks whether records are one person's: answer right, split, unsure or "
                                    "fix_data."}});
}

// The options a verdict is about, each with who goes on for it today.
using Open = std::vector<std::pair<Review::Option*, PersonId>>;

Result<Open> options_meant(Unit& unit, Review& review, const Answer& answer) {
  Open open;
  for (auto& option : review.options) {
    if (!option.same) open.emplace_back(&option, HANDOFF_TRY(standing_for(unit, review.organization, option.person)));
  }
  if (answer.person) {
    const PersonId& wanted = *answer.person;
    std::erase_if(open, [&](const auto& each) { return each.first->person != wanted && each.second != wanted; });
    if (open.empty())
      return fault_error(
          {{"/personId", "review.no_such_option", "This person is none of those the review still asks about."}});
  } else if (answer.verdict == Verdict::same && open.size() > 1) {
    return fault_error(
        {{"/personId", "review.which_person", "The review asks about several persons; name the one who is the same."}});
  }
  return open;
}

// Of fix_data: the subject, or an option by either of its names.
Result<PersonId> whose_data(Unit& unit, const Review& review, const PersonId& subject, const Answer& answer) {
  if (!answer.person || *answer.person == review.subject || *answer.person == subject) return subject;
  for (const auto& option : review.options) {
    const PersonId standing = HANDOFF_TRY(standing_for(unit, review.organization, option.person));
    if (option.person == *answer.person || standing == *answer.person) return standing;
  }
  return fault_error({{"/personId", "review.no_such_option", "This person is not one of those the review is about."}});
}

std::vector<SourceRecordId> all_but_first(const Review& review) {
  std::vector<SourceRecordId> out;
  for (std::size_t i = 1; i < review.parts.size(); ++i)
    out.insert(out.end(), review.parts[i].records.begin(), review.parts[i].records.end());
  return out;
}

bool same_answer(const Review::Decided& a, const Review::Decided& b) {
  return a.decision == b.decision && a.person == b.person && a.records == b.records;
}

// Whether the answer is in force now. Otherwise it waits, or contradicts one that waits.
Result<bool> is_second(Review& review, Review::Decided& decided) {
  bool agreed = false;
  for (const auto& earlier : review.decisions) {
    if (!stands(earlier) || !earlier.waits) continue;
    if (earlier.by.kind == decided.by.kind && earlier.by.id == decided.by.id)
      return conflict("review.needs_another_reader",
                      "You have answered this review already; somebody else has to give the second answer. Undo yours "
                      "first where it was wrong.");
    agreed = agreed || same_answer(earlier, decided);
  }
  decided.waits = !agreed;
  return agreed;
}

// What the answer does, once it is in force. Who has changed by it is answered.
Result<std::vector<PersonId>> carry_out(Unit& unit, Review& review, Review::Decided& decided, Verdict verdict,
                                        const PersonId& subject, const Open& open) {
  const OrganizationId& organization = review.organization;
  std::vector<PersonId> changed{subject};
  switch (verdict) {
    case Verdict::same: {
      const auto& [option, chosen] = open.front();
      if (chosen != subject)
        decided.merge = HANDOFF_TRY(merge_persons(unit, organization, chosen, subject, decided.reason, review.id)).id;
      option->same = true;
      changed.push_back(chosen);
      break;
    }
    case Verdict::different:
      for (const auto& [option, standing] : open) {
        if (standing == subject)
          return conflict("person.same_already",
                          "The two are one person already; undo their merge first (POST /persons/unmerge).");
      }
      for (const auto& [option, standing] : open) {
        decided.assertions.push_back(make_assertion(unit, organization, subject, standing, false, decided.reason).id);
        option->same = false;
      }
      break;
    case Verdict::split: {
      const Split done = HANDOFF_TRY(split_off(unit, organization, subject, decided.records, decided.reason));
      decided.split = done.id;
      changed.push_back(done.made);
      break;
    }
    case Verdict::right:
    case Verdict::unsure:
    case Verdict::fix_data: break;
  }
  return changed;
}

}  // namespace

const char* word(Verdict verdict) { return verdict_words[static_cast<std::size_t>(verdict)]; }
std::optional<Verdict> verdict_of(std::string_view word) {
  for (std::size_t i = 0; i < verdict_words.size(); ++i) {
    if (word == verdict_words[i]) return static_cast<Verdict>(i);
  }
  return std::nullopt;
}

Result<Review> decide_review(Unit& unit, const OrganizationId& organization, const ReviewId& id, const Answer& answer) {
  auto found = HANDOFF_TRY(unit.review(organization, id));
  if (!found) return not_found("review.not_found", "review");
  Review review = std::move(*found);
  if (!is_waiting(review.status)) {
    const std::string who =
        review.decisions.empty() ? std::string("what happened meanwhile") : review.decisions.back().by.name;
    return conflict("review.decided_already", "This review has been answered already, by " + who +
                                                  "; read it, and undo it first where the answer is wrong.");
  }
  const Verdict verdict = answer.verdict;
  if (!fits(review.kind, verdict)) return other_question(review.kind);
  const PersonId subject = HANDOFF_TRY(standing_for(unit, organization, review.subject));
  Review::Decided decided;
  decided.decision = word(verdict);
  decided.person = answer.person;
  decided.reason = answer.reason;
  decided.by = unit.decider();
  decided.at = unit.now();
  Open open;
  if (verdict == Verdict::same || verdict == Verdict::different) {
    open = HANDOFF_TRY(options_meant(unit, review, answer));
    if (verdict == Verdict::same || answer.person) decided.person = open.front().first->person;
  } else if (verdict == Verdict::fix_data) {
    decided.person = HANDOFF_TRY(whose_data(unit, review, subject, answer));
  } else if (verdict == Verdict::right) {
    for (const Link& link : HANDOFF_TRY(unit.links(organization, subject, person_records_max)))
      decided.records.push_back(link.record);
  } else if (verdict == Verdict::split) {
    decided.records = answer.records.empty() ? all_but_first(review) : answer.records;
    std::sort(decided.records.begin(), decided.records.end());
    decided.records.erase(std::unique(decided.records.begin(), decided.records.end()), decided.records.end());
  }
  const bool two = binds(verdict) && std::find(answer.two_readers_for.begin(), answer.two_readers_for.end(),
                                               review.cause) != answer.two_readers_for.end();
  const bool in_force = !two || HANDOFF_TRY(is_second(review, decided));
  std::vector<PersonId> changed;
  if (in_force) {
    changed = HANDOFF_TRY(carry_out(unit, review, decided, verdict, subject, open));
    for (auto& earlier : review.decisions) {
      if (binds(verdict) && stands(earlier) && earlier.waits) earlier.settled_by = review.decisions.size();
    }
  }
  review.decisions.push_back(std::move(decided));
  review.status = status_after(review);
  review.version += 1;
  review.updated_at = unit.now();
  unit.save(review);
  if (in_force && binds(verdict)) HANDOFF_TRY(look_again(unit, organization, changed, review.id));
  return review;
}

namespace {

// Questions that a merge had answered are as open as they were.
Result<void> reopen(Unit& unit, const OrganizationId& organization, const std::vector<ReviewId>& ids) {
  for (const ReviewId& id : ids) {
    auto review = HANDOFF_TRY(unit.review(organization, id));
    if (!review || review->status != ReviewStatus::closed) continue;
    const auto waiting = HANDOFF_TRY(unit.waiting_reviews(organization, std::span(&review->subject, 1)));
    const bool asked = std::any_of(waiting.begin(), waiting.end(), [&](const Review& other) {
      return other.kind == review->kind && other.referral == review->referral;
    });
    if (asked) continue;
    review->status = status_after(*review);
    review->version += 1;
    review->updated_at = unit.now();
    unit.save(*review);
  }
  return {};
}

}  // namespace

Result<Review> undo_review(Unit& unit, const OrganizationId& organization, const ReviewId& id,
                           const std::string& reason) {
  auto found = HANDOFF_TRY(unit.review(organization, id));
  if (!found) return not_found("review.not_found", "review");
  Review review = std::move(*found);
  const auto standing = std::find_if(review.decisions.rbegin(), review.decisions.rend(), stands);
  if (standing == review.decisions.rend() || review.status == ReviewStatus::closed)
    return conflict("review.not_decided", "Nobody has decided this review; there is nothing to take back.");
  standing->undone_at = unit.now();
  standing->undone_by = unit.decider();
  standing->undone_why = reason;
  const Review::Decided last = *standing;
  const auto place = static_cast<std::size_t>(standing.base() - review.decisions.begin()) - 1;
  for (auto& earlier : review.decisions) {
    if (earlier.settled_by == place) earlier.settled_by.reset();
  }
  std::vector<PersonId> changed{review.subject};
  if (last.merge) {
    auto done = HANDOFF_TRY(unit.merge(organization, *last.merge));
    HANDOFF_ASSERT(done.has_value());
    changed.push_back(done->survivor);
    changed.push_back(done->merged);
    if (!done->undone_at) {
      const auto answered = done->reviews;
      HANDOFF_TRY(cut(unit, std::move(*done)));
      HANDOFF_TRY(reopen(unit, organization, answered));
    }
  }
  for (const auto& assertion : last.assertions) HANDOFF_TRY(take_back(unit, organization, review.subject, assertion));
  if (last.split) {
    const auto split = HANDOFF_TRY(unit.split(organization, *last.split));
    HANDOFF_ASSERT(split.has_value());
    changed.push_back(split->made);
    if (!split->undone_at) HANDOFF_TRY(unsplit(unit, organization, *last.split));
  }
  const bool took_effect = !last.waits && (last.decision == "same" || last.decision == "different");
  for (auto& option : review.options) {
    const bool concerned = !last.person || option.person == *last.person;
    if (took_effect && concerned) option.same.reset();
  }
  review.status = status_after(review);
  review.version += 1;
  review.updated_at = unit.now();
  unit.save(review);
  if (!last.waits) HANDOFF_TRY(look_again(unit, organization, changed, review.id));
  return review;
}

}  // namespace handoff::people

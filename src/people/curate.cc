#include "people/curate.h"

#include <algorithm>
#include <set>

namespace handoff::people {
namespace {

// More than a person can look through; a merge of so many records is one all the same.
constexpr std::size_t records_max = 100'000;

Error conflict(const char* code, std::string sentence) {
  return Error{Kind::conflict, code, std::move(sentence), {}, {}};
}
Error not_found(const char* code, const char* what) {
  return Error{Kind::not_found, code, std::string("There is no such ") + what + " for this organization.", {}, {}};
}

void happened(Unit& unit, const OrganizationId& organization, const char* type, const PersonId& person,
              const PersonId& other, Json detail) {
  unit.add(PersonEvent{organization, type, person, other, std::move(detail), unit.now()});
}

void touch(Unit& unit, Person& person) {
  person.version += 1;
  person.updated_at = unit.now();
  unit.save(person);
}

// Both persons, locked in one order whoever asks.
Result<std::pair<Person, Person>> lock_both(Unit& unit, const OrganizationId& organization, const PersonId& a,
                                            const PersonId& b) {
  const std::vector<PersonId> ids{std::min(a, b), std::max(a, b)};
  const auto found = HANDOFF_TRY(unit.lock(organization, ids, true));
  const auto one = [&](const PersonId& id) {
    return std::find_if(found.begin(), found.end(), [&](const Person& person) { return person.id == id; });
  };
  if (one(a) == found.end() || one(b) == found.end()) return not_found("person.not_found", "person");
  return std::pair(*one(a), *one(b));
}

Error not_active(const Person& person) {
  if (person.status == PersonStatus::merged)
    return conflict("person.merged_already", "The person " + person.id.text() + " has become " +
                                                 person.merged_into->text() +
                                                 " already; read it again and decide about that one.");
  return conflict("person.inactive", "The person " + person.id.text() +
                                         " has no records any more: they turned out to be somebody else's.");
}

void close_review(Unit& unit, Review& review) {
  review.status = ReviewStatus::closed;
  review.version += 1;
  review.updated_at = unit.now();
  unit.save(review);
}

// Moves what the merged one has, and answers the questions that asked exactly this. `but`: a review whose own decision
// this is.
Result<Merge> merge_persons(Unit& unit, const OrganizationId& organization, const PersonId& survivor_id,
                            const PersonId& merged_id, const std::string& reason, const std::optional<ReviewId>& but) {
  if (survivor_id == merged_id) {
    return fault_error({{"/mergedId", "person.merge_with_itself", "Name two different persons."}});
  }
  auto [survivor, merged] = HANDOFF_TRY(lock_both(unit, organization, survivor_id, merged_id));
  if (survivor.status != PersonStatus::active) return not_active(survivor);
  if (merged.status != PersonStatus::active) return not_active(merged);

  Merge done;
  done.organization = organization;
  done.id = MergeId::make(unit.now(), unit.random());
  done.survivor = survivor_id;
  done.merged = merged_id;
  done.reason = Text(reason);
  done.by = unit.decider();
  done.at = unit.now();
  std::set<ReferralId> referrals;
  for (Link& link : HANDOFF_TRY(unit.links(organization, merged_id, records_max))) {
    link.person = survivor_id;
    done.records.push_back(link.record);
    referrals.insert(link.referral);
    unit.move(link);
  }
  done.referrals.assign(referrals.begin(), referrals.end());
  for (Review& review : HANDOFF_TRY(unit.waiting_reviews(organization, std::span(&merged_id, 1)))) {
    if (but && review.id == *but) continue;
    const auto is_pair = [&](const PersonId& person) {
      return (review.subject == merged_id && person == survivor_id) ||
             (review.subject == survivor_id && person == merged_id);
    };
    const bool answered = std::any_of(review.options.begin(), review.options.end(),
                                      [&](const Review::Option& option) { return is_pair(option.person); });
    if (!answered) continue;
    done.reviews.push_back(review.id);
    close_review(unit, review);
  }
  merged.status = PersonStatus::merged;
  merged.merged_into = survivor_id;
  touch(unit, merged);
  touch(unit, survivor);
  unit.save(done);
  happened(unit, organization, "person.merged", survivor_id, merged_id,
           Json::object({{"mergeId", done.id.text()}, {"records", done.records.size()}}));
  return done;
}

// Cuts one step of the tree of merges. Whoever was linked to the merged one, or to somebody merged into it, goes back
// with it, and nobody else: so merges are undone in any order.
Result<Unmerged> cut(Unit& unit, Merge done) {
  auto [survivor, merged] = HANDOFF_TRY(lock_both(unit, done.organization, done.survivor, done.merged));
  if (merged.status != PersonStatus::merged || merged.merged_into != done.survivor)
    return conflict("merge.undone_already", "This merge has been undone already.");
  // Where the records are now: with whoever goes on for the survivor today.
  const PersonId holder = HANDOFF_TRY(standing_for(unit, done.organization, done.survivor));
  (void)HANDOFF_TRY(unit.lock(done.organization, std::span(&holder, 1), true));
  const auto family = HANDOFF_TRY(unit.merged_into(done.organization, done.merged));
  Unmerged out;
  for (Link& link : HANDOFF_TRY(unit.links(done.organization, holder, records_max))) {
    if (std::find(family.begin(), family.end(), link.home) != family.end()) {
      link.person = done.merged;
      out.restored.push_back(link.record);
      unit.move(link);
    } else if (link.home_doubtful && link.at >= done.at) {
      out.undecided.push_back(link.record);
    }
  }
  merged.status = PersonStatus::active;
  merged.merged_into.reset();
  touch(unit, merged);
  touch(unit, survivor);
  done.undone_at = unit.now();
  done.undone_by = unit.decider();
  unit.save(done);
  happened(unit, done.organization, "person.unmerged", holder, done.merged,
           Json::object(
               {{"mergeId", done.id.text()}, {"records", out.restored.size()}, {"undecided", out.undecided.size()}}));
  out.merge = std::move(done);
  return out;
}

Assertion make_assertion(Unit& unit, const OrganizationId& organization, const PersonId& a, const PersonId& b,
                         bool same, const std::string& reason) {
  Assertion out;
  out.organization = organization;
  out.id = AssertionId::make(unit.now(), unit.random());
  out.a = a;
  out.b = b;
  out.same = same;
  out.reason = Text(reason);
  out.by = unit.decider();
  out.at = unit.now();
  unit.save(out);
  return out;
}

}  // namespace

Result<PersonId> standing_for(Lookup& lookup, const OrganizationId& organization, const PersonId& id) {
  PersonId at = id;
  for (;;) {
    const auto found = HANDOFF_TRY(lookup.persons(organization, std::span(&at, 1)));
    if (found.empty()) return not_found("person.not_found", "person");
    if (found.front().status != PersonStatus::merged) return at;
    at = *found.front().merged_into;
  }
}

Result<Merge> merge(Unit& unit, const OrganizationId& organization, const PersonId& survivor, const PersonId& merged,
                    const std::string& reason) {
  return merge_persons(unit, organization, survivor, merged, reason, std::nullopt);
}

Result<Unmerged> unmerge(Unit& unit, const OrganizationId& organization, const MergeId& id, const std::string& reason) {
  auto found = HANDOFF_TRY(unit.merge(organization, id));
  if (!found) return not_found("merge.not_found", "merge");
  if (found->undone_at) return conflict("merge.undone_already", "This merge has been undone already.");
  auto out = HANDOFF_TRY(cut(unit, std::move(*found)));
  // Otherwise the next search would find them alike and ask again, or worse.
  make_assertion(unit, organization, out.merge.survivor, out.merge.merged, false,
                 reason.empty() ? "The merge of the two was undone." : reason);
  return out;
}

Result<Asserted> assert_pair(Unit& unit, const OrganizationId& organization, const PersonId& a, const PersonId& b,
                             bool same, const std::string& reason) {
  if (a == b) return fault_error({{"/b", "person.merge_with_itself", "Name two different persons."}});
  auto [first, second] = HANDOFF_TRY(lock_both(unit, organization, a, b));
  if (first.status != PersonStatus::active) return not_active(first);
  if (second.status != PersonStatus::active) return not_active(second);
  Asserted out;
  if (same) {
    out.merge = HANDOFF_TRY(merge_persons(unit, organization, a, b, reason, std::nullopt)).id;
  } else {
    // The question whether they are the same has its answer.
    for (Review& review : HANDOFF_TRY(unit.waiting_reviews(organization, std::span(&a, 1)))) {
      bool touched = false;
      for (auto& option : review.options) {
        if (!((review.subject == a && option.person == b) || (review.subject == b && option.person == a))) continue;
        option.same = false;
        touched = true;
      }
      if (!touched) continue;
      const bool answered = std::all_of(review.options.begin(), review.options.end(),
                                        [](const Review::Option& option) { return option.same.has_value(); });
      if (answered) {
        close_review(unit, review);
      } else {
        review.version += 1;
        review.updated_at = unit.now();
        unit.save(review);
      }
    }
  }
  out.assertion = make_assertion(unit, organization, a, b, same, reason);
  return out;
}

Result<Review> decide_review(Unit& unit, const OrganizationId& organization, const ReviewId& id, Verdict verdict,
                             const std::optional<PersonId>& person, const std::string& reason) {
  auto found = HANDOFF_TRY(unit.review(organization, id));
  if (!found) return not_found("review.not_found", "review");
  Review review = std::move(*found);
  if (!is_waiting(review.status)) {
    const std::string who =
        review.decisions.empty() ? std::string("what happened meanwhile") : review.decisions.back().by.name;
    return conflict("review.decided_already", "This review has been answered already, by " + who +
                                                  "; read it, and undo it first where the answer is wrong.");
  }
  // Who goes on for them today, where somebody has been merged meanwhile.
  const PersonId subject = HANDOFF_TRY(standing_for(unit, organization, review.subject));
  std::vector<std::pair<Review::Option*, PersonId>> open;
  for (auto& option : review.options) {
    if (!option.same) open.emplace_back(&option, HANDOFF_TRY(standing_for(unit, organization, option.person)));
  }
  if (person) {
    std::erase_if(open, [&](const auto& each) { return each.first->person != *person && each.second != *person; });
    if (open.empty())
      return fault_error(
          {{"/personId", "review.no_such_option", "This person is none of those the review still asks about."}});
  } else if (verdict == Verdict::same && open.size() > 1) {
    return fault_error(
        {{"/personId", "review.which_person", "The review asks about several persons; name the one who is the same."}});
  }
  Review::Decided decided;
  decided.person = person;
  decided.reason = reason;
  decided.by = unit.decider();
  decided.at = unit.now();
  switch (verdict) {
    case Verdict::same: {
      decided.decision = "same";
      const auto& [option, chosen] = open.front();
      decided.person = option->person;
      if (chosen != subject)
        decided.merge = HANDOFF_TRY(merge_persons(unit, organization, chosen, subject, reason, review.id)).id;
      option->same = true;
      review.status = ReviewStatus::decided;
      break;
    }
    case Verdict::different: {
      decided.decision = "different";
      for (const auto& [option, standing] : open) {
        if (standing == subject)
          return conflict("person.same_already",
                          "The two are one person already; undo their merge first (POST /persons/unmerge).");
        decided.assertions.push_back(make_assertion(unit, organization, subject, standing, false, reason).id);
        option->same = false;
      }
      const bool all = std::all_of(review.options.begin(), review.options.end(),
                                   [](const Review::Option& option) { return option.same.has_value(); });
      if (all) review.status = ReviewStatus::decided;
      break;
    }
    case Verdict::unsure:
      decided.decision = "unsure";
      review.status = ReviewStatus::unsure;
      break;
  }
  review.decisions.push_back(std::move(decided));
  review.version += 1;
  review.updated_at = unit.now();
  unit.save(review);
  return review;
}

Result<Review> undo_review(Unit& unit, const OrganizationId& organization, const ReviewId& id,
                           const std::string& reason) {
  auto found = HANDOFF_TRY(unit.review(organization, id));
  if (!found) return not_found("review.not_found", "review");
  Review review = std::move(*found);
  const auto standing = std::find_if(review.decisions.rbegin(), review.decisions.rend(),
                                     [](const Review::Decided& decided) { return !decided.undone_at; });
  if (standing == review.decisions.rend() || review.status == ReviewStatus::closed)
    return conflict("review.not_decided", "Nobody has decided this review; there is nothing to take back.");
  standing->undone_at = unit.now();
  standing->undone_by = unit.decider();
  standing->undone_why = reason;
  const Review::Decided last = *standing;
  if (last.merge) {
    auto done = HANDOFF_TRY(unit.merge(organization, *last.merge));
    HANDOFF_ASSERT(done.has_value());
    if (!done->undone_at) HANDOFF_TRY(cut(unit, std::move(*done)));
  }
  for (const auto& assertion_id : last.assertions) {
    const PersonId subject = HANDOFF_TRY(standing_for(unit, organization, review.subject));
    for (auto& assertion : HANDOFF_TRY(unit.assertions(organization, std::span(&subject, 1)))) {
      if (assertion.id != assertion_id) continue;
      assertion.taken_back_at = unit.now();
      unit.save(assertion);
    }
  }
  for (auto& option : review.options) {
    const bool concerned = !last.person || option.person == *last.person;
    if (last.decision != "unsure" && concerned) option.same.reset();
  }
  review.status = ReviewStatus::open;
  for (const auto& earlier : review.decisions) {
    if (!earlier.undone_at && earlier.decision == "unsure") review.status = ReviewStatus::unsure;
  }
  review.version += 1;
  review.updated_at = unit.now();
  unit.save(review);
  return review;
}

}  // namespace handoff::people

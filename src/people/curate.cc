#include "people/curate.h"

#include <algorithm>
#include <set>

#include "people/question.h"
#include "people/steps.h"

namespace handoff::people {

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
  for (Link& link : HANDOFF_TRY(unit.links(organization, merged_id, person_records_max))) {
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
    close(unit, review);
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
  for (Link& link : HANDOFF_TRY(unit.links(done.organization, holder, person_records_max))) {
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

Result<void> take_back(Unit& unit, const OrganizationId& organization, const PersonId& about, const AssertionId& id) {
  const PersonId standing = HANDOFF_TRY(standing_for(unit, organization, about));
  for (auto& assertion : HANDOFF_TRY(unit.assertions(organization, std::span(&standing, 1)))) {
    if (assertion.id != id) continue;
    assertion.taken_back_at = unit.now();
    unit.save(assertion);
  }
  return {};
}

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
  auto done = HANDOFF_TRY(merge_persons(unit, organization, survivor, merged, reason, std::nullopt));
  HANDOFF_TRY(look_again(unit, organization, {survivor, merged}));
  return done;
}

namespace {

// Where an answer to a review made the merge, the answer has turned out wrong.
Result<void> forget_answer(Unit& unit, const Merge& merge) {
  for (Review& review : HANDOFF_TRY(unit.past_reviews(merge.organization, std::span(&merge.merged, 1)))) {
    for (auto& decided : review.decisions) {
      if (decided.merge != merge.id || decided.undone_at) continue;
      decided.undone_at = unit.now();
      decided.undone_by = unit.decider();
      decided.undone_why = "The merge was undone.";
      for (auto& option : review.options) {
        if (option.person == decided.person) option.same = false;
      }
      review.version += 1;
      review.updated_at = unit.now();
      unit.save(review);
    }
  }
  return {};
}

}  // namespace

Result<Unmerged> unmerge(Unit& unit, const OrganizationId& organization, const MergeId& id, const std::string& reason) {
  auto found = HANDOFF_TRY(unit.merge(organization, id));
  if (!found) return not_found("merge.not_found", "merge");
  if (found->undone_at) return conflict("merge.undone_already", "This merge has been undone already.");
  auto out = HANDOFF_TRY(cut(unit, std::move(*found)));
  // Otherwise the next search would find them alike and ask again, or worse.
  make_assertion(unit, organization, out.merge.survivor, out.merge.merged, false,
                 reason.empty() ? "The merge of the two was undone." : reason);
  HANDOFF_TRY(forget_answer(unit, out.merge));
  HANDOFF_TRY(look_again(unit, organization, {out.merge.survivor, out.merge.merged}));
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
        close(unit, review);
      } else {
        review.version += 1;
        review.updated_at = unit.now();
        unit.save(review);
      }
    }
  }
  out.assertion = make_assertion(unit, organization, a, b, same, reason);
  HANDOFF_TRY(look_again(unit, organization, {a, b}));
  return out;
}

}  // namespace handoff::people

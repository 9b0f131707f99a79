#include "people/split.h"

#include <algorithm>
#include <set>

#include "people/question.h"
#include "people/steps.h"

namespace handoff::people {
namespace {

void moved(Unit& unit, const Link& link, const PersonId& from, const SplitId& split) {
  const Json detail =
      Json::object({{"referralId", link.referral.text()}, {"recordId", link.record.text()}, {"splitId", split.text()}});
  happened(unit, link.organization, "person.unlinked", from, link.person, detail);
  Json origin = detail;
  origin.set("origin", word(link.origin));
  happened(unit, link.organization, "person.linked", link.person, from, std::move(origin));
}

}  // namespace

Result<Split> split_off(Unit& unit, const OrganizationId& organization, const PersonId& person,
                        const std::vector<SourceRecordId>& records, const std::string& reason) {
  auto locked = HANDOFF_TRY(unit.lock(organization, std::span(&person, 1), true));
  if (locked.empty()) return not_found("person.not_found", "person");
  Person from = std::move(locked.front());
  if (from.status != PersonStatus::active) return not_active(from);
  auto links = HANDOFF_TRY(unit.links(organization, person, person_records_max));
  // What a referral said earlier is about the same human being as what it says now.
  std::set<ReferralId> referrals;
  Faults faults;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const auto found =
        std::find_if(links.begin(), links.end(), [&](const Link& link) { return link.record == records[i]; });
    if (found == links.end()) {
      faults.push_back({"/recordIds/" + std::to_string(i), "split.not_its_record",
                        "The person has no such record; GET /persons/{personId} shows those it has."});
    } else {
      referrals.insert(found->referral);
    }
  }
  if (faults.empty() &&
      std::all_of(links.begin(), links.end(), [&](const Link& link) { return referrals.contains(link.referral); }))
    faults.push_back(
        {"/recordIds", "split.nothing_left", "At least the records of one referral have to stay with the person."});
  if (!faults.empty()) return fault_error(std::move(faults));

  Person made;
  made.organization = organization;
  made.id = PersonId::make(unit.now(), unit.random());
  made.created_at = made.updated_at = unit.now();
  unit.save(made);
  Split done;
  done.organization = organization;
  done.id = SplitId::make(unit.now(), unit.random());
  done.from = person;
  done.made = made.id;
  done.reason = Text(reason);
  done.by = unit.decider();
  done.at = unit.now();
  for (Link& link : links) {
    if (!referrals.contains(link.referral)) continue;
    done.moved.push_back({link.record, link.referral, link.home, link.home_doubtful, link.origin});
    link.person = link.home = made.id;
    link.home_doubtful = false;
    link.origin = Origin::human;
    unit.move(link);
    moved(unit, link, person, done.id);
  }
  touch(unit, from);
  // Otherwise the next search would find them alike and ask again, or worse.
  done.assertion = make_assertion(unit, organization, person, made.id, false, reason).id;
  unit.save(done);
  return done;
}

Result<Unsplit> unsplit(Unit& unit, const OrganizationId& organization, const SplitId& id) {
  auto found = HANDOFF_TRY(unit.split(organization, id));
  if (!found) return not_found("split.not_found", "split");
  Unsplit out;
  Split& done = out.split;
  done = *std::move(found);
  if (done.undone_at) return conflict("split.undone_already", "This split has been undone already.");
  std::set<PersonId> touched{done.from, done.made};
  for (const auto& each : done.moved) touched.insert(HANDOFF_TRY(standing_for(unit, organization, each.home)));
  const std::vector<PersonId> ids(touched.begin(), touched.end());
  auto persons = HANDOFF_TRY(unit.lock(organization, ids, true));
  for (const auto& each : done.moved) {
    for (Link& link : HANDOFF_TRY(unit.links_of_referral(organization, each.referral))) {
      if (link.record != each.record) continue;
      if (link.home != done.made) {
        out.undecided.push_back(link.record);
        continue;
      }
      const PersonId before = link.person;
      link.person = HANDOFF_TRY(standing_for(unit, organization, each.home));
      link.home = each.home;
      link.home_doubtful = each.home_doubtful;
      link.origin = each.origin;
      unit.move(link);
      if (link.person != before) moved(unit, link, before, done.id);
      out.restored.push_back(link.record);
    }
  }
  const PersonId holder = HANDOFF_TRY(standing_for(unit, organization, done.made));
  bool left = false;
  for (const Link& link : HANDOFF_TRY(unit.links(organization, holder, person_records_max))) {
    if (link.home != done.made) continue;
    left = true;
    out.undecided.push_back(link.record);
  }
  for (Person& person : persons) {
    // Nobody's any more: it was made for these records alone.
    if (person.id == done.made && person.status == PersonStatus::active && !left)
      person.status = PersonStatus::inactive;
    touch(unit, person);
  }
  HANDOFF_TRY(take_back(unit, organization, done.from, done.assertion));
  done.undone_at = unit.now();
  done.undone_by = unit.decider();
  unit.save(done);
  return out;
}

}  // namespace handoff::people

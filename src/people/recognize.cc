#include "people/recognize.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "people/question.h"

namespace handoff::people {
namespace {

// More of a person's records than this are not read to tell which half of a merge one belongs to.
constexpr std::size_t history_max = 64;

void happened(Unit& unit, const OrganizationId& organization, const char* type, const PersonId& person,
              const std::optional<PersonId>& other, Json detail) {
  unit.add(PersonEvent{organization, type, person, other, std::move(detail), unit.now()});
}

Link link_of(Unit& unit, const Arrival& arrival, const PersonId& person, Origin origin) {
  Link link;
  link.organization = arrival.organization;
  link.record = arrival.record;
  link.referral = arrival.referral;
  link.person = link.home = person;
  link.origin = origin;
  link.model_version = unit.model().version;
  link.method = arrival.method;
  link.source_name = arrival.source_name;
  link.at = unit.now();
  link.data = arrival.prepared->record;
  return link;
}

void linked(Unit& unit, const Link& link) {
  happened(
      unit, link.organization, "person.linked", link.person, std::nullopt,
      Json::object(
          {{"referralId", link.referral.text()}, {"recordId", link.record.text()}, {"origin", word(link.origin)}}));
}

PersonId new_person(Unit& unit, const OrganizationId& organization) {
  Person person;
  person.organization = organization;
  person.id = PersonId::make(unit.now(), unit.random());
  person.created_at = person.updated_at = unit.now();
  unit.save(person);
  return person.id;
}

// Which half of a merged person the record speaks of, so that undoing the merge takes it along. Nothing where the
// halves speak for it alike.
std::optional<PersonId> home_of(const Scorer& scorer, const Frequencies& frequencies, const Model& model,
                                const Prepared& probe, const std::vector<Link>& links) {
  std::map<PersonId, std::vector<Record>> halves;
  for (const auto& link : links) {
    if (!link.superseded) halves[link.home].push_back(link.data);
  }
  std::vector<std::pair<double, PersonId>> order;
  for (const auto& [home, records] : halves)
    order.emplace_back(assess_records(scorer, frequencies, probe, records).evidence.score.total_bits, home);
  std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  if (order.empty()) return std::nullopt;
  if (order.size() > 1 && order[0].first - order[1].first < model.policy.margin_bits) return std::nullopt;
  return order.front().second;
}

}  // namespace

Result<Recognition> link_to(Unit& unit, const Arrival& arrival, const PersonId& person, const Candidate* evidence,
                            Origin origin) {
  HANDOFF_TRY(unit.lock_keys(arrival.organization, arrival.prepared->stored));
  const auto standing = HANDOFF_TRY(unit.lock(arrival.organization, std::span(&person, 1), false));
  if (standing.empty() || standing.front().status != PersonStatus::active)
    return Error{Kind::conflict,
                 "person.merged_already",
                 "This person has become another one meanwhile; read it again, the answer names who goes on for it.",
                 {},
                 {}};
  Link link = link_of(unit, arrival, person, origin);
  if (evidence) {
    link.explanation = to_json(evidence->assessment, unit.model());
    link.explanation.set("grade", word(evidence->assessment.grade));
  }
  if (HANDOFF_TRY(unit.merged_into(arrival.organization, person)).size() > 1) {
    const auto links = HANDOFF_TRY(unit.links(arrival.organization, person, history_max));
    const Population population = HANDOFF_TRY(unit.population(arrival.organization));
    const ProbeFrequencies frequencies(population.frequencies, arrival.prepared->record);
    const Scorer scorer(unit.model(), frequencies, Prior::of_persons(std::max(population.persons, persons_least)));
    const auto home = home_of(scorer, frequencies, unit.model(), *arrival.prepared, links);
    link.home = home.value_or(person);
    link.home_doubtful = !home;
  }
  unit.add(link, *arrival.prepared);
  linked(unit, link);
  HANDOFF_TRY(look_at_arrival(unit, link));
  return Recognition{person, false};
}

Result<Recognition> recognize(Unit& unit, const Arrival& arrival) {
  HANDOFF_TRY(unit.lock_keys(arrival.organization, arrival.prepared->stored));
  const Candidates found = HANDOFF_TRY(find_candidates(unit, arrival.organization, *arrival.prepared));
  const Outcome outcome = decide_over(unit.model(), found);
  if (outcome.decision.kind == Decision::Kind::link) {
    Candidate best = outcome.options.front();
    auto done = link_to(unit, arrival, best.person, &best, Origin::automatic);
    // Merged away in this very moment: it gets a person of its own, and the question is asked.
    if (done || done.error().code != "person.merged_already") return done;
  }
  const PersonId own = new_person(unit, arrival.organization);
  Link link = link_of(unit, arrival, own, Origin::created);
  if (!outcome.options.empty()) link.explanation = explanation_of(outcome.options.front(), unit.model(), found);
  unit.add(link, *arrival.prepared);
  linked(unit, link);
  if (outcome.decision.kind == Decision::Kind::create) return Recognition{own, false};
  return Recognition{own, HANDOFF_TRY(ask(unit, arrival, own, outcome, found, std::nullopt))};
}

namespace {

Result<void> move_all(Unit& unit, std::vector<Link>& links, const PersonId& to, Origin origin) {
  for (Link& link : links) {
    if (link.person == to) continue;
    happened(unit, link.organization, "person.unlinked", link.person, to,
             Json::object({{"referralId", link.referral.text()}, {"recordId", link.record.text()}}));
    link.person = link.home = to;
    link.home_doubtful = false;
    link.origin = origin;
    unit.move(link);
    linked(unit, link);
  }
  return {};
}

// A person whose records have all turned out to be somebody else's.
void retire(Unit& unit, Person person) {
  person.status = PersonStatus::inactive;
  person.version += 1;
  person.updated_at = unit.now();
  unit.save(person);
}

}  // namespace

Result<Recognition> recognize_again(Unit& unit, const Arrival& arrival) {
  auto own_links = HANDOFF_TRY(unit.links_of_referral(arrival.organization, arrival.referral));
  if (own_links.empty()) return recognize(unit, arrival);
  HANDOFF_TRY(unit.lock_keys(arrival.organization, arrival.prepared->stored));
  const PersonId present = own_links.back().person;
  const auto locked = HANDOFF_TRY(unit.lock(arrival.organization, std::span(&present, 1), true));
  HANDOFF_ASSERT(!locked.empty());
  std::optional<Review> waiting;
  for (auto& review : HANDOFF_TRY(unit.waiting_reviews(arrival.organization, std::span(&present, 1)))) {
    if (review.kind == ReviewKind::match && review.subject == present && review.referral == arrival.referral)
      waiting = std::move(review);
  }
  const auto stay = [&](const Outcome* outcome, const Candidates* found) -> Result<Recognition> {
    Link link = link_of(unit, arrival, present, own_links.back().origin);
    link.home = own_links.back().home;
    link.home_doubtful = own_links.back().home_doubtful;
    unit.add(link, *arrival.prepared);
    linked(unit, link);
    std::optional<ReviewId> looked_at;
    if (waiting && outcome != nullptr) looked_at = waiting->id;
    if (outcome != nullptr && outcome->decision.kind != Decision::Kind::create) {
      HANDOFF_TRY(ask(unit, arrival, present, *outcome, *found, std::move(waiting)));
    } else if (looked_at) {
      close(unit, *waiting);
    }
    HANDOFF_TRY(look_again(unit, arrival.organization, {present}, looked_at));
    return Recognition{present, HANDOFF_TRY(is_asked(unit, arrival.organization, present, arrival.referral))};
  };
  const Population population = HANDOFF_TRY(unit.population(arrival.organization));
  const ProbeFrequencies frequencies(population.frequencies, arrival.prepared->record);
  const Scorer scorer(unit.model(), frequencies, Prior::of_persons(std::max(population.persons, persons_least)));
  const auto may_be = [&](std::span<const Record> records) {
    return assess_records(scorer, frequencies, *arrival.prepared, records).evidence.score.probability >=
           unit.model().policy.review;
  };
  // What the referral said before, where that was somebody else, must not bring that one here.
  for (Link& earlier : own_links) {
    if (earlier.superseded || may_be(std::span(&earlier.data, 1))) continue;
    earlier.superseded = true;
    unit.supersede(earlier);
  }
  // What a person has decided is not decided again by itself.
  const bool by_person = own_links.back().origin == Origin::human || own_links.back().home != present;
  if (by_person) return stay(nullptr, nullptr);

  std::vector<Record> others;
  for (const auto& link : HANDOFF_TRY(unit.links(arrival.organization, present, candidates_max))) {
    if (link.referral != arrival.referral && !link.superseded) others.push_back(link.data);
  }
  if (!others.empty() && may_be(others)) return stay(nullptr, nullptr);
  Search search;
  search.but = {present};
  search.of = present;
  const Candidates found = HANDOFF_TRY(find_candidates(unit, arrival.organization, *arrival.prepared, search));
  const Outcome outcome = decide_over(unit.model(), found);
  if (outcome.decision.kind == Decision::Kind::link) {
    Candidate best = outcome.options.front();
    auto done = link_to(unit, arrival, best.person, &best, Origin::automatic);
    if (done) {
      HANDOFF_TRY(move_all(unit, own_links, best.person, Origin::automatic));
      if (others.empty()) retire(unit, locked.front());
      if (waiting) close(unit, *waiting);
      HANDOFF_TRY(look_again(unit, arrival.organization, {present, best.person}));
      return done;
    }
    if (done.error().code != "person.merged_already") return done;
  }
  if (others.empty()) return stay(&outcome, &found);
  // It contradicts everything else that is known of this person: the referral was another one's all along.
  const PersonId own = new_person(unit, arrival.organization);
  HANDOFF_TRY(move_all(unit, own_links, own, Origin::created));
  Link link = link_of(unit, arrival, own, Origin::created);
  unit.add(link, *arrival.prepared);
  linked(unit, link);
  if (outcome.decision.kind != Decision::Kind::create) {
    HANDOFF_TRY(ask(unit, arrival, own, outcome, found, std::move(waiting)));
  } else if (waiting) {
    close(unit, *waiting);
  }
  HANDOFF_TRY(look_again(unit, arrival.organization, {present, own}));
  return Recognition{own, HANDOFF_TRY(is_asked(unit, arrival.organization, own, arrival.referral))};
}

}  // namespace handoff::people

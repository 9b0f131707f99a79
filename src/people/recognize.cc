#include "people/recognize.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

namespace handoff::people {
namespace {

// An organization that has just begun is not a village: those it will meet come from a town, and a prior that knew only
// the few on file would take every namesake for one of them.
constexpr double persons_least = 10'000;
// What of a person's records is compared in full; the rest of a long history says nothing that these do not.
constexpr std::size_t records_compared_max = 16;
constexpr std::size_t history_max = 64;

// Common values are counted now and then; of those that few persons share, everybody who has one stands among the
// candidates, because it is a key.
class CandidateFrequencies final : public Frequencies {
 public:
  explicit CandidateFrequencies(std::shared_ptr<const Frequencies> common) : common_(std::move(common)) {}

  void add(const PersonId& person, const Record& record) {
    for_each_value(record, [&](Value kind, std::uint64_t hash) {
      if (!shared_by_few(kind)) return;
      auto& persons = persons_[value_key(kind, hash)];
      persons.insert(person.text());
    });
  }

  std::uint32_t count(Value kind, std::uint64_t hash) const override {
    if (shared_by_few(kind)) {
      const auto found = persons_.find(value_key(kind, hash));
      return found == persons_.end() ? 0 : static_cast<std::uint32_t>(found->second.size());
    }
    return common_ ? common_->count(kind, hash) : 0;
  }
  std::uint32_t total(Value kind) const override { return common_ ? common_->total(kind) : 0; }

 private:
  static bool shared_by_few(Value kind) {
    return kind == Value::phone || kind == Value::email || kind == Value::address || kind == Value::identifier;
  }
  std::shared_ptr<const Frequencies> common_;
  std::unordered_map<std::uint64_t, std::unordered_set<std::string>> persons_;
};

struct Known {
  std::vector<Record> records;
  std::vector<KeyKind> keys;
};
using KnownPersons = std::map<PersonId, Known>;

void take(KnownPersons& into, CandidateFrequencies& frequencies, std::unordered_set<std::uint64_t>& seen,
          Findings&& found) {
  for (Found& each : found.records) {
    Known& known = into[each.person];
    for (const auto kind : each.keys) {
      if (std::find(known.keys.begin(), known.keys.end(), kind) == known.keys.end()) known.keys.push_back(kind);
    }
    if (!seen.insert(each.record).second) continue;
    frequencies.add(each.person, each.data);
    known.records.push_back(std::move(each.data));
  }
}

double bits_of(const Candidate& candidate) { return candidate.assessment.evidence.score.total_bits; }

// The records that speak loudest for it, in full.
Assessment assess_known(const Scorer& scorer, const Frequencies& frequencies, const Record& probe, const Known& known,
                        const Circumstances& circumstances) {
  if (known.records.size() <= records_compared_max)
    return assess_found(scorer, frequencies, probe, known.records, known.keys, circumstances);
  std::vector<std::pair<double, std::size_t>> order;
  for (std::size_t i = 0; i < known.records.size(); ++i)
    order.emplace_back(-scorer.score(probe, known.records[i]).total_bits, i);
  std::sort(order.begin(), order.end());
  std::vector<Record> loudest;
  for (std::size_t i = 0; i < records_compared_max; ++i) loudest.push_back(known.records[order[i].second]);
  return assess_found(scorer, frequencies, probe, loudest, known.keys, circumstances);
}

std::vector<Candidate> rank(const Scorer& scorer, const Frequencies& frequencies, const Record& probe,
                            const KnownPersons& persons, const std::set<PersonId>& barred, std::size_t count) {
  // A cheap look at everybody first; the full one costs ten times as much.
  const double review = scorer.model().policy.review, asked_from = std::log2(review / (1 - review));
  std::vector<std::pair<double, const KnownPersons::value_type*>> order;
  for (const auto& each : persons) {
    double best = -1e9;
    for (const auto& record : each.second.records) best = std::max(best, scorer.score(probe, record).total_bits);
    // What is far from being asked about is not looked at in full; several records may add up to more than each of
    // them.
    constexpr double adding_up = 15;
    if (best < asked_from - (each.second.records.size() > 1 ? adding_up : 0)) continue;
    order.emplace_back(best, &each);
  }
  // The best level of each field over several records is worth more than the best record alone.
  constexpr std::size_t more = 6;
  const std::size_t kept = std::min(order.size(), count + more);
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(kept), order.end(),
                    [](const auto& a, const auto& b) {
                      return a.first != b.first ? a.first > b.first : a.second->first < b.second->first;
                    });
  order.resize(kept);
  std::vector<Candidate> out;
  for (const auto& [bits, each] : order) {
    Circumstances circumstances;
    circumstances.asserted_different = barred.contains(each->first);
    Candidate candidate{each->first, assess_known(scorer, frequencies, probe, each->second, circumstances)};
    if (candidate.assessment.grade == Grade::none) continue;
    out.push_back(std::move(candidate));
  }
  std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return bits_of(a) > bits_of(b); });
  return out;
}

bool is_certain(const std::vector<Candidate>& ranked) {
  return !ranked.empty() && ranked.front().assessment.grade == Grade::certain;
}

}  // namespace

Result<Candidates> find_candidates(Lookup& lookup, const Model& model, const OrganizationId& organization,
                                   const Prepared& prepared, const Search& search) {
  const Population population = HANDOFF_TRY(lookup.population(organization));
  Candidates out;
  out.persons = std::max(population.persons, persons_least);
  out.counts_version = population.version;
  out.model_version = model.version;
  CandidateFrequencies frequencies(population.frequencies);
  const Scorer scorer(model, frequencies, Prior::of_persons(out.persons));
  const std::size_t count = std::max<std::size_t>(search.count, 2);  // the second best decides with the best

  std::set<PersonId> barred;
  if (search.of) {
    for (const auto& assertion : HANDOFF_TRY(lookup.assertions(organization, std::span(&*search.of, 1)))) {
      const PersonId& other = assertion.a == *search.of ? assertion.b : assertion.a;
      if (assertion.same)
        barred.erase(other);
      else
        barred.insert(other);
    }
  }
  KnownPersons persons;
  std::unordered_set<std::uint64_t> seen;
  const std::span<const Key> probe(prepared.probe);
  const std::size_t at_rest = std::min(prepared.stored.size(), probe.size());
  // What only an expansion finds shares no stored key with the probe and comes nowhere near somebody certain.
  for (const auto& keys : {probe.first(at_rest), probe.subspan(at_rest)}) {
    if (keys.empty() || seen.size() >= candidates_max) continue;
    auto found = HANDOFF_TRY(lookup.find(organization, keys, candidates_max - seen.size()));
    out.truncated = out.truncated || found.truncated;
    take(persons, frequencies, seen, std::move(found));
    for (const auto& left_out : search.but) persons.erase(left_out);
    out.ranked = rank(scorer, frequencies, prepared.record, persons, barred, count);
    if (is_certain(out.ranked)) break;
  }
  // Keys name persons as they stood when the key was written; an organization's wall is asked for by its own column.
  std::vector<PersonId> ids;
  for (const auto& candidate : out.ranked) ids.push_back(candidate.person);
  if (!ids.empty()) {
    const auto standing = HANDOFF_TRY(lookup.persons(organization, ids));
    std::erase_if(out.ranked, [&](const Candidate& candidate) {
      return std::none_of(standing.begin(), standing.end(), [&](const Person& person) {
        return person.id == candidate.person && person.status == PersonStatus::active;
      });
    });
  }
  if (out.ranked.size() > search.count) out.ranked.resize(search.count);
  return out;
}

namespace {

struct Outcome {
  Decision decision;
  std::vector<Candidate> options;  // those a person would have to look at
};

Outcome decide_over(const Model& model, const Candidates& found) {
  Outcome out;
  std::vector<Assessment> assessments;
  for (const auto& candidate : found.ranked) assessments.push_back(candidate.assessment);
  out.decision = decide(model, assessments);
  for (const auto& candidate : found.ranked) {
    if (candidate.assessment.grade != Grade::certainly_not && candidate.assessment.grade != Grade::none)
      out.options.push_back(candidate);
  }
  return out;
}

Json explanation_of(const Candidate& candidate, const Model& model, const Candidates& found) {
  Json out = to_json(candidate.assessment, model);
  out.set("grade", word(candidate.assessment.grade));
  out.set("persons", std::round(found.persons));
  out.set("countsVersion", found.counts_version);
  out.set("truncated", found.truncated);
  return out;
}

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

std::string cause_of(const Outcome& outcome) {
  const Candidate& best = outcome.options.front();
  if (!best.assessment.guards.empty()) return "guards";
  return outcome.decision.too_close ? "too_close" : "below_certain";
}

void ask(Unit& unit, const Arrival& arrival, const PersonId& subject, const Outcome& outcome, const Candidates& found,
         std::optional<Review> standing) {
  Review review;
  if (standing) {
    review = std::move(*standing);
    review.version += 1;
  } else {
    review.organization = arrival.organization;
    review.id = ReviewId::make(unit.now(), unit.random());
    review.opened_at = unit.now();
  }
  review.subject = subject;
  review.referral = arrival.referral;
  review.record = arrival.record;
  review.cause = cause_of(outcome);
  review.urgency = arrival.urgency;
  review.score = outcome.options.front().score();
  review.source_name = arrival.source_name;
  review.options.clear();
  for (const auto& candidate : outcome.options) {
    if (review.options.size() == 10) break;
    review.options.push_back({candidate.person, std::string(word(candidate.assessment.grade)), candidate.score(),
                              explanation_of(candidate, unit.model(), found), std::nullopt});
  }
  review.updated_at = unit.now();
  unit.save(review);
}

// Which half of a merged person the record speaks of, so that undoing the merge takes it along. Nothing where the
// halves speak for it alike.
std::optional<PersonId> home_of(const Scorer& scorer, const Frequencies& frequencies, const Model& model,
                                const Record& probe, const std::vector<Link>& links) {
  std::map<PersonId, Known> halves;
  for (const auto& link : links) halves[link.home].records.push_back(link.data);
  std::vector<std::pair<double, PersonId>> order;
  for (const auto& [home, known] : halves)
    order.emplace_back(assess_known(scorer, frequencies, probe, known, {}).evidence.score.total_bits, home);
  std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  if (order.empty()) return std::nullopt;
  if (order.size() > 1 && order[0].first - order[1].first < model.policy.margin_bits) return std::nullopt;
  return order.front().second;
}

}  // namespace

Result<Recognition> link_to(Unit& unit, const Arrival& arrival, const PersonId& person, const Candidate* evidence,
                            Origin origin) {
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
    CandidateFrequencies frequencies(population.frequencies);
    const Scorer scorer(unit.model(), frequencies, Prior::of_persons(std::max(population.persons, persons_least)));
    const auto home = home_of(scorer, frequencies, unit.model(), arrival.prepared->record, links);
    link.home = home.value_or(person);
    link.home_doubtful = !home;
  }
  unit.add(link, *arrival.prepared);
  linked(unit, link);
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
  ask(unit, arrival, own, outcome, found, std::nullopt);
  return Recognition{own, true};
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
    if (review.subject == present && review.referral == arrival.referral) waiting = std::move(review);
  }
  const auto stay = [&](const Outcome* outcome, const Candidates* found) -> Result<Recognition> {
    Link link = link_of(unit, arrival, present, own_links.back().origin);
    link.home = own_links.back().home;
    link.home_doubtful = own_links.back().home_doubtful;
    unit.add(link, *arrival.prepared);
    linked(unit, link);
    const bool doubt = outcome != nullptr && outcome->decision.kind != Decision::Kind::create;
    if (doubt) {
      ask(unit, arrival, present, *outcome, *found, std::move(waiting));
      return Recognition{present, true};
    }
    if (waiting && outcome != nullptr) {
      waiting->status = ReviewStatus::closed;
      waiting->version += 1;
      waiting->updated_at = unit.now();
      unit.save(*waiting);
      return Recognition{present, false};
    }
    return Recognition{present, waiting.has_value()};
  };
  // What a person has decided is not decided again by itself.
  const bool by_person = own_links.back().origin == Origin::human || own_links.back().home != present;
  if (by_person) return stay(nullptr, nullptr);

  Known others;
  for (const auto& link : HANDOFF_TRY(unit.links(arrival.organization, present, candidates_max))) {
    if (link.referral != arrival.referral) others.records.push_back(link.data);
  }
  if (!others.records.empty()) {
    const Population population = HANDOFF_TRY(unit.population(arrival.organization));
    CandidateFrequencies frequencies(population.frequencies);
    const Scorer scorer(unit.model(), frequencies, Prior::of_persons(std::max(population.persons, persons_least)));
    const auto with_others = assess_known(scorer, frequencies, arrival.prepared->record, others, {});
    if (with_others.evidence.score.probability >= unit.model().policy.review) return stay(nullptr, nullptr);
  }
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
      if (others.records.empty()) retire(unit, locked.front());
      if (waiting) {
        waiting->status = ReviewStatus::closed;
        waiting->version += 1;
        waiting->updated_at = unit.now();
        unit.save(*waiting);
      }
      return done;
    }
    if (done.error().code != "person.merged_already") return done;
  }
  if (others.records.empty()) return stay(&outcome, &found);
  // It contradicts everything else that is known of this person: the referral was another one's all along.
  const PersonId own = new_person(unit, arrival.organization);
  HANDOFF_TRY(move_all(unit, own_links, own, Origin::created));
  Link link = link_of(unit, arrival, own, Origin::created);
  unit.add(link, *arrival.prepared);
  linked(unit, link);
  if (outcome.decision.kind == Decision::Kind::create) return Recognition{own, false};
  ask(unit, arrival, own, outcome, found, std::move(waiting));
  return Recognition{own, true};
}

}  // namespace handoff::people

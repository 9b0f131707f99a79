#include "people/question.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "people/curate.h"
#include "people/overlay.h"

namespace handoff::people {
namespace {

constexpr std::size_t options_max = 10;
// Of a long history the referrals that came first; what waits about one person and is looked at in one commit.
constexpr std::size_t history_max = 64, waiting_max = 50;
constexpr const char* overlay_cause = "overlay";

std::string hex(std::uint64_t number) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (int shift = 60; shift >= 0; shift -= 4) out += digits[(number >> shift) & 15U];
  return out;
}

std::string cause_of(const Outcome& outcome) {
  const Candidate& best = outcome.options.front();
  if (!best.assessment.guards.empty()) return "guards";
  if (outcome.decision.too_close) return "too_close";
  return outcome.decision.kind == Decision::Kind::link ? "certain" : "below_certain";
}

// How the record and the options agree; numbers that only the population moves are left out.
std::string evidence_of(const Prepared& prepared, const std::vector<Candidate>& options) {
  std::uint64_t hash = hash_text(prepared.bytes);
  for (const auto& option : options) {
    hash = hash_text(option.person.text(), hash);
    std::vector<std::pair<int, int>> levels;
    for (const auto& line : option.assessment.evidence.fields)
      levels.emplace_back(static_cast<int>(line.field), line.level);
    std::sort(levels.begin(), levels.end());
    for (const auto& [field, level] : levels)
      hash = hash * 1099511628211ULL + static_cast<std::uint64_t>(field * 64 + level);
    for (const auto guard : option.assessment.guards) hash = hash_text(word(guard), hash);
  }
  return hex(hash);
}

std::shared_ptr<const Prepared> prepared_of(const Record& record) {
  auto prepared = std::make_shared<Prepared>();
  prepared->record = record;
  prepared->probe = probe_keys(record);
  prepared->stored = stored_keys(record);
  prepared->bytes = serialize(record);
  return prepared;
}

// What was answered about something else than what stands there now is no answer to it.
void void_waiting_answers(Unit& unit, Review& review) {
  for (auto& decided : review.decisions) {
    if (!decided.waits || decided.undone_at) continue;
    decided.undone_at = unit.now();
    decided.undone_by = {"rule", "evidence_changed", "handoff"};
    decided.undone_why = "What it was about has changed since.";
  }
}

void renew(Unit& unit, Review& review) {
  review.version += 1;
  review.updated_at = unit.now();
  unit.save(review);
}

bool is_among(const std::vector<PersonId>& persons, const PersonId& person) {
  return std::find(persons.begin(), persons.end(), person) != persons.end();
}

}  // namespace

Outcome decide_over(const Model& model, const Candidates& found) {
  Outcome out;
  std::vector<Assessment> assessments;
  for (const auto& candidate : found.ranked) assessments.push_back(candidate.assessment);
  out.decision = decide(model, assessments);
  for (const auto& candidate : found.ranked) {
    if (candidate.assessment.grade != Grade::certainly_not && candidate.assessment.grade != Grade::none)
      out.options.push_back(candidate);
  }
  if (out.options.size() > options_max) out.options.resize(options_max);
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

ReviewStatus status_after(const Review& review) {
  std::vector<const Review::Decided*> waiting;
  const Review::Decided* last = nullptr;
  bool unsure = false, answered = false;
  for (const auto& decided : review.decisions) {
    if (decided.undone_at || decided.settled_by) continue;
    last = &decided;
    if (decided.waits) waiting.push_back(&decided);
    unsure = unsure || decided.decision == "unsure";
    answered = answered || decided.decision == "right" || decided.decision == "split";
  }
  const bool decided = review.kind == ReviewKind::split
                           ? answered
                           : std::any_of(review.options.begin(), review.options.end(),
                                         [](const Review::Option& option) { return option.same == true; }) ||
                                 (!review.options.empty() &&
                                  std::all_of(review.options.begin(), review.options.end(),
                                              [](const Review::Option& option) { return option.same.has_value(); }));
  if (decided) return ReviewStatus::decided;
  if (last != nullptr && last->decision == "fix_data") return ReviewStatus::correction;
  if (unsure || waiting.size() > 1) return ReviewStatus::unsure;
  return waiting.empty() ? ReviewStatus::open : ReviewStatus::second_reader;
}

void close(Unit& unit, Review& review) {
  review.status = ReviewStatus::closed;
  renew(unit, review);
}

Result<bool> is_asked(Unit& unit, const OrganizationId& organization, const PersonId& person,
                      const ReferralId& referral) {
  const auto waiting = HANDOFF_TRY(unit.waiting_reviews(organization, std::span(&person, 1)));
  return std::any_of(waiting.begin(), waiting.end(), [&](const Review& review) {
    return review.kind == ReviewKind::match && review.referral == referral;
  });
}

Result<bool> ask(Unit& unit, const Arrival& arrival, const PersonId& subject, const Outcome& outcome,
                 const Candidates& found, std::optional<Review> standing) {
  const std::string evidence = evidence_of(*arrival.prepared, outcome.options);
  Review review;
  if (standing) {
    review = std::move(*standing);
    if (review.evidence == evidence && review.model_version == unit.model().version && review.subject == subject) {
      // Written down anew in the same words: nobody has to look at that.
      review.record = arrival.record;
      unit.save(review);
      return true;
    }
    if (review.evidence != evidence) {
      void_waiting_answers(unit, review);
      review.status = ReviewStatus::open;
    }
  } else {
    for (const Review& past : HANDOFF_TRY(unit.past_reviews(arrival.organization, std::span(&subject, 1)))) {
      if (past.referral == arrival.referral && past.evidence == evidence) return false;
    }
    review.organization = arrival.organization;
    review.id = ReviewId::make(unit.now(), unit.random());
    review.opened_at = unit.now();
    review.version = 0;
  }
  review.subject = subject;
  review.referral = arrival.referral;
  review.record = arrival.record;
  review.cause = cause_of(outcome);
  review.evidence = evidence;
  review.model_version = unit.model().version;
  review.urgency = arrival.urgency;
  review.score = outcome.options.front().score();
  review.source_name = arrival.source_name;
  // What people have said about an option stays to be read.
  std::vector<Review::Option> answered;
  for (auto& option : review.options) {
    if (option.same) answered.push_back(std::move(option));
  }
  review.options.clear();
  for (const auto& candidate : outcome.options) {
    review.options.push_back({candidate.person, std::string(word(candidate.assessment.grade)), candidate.score(),
                              explanation_of(candidate, unit.model(), found), std::nullopt});
  }
  review.options.insert(review.options.end(), std::make_move_iterator(answered.begin()),
                        std::make_move_iterator(answered.end()));
  renew(unit, review);
  return true;
}

namespace {

Result<void> look_at_match(Unit& unit, Review review, const std::vector<PersonId>& changed) {
  const OrganizationId& organization = review.organization;
  const PersonId subject = HANDOFF_TRY(standing_for(unit, organization, review.subject));
  const auto links = HANDOFF_TRY(unit.links_of_referral(organization, review.referral));
  if (links.empty() || links.back().person != subject) {
    close(unit, review);
    return {};
  }
  const Link& link = links.back();
  const Arrival arrival{organization,     link.record,    review.referral,       link.method,
                        link.source_name, review.urgency, prepared_of(link.data)};
  Search search;
  search.but = {subject};
  search.of = subject;
  const Candidates found = HANDOFF_TRY(find_candidates(unit, organization, *arrival.prepared, search));
  const Outcome outcome = decide_over(unit.model(), found);
  if (outcome.options.empty()) {
    std::erase_if(review.options, [](const Review::Option& option) { return !option.same; });
    void_waiting_answers(unit, review);
    review.status = review.options.empty() ? ReviewStatus::closed : ReviewStatus::decided;
    renew(unit, review);
    return {};
  }
  const bool as_it_was = review.evidence == evidence_of(*arrival.prepared, outcome.options) &&
                         review.model_version == unit.model().version && review.subject == subject;
  // Whoever was said to be written down wrongly has been written down anew.
  bool corrected = false;
  if (review.status == ReviewStatus::correction) {
    for (const auto& decided : review.decisions) {
      if (decided.undone_at || decided.decision != "fix_data" || !decided.person) continue;
      corrected = is_among(changed, HANDOFF_TRY(standing_for(unit, organization, *decided.person)));
    }
  }
  if (as_it_was && !corrected) return {};
  if (corrected) review.evidence.clear();
  HANDOFF_TRY(ask(unit, arrival, subject, outcome, found, std::move(review)));
  return {};
}

// Of each referral what it says today; those that came to one person by themselves, so that what people have joined is
// not asked about.
struct Told {
  std::vector<Link> links;  // oldest first
  std::vector<Record> records;
};

std::map<PersonId, Told> told_by_home(std::vector<Link> links) {
  std::map<ReferralId, std::size_t> newest;
  for (std::size_t i = 0; i < links.size(); ++i) newest[links[i].referral] = i;
  std::map<PersonId, Told> out;
  for (std::size_t i = 0; i < links.size(); ++i) {
    if (newest.at(links[i].referral) != i) continue;
    Told& told = out[links[i].home];
    told.records.push_back(links[i].data);
    told.links.push_back(std::move(links[i]));
  }
  return out;
}

// The two records, one of each part, that speak most against each other.
std::pair<std::size_t, std::size_t> furthest(const Scorer& scorer, const Told& told, const std::vector<std::size_t>& a,
                                             const std::vector<std::size_t>& b) {
  std::pair<std::size_t, std::size_t> out{a.front(), b.front()};
  double worst = 1e9;
  for (const auto i : a) {
    for (const auto j : b) {
      const double bits = scorer.score(told.records[i], told.records[j]).bits;
      if (bits >= worst) continue;
      worst = bits;
      out = {i, j};
    }
  }
  return out;
}

Result<void> look_for_split(Unit& unit, const OrganizationId& organization, const PersonId& person,
                            std::optional<Review> waiting, const std::vector<PersonId>& changed) {
  auto links = HANDOFF_TRY(unit.links(organization, person, history_max));
  // What a record says, whatever its id: one that was written anew with the same words is no other evidence.
  std::map<SourceRecordId, std::uint64_t> says;
  for (const Link& link : links) says[link.record] = hash_text(serialize(link.data));
  const auto by_home = told_by_home(std::move(links));
  const Population population = HANDOFF_TRY(unit.population(organization));
  const NoFrequencies none;
  const Frequencies& frequencies = population.frequencies ? *population.frequencies : none;
  const Scorer scorer(unit.model(), frequencies, Prior::of_persons(std::max(population.persons, persons_least)));
  std::vector<std::set<std::uint64_t>> right;  // what people have said is one person's, together
  bool asked_before = false;
  const auto agreed = [&](const SourceRecordId& a, const SourceRecordId& b) {
    return std::any_of(right.begin(), right.end(),
                       [&](const auto& set) { return set.contains(says.at(a)) && set.contains(says.at(b)); });
  };
  std::vector<std::vector<std::size_t>> parts;
  const Told* told = nullptr;
  for (const auto& [home, each] : by_home) {
    const auto split = [&] {
      return parts_of(scorer, frequencies, each.records,
                      [&](std::size_t a, std::size_t b) { return agreed(each.links[a].record, each.links[b].record); });
    };
    if (each.records.size() < 2) continue;
    parts = split();
    if (parts.size() > 1 && !asked_before) {
      asked_before = true;
      for (const Review& past : HANDOFF_TRY(unit.past_reviews(organization, std::span(&person, 1)))) {
        for (const auto& decided : past.decisions) {
          if (decided.decision != "right" || decided.undone_at || decided.waits || decided.settled_by) continue;
          std::set<std::uint64_t>& set = right.emplace_back();
          for (const auto& record : decided.records) {
            if (const auto found = says.find(record); found != says.end()) set.insert(found->second);
          }
        }
      }
      if (!right.empty()) parts = split();
    }
    if (parts.size() < 2) continue;
    told = &each;
    break;
  }
  if (told == nullptr) {
    if (waiting) close(unit, *waiting);
    return {};
  }
  Review review;
  if (waiting) {
    review = std::move(*waiting);
  } else {
    review.organization = organization;
    review.id = ReviewId::make(unit.now(), unit.random());
    review.kind = ReviewKind::split;
    review.version = 0;
    review.opened_at = unit.now();
  }
  std::uint64_t hash = hash_text(person.text());
  std::vector<Review::Part> shown;
  for (const auto& part : parts) {
    Review::Part& out = shown.emplace_back();
    for (const auto i : part) {
      out.records.push_back(told->links[i].record);
      out.referrals.push_back(told->links[i].referral);
      hash = hash * 1099511628211ULL + says.at(told->links[i].record);
    }
    if (&part == &parts.front()) continue;
    const auto [a, b] = furthest(scorer, *told, parts.front(), part);
    const Assessment assessment = assess(scorer, frequencies, told->records[a], told->records[b]);
    out.score = assessment.evidence.score.probability;
    out.explanation = to_json(assessment, unit.model());
  }
  const bool corrected = review.status == ReviewStatus::correction && is_among(changed, person);
  const std::string evidence = hex(hash);
  if (review.evidence == evidence && review.model_version == unit.model().version && review.subject == person &&
      !corrected)
    return {};
  if (review.evidence != evidence || corrected) {
    void_waiting_answers(unit, review);
    review.status = ReviewStatus::open;
  }
  review.evidence = evidence;
  review.model_version = unit.model().version;
  review.subject = person;
  review.cause = overlay_cause;
  review.parts = std::move(shown);
  // The newest of what does not fit is what brought it up.
  const Link* newest = nullptr;
  for (std::size_t i = 1; i < parts.size(); ++i) {
    for (const auto place : parts[i]) {
      if (newest == nullptr || newest->record < told->links[place].record) newest = &told->links[place];
    }
  }
  review.referral = newest->referral;
  review.record = newest->record;
  review.source_name = newest->source_name;
  review.score = review.parts[1].score;
  renew(unit, review);
  return {};
}

}  // namespace

Result<void> look_again(Unit& unit, const OrganizationId& organization, const std::vector<PersonId>& changed,
                        const std::optional<ReviewId>& but) {
  auto waiting = HANDOFF_TRY(unit.waiting_reviews(organization, changed));
  // The rest is left to the housekeeper, who looks at what no model has compared as it stands.
  for (std::size_t i = waiting_max; i < waiting.size(); ++i) {
    waiting[i].model_version.clear();
    unit.save(waiting[i]);
  }
  if (waiting.size() > waiting_max) waiting.resize(waiting_max);
  std::map<PersonId, Review> splits;
  for (Review& review : waiting) {
    if (review.kind == ReviewKind::split) {
      const PersonId subject = HANDOFF_TRY(standing_for(unit, organization, review.subject));
      if (!splits.emplace(subject, review).second) close(unit, review);  // of two that were merged
    } else if (review.id != but) {
      HANDOFF_TRY(look_at_match(unit, std::move(review), changed));
    }
  }
  std::set<PersonId> standing;
  for (const PersonId& person : changed) standing.insert(HANDOFF_TRY(standing_for(unit, organization, person)));
  for (const auto& [person, review] : splits) standing.insert(person);
  for (const PersonId& person : standing) {
    const auto found = splits.find(person);
    if (found != splits.end() && found->second.id == but) continue;
    HANDOFF_TRY(look_for_split(unit, organization, person,
                               found == splits.end() ? std::nullopt : std::optional(found->second), changed));
  }
  return {};
}

Result<void> look_at_arrival(Unit& unit, const Link& link) {
  constexpr std::size_t compared_max = 16;
  const std::string bytes = serialize(link.data);
  const auto others = HANDOFF_TRY(unit.links(link.organization, link.person, compared_max));
  const auto stands = [&](const Link& one) {
    return one.home == link.home && one.referral != link.referral &&
           std::none_of(others.begin(), others.end(),
                        [&](const Link& later) { return later.referral == one.referral && one.record < later.record; });
  };
  // What says the same as a record that stands there is no new evidence for anything.
  const bool nothing_new = std::any_of(
      others.begin(), others.end(), [&](const Link& other) { return stands(other) && serialize(other.data) == bytes; });
  if (nothing_new) return {};
  bool doubt = !HANDOFF_TRY(unit.waiting_reviews(link.organization, std::span(&link.person, 1))).empty();
  if (!doubt) {
    const Population population = HANDOFF_TRY(unit.population(link.organization));
    const NoFrequencies none;
    const Frequencies& frequencies = population.frequencies ? *population.frequencies : none;
    const Scorer scorer(unit.model(), frequencies, Prior::of_persons(std::max(population.persons, persons_least)));
    doubt = std::any_of(others.begin(), others.end(), [&](const Link& other) {
      return stands(other) && contradict(scorer, frequencies, link.data, other.data);
    });
  }
  if (doubt) HANDOFF_TRY(look_again(unit, link.organization, {link.person}));
  return {};
}

Result<void> look_again(Unit& unit, const OrganizationId& organization, const ReviewId& id) {
  auto review = HANDOFF_TRY(unit.review(organization, id));
  if (!review || !is_waiting(review->status)) return {};
  if (review->kind == ReviewKind::match) return look_at_match(unit, *std::move(review), {});
  const PersonId subject = HANDOFF_TRY(standing_for(unit, organization, review->subject));
  return look_for_split(unit, organization, subject, std::move(review), {});
}

}  // namespace handoff::people

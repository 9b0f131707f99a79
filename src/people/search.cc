#include "people/search.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

namespace handoff::people {
namespace {

// What of a person's records is compared in full; the rest of a long history says nothing that these do not.
constexpr std::size_t records_compared_max = 16;

double bits_of(const Candidate& candidate) { return candidate.assessment.evidence.score.total_bits; }

// Everybody that was found so far. The records stay where the store's answer put them: they are large. There are few
// enough to be looked through one by one.
class Known {
 public:
  struct Person {
    const PersonId* id;
    std::uint64_t mark;
    std::vector<const Record*> records;
    std::size_t scored = 0;  // of its records, under the counts of `counted`
    std::uint64_t counted = 0;
    double best_bits = 0;
  };

  void take(Findings&& found, const Search& search, ProbeFrequencies& frequencies) {
    answers_.push_back(std::move(found.records));
    for (const Found& each : answers_.back()) {
      if (std::find(seen_.begin(), seen_.end(), each.record) != seen_.end()) continue;
      seen_.push_back(each.record);
      const std::uint64_t mark = hash_text(each.person.text());
      frequencies.add(mark, each.data);
      if (std::find(search.but.begin(), search.but.end(), each.person) != search.but.end()) continue;
      const auto known =
          std::find_if(persons_.begin(), persons_.end(), [&](const Person& person) { return person.mark == mark; });
      if (known == persons_.end())
        persons_.push_back({&each.person, mark, {&each.data}, 0, 0, 0});
      else
        known->records.push_back(&each.data);
    }
  }
  std::vector<Person>& persons() { return persons_; }
  std::size_t records() const { return seen_.size(); }

 private:
  std::vector<std::vector<Found>> answers_;
  std::vector<Person> persons_;
  std::vector<std::uint64_t> seen_;
};

// The best of a person's records, each looked at once unless counts have changed.
double best_bits(const Scorer& scorer, const ProbeFrequencies& frequencies, const Prepared& probe,
                 Known::Person& person) {
  if (person.counted != frequencies.version()) person.scored = 0;
  person.counted = frequencies.version();
  for (; person.scored < person.records.size(); ++person.scored) {
    const double bits = scorer.score(probe.record, *person.records[person.scored]).total_bits;
    person.best_bits = person.scored == 0 ? bits : std::max(person.best_bits, bits);
  }
  return person.best_bits;
}

std::vector<Candidate> rank(const Scorer& scorer, const ProbeFrequencies& frequencies, const Prepared& probe,
                            Known& known, const std::set<PersonId>& barred, std::size_t count) {
  // A cheap look at everybody first; the full one costs ten times as much.
  const double review = scorer.model().policy.review, asked_from = std::log2(review / (1 - review));
  std::vector<std::pair<double, const Known::Person*>> order;
  for (auto& each : known.persons()) {
    const double best = best_bits(scorer, frequencies, probe, each);
    // What is far from being asked about is not looked at in full; several records may add up to more than each of
    // them.
    constexpr double adding_up = 15;
    if (best < asked_from - (each.records.size() > 1 ? adding_up : 0)) continue;
    order.emplace_back(best, &each);
  }
  // The best level of each field over several records is worth more than the best record alone.
  constexpr std::size_t more = 6;
  const std::size_t kept = std::min(order.size(), count + more);
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(kept), order.end(),
                    [](const auto& a, const auto& b) {
                      return a.first != b.first ? a.first > b.first : *a.second->id < *b.second->id;
                    });
  order.resize(kept);
  std::vector<Candidate> out;
  for (const auto& [bits, each] : order) {
    Circumstances circumstances;
    circumstances.asserted_different = barred.contains(*each->id);
    std::vector<Record> several;
    for (std::size_t i = 0; each->records.size() > 1 && i < each->records.size(); ++i)
      several.push_back(*each->records[i]);
    const auto records = several.empty() ? std::span(each->records.front(), 1) : std::span<const Record>(several);
    Candidate candidate{*each->id, assess_records(scorer, frequencies, probe, records, circumstances)};
    if (candidate.assessment.grade == Grade::none) continue;
    out.push_back(std::move(candidate));
  }
  std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return bits_of(a) > bits_of(b); });
  return out;
}

bool is_certain(const std::vector<Candidate>& ranked) {
  return !ranked.empty() && ranked.front().assessment.grade == Grade::certain;
}

// First what few share, the values among it that weigh less the more persons have them: all of these are counted before
// anybody is believed. Then whoever bears the name, or was born on the same day.
std::size_t round_of(KeyKind kind) {
  return is_telling(kind) ? 0 : kind == KeyKind::names || kind == KeyKind::birth_initial ? 1 : 2;
}
// Certain, and so far beyond it that whoever came within the margin would be certain himself, which nobody is who
// shares neither identifier, telephone, e-mail, house nor birth date with both initials.
bool is_beyond_doubt(const Policy& policy, const std::vector<Candidate>& ranked) {
  return is_certain(ranked) &&
         bits_of(ranked.front()) >= std::log2(policy.certain / (1 - policy.certain)) + policy.margin_bits;
}

KeyKind key_kind_of(Value kind) {
  switch (kind) {
    case Value::phone: return KeyKind::phone;
    case Value::email: return KeyKind::email;
    case Value::address: return KeyKind::address;
    default: return KeyKind::identifier;
  }
}
bool shared_by_few(Value kind) {
  return kind == Value::phone || kind == Value::email || kind == Value::address || kind == Value::identifier;
}

}  // namespace

ProbeFrequencies::ProbeFrequencies(std::shared_ptr<const Frequencies> common, const Record& probe)
    : common_(std::move(common)) {
  for_each_shared(probe, [&](Value kind, std::uint64_t hash) {
    shared_.push_back({value_key(kind, hash), key_kind_of(kind), kind == Value::phone ? phone_key(hash).hash : 0, {}});
  });
}

void ProbeFrequencies::add(std::uint64_t person, const Record& record) {
  const auto has = [&](Value kind, std::uint64_t hash) {
    const std::uint64_t value = value_key(kind, hash);
    for (auto& shared : shared_) {
      if (shared.value != value) continue;
      if (std::find(shared.persons.begin(), shared.persons.end(), person) == shared.persons.end())
        shared.persons.push_back(person), ++version_;
    }
  };
  if (!shared_.empty()) for_each_shared(record, has);
}

void ProbeFrequencies::crowded(const Key& key) {
  for (auto& shared : shared_) {
    if (shared.kind == key.kind && (shared.key == 0 || shared.key == key.hash)) shared.crowded = true, ++version_;
  }
}

std::uint32_t ProbeFrequencies::count(Value kind, std::uint64_t hash) const {
  if (!shared_by_few(kind)) return common_ ? common_->count(kind, hash) : 0;
  const std::uint64_t value = value_key(kind, hash);
  for (const auto& shared : shared_) {
    if (shared.value != value) continue;
    const auto counted = static_cast<std::uint32_t>(shared.persons.size());
    return shared.crowded ? std::max<std::uint32_t>(counted, crowded_from) : counted;
  }
  return 0;
}

Assessment assess_records(const Scorer& scorer, const Frequencies& frequencies, const Prepared& probe,
                          std::span<const Record> records, const Circumstances& circumstances) {
  std::vector<Record> loudest;
  if (records.size() > records_compared_max) {
    std::vector<std::pair<double, std::size_t>> order;
    for (std::size_t i = 0; i < records.size(); ++i)
      order.emplace_back(-scorer.score(probe.record, records[i]).total_bits, i);
    std::sort(order.begin(), order.end());
    for (std::size_t i = 0; i < records_compared_max; ++i) loudest.push_back(records[order[i].second]);
    records = loudest;
  }
  return assess_found(scorer, frequencies, probe.record, records, circumstances);
}

Result<Candidates> find_candidates(Lookup& lookup, const Model& model, const OrganizationId& organization,
                                   const Prepared& prepared, const Search& search) {
  const Population population = HANDOFF_TRY(lookup.population(organization));
  Candidates out;
  out.persons = std::max(population.persons, persons_least);
  out.counts_version = population.version;
  out.model_version = model.version;
  ProbeFrequencies frequencies(population.frequencies, prepared.record);
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
  // The stored keys that tell most, the names, the other stored ones, the expansions: what only a later round finds
  // shares less and less with the probe.
  std::array<std::vector<Key>, 4> rounds;
  for (const Key& key : prepared.stored) rounds[round_of(key.kind)].push_back(key);
  for (const Key& key : prepared.probe) {
    if (std::find(prepared.stored.begin(), prepared.stored.end(), key) == prepared.stored.end())
      rounds.back().push_back(key);
  }
  Known known;
  bool passed_over = false;
  const auto look = [&](std::span<const Key> keys, Crowded crowded) -> Result<void> {
    auto found = HANDOFF_TRY(lookup.find(organization, keys, candidates_max - known.records(), crowded));
    out.truncated = out.truncated || found.truncated;
    passed_over = passed_over || !found.crowded.empty();
    for (const Key& key : found.crowded) frequencies.crowded(key);
    known.take(std::move(found), search, frequencies);
    out.ranked = rank(scorer, frequencies, prepared, known, barred, count);
    return {};
  };
  for (const auto& keys : rounds) {
    if (keys.empty() || known.records() >= candidates_max) continue;
    HANDOFF_TRY(look(keys, Crowded::pass_over));
    if (&keys == &rounds.front() ? is_beyond_doubt(model.policy, out.ranked) : is_certain(out.ranked)) break;
  }
  const bool last_resort = known.persons().empty() && passed_over;
  if (last_resort) HANDOFF_TRY(look(prepared.stored, Crowded::look_in));
  out.truncated = out.truncated || (passed_over && (last_resort || !is_certain(out.ranked)));
  if (out.ranked.size() > search.count) out.ranked.resize(search.count);
  for (auto& candidate : out.ranked) {
    for (const auto& person : known.persons()) {
      if (*person.id != candidate.person) continue;
      for (const auto* record : person.records) add_shared_kinds(prepared.probe, *record, candidate.assessment.keys);
    }
  }
  return out;
}

}  // namespace handoff::people

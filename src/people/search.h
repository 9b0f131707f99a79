// Searching: who of those known here a registrant may be, best first, each with its evidence.
#pragma once

#include "people/policy.h"
#include "people/store.h"

namespace handoff::people {

// An organization that has just begun is not a village: those it will meet come from a town, and a prior that knew only
// the few on file would take every namesake for one of them.
inline constexpr double persons_least = 10'000;

struct Candidate {
  PersonId person;
  Assessment assessment;
  double score() const { return assessment.evidence.score.probability; }
};
struct Candidates {
  std::vector<Candidate> ranked;  // best first; those below `possible` are left out
  // There were more records that share a key than are looked at; those of a crowded key only count where nobody certain
  // was found otherwise.
  bool truncated = false;
  double persons = 0;  // the prior is one of these
  std::int64_t counts_version = 0;
  std::string model_version;
};

struct Search {
  std::size_t count = 10;      // candidates at most
  std::vector<PersonId> but;   // whom to leave out
  std::optional<PersonId> of;  // whose assertions bind; nobody's for a record that has just come
};
// Persons of the organization that the registrant may be. What each of them is known by: Lookup::links.
Result<Candidates> find_candidates(Lookup& lookup, const Model& model, const OrganizationId& organization,
                                   const Prepared& prepared, const Search& search = {});
inline Result<Candidates> find_candidates(Unit& unit, const OrganizationId& organization, const Prepared& prepared,
                                          const Search& search = {}) {
  return find_candidates(unit, unit.model(), organization, prepared, search);
}

// How common the values of one probe are. Common ones are counted now and then for the organization; of those that few
// persons share (telephone, e-mail, house, identifier), everybody who has one stands among the candidates, because it
// is a key, and only the probe's own are ever asked for.
class ProbeFrequencies final : public Frequencies {
 public:
  ProbeFrequencies(std::shared_ptr<const Frequencies> common, const Record& probe);
  // Every record of every candidate, once. `person` is a hash of who it is.
  void add(std::uint64_t person, const Record& record);
  // So many share the key that they were not looked at.
  void crowded(const Key& key);
  // Another number whenever a count has changed.
  std::uint64_t version() const { return version_; }
  std::uint32_t count(Value kind, std::uint64_t hash) const override;
  std::uint32_t total(Value kind) const override { return common_ ? common_->total(kind) : 0; }

 private:
  struct Shared {
    std::uint64_t value;
    KeyKind kind;
    std::uint64_t key;  // 0: any of the kind
    std::vector<std::uint64_t> persons;
    bool crowded = false;
  };
  std::shared_ptr<const Frequencies> common_;
  std::vector<Shared> shared_;
  std::uint64_t version_ = 1;
};

// The evidence for a person of these records (not empty). Of many, those that speak loudest are compared in full.
Assessment assess_records(const Scorer& scorer, const Frequencies& frequencies, const Prepared& probe,
                          std::span<const Record> records, const Circumstances& circumstances = {});

}  // namespace handoff::people

// What follows from a score: link, ask a person, or another person. Deterministic combinations of agreeing fields run
// beside the score and are named in the explanation; they never skip a guard.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "people/guards.h"
#include "people/keys.h"
#include "people/score.h"

namespace handoff::people {

// As FHIR names them. certainly_not is only ever a person's word.
enum class Grade : std::uint8_t { certain, probable, possible, none, certainly_not };
std::string_view word(Grade grade);

// A combination of fields that identifies by itself, at most one of them not quite equal.
struct Rule {
  std::string_view id;  // "first+last+birth+phone"
  bool fuzzy = false;
};
std::optional<Rule> deterministic_rule(const Comparison& comparison, const Record& a, const Record& b);

struct Assessment {
  Grade grade = Grade::none;
  Evidence evidence;
  std::vector<Guard> guards;
  std::optional<Rule> rule;
  std::vector<KeyKind> keys;  // which keys found the candidate
};

Assessment assess(const Scorer& scorer, const Frequencies& frequencies, const Record& probe, const Record& candidate,
                  const Circumstances& circumstances = {});
// The same for a person with several records: best level of each field, guards of each record, the given candidates'
// own circumstances. `records` is not empty.
Assessment assess_person(const Scorer& scorer, const Frequencies& frequencies, const Record& probe,
                         std::span<const Record> records, const Circumstances& circumstances = {});
// The same without the keys, which are told for whoever is shown.
Assessment assess_found(const Scorer& scorer, const Frequencies& frequencies, const Record& probe,
                        std::span<const Record> records, const Circumstances& circumstances = {});

// What to do with the candidates, best first.
struct Decision {
  enum class Kind : std::uint8_t { link, review, create };
  Kind kind = Kind::create;
  bool too_close = false;  // the two best differ by less than the margin
};
Decision decide(const Model& model, std::span<const Assessment> ranked);

// {fields: [{field, level, bits, frequencyBits, runningBits}], guards, keys, rule, …}: carries no personal data.
Json to_json(const Assessment& assessment, const Model& model);

}  // namespace handoff::people

// From a referral to a destination's fields, by rules that are data: a source, a few named transforms, a target.
// Whatever finds no field goes under its label into the destination's note, so that nothing a person wrote disappears.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "referral/snapshot.h"

namespace handoff::exchange {

// What an update does with a field.
enum class WritePolicy {
  always,           // says how it stands now; a value that was removed is blanked out
  once,             // only a create writes it
  if_empty,         // written the first time there is a value, never over one that was sent
  never_blank_out,  // a new value is written, a removed one is left standing
};
enum class ValueType { text, integer, number, boolean, list };

// One named, pure step on a text. On a value of several texts each is changed by itself; `join` makes them one.
struct Transform {
  enum class Kind { upper, lower, trim, digits, date, prefix, suffix, join } kind = Kind::trim;
  std::string argument;  // of date, prefix, suffix, join
};

struct FieldRule {
  std::string target;                         // "firstName"; dots lead into nested objects
  std::string label;                          // as the destination's people know it: "Date of Birth"
  std::vector<std::string> aliases;           // other words for it in the destination's refusals
  std::string source;                         // "registrant.firstName", or "{requester.firstName} {requester.lastName}"
  std::vector<Transform> transforms;          // in order
  std::map<std::string, std::string> values;  // where not empty: our value to theirs; "*" catches the rest
  std::optional<std::string> fallback;        // written where the source has no value
  bool required = false;
  std::optional<std::size_t> length_max;  // in characters
  WritePolicy write = WritePolicy::always;
  ValueType type = ValueType::text;
};

// Where everything without a field goes.
struct NoteRule {
  std::string target;
  std::string label;
  std::optional<std::size_t> length_max;
};

struct Mapping {
  std::vector<FieldRule> fields;
  std::optional<NoteRule> note;
};

// What stands around one delivery.
struct MapContext {
  std::map<std::string, std::string, std::less<>> variables;  // names that are no data of the referral: "mark"
  std::string destination;                                    // its name, for sentences
  bool update = false;
  std::set<std::string, std::less<>> filled;   // targets that an earlier delivery gave a value
  std::set<std::string, std::less<>> told;     // paths of data that arrive in a place of their own, beside the fields
  std::vector<std::string> notices;            // sentences the note begins with
  bool summary_follows = true;                 // the PDF carries what a note has no room for
  std::optional<std::size_t> note_length_max;  // tighter than the rule's own
};

struct MappedValue {
  std::string target;
  Json value;  // null: blank it out
};
struct Mapped {
  std::vector<MappedValue> values;             // in the order of the rules, the note last
  std::string note;                            // as it stands among the values
  bool note_cut = false;                       // it had no room for everything
  std::set<std::string, std::less<>> covered;  // paths that arrive in a field, whole
  std::vector<referral::Datum> overflow;       // what stands in the note instead
  std::vector<referral::Warning> warnings;     // cut, unknown value, not a number; pointers lead into the referral
  Faults missing;                              // required by the destination and absent; pointers into the referral
};
Mapped map_referral(const Mapping& mapping, const referral::Snapshot& snapshot, const MapContext& context);

// Fills a template: "{path}" becomes the value as text, absent ones nothing. `encode` is put around each value.
using Encode = std::string (*)(std::string_view text);
std::string fill_template(std::string_view text, const referral::Snapshot* snapshot, const MapContext& context,
                          Encode encode);
// The names between braces, in order. Nothing where braces do not pair.
std::optional<std::vector<std::string>> template_names(std::string_view text);
// True for a path that a referral can have: "registrant.birthDate", "appointment.start" (the chosen one), "answers.…".
bool is_source_path(std::string_view path);
std::optional<std::string> nearest_source_path(std::string_view path);

// Reads one rule as profiles and integrations write it:
//   {"target", "source", "label", "aliases", "transform": ["upper", "date:%d/%m/%Y"], "values": {…}, "default",
//    "required", "maxLength", "write", "type"}
// Members that are absent leave `into` as it is, so that an integration changes only what it names. Every fault is
// added, with pointers under `pointer`. `variables` are the names allowed beside source paths.
void read_field_rule(const Json& json, const std::string& pointer, const std::vector<std::string>& variables,
                     FieldRule& into, Faults& faults);
// "/registrant/birthDate" for "registrant.birthDate".
std::string path_to_pointer(std::string_view path);
// The path a rule takes its value from: its source, or the first name of its template that is one.
std::string source_path(const FieldRule& rule);

// The rule that a refusal speaks of: the one whose target is `key`, else the one whose label, alias or target, as
// words, stands in `message`; the longest such wins, then the first. nullptr where none does.
const FieldRule* rule_named(const Mapping& mapping, std::string_view key, std::string_view message);

}  // namespace handoff::exchange

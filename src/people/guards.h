// Guards: situations in which two people look like one. A guard that fires sends the pair to a person whatever its
// score, because a false link shows someone another person's referral.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "people/compare.h"
#include "people/frequency.h"

namespace handoff::people {

enum class Guard : std::uint8_t {
  asserted_different,   // a person said so; the only guard that forbids instead of asking
  linked_by_person,     // a person decided on one of the records before
  identifiers_differ,   // two numbers of a system that gives each person one
  twins,                // other given name, same birth date, same household
  generations,          // parent and child of one name
  household,            // relatives cannot be told apart without a birth date
  deceased,             // one is dead
  shared_contact,       // the telephone or e-mail belongs to many
  doubtful_birth_date,  // an impossible date that does not agree
  thin_evidence,        // fewer than two independent kinds of evidence
};
std::string_view word(Guard guard);

// What the caller knows beyond the two records.
struct Circumstances {
  bool asserted_different = false;
  bool linked_by_person = false;
  bool active_after_death = true;  // false only where the living one is known not to have been seen after the death
};

std::vector<Guard> guards(const Comparison& comparison, const Record& a, const Record& b,
                          const Frequencies& frequencies, const Circumstances& circumstances = {});
// Whether anything but thin evidence fires: what batch linkage asks for each pair that would join two clusters.
bool forbids_union(const Comparison& comparison, const Record& a, const Record& b, const Frequencies& frequencies);

}  // namespace handoff::people

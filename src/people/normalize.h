// From what a sender said to what is compared. Each rule is a function of its own, because the web form and the FHIR
// face need some of them singly.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "people/record.h"
#include "people/registrant.h"

namespace handoff::people {

// What a rule cannot know from the text alone.
struct Locale {
  std::string region = "CA";  // where a phone number without country code belongs
  int year_now = 2026;        // for two-digit years and dates in the future
  bool day_first = false;     // 3/4/2001 is 3 April
};

Record normalize(const Registrant& registrant, const Locale& locale);

// The given and family name go together: "Baby Girl" is missing, "Girl" alone is a surname.
struct Names {
  Name given, middle, family, former;
  std::uint8_t generation = 0;
};
Names normalize_names(const Registrant& registrant);
// Takes a name that was said in one piece apart: "Ann Mary van der Berg" and "Van der Berg, Ann Mary" have the family
// name van der Berg, the given name Ann and the middle name Mary. A single word is a family name. Nothing happens where
// both names are there or none is.
void split_full_name(Registrant& registrant);
PartialDate normalize_date(std::string_view text, std::string_view format, const Locale& locale);
// The national number; 0 where nothing can be compared, masked numbers ("801XXXXX89") among them.
std::uint64_t normalize_phone(std::string_view text, const Locale& locale);
struct Email {
  Word local, domain;
};
Email normalize_email(std::string_view text);
struct Address {
  Code number, unit, postcode, region;
  Word street, locality;
};
Address normalize_address(const Registrant& registrant);
Gender normalize_gender(std::string_view text);

}  // namespace handoff::people

// What a sender said about a person, as text. Whoever calls fills it from a referral, a FHIR Patient or a file.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/private.h"

namespace handoff::people {

struct Identifier {
  std::string system;
  Text value;
  bool unique = true;  // one person each; false for plan or family numbers
};

struct Registrant {
  Text first_name, middle_name, last_name, former_name, suffix;
  Text birth_date, death_date;
  std::string date_format;  // as strptime: "%Y-%m-%d"; empty is "find out"
  Text gender;
  bool deceased = false;
  bool multiple_birth = false;
  Text line, city, province, country, postal_code;
  std::vector<Text> phones, emails;
  std::vector<Identifier> identifiers;
  std::vector<std::pair<std::string, Text>> attributes;  // other columns, compared as plain text
};

}  // namespace handoff::people

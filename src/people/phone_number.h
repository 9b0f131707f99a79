// Whether a phone number as given can be one. The text as given is what is kept; it is never reinterpreted.
#pragma once

#include <string_view>

namespace handoff::people {

enum class PhoneCheck {
  valid,     // a possible number of some country (of `region` where no country code is given)
  doubtful,  // kept as given, with a warning: a masked number such as 801XXXXX89, too short, letters
  no_digit,  // not a phone number at all
};
PhoneCheck check_phone(std::string_view text, std::string_view region);
// Whether telephone numbers of this country are known: two capital letters (ISO 3166-1).
bool is_phone_region(std::string_view region);

}  // namespace handoff::people

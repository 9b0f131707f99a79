#include "people/phone_number.h"

#include <phonenumbers/phonenumberutil.h>

#include <algorithm>

#include "base/text.h"

namespace handoff::people {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// The library reads letters as a keypad or an extension ("801XXXXX89" becomes a number with an extension), so letters
// are allowed only in an extension mark after the digits.
bool has_stray_letters(std::string_view text) {
  const std::string lower = ascii_lower(text);
  std::string_view head = lower;
  for (const std::string_view mark : {" ext. ", " ext ", " x", " poste "}) {
    const auto at = lower.find(mark);
    if (at != std::string::npos) {
      const std::string_view tail = std::string_view(lower).substr(at + mark.size());
      if (!tail.empty() && std::all_of(tail.begin(), tail.end(), is_digit))
        head = std::string_view(lower).substr(0, at);
    }
  }
  return std::any_of(head.begin(), head.end(), is_letter);
}

}  // namespace

PhoneCheck check_phone(std::string_view text, std::string_view region) {
  const bool digit = std::any_of(text.begin(), text.end(), is_digit);
  if (!digit) return PhoneCheck::no_digit;
  if (has_stray_letters(text)) return PhoneCheck::doubtful;
  const auto* util = i18n::phonenumbers::PhoneNumberUtil::GetInstance();
  i18n::phonenumbers::PhoneNumber number;
  if (util->Parse(std::string(text), std::string(region), &number) !=
      i18n::phonenumbers::PhoneNumberUtil::NO_PARSING_ERROR) {
    return PhoneCheck::doubtful;
  }
  return util->IsPossibleNumber(number) ? PhoneCheck::valid : PhoneCheck::doubtful;
}

bool is_phone_region(std::string_view region) {
  const auto* util = i18n::phonenumbers::PhoneNumberUtil::GetInstance();
  return util->GetCountryCodeForRegion(std::string(region)) != 0;
}

}  // namespace handoff::people

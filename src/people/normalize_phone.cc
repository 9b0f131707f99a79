#include <phonenumbers/phonenumberutil.h>

#include <cctype>

#include "base/text.h"
#include "people/lexicon.h"
#include "people/normalize.h"

namespace handoff::people {

std::uint64_t normalize_phone(std::string_view text, const Locale& locale) {
  text = trim(text);
  std::string lower = ascii_lower(text);
  // The extension goes first; what has letters after that is masked or no number at all, and the library would read a
  // masked number as a short one with an extension.
  for (const std::string_view mark : {"ext", "x"}) {
    const auto at = lower.find(mark);
    if (at == std::string::npos || at < 7) continue;
    bool only_digits = at + mark.size() < lower.size();
    for (std::size_t i = at + mark.size(); i < lower.size(); ++i) {
      const auto c = static_cast<unsigned char>(lower[i]);
      only_digits = only_digits && (std::isdigit(c) != 0 || c == '.' || c == ' ' || c == ':');
    }
    if (only_digits) lower.resize(at);
    break;
  }
  std::string digits;
  for (const char c : lower) {
    if (std::isdigit(static_cast<unsigned char>(c)) != 0)
      digits.push_back(c);
    else if (std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '*' || c == '#')
      return 0;
  }
  if (digits.size() < 7 || digits.size() > 17 || is_filler_digits(digits)) return 0;
  using i18n::phonenumbers::PhoneNumber;
  using i18n::phonenumbers::PhoneNumberUtil;
  PhoneNumber number;
  const auto* library = PhoneNumberUtil::GetInstance();
  if (library->Parse(lower, locale.region, &number) == PhoneNumberUtil::NO_PARSING_ERROR &&
      library->IsValidNumber(number)) {
    std::string national;
    library->GetNationalSignificantNumber(number, &national);
    if (is_filler_digits(national)) return 0;
    return static_cast<std::uint64_t>(parse_int(national).value_or(0));
  }
  // Not a valid number, yet two senders may have written it alike: its last ten digits still compare.
  if (digits.size() > 10) digits = digits.substr(digits.size() - 10);
  if (is_filler_digits(digits) || is_filler_digits(std::string_view(digits).substr(digits.size() - 7))) return 0;
  return static_cast<std::uint64_t>(parse_int(digits).value_or(0));
}

}  // namespace handoff::people

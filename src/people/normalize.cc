#include "people/normalize.h"

#include <algorithm>
#include <cctype>
#include <optional>

#include "base/text.h"
#include "people/fold.h"
#include "people/lexicon.h"

namespace handoff::people {
namespace {

std::vector<std::string> name_words(const Text& text) {
  std::vector<std::string> kept;
  for (auto& word : words(fold(text.reveal()))) {
    if (!is_title(word) && !is_filler_name_word(word)) kept.push_back(std::move(word));
  }
  return kept;
}

// A generation written into a name ("Smith Jr"). Single letters are initials there, not numerals.
std::uint8_t take_generation(std::vector<std::string>& name) {
  if (name.size() < 2 || name.back().size() < 2) return 0;
  const std::uint8_t found = generation(name.back());
  if (found != 0) name.pop_back();
  return found;
}

std::string compact(std::string_view text, std::size_t max) {
  std::string out;
  for (const char c : fold(text)) {
    if (c != ' ' && out.size() < max) out.push_back(c);
  }
  return out;
}

std::string_view without_leading_zeros(std::string_view digits) {
  while (digits.size() > 1 && digits.front() == '0') digits.remove_prefix(1);
  return digits;
}

struct Line {
  std::string number, unit, street;
};

// One line of an address. The house number is the first word that begins with a digit; a unit is what follows a unit
// word, or stands before the house number with a slash.
Line read_line(std::string_view text) {
  Line line;
  std::string spaced;
  for (const char c : text) {
    if (c == '#') {
      spaced += " unit ";
    } else {
      spaced.push_back(c);
    }
  }
  const auto slash = spaced.find('/');
  if (slash != std::string::npos && slash > 0 && std::isdigit(static_cast<unsigned char>(spaced[slash - 1])) != 0 &&
      slash + 1 < spaced.size() && std::isdigit(static_cast<unsigned char>(spaced[slash + 1])) != 0) {
    line.unit = compact(spaced.substr(0, slash), Code::capacity);
    spaced = spaced.substr(slash + 1);
  }
  std::vector<std::string> rest;
  const auto all = words(fold(spaced));
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto& word = all[i];
    const bool number = std::isdigit(static_cast<unsigned char>(word.front())) != 0;
    if (is_unit_word(word) && (i > 0 || all.size() > 2) && i + 1 < all.size()) {
      line.unit = without_leading_zeros(all[++i]);
    } else if (number && line.number.empty()) {
      line.number = without_leading_zeros(word);
    } else {
      rest.emplace_back(street_word(word));
    }
  }
  // Type and direction words are dropped where something more telling remains, since senders differ in writing them.
  const auto plain = std::count_if(rest.begin(), rest.end(), [](const auto& word) { return !is_street_type(word); });
  for (const auto& word : rest) {
    if (plain == 0 || !is_street_type(word)) line.street += word;
  }
  // A lost blank glues the type to the name: "alabasterstreet".
  for (const std::string_view glued :
       {"street", "crescent", "avenue", "place", "court", "drive", "circuit", "close", "road", "lane"}) {
    if (line.street.size() >= glued.size() + 4 && line.street.ends_with(glued)) {
      line.street.resize(line.street.size() - glued.size());
      break;
    }
  }
  return line;
}

std::vector<std::string> address_lines(std::string_view text) {
  std::vector<std::string> lines(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escaped = text[i] == '\\' && i + 1 < text.size() && text[i + 1] == 'n';
    if (escaped || text[i] == '\n' || text[i] == ',' || text[i] == ';') {
      lines.emplace_back();
      if (escaped) ++i;
    } else {
      lines.back().push_back(text[i]);
    }
  }
  return lines;
}

}  // namespace

Names normalize_names(const Registrant& registrant) {
  Names names;
  auto given = name_words(registrant.first_name);
  auto middle = name_words(registrant.middle_name);
  auto family = name_words(registrant.last_name);
  const auto former = name_words(registrant.former_name);
  const std::uint8_t at_family = take_generation(family), at_given = take_generation(given);
  for (const auto& word : words(fold(registrant.suffix.reveal())))
    names.generation = std::max(names.generation, generation(word));
  if (names.generation == 0) names.generation = at_family != 0 ? at_family : at_given;
  if (is_filler_person(join(given, " "), join(family, " "))) {
    given.clear();
    middle.clear();
    family.clear();
  }
  if (is_filler_given(join(given, " "))) given.clear();
  // "Doe" is the surname given to people whose name is not known.
  if (family.size() == 1 && family.front() == "doe") family.clear();
  names.given = make_name(given);
  names.middle = make_name(middle);
  names.family = make_name(family);
  names.former = make_name(former);
  if (names.former.equals(names.family)) names.former = {};
  return names;
}

void split_full_name(Registrant& registrant) {
  Text& said = registrant.first_name.reveal().empty() ? registrant.last_name : registrant.first_name;
  const std::string_view text = said.reveal();
  if (text.empty() || (!registrant.first_name.reveal().empty() && !registrant.last_name.reveal().empty())) return;
  const auto pieces = [](std::string_view from) {
    std::vector<std::string> out;
    for (std::size_t at = 0; at < from.size();) {
      const auto end = std::min(from.find_first_of(" \t", at), from.size());
      const std::string_view word = from.substr(at, end - at);
      if (!fold(word).empty() && !is_title(fold(word))) out.emplace_back(word);
      at = end + 1;
    }
    return out;
  };
  std::vector<std::string> front, last;
  std::string suffix;
  const auto take_suffix = [&](std::vector<std::string>& from) {
    if (from.size() < 2 || fold(from.back()).size() < 2 || generation(fold(from.back())) == 0) return;
    suffix = from.back();
    from.pop_back();
  };
  if (const auto comma = text.find(','); comma != std::string_view::npos) {
    last = pieces(text.substr(0, comma));
    front = pieces(text.substr(comma + 1));
    // "Ann Smith, Jr": what stands behind is no given name.
    if (front.size() == 1 && generation(fold(front.front())) != 0) {
      suffix = front.front();
      front.swap(last);
      last.clear();
    }
    take_suffix(last);
  } else {
    front = pieces(text);
  }
  take_suffix(front);
  if (last.empty() && !front.empty()) {
    last.push_back(front.back());
    front.pop_back();
    while (front.size() > 1 && is_particle(fold(front.back()))) {
      last.insert(last.begin(), front.back());
      front.pop_back();
    }
  }
  std::string middle;
  if (front.size() > 1) middle = join(std::vector<std::string>(front.begin() + 1, front.end()), " ");
  Text given(front.empty() ? std::string() : front.front()), family(join(last, " "));
  registrant.first_name = std::move(given);
  registrant.last_name = std::move(family);
  if (registrant.middle_name.reveal().empty()) registrant.middle_name = Text(std::move(middle));
  if (registrant.suffix.reveal().empty()) registrant.suffix = Text(std::move(suffix));
}

Email normalize_email(std::string_view text) {
  std::string whole = ascii_lower(trim(text));
  const auto at = whole.rfind('@');
  if (at == std::string::npos || at == 0 || at + 1 == whole.size()) return {};
  std::string local = whole.substr(0, at);
  const std::string domain = whole.substr(at + 1);
  if (const auto tag = local.find('+'); tag != std::string::npos && tag > 0) local.resize(tag);
  if (domain == "gmail.com" || domain == "googlemail.com") std::erase(local, '.');
  if (is_filler_email(fold(local), fold(domain))) return {};
  return {make_word(local), make_word(domain == "googlemail.com" ? "gmail.com" : domain)};
}

Address normalize_address(const Registrant& registrant) {
  Address address;
  std::optional<Line> chosen;
  std::string unit;
  for (const auto& text : address_lines(registrant.line.reveal())) {
    auto line = read_line(text);
    if (!line.unit.empty() && unit.empty()) unit = line.unit;
    if (line.street.empty() && line.number.empty()) continue;
    // A street with a number beats a building's or an organization's name in front of it.
    if (!chosen || (chosen->number.empty() && !line.number.empty() && !line.street.empty())) chosen = std::move(line);
  }
  if (chosen) {
    address.number = make_code(chosen->number);
    address.street = make_word(chosen->street);
  }
  address.unit = make_code(unit);
  std::string city;
  for (const auto& word : words(fold(registrant.city.reveal()))) {
    if (!is_filler_name_word(word)) city += word;
  }
  address.locality = make_word(city);
  std::string postcode = compact(registrant.postal_code.reveal(), Code::capacity);
  // ZIP+4 is compared by its five digits: most senders leave the rest out.
  if (postcode.size() == 9 &&
      std::all_of(postcode.begin(), postcode.end(), [](unsigned char c) { return std::isdigit(c) != 0; })) {
    postcode.resize(5);
  }
  if (!is_filler_digits(postcode)) address.postcode = make_code(postcode);
  address.region = make_code(compact(registrant.province.reveal(), Code::capacity));
  return address;
}

Gender normalize_gender(std::string_view text) {
  const std::string folded = fold(text);
  if (folded == "f" || folded == "female" || folded == "woman" || folded == "w" || folded == "femme")
    return Gender::female;
  if (folded == "m" || folded == "male" || folded == "man" || folded == "homme") return Gender::male;
  if (folded.empty() || folded == "u" || is_filler_name_word(folded)) return Gender::unknown;
  return Gender::other;
}

Record normalize(const Registrant& registrant, const Locale& locale) {
  Record record;
  const auto names = normalize_names(registrant);
  record.given = names.given;
  record.middle = names.middle;
  record.family = names.family;
  record.former = names.former;
  record.generation = names.generation;
  record.birth = normalize_date(registrant.birth_date.reveal(), registrant.date_format, locale);
  record.death = normalize_date(registrant.death_date.reveal(), registrant.date_format, locale);
  record.deceased = registrant.deceased || !record.death.empty();
  record.multiple_birth = registrant.multiple_birth;
  record.gender = normalize_gender(registrant.gender.reveal());
  std::size_t phones = 0;
  for (const auto& text : registrant.phones) {
    const auto phone = normalize_phone(text.reveal(), locale);
    if (phone == 0 || phones == record.phones.size()) continue;
    if (std::find(record.phones.begin(), record.phones.end(), phone) == record.phones.end())
      record.phones[phones++] = phone;
  }
  for (const auto& text : registrant.emails) {
    const auto email = normalize_email(text.reveal());
    if (email.local.empty()) continue;
    record.email_local = email.local;
    record.email_domain = email.domain;
    break;
  }
  const auto address = normalize_address(registrant);
  record.number = address.number;
  record.unit = address.unit;
  record.postcode = address.postcode;
  record.region = address.region;
  record.street = address.street;
  record.locality = address.locality;
  std::size_t identifiers = 0;
  for (const auto& identifier : registrant.identifiers) {
    if (identifiers == record.identifiers.size()) break;
    const std::string value = compact(identifier.value.reveal(), Code::capacity);
    if (value.empty() || is_filler_digits(value) || is_filler_name_word(value)) continue;
    auto& into = record.identifiers[identifiers++];
    into.system = static_cast<std::uint32_t>(hash_text(ascii_lower(identifier.system)));
    into.unique = identifier.unique;
    into.tail = value.size() == 4;
    into.value = make_code(value);
  }
  std::size_t attributes = 0;
  for (const auto& [name, text] : registrant.attributes) {
    if (attributes == record.attributes.size()) break;
    const std::string value = compact(text.reveal(), Code::capacity);
    if (value.empty() || is_filler_name_word(value)) continue;
    record.attributes[attributes++] = {static_cast<std::uint32_t>(hash_text(name)), make_code(value)};
  }
  return record;
}

}  // namespace handoff::people

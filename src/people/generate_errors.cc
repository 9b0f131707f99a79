// How records go wrong: what a sender leaves out, writes otherwise, or mistypes.
#include <algorithm>
#include <array>
#include <cctype>

#include "base/text.h"
#include "people/fold.h"
#include "people/generate.h"
#include "people/lexicon.h"

namespace handoff::people {
namespace {

using namespace std::string_view_literals;

constexpr std::array rows{"qwertyuiop"sv, "asdfghjkl"sv, "zxcvbnm"sv};
constexpr std::array<std::pair<std::string_view, std::string_view>, 16> misreadings{{{"rn", "m"},
                                                                                     {"m", "rn"},
                                                                                     {"cl", "d"},
                                                                                     {"vv", "w"},
                                                                                     {"l", "i"},
                                                                                     {"h", "b"},
                                                                                     {"e", "c"},
                                                                                     {"n", "u"},  // by eye
                                                                                     {"ph", "f"},
                                                                                     {"ck", "k"},
                                                                                     {"ee", "ea"},
                                                                                     {"ie", "ei"},
                                                                                     {"c", "k"},
                                                                                     {"y", "i"},
                                                                                     {"ou", "oo"},
                                                                                     {"ll", "l"}}};  // by ear

char neighbour(Dice& dice, char c) {
  if (std::isdigit(static_cast<unsigned char>(c)) != 0) return static_cast<char>('0' + dice.below(10));
  for (const auto row : rows) {
    const auto at = row.find(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
    if (at == std::string_view::npos) continue;
    return at == 0 ? row[1] : at + 1 == row.size() ? row[at - 1] : row[dice.chance(0.5) ? at - 1 : at + 1];
  }
  return c;
}

// Only plain letters are touched, so that no letter outside ASCII is torn.
std::vector<std::size_t> plain_places(std::string_view text) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (std::isalnum(static_cast<unsigned char>(text[i])) != 0 && static_cast<unsigned char>(text[i]) < 0x80)
      places.push_back(i);
  }
  return places;
}

std::string nickname_of(Dice& dice, const std::string& name) {
  const std::string folded = fold(name);
  const auto groups = nickname_groups(folded);
  if (groups.group[0] == 0) return name;
  const auto& members = nicknames_of(groups.group[0]);
  std::string other(members[dice.below(members.size())]);
  if (!other.empty()) other[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(other[0])));
  return other;
}

std::string wrong_date(Dice& dice, const std::string& date) {
  if (date.size() != 10) return date;
  std::string year = date.substr(0, 4), month = date.substr(5, 2), day = date.substr(8, 2);
  const auto digit = [&](std::string& text, std::size_t at) { text[at] = static_cast<char>('0' + dice.below(10)); };
  switch (dice.below(10)) {
    case 0:
    case 1: std::swap(month, day); break;
    case 2: digit(year, 2); break;
    case 3:
    case 4: digit(year, 3); break;
    case 5: digit(month, 1); break;
    case 6:
    case 7: digit(day, dice.below(2)); break;
    case 8: std::swap(day[0], day[1]); break;
    default: month = day = "01"; break;
  }
  return year + "-" + month + "-" + day;
}

using Field = std::string InventedRecord::*;

}  // namespace

std::string with_slip(Dice& dice, std::string_view text) {
  std::string out(text);
  const auto places = plain_places(out);
  if (places.size() < 2) return out;
  const auto at = places[dice.below(places.size())];
  switch (dice.below(7)) {
    case 0: out.erase(at, 1); break;
    case 1: out.insert(at, 1, neighbour(dice, out[at])); break;
    case 2: out[at] = neighbour(dice, out[at]); break;
    case 3:
      if (at + 1 < out.size() && static_cast<unsigned char>(out[at + 1]) < 0x80) std::swap(out[at], out[at + 1]);
      break;
    case 4: out.insert(at, 1, out[at]); break;
    case 5: {
      const auto& [from, to] = misreadings[dice.below(misreadings.size())];
      if (const auto found = out.find(from); found != std::string::npos)
        out.replace(found, from.size(), to);
      else
        out.erase(at, 1);
      break;
    }
    default:
      if (std::isdigit(static_cast<unsigned char>(out[at])) != 0)
        out[at] = static_cast<char>('0' + dice.below(10));
      else
        out[at] = static_cast<char>('a' + dice.below(26));
      break;
  }
  return out;
}

InventedRecord invent_record(Dice& dice, const GenerateOptions& options, const InventedPerson& person,
                             std::uint64_t number, bool first) {
  InventedRecord r = person.truth;
  r.id = "r" + std::to_string(number);
  const bool adult = person.birth_year < options.year_now - 18;
  // Life: people move, marry, change their telephone.
  if (dice.chance(0.10)) {
    GenerateOptions other = options;
    const auto somewhere = invent_household(dice, other, 1, 1).front().truth;
    r.line = somewhere.line;
    r.city = dice.chance(0.5) ? r.city : somewhere.city;
    r.postal_code = somewhere.postal_code;
    if (dice.chance(0.3)) r.phone = somewhere.phone;
  } else if (dice.chance(0.08)) {
    r.phone = "905555" + std::to_string(1000 + dice.below(9000));
  }
  if (!r.email.empty() && dice.chance(0.12)) r.email = invent_household(dice, options, 1, 1).front().truth.email;
  if (adult && r.gender == "female" && dice.chance(0.04)) {
    const auto partner = invent_household(dice, options, 1, 1).front().truth.last;
    if (dice.chance(0.3)) r.former = r.last;
    r.last = dice.chance(0.25) ? r.last + "-" + partner : partner;
  }
  // Habit: short forms, initials, the middle name in front, parts exchanged.
  if (dice.chance(0.07))
    r.first = nickname_of(dice, r.first);
  else if (dice.chance(0.015))
    r.first = utf8_prefix(r.first, 1);
  else if (dice.chance(0.004))
    r.last = utf8_prefix(r.last, 1);
  if (!r.middle.empty() && dice.chance(0.4))
    r.middle = static_cast<unsigned char>(r.middle[0]) < 0x80 ? r.middle.substr(0, 1) : "";
  if (!r.middle.empty() && dice.chance(0.015)) std::swap(r.first, r.middle);
  if (dice.chance(0.02)) std::swap(r.first, r.last);
  // A value that is wrong altogether: the line above in a list, the relative who came along, the day of the visit.
  if (!first && dice.chance(0.03)) {
    const auto other = invent_household(dice, options, 1, 1).front().truth;
    switch (dice.below(4)) {
      case 0: r.first = other.first; break;
      case 1: r.last = other.last; break;
      case 2: r.birth = other.birth; break;
      default: r.phone = other.phone; break;
    }
  }
  if (dice.chance(0.03)) r.gender = r.gender == "female" ? "male" : "female";
  // What is left out.
  const auto drop = [&](Field field, double probability) {
    if (dice.chance(probability)) (r.*field).clear();
  };
  drop(&InventedRecord::first, 0.01);
  drop(&InventedRecord::middle, 0.4);
  drop(&InventedRecord::last, 0.005);
  drop(&InventedRecord::suffix, 0.5);
  drop(&InventedRecord::birth, 0.03);
  drop(&InventedRecord::gender, 0.1);
  drop(&InventedRecord::city, 0.06);
  drop(&InventedRecord::postal_code, 0.1);
  drop(&InventedRecord::phone, 0.15);
  drop(&InventedRecord::alternate, 0.5);
  drop(&InventedRecord::email, 0.4);
  drop(&InventedRecord::health_number, 0.5);
  if (dice.chance(0.08)) r.line.clear();
  if (dice.chance(0.004) && r.birth.size() == 10) r.birth.resize(7);
  // Values that only fill a field.
  if (dice.chance(0.006)) r.phone = "9999999999";
  if (dice.chance(0.006)) r.birth = "1900-01-01";
  if (dice.chance(0.004)) r.first = "Unknown";
  if (dice.chance(0.004)) r.email = "noemail@none.com";
  // Errors, several at once: after each one, the next is less likely.
  const double again = std::min(0.75, 0.4 + 0.05 * std::max(0, options.errors_max - 3));
  constexpr std::array<Field, 14> fields{
      &InventedRecord::middle, &InventedRecord::province, &InventedRecord::first, &InventedRecord::first,
      &InventedRecord::last,   &InventedRecord::last,     &InventedRecord::birth, &InventedRecord::birth,
      &InventedRecord::line,   &InventedRecord::line,     &InventedRecord::city,  &InventedRecord::postal_code,
      &InventedRecord::phone,  &InventedRecord::email};
  for (int i = 0; !first && i < options.errors_max && dice.chance(again); ++i) {
    const auto field = fields[dice.below(fields.size())];
    auto& text = r.*field;
    if (field == &InventedRecord::birth)
      text = wrong_date(dice, text);
    else if (field == &InventedRecord::province && dice.chance(0.8))
      text = invent_household(dice, options, 1, 1).front().truth.province;
    else
      text = with_slip(dice, text);
  }
  return r;
}

}  // namespace handoff::people

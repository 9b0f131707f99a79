// Word lists of matching: which given names are short forms of one another, which words of a name are titles or
// generations, and which values only fill a field. All lists are versioned with the code; a model names the version it
// was trained with.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace handoff::people {

inline constexpr int lexicon_version = 1;

// Names with a group in common are forms of one name. A name may be in several groups (Alex), hence a small set kept as
// bits of up to four group numbers.
struct NicknameGroups {
  std::uint16_t group[3]{};
  bool share(const NicknameGroups& other) const {
    for (const auto mine : group) {
      if (mine == 0) return false;
      for (const auto theirs : other.group) {
        if (mine == theirs) return true;
      }
    }
    return false;
  }
};
NicknameGroups nickname_groups(std::string_view folded_name);
// The names of one group; empty for an unknown number. The first is the full form.
const std::vector<std::string_view>& nicknames_of(std::uint16_t group);

// 1 for senior, 2 for junior and "II", 3 for "III" …; 0 where the word is no generation.
std::uint8_t generation(std::string_view folded_word);
bool is_title(std::string_view folded_word);
// Small words that belong to the family name after them: van, de, bin.
bool is_particle(std::string_view folded_word);

// Values that stand for "we do not know".
bool is_filler_name_word(std::string_view folded_word);
// "Baby Boy", "Twin A", "Baby of Maria": nobody has named the child yet.
bool is_filler_given(std::string_view folded_given);
bool is_filler_person(std::string_view folded_given, std::string_view folded_family);
bool is_filler_digits(std::string_view digits);
bool is_filler_email(std::string_view local, std::string_view domain);

// "st" for street, "ave" for avenue …; the word itself where it is no street word.
std::string_view street_word(std::string_view folded_word);
bool is_street_type(std::string_view folded_word);
bool is_unit_word(std::string_view folded_word);

}  // namespace handoff::people

// A phonetic code of a folded name: the same for spellings that sound alike. Ours, in the spirit of Double Metaphone
// but without its English table of exceptions, so that it does not harm names of other tongues.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace handoff::people {

std::string sound(std::string_view folded);
// The code as a number (first six sounds); 0 for a text without letters.
std::uint32_t sound_code(std::string_view folded);

}  // namespace handoff::people

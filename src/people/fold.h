// Folding of text to the form that is indexed and compared: lower-case Latin letters and digits without marks. The
// original is never overwritten; whoever keeps records keeps it beside the folded form.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace handoff::people {

// NFC, for what is kept as the sender wrote it. Bytes that are not UTF-8 become U+FFFD.
std::string compose(std::string_view text);
// Letters of any script as lower-case ASCII where a romanisation is known; marks, apostrophes and full stops dropped;
// everything else that is not a letter or digit becomes one space. "Müller-Łoś" is "muller los".
std::string fold(std::string_view text);
// The words of a folded text.
std::vector<std::string> words(std::string_view folded);

}  // namespace handoff::people

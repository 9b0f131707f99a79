#include "people/fold.h"

#include <unicode/normalizer2.h>
#include <unicode/translit.h>
#include <unicode/unistr.h>
#include <unicode/utf8.h>

#include <array>
#include <memory>
#include <mutex>

#include "base/text.h"

namespace handoff::people {
namespace {

// ICU has no romanisation of Canadian syllabics, and Inuktitut names are common in the north. A row is the first code
// point of an i-u-a series; the long vowel follows its short one.
struct Syllables {
  char32_t i, u, a, final;
  const char* consonant;
};
constexpr std::array syllables{
    Syllables{0x1403, 0x1405, 0x140A, 0, ""},       Syllables{0x1431, 0x1433, 0x1438, 0x1449, "p"},
    Syllables{0x144E, 0x1450, 0x1455, 0x1466, "t"}, Syllables{0x146D, 0x146F, 0x1472, 0x1483, "k"},
    Syllables{0x148B, 0x148D, 0x1490, 0x14A1, "g"}, Syllables{0x14A5, 0x14A7, 0x14AA, 0x14BB, "m"},
    Syllables{0x14C2, 0x14C4, 0x14C7, 0x14D0, "n"}, Syllables{0x14EF, 0x14F1, 0x14F4, 0x1505, "s"},
    Syllables{0x14D5, 0x14D7, 0x14DA, 0x14EA, "l"}, Syllables{0x1528, 0x152A, 0x152D, 0x153E, "j"},
    Syllables{0x1555, 0x1557, 0x1559, 0x155D, "v"}, Syllables{0x1546, 0x1548, 0x154B, 0x1550, "r"},
    Syllables{0x157F, 0x1581, 0x1583, 0x1585, "q"}, Syllables{0x158F, 0x1591, 0x1593, 0x1595, "ng"},
};

std::string syllable(char32_t c) {
  for (const auto& row : syllables) {
    if (row.final != 0 && c == row.final) return row.consonant;
    for (const auto& [start, vowel] : {std::pair{row.i, 'i'}, std::pair{row.u, 'u'}, std::pair{row.a, 'a'}}) {
      if (c == start) return std::string(row.consonant) + vowel;
      if (c == start + 1) return std::string(row.consonant) + vowel + vowel;
    }
  }
  return {};
}

// A transliterator may not be used by two threads at once, and building one takes milliseconds: one each thread.
icu::Transliterator* romanizer() {
  thread_local std::unique_ptr<icu::Transliterator> kept = [] {
    UErrorCode status = U_ZERO_ERROR;
    std::unique_ptr<icu::Transliterator> made(icu::Transliterator::createInstance(
        "NFKC; Any-Latin; NFKD; [:Nonspacing Mark:] Remove; Latin-ASCII; Lower", UTRANS_FORWARD, status));
    return U_SUCCESS(status) ? std::move(made) : nullptr;
  }();
  return kept.get();
}

bool is_ascii(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) return false;
  }
  return true;
}

std::string romanize(std::string_view text) {
  auto wide = icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<int32_t>(text.size())));
  icu::UnicodeString spelled;
  for (int32_t at = 0; at < wide.length();) {
    const UChar32 c = wide.char32At(at);
    at += U16_LENGTH(c);
    // Ignorable or apostrophe-like letters of other scripts would become spaces and cut a name in two.
    if (c == 0x2018 || c == 0x2019 || c == 0x02BC || c == 0x02BB || c == 0x00AD || c == 0x200B || c == 0xFEFF) continue;
    const std::string latin = c >= 0x1400 && c <= 0x167F ? syllable(static_cast<char32_t>(c)) : std::string();
    latin.empty() ? spelled.append(c) : spelled.append(icu::UnicodeString::fromUTF8(latin));
  }
  if (auto* latin = romanizer()) latin->transliterate(spelled);
  std::string out;
  spelled.toUTF8String(out);
  return out;
}

}  // namespace

std::string compose(std::string_view text) {
  if (is_ascii(text)) return std::string(text);
  UErrorCode status = U_ZERO_ERROR;
  const auto* nfc = icu::Normalizer2::getNFCInstance(status);
  const auto wide = icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<int32_t>(text.size())));
  std::string out;
  if (U_FAILURE(status)) return std::string(text);
  nfc->normalize(wide, status).toUTF8String(out);
  return U_SUCCESS(status) ? out : std::string(text);
}

std::string fold(std::string_view text) {
  std::string latin;
  if (!is_ascii(text)) {
    latin = romanize(text);
    text = latin;
  }
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c >= 'A' && c <= 'Z') {
      out.push_back(static_cast<char>(c - 'A' + 'a'));
    } else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || byte >= 0x80) {
      out.push_back(c);
    } else if (c == '\'' || c == '.' || c == '`') {
      continue;
    } else if (!out.empty() && out.back() != ' ') {
      out.push_back(' ');
    }
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

std::vector<std::string> words(std::string_view folded) {
  std::vector<std::string> out;
  for (auto& word : split(folded, ' ')) {
    if (!word.empty()) out.push_back(std::move(word));
  }
  return out;
}

}  // namespace handoff::people

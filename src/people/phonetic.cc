#include "people/phonetic.h"

namespace handoff::people {
namespace {

bool is_vowel(char c) { return c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u' || c == 'y'; }

}  // namespace

std::string sound(std::string_view name) {
  std::string out;
  const auto at = [&](std::size_t i) { return i < name.size() ? name[i] : '\0'; };
  const auto add = [&](char code) {
    if (out.empty() || out.back() != code) out.push_back(code);
  };
  std::size_t i = 0;
  // Silent first letters.
  if ((at(0) == 'k' || at(0) == 'g' || at(0) == 'p') && at(1) == 'n') i = 1;
  if (at(0) == 'w' && at(1) == 'r') i = 1;
  if (at(0) == 'p' && at(1) == 's') i = 1;
  bool vowel_before = false;
  for (; i < name.size(); ++i) {
    const char c = name[i];
    if (is_vowel(c)) {
      // Vowels count only at the start, where they all sound as one; that keeps Amy, Ami and Aimee together.
      if (out.empty()) out.push_back('a');
      vowel_before = true;
      continue;
    }
    switch (c) {
      case 'b': add('p'); break;
      case 'p':
        if (at(i + 1) == 'h') {
          add('f');
          ++i;
        } else {
          add('p');
        }
        break;
      case 'f':
      case 'v': add('f'); break;
      case 'w':
        if (!vowel_before && is_vowel(at(i + 1))) add('f');
        break;
      case 'd':
      case 't':
        if (c == 't' && at(i + 1) == 'h') {
          add('t');
          ++i;
        } else if (at(i + 1) == 'z' || (at(i + 1) == 's' && at(i + 2) == 'c')) {
          break;
        } else {
          add('t');
        }
        break;
      case 'c':
        if (at(i + 1) == 'h') {
          add(at(i + 2) == 'r' ? 'k' : 'x');
          ++i;
        } else if (at(i + 1) == 'k') {
          add('k');
          ++i;
        } else if (at(i + 1) == 'e' || at(i + 1) == 'i' || at(i + 1) == 'y') {
          add('s');
        } else {
          add('k');
        }
        break;
      case 's':
        if (at(i + 1) == 'c' && at(i + 2) == 'h') {
          add('x');
          i += 2;
        } else if (at(i + 1) == 'h') {
          add('x');
          ++i;
        } else {
          add('s');
        }
        break;
      case 'z': add('s'); break;
      case 'x': add('k'), add('s'); break;
      case 'g':
        if (at(i + 1) == 'h') {
          if (i == 0) add('k');
          ++i;
        } else {
          add('k');
        }
        break;
      case 'k':
      case 'q': add('k'); break;
      case 'j': add('j'); break;
      case 'l': add('l'); break;
      case 'm':
      case 'n': add('n'); break;
      case 'r': add('r'); break;
      default: break;  // h, digits and what is not Latin
    }
    vowel_before = false;
  }
  return out;
}

std::uint32_t sound_code(std::string_view folded) {
  const std::string code = sound(folded);
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < code.size() && i < 6; ++i)
    number = number * 32 + static_cast<std::uint32_t>(code[i] - 'a' + 1);
  return number;
}

}  // namespace handoff::people

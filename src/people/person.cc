#include "people/person.h"

#include <array>

namespace handoff::people {
namespace {

constexpr std::array status_words{"active", "merged", "inactive"};
constexpr std::array origin_words{"created", "automatic", "human"};
constexpr std::array review_words{"open", "unsure", "second_reader", "correction", "decided", "closed"};
constexpr std::array kind_words{"match", "split"};

template <class Enum, std::size_t count>
std::optional<Enum> one_of(const std::array<const char*, count>& words, std::string_view word) {
  for (std::size_t i = 0; i < count; ++i) {
    if (word == words[i]) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

}  // namespace

const char* word(PersonStatus status) { return status_words[static_cast<std::size_t>(status)]; }
std::optional<PersonStatus> person_status_of(std::string_view word) { return one_of<PersonStatus>(status_words, word); }
const char* word(Origin origin) { return origin_words[static_cast<std::size_t>(origin)]; }
std::optional<Origin> origin_of(std::string_view word) { return one_of<Origin>(origin_words, word); }
const char* word(ReviewKind kind) { return kind_words[static_cast<std::size_t>(kind)]; }
std::optional<ReviewKind> review_kind_of(std::string_view word) { return one_of<ReviewKind>(kind_words, word); }
const char* word(ReviewStatus status) { return review_words[static_cast<std::size_t>(status)]; }
std::optional<ReviewStatus> review_status_of(std::string_view word) { return one_of<ReviewStatus>(review_words, word); }

}  // namespace handoff::people

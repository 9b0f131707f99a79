// Private<T>: a value about a person. It compares, stores and maps, but has no printer: a log line that would leak it
// does not compile. Reading it is a visible word.
#pragma once

#include <compare>
#include <ostream>
#include <string>
#include <utility>

namespace handoff {

template <class T>
class Private {
 public:
  Private() = default;
  explicit Private(T value) : value_(std::move(value)) {}
  const T& reveal() const noexcept { return value_; }
  friend auto operator<=>(const Private&, const Private&) = default;
  friend bool operator==(const Private&, const Private&) = default;
  friend std::ostream& operator<<(std::ostream&, const Private&) = delete;

 private:
  T value_{};
};

using Text = Private<std::string>;    // a text about a person
using Secret = Private<std::string>;  // a credential: same rule, other reason

}  // namespace handoff

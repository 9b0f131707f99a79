// Result<T>: a value or an Error. Errors are values across rooms; exceptions are caught where a library throws them.
#pragma once

#include <cassert>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace handoff {

// The closed list of what can be wrong. Every face turns a kind into its own answer from one table.
enum class Kind {
  invalid_input,        // the caller's data is wrong: says which field and how to mend it
  malformed,            // the bytes cannot be read at all (JSON, multipart, header)
  unauthenticated,      // no credentials, or credentials nobody knows
  forbidden,            // known caller, not allowed
  not_found,            // no such record for this caller (another organization's records are not found)
  conflict,             // the record's state does not allow it
  precondition_failed,  // If-Match names another version
  too_large,            // a stated limit was exceeded
  unsupported,          // media type or method that is not served
  rate_limited,         // too many requests
  unavailable,          // store or partner cannot answer now; trying again is right
  internal,             // ours; the caller gets a request id and nothing else
};

// One fault of a body. `pointer` is a JSON pointer (RFC 6901) into what the caller sent.
struct Fault {
  std::string pointer;
  std::string code;
  std::string message;
};
using Faults = std::vector<Fault>;

// `code` is stable text, listed in docs/reference/errors.md. `for_caller` may be shown to whoever asked and names the
// remedy; `for_log` is for the operator. Neither carries personal data.
struct Error {
  Kind kind = Kind::internal;
  std::string code;
  std::string for_caller;
  std::string for_log;
  Faults faults{};
};

inline Error fault_error(Faults faults) {
  return Error{Kind::invalid_input,
               "request.invalid",
               "The request has faults; each is named in errors.",
               {},
               std::move(faults)};
}

template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: implicit on purpose
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit on purpose

  bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }
  T& value() & { return check(), *std::get_if<0>(&state_); }
  const T& value() const& { return check(), *std::get_if<0>(&state_); }
  T&& value() && { return check(), std::move(*std::get_if<0>(&state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  Error& error() & { return *std::get_if<1>(&state_); }
  const Error& error() const& { return *std::get_if<1>(&state_); }
  Error&& error() && { return std::move(*std::get_if<1>(&state_)); }
  template <class U>
  T value_or(U&& other) const& {
    return has_value() ? value() : static_cast<T>(std::forward<U>(other));
  }

 private:
  void check() const {
    if (!has_value()) {
      std::fprintf(stderr, "handoff: value() of a failed result: %s\n", std::get_if<1>(&state_)->code.c_str());
      std::abort();
    }
  }
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)), failed_(true) {}  // NOLINT: implicit on purpose
  bool has_value() const noexcept { return !failed_; }
  explicit operator bool() const noexcept { return !failed_; }
  void value() const {}
  Error& error() & { return error_; }
  const Error& error() const& { return error_; }
  Error&& error() && { return std::move(error_); }

 private:
  Error error_;
  bool failed_ = false;
};

namespace detail {
template <class T>
T take(Result<T>&& result) {
  return std::move(result).value();
}
inline void take(Result<void>&&) {}
}  // namespace detail

}  // namespace handoff

// HANDOFF_TRY(expr): the value of a Result, or return its error from the enclosing function.
#define HANDOFF_CAT2(a, b) a##b
#define HANDOFF_CAT(a, b) HANDOFF_CAT2(a, b)
#define HANDOFF_TRY_NAMED(name, expr)                      \
  __extension__({                                          \
    auto name = (expr);                                    \
    if (!name.has_value()) return std::move(name).error(); \
    ::handoff::detail::take(std::move(name));              \
  })
#define HANDOFF_TRY(expr) HANDOFF_TRY_NAMED(HANDOFF_CAT(handoff_try_, __COUNTER__), expr)

// HANDOFF_ASSERT: our own mistake. On in every build; never reachable by bytes from outside.
#define HANDOFF_ASSERT(cond)                                                                      \
  do {                                                                                            \
    if (!(cond)) {                                                                                \
      std::fprintf(stderr, "handoff: assertion failed: %s (%s:%d)\n", #cond, __FILE__, __LINE__); \
      std::abort();                                                                               \
    }                                                                                             \
  } while (false)

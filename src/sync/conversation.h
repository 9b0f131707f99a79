// Questions put to a record system that are under way: sends what may be sent now, tries again what failed, and tells
// what the answers were. Without threads; knows nothing of charts.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/random.h"
#include "sync/pace.h"
#include "sync/source.h"

namespace handoff::sync {

inline constexpr minutes skew_warning{2}, skew_fault{10};

class Conversation {
 public:
  // Gives a request to the transport and answers with its ticket.
  using Send = std::function<std::uint64_t(Request)>;
  Conversation(Send send, Random& random) : send_(std::move(send)), random_(random) {}

  // Settings may change between two steps, never during one.
  void use(const EmrConnection& connection, std::int64_t skew_ms);
  // Somebody waits for the answers: failures are tried again at short intervals, until then. Nothing: for long.
  void give_up_at(std::optional<Instant> at) { give_up_at_ = at; }
  // The same in the middle of it, where nobody waited before: what would be tried again later than `until` is given up.
  void hurry(Instant now, Instant until);
  bool in_trouble(Instant now) const;  // a question is to be tried again, or the system asked to wait
  void ask(Question question);

  // Sends what may be sent now. True where something was.
  bool tick(Instant now);
  // True where the ticket was one of these.
  bool arrived(std::uint64_t ticket, const Reply& reply, Instant now);
  bool quiet() const;  // every question has its answer
  bool in_flight() const { return in_flight_ > 0; }
  std::optional<Instant> next_at(Instant now);

  struct Told {
    Question question;
    Heard heard;
  };
  std::vector<Told> take();  // once quiet; in the order of asking
  void forget();             // unanswered ones, too; what arrives later is passed over

  std::int64_t skew_ms() const { return skew_ms_; }
  bool clock_known() const { return clock_known_; }
  bool clock_is_off() const { return clock_known_ && std::abs(skew_ms_) >= milliseconds{skew_fault}.count(); }
  Instant server_now(Instant now) const { return now + milliseconds{skew_ms_}; }
  std::int64_t requests() const { return requests_; }

 private:
  struct Open {
    Question question;
    std::uint64_t ticket = 0;  // 0: not under way
    std::int64_t failures = 0;
    Instant not_before{};
    bool done = false;
    Heard heard;
  };
  void judge(Open& open, Heard heard, Instant now);

  const Send send_;
  Random& random_;
  EmrConnection connection_;
  const Source* source_ = nullptr;
  Pace pace_;
  std::vector<Open> open_;
  std::size_t in_flight_ = 0;
  std::optional<Instant> give_up_at_;
  Instant paused_until_{};
  std::int64_t skew_ms_ = 0;
  bool clock_known_ = false;
  std::int64_t requests_ = 0;
};

}  // namespace handoff::sync

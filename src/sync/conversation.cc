#include "sync/conversation.h"

#include <algorithm>

namespace handoff::sync {
namespace {
constexpr std::int64_t tries_max = 6;
constexpr milliseconds wait_base{1000}, wait_base_of_waiting{250}, wait_max_of_waiting{2000};
}  // namespace

void Conversation::use(const EmrConnection& connection, std::int64_t skew_ms) {
  connection_ = connection;
  source_ = find_source(connection.kind);
  HANDOFF_ASSERT(source_ != nullptr);
  pace_.limit(connection.requests_per_second);
  if (!clock_known_) skew_ms_ = skew_ms;
}

void Conversation::ask(Question question) {
  Open open;
  open.question = std::move(question);
  open_.push_back(std::move(open));
}

bool Conversation::tick(Instant now) {
  bool any = false;
  if (now < paused_until_) return false;
  for (Open& open : open_) {
    if (open.done || open.ticket != 0 || open.not_before > now) continue;
    if (in_flight_ >= static_cast<std::size_t>(connection_.parallel_reads) || !pace_.take(now)) break;
    open.ticket = send_(source_->ask(connection_, open.question, server_now(now)));
    ++in_flight_;
    ++requests_;
    any = true;
  }
  return any;
}

bool Conversation::arrived(std::uint64_t ticket, const Reply& reply, Instant now) {
  const auto found = std::find_if(open_.begin(), open_.end(), [&](const Open& o) { return o.ticket == ticket; });
  if (found == open_.end()) return false;
  found->ticket = 0;
  --in_flight_;
  Heard heard = source_->hear(connection_, found->question, reply);
  if (heard.server_time) {
    // The header is cut to whole seconds.
    skew_ms_ = (*heard.server_time - now).count() + 500;
    clock_known_ = true;
  }
  judge(*found, std::move(heard), now);
  return true;
}

void Conversation::judge(Open& open, Heard heard, Instant now) {
  const bool again = heard.trouble == Trouble::no_answer || heard.trouble == Trouble::server_fault ||
                     heard.trouble == Trouble::slow_down;
  if (!again || clock_is_off()) {
    open.done = true;
    open.heard = std::move(heard);
    return;
  }
  open.failures += 1;
  milliseconds wait = give_up_at_ ? full_jitter(random_, wait_base_of_waiting, open.failures, wait_max_of_waiting)
                                  : full_jitter(random_, wait_base, open.failures);
  if (heard.retry_after) {
    // It says so of all its callers, not of this question.
    wait = *heard.retry_after;
    if (heard.trouble == Trouble::slow_down) paused_until_ = std::max(paused_until_, now + std::min(wait, wait_max));
  }
  const bool over = give_up_at_ ? now + wait >= *give_up_at_ : open.failures >= tries_max || wait > wait_max;
  open.heard = std::move(heard);
  if (over) {
    open.done = true;
  } else {
    open.not_before = now + wait;
  }
}

bool Conversation::in_trouble(Instant now) const {
  return paused_until_ > now ||
         std::any_of(open_.begin(), open_.end(), [](const Open& o) { return !o.done && o.failures > 0; });
}

void Conversation::hurry(Instant now, Instant until) {
  if (give_up_at_ && *give_up_at_ <= until) return;
  give_up_at_ = until;
  for (Open& open : open_) {
    if (open.done || open.ticket != 0) continue;
    const bool tried = open.failures > 0;
    if (std::max(open.not_before, paused_until_) >= until) {
      open.done = true;
      if (!tried) open.heard.trouble = Trouble::slow_down;
    } else if (tried && paused_until_ <= now && !open.heard.retry_after) {
      open.not_before = std::min(open.not_before, now + wait_max_of_waiting);
    }
  }
}

bool Conversation::quiet() const {
  return std::all_of(open_.begin(), open_.end(), [](const Open& o) { return o.done; });
}

std::optional<Instant> Conversation::next_at(Instant now) {
  std::optional<Instant> next;
  for (const Open& open : open_) {
    if (open.done || open.ticket != 0) continue;
    if (in_flight_ >= static_cast<std::size_t>(connection_.parallel_reads)) break;  // an answer comes first
    const Instant at = std::max({open.not_before, paused_until_, pace_.next(now)});
    if (!next || at < *next) next = at;
  }
  return next;
}

std::vector<Conversation::Told> Conversation::take() {
  std::vector<Told> out;
  for (Open& open : open_) out.push_back({std::move(open.question), std::move(open.heard)});
  open_.clear();
  in_flight_ = 0;
  return out;
}

void Conversation::forget() {
  open_.clear();
  in_flight_ = 0;
}

}  // namespace handoff::sync

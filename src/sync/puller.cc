#include "sync/puller.h"

#include <algorithm>
#include <atomic>

#include "base/log.h"
#include "sync/pull.h"

namespace handoff::sync {
namespace {
constexpr milliseconds claim_every{1000};
}

// What belongs to the thread that ticks.
struct Puller::Work {
  std::map<EmrConnectionId, std::unique_ptr<PullOfOne>> pulls;
  std::map<std::uint64_t, EmrConnectionId> tickets;
  std::uint64_t next_ticket = 1;
  std::vector<Asked> waiting;                  // for connections that are not claimed yet
  std::map<EmrConnectionId, Instant> resting;  // after a failure, but for those who ask
  std::optional<Instant> claim_at;
  Instant ticked_at{};
  std::atomic<std::size_t> in_flight{0};
};

Puller::Puller(PullStore& store, Reader& reader, Transport& transport, referral::Commands& commands,
               RecordFollower& follower, Random& random, PullerOptions options, Finished finished)
    : store_(store),
      reader_(reader),
      transport_(transport),
      commands_(commands),
      follower_(follower),
      random_(random),
      options_(options),
      finished_(std::move(finished)),
      work_(std::make_unique<Work>()) {}
Puller::~Puller() = default;

std::uint64_t Puller::ask(const EmrConnectionId& id, bool reconcile) {
  const std::lock_guard lock(mutex_);
  const std::uint64_t number = next_number_++;
  asked_.push_back({number, id, reconcile});
  return number;
}

void Puller::look_at(const EmrConnectionId& id) {
  const std::lock_guard lock(mutex_);
  look_at_.insert(id);
}

std::size_t Puller::in_flight() const { return work_->in_flight; }

void Puller::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
}

Result<bool> Puller::tick(Instant now) {
  bool stopped = false, look = false;
  {
    const std::lock_guard lock(mutex_);
    stopped = stopped_;
    for (auto& asked : asked_) work_->waiting.push_back(std::move(asked));
    look = !asked_.empty() || !look_at_.empty();
    asked_.clear();
    for (const auto& id : look_at_) {
      if (const auto found = work_->pulls.find(id); found != work_->pulls.end()) found->second->look_again();
    }
    look_at_.clear();
  }
  work_->ticked_at = now;
  bool any = false;
  for (auto& arrived : transport_.take_arrived()) {
    const auto ticket = work_->tickets.find(arrived.ticket);
    if (ticket == work_->tickets.end()) continue;
    const auto pull = work_->pulls.find(ticket->second);
    work_->tickets.erase(ticket);
    if (pull != work_->pulls.end()) pull->second->arrived(arrived.ticket, arrived.reply, now);
    any = true;
  }
  // Whoever asks is answered by a pull that is held already, or by the next claim.
  std::erase_if(work_->waiting, [&](const Asked& asked) {
    const auto found = work_->pulls.find(asked.id);
    if (found == work_->pulls.end()) return false;
    found->second->ask(asked.number, asked.reconcile);
    return true;
  });
  if (!stopped && (look || !work_->claim_at || *work_->claim_at <= now)) {
    work_->claim_at = now + claim_every;
    any = HANDOFF_TRY(claim(now)) || any;
  }
  for (auto at = work_->pulls.begin(); at != work_->pulls.end();) {
    PullOfOne& pull = *at->second;
    if (stopped) pull.stop();
    any = pull.tick(now) || any;
    for (const auto& [number, run] : pull.take_finished()) finished_(number, run);
    if (!pull.over()) {
      ++at;
      continue;
    }
    if (pull.rest_until()) {
      work_->resting[at->first] = *pull.rest_until();
    } else {
      work_->resting.erase(at->first);
    }
    const auto released = store_.release(pull.claimed());
    if (!released) log_warn("emr.release_failed", {{"code", released.error().code}});
    std::erase_if(work_->tickets, [&](const auto& one) { return one.second == at->first; });
    at = work_->pulls.erase(at);
    any = true;
  }
  work_->in_flight = work_->tickets.size();
  return any;
}

Result<bool> Puller::claim(Instant now) {
  if (work_->pulls.size() >= options_.connections_max) return false;
  std::set<EmrConnectionId> leave_out;
  for (const auto& [id, until] : work_->resting) {
    const bool asked =
        std::any_of(work_->waiting.begin(), work_->waiting.end(), [&](const Asked& one) { return one.id == id; });
    if (until > now && !asked) leave_out.insert(id);
  }
  for (const auto& [id, pull] : work_->pulls) leave_out.insert(id);
  const auto claimed = HANDOFF_TRY(store_.claim(now, options_.lease, leave_out));
  for (const auto& one : claimed) {
    PullTools tools{store_,
                    reader_,
                    commands_,
                    follower_,
                    random_,
                    options_,
                    [this, id = one.id](const OrganizationId& organization, Request request) {
                      const std::uint64_t ticket = work_->next_ticket++;
                      work_->tickets[ticket] = id;
                      transport_.send({ticket, organization, std::move(request)});
                      return ticket;
                    }};
    auto pull = std::make_unique<PullOfOne>(std::move(tools), one, now);
    std::erase_if(work_->waiting, [&](const Asked& asked) {
      if (asked.id != one.id) return false;
      pull->ask(asked.number, asked.reconcile);
      return true;
    });
    work_->pulls[one.id] = std::move(pull);
  }
  return !claimed.empty();
}

std::optional<Instant> Puller::next_at() const {
  std::optional<Instant> next = work_->claim_at;
  for (const auto& [id, pull] : work_->pulls) {
    const auto at = pull->next_at(work_->ticked_at);
    if (at && (!next || *at < *next)) next = at;
  }
  return next;
}

}  // namespace handoff::sync

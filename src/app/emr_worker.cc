#include "app/emr_worker.h"

#include <algorithm>

#include "base/log.h"

namespace handoff::app {
namespace {

constexpr milliseconds tick_every{200};  // beside being woken: timers, and what other processes stored
constexpr std::size_t answer_bytes_max = 64 * 1024 * 1024;
constexpr std::size_t runs_max = 256;

net::ClientRequest request_of(const sync::Request& from) {
  net::ClientRequest request;
  request.method = from.method;
  request.url = from.url.reveal();
  for (const auto& [name, value] : from.headers) request.headers.add(name, value);
  if (!from.body.empty()) request.body.push_back({from.body, {}, 0});
  request.timeout = from.timeout;
  request.answer_bytes_max = answer_bytes_max;
  return request;
}

sync::Reply reply_of(net::ClientReply from) {
  sync::Reply reply;
  reply.headers = from.headers.items();
  reply.body = std::move(from.body);
  // An answer that was cut off on its way is none.
  const bool whole = from.outcome == net::ClientReply::Outcome::answered && !from.truncated;
  if (whole) {
    reply.status = from.status;
  } else {
    reply.error = from.truncated ? "the answer was too long" : std::move(from.problem);
    reply.not_allowed = from.problem_code == "connect.address_not_allowed";
  }
  return reply;
}

}  // namespace

void EmrTransport::send(sync::Outgoing outgoing) {
  client_.send(request_of(outgoing.request), [this, ticket = outgoing.ticket](net::ClientReply reply) {
    {
      const std::lock_guard lock(mutex_);
      answers_.push_back({ticket, reply_of(std::move(reply))});
    }
    arrived_();
  });
}

std::vector<sync::Arrived> EmrTransport::take_arrived() {
  const std::lock_guard lock(mutex_);
  return std::exchange(answers_, {});
}

sync::Reply EmrTransport::ask(const sync::Request& request) {
  return reply_of(client_.send_and_wait(request_of(request)));
}

EmrWorker::EmrWorker(net::Client& client, std::unique_ptr<sync::PullStore> store, sync::Reader& reader,
                     referral::Commands& commands, const Clock& clock, Random& random)
    : clock_(clock), transport_(client, [this] { bell_.ring(); }), store_(std::move(store)) {
  puller_ =
      std::make_unique<sync::Puller>(*store_, reader, transport_, commands, admission_, random, sync::PullerOptions{},
                                     [this](std::uint64_t number, const sync::Run& run) { finished(number, run); });
}

void EmrWorker::start() {
  thread_ = std::thread([this] { work(); });
}

void EmrWorker::hurry() {
  {
    const std::lock_guard lock(mutex_);
    hurrying_ = true;
  }
  answered_.notify_all();
}

void EmrWorker::stop(std::chrono::seconds drain) {
  hurry();
  if (stopping_.exchange(true)) return;
  drain_ms_ = std::chrono::duration_cast<milliseconds>(drain).count();
  puller_->stop();
  bell_.ring();
  if (thread_.joinable()) thread_.join();
}

Result<std::optional<sync::Run>> EmrWorker::pull(const OrganizationId& organization, const EmrConnectionId& id,
                                                 std::chrono::milliseconds at_most) {
  sync::PullCommand command;
  command.actor.kind = access::ActorKind::rule;
  command.actor.id = command.actor.name = id.text();
  command.actor.organization = organization;
  command.cause = "sync";
  command.run = [&id](referral::Unit& unit) -> Result<void> {
    part_of<sync::Unit>(unit).add(sync::Hint{id, "", 0, unit.now(), "sync"});
    return {};
  };
  HANDOFF_TRY(store_->run(std::move(command)));
  const std::uint64_t number = puller_->ask(id);
  bell_.ring();
  if (at_most <= milliseconds{0}) return std::optional<sync::Run>();
  std::unique_lock lock(mutex_);
  answered_.wait_for(lock, at_most, [&] { return runs_.contains(number) || hurrying_; });
  const auto found = runs_.extract(number);
  if (found.empty()) return std::optional<sync::Run>();
  return std::optional(found.mapped());
}

void EmrWorker::look_at(const EmrConnectionId& id) {
  puller_->look_at(id);
  bell_.ring();
}

void EmrWorker::finished(std::uint64_t number, const sync::Run& run) {
  {
    const std::lock_guard lock(mutex_);
    if (runs_.size() >= runs_max) runs_.erase(runs_.begin());  // nobody waits for the oldest any more
    runs_.insert_or_assign(number, run);
  }
  answered_.notify_all();
}

void EmrWorker::work() {
  std::optional<milliseconds> ends;
  while (!stopping_ || puller_->in_flight() > 0) {
    const Instant now = clock_.now();
    const auto done = puller_->tick(now);
    if (!done) log_error("emr.tick_failed", {{"code", done.error().code}, {"detail", done.error().for_log}});
    if (stopping_ && !ends) ends = clock_.monotonic() + milliseconds{drain_ms_};
    if (ends && clock_.monotonic() >= *ends) return;  // what comes later is read again by whoever goes on
    if (done && *done) continue;
    milliseconds wait = tick_every;
    if (const auto next = puller_->next_at()) wait = std::clamp(*next - now, milliseconds{1}, tick_every);
    bell_.wait(wait);
  }
}

}  // namespace handoff::app

#include "app/outbound.h"

#include <algorithm>

#include "base/clock.h"
#include "base/crypto.h"
#include "exchange/summary.h"

namespace handoff::app {
namespace {

// What a destination says of itself may be long: an object of a large org has a thousand fields.
constexpr std::size_t probe_answer_bytes_max = 16 * 1024 * 1024;

exchange::Reply reply_of(net::ClientReply from, Instant now) {
  exchange::Reply reply;
  using Outcome = net::ClientReply::Outcome;
  reply.outcome = from.outcome == Outcome::answered   ? exchange::Reply::Outcome::answered
                  : from.outcome == Outcome::not_sent ? exchange::Reply::Outcome::not_sent
                                                      : exchange::Reply::Outcome::unknown;
  reply.status = from.status;
  reply.headers = from.headers.items();
  reply.body = std::move(from.body);
  reply.truncated = from.truncated;
  reply.problem = std::move(from.problem);
  reply.at = now;
  return reply;
}

net::ClientRequest request_of(const exchange::HttpRequest& from, milliseconds timeout) {
  net::ClientRequest request;
  request.method = from.method;
  request.url = from.url;
  for (const auto& [name, value] : from.headers) request.headers.add(name, value);
  request.timeout = timeout;
  return request;
}

// A file that leaves as base64, encoded as it is read. Pieces end at a multiple of three bytes, so that they join.
net::BodyPart encoded(net::BodyPart plain) {
  net::BodyPart part;
  if (!plain.source) {
    part.bytes = base64(plain.bytes);
    return part;
  }
  part.size = (plain.size + 2) / 3 * 4;
  part.source = [inner = std::move(plain.source), left = std::string(), from = std::uint64_t{0}, size = plain.size](
                    std::uint64_t offset, std::size_t size_max) mutable -> Result<std::string> {
    // What one read gave and the caller had no room for; it asks for the next piece where the last one ended.
    if (offset != from || left.empty()) {
      constexpr std::size_t piece = 3 * 64 * 1024;
      const std::uint64_t begin = offset / 4 * 3;
      std::string bytes;
      while (bytes.size() < piece && begin + bytes.size() < size) {
        const std::string more = HANDOFF_TRY(inner(begin + bytes.size(), piece - bytes.size()));
        if (more.empty()) return Error{Kind::internal, "body.unreadable", "", "a file ended before its size", {}};
        bytes += more;
      }
      left = base64(bytes).substr(static_cast<std::size_t>(offset % 4));
      from = offset;
    }
    std::string out = left.substr(0, size_max);
    left.erase(0, out.size());
    from += out.size();
    return out;
  };
  return part;
}

exchange::Reply not_sent(std::string problem, Instant now) {
  exchange::Reply reply;
  reply.outcome = exchange::Reply::Outcome::not_sent;
  reply.problem = std::move(problem);
  reply.at = now;
  return reply;
}

}  // namespace

Outbound::Outbound(net::Client& client, store::Blobs& blobs, const Clock& clock, std::function<void()> arrived,
                   std::size_t painters)
    : client_(client), blobs_(blobs), clock_(clock), arrived_(std::move(arrived)) {
  for (std::size_t i = 0; i < painters; ++i) painters_.emplace_back([this] { paint(); });
}

Outbound::~Outbound() { stop(); }

void Outbound::stop() {
  std::deque<exchange::Outgoing> left;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    left.swap(waiting_);
  }
  work_.notify_all();
  for (auto& painter : painters_) {
    if (painter.joinable()) painter.join();
  }
  for (auto& outgoing : left) finish(outgoing.ticket, not_sent("shutting down", clock_.now()), milliseconds{0});
}

void Outbound::send(exchange::Outgoing outgoing) {
  const bool needs_paint = std::any_of(outgoing.request.body.begin(), outgoing.request.body.end(),
                                       [](const auto& part) { return part.summary_pdf; });
  if (!needs_paint) return dispatch(std::move(outgoing));
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_) {
      waiting_.push_back(std::move(outgoing));
      work_.notify_one();
      return;
    }
  }
  finish(outgoing.ticket, not_sent("shutting down", clock_.now()), milliseconds{0});
}

void Outbound::paint() {
  for (;;) {
    exchange::Outgoing outgoing;
    {
      std::unique_lock lock(mutex_);
      work_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
      if (stopping_) return;
      outgoing = std::move(waiting_.front());
      waiting_.pop_front();
    }
    const auto begun = clock_.monotonic();
    auto pdf = outgoing.snapshot ? exchange::render_summary(*outgoing.snapshot)
                                 : Result<std::string>(Error{
                                       Kind::internal, "summary.no_snapshot", "", "a PDF part without a snapshot", {}});
    if (!pdf) {
      finish(outgoing.ticket, not_sent("the summary PDF could not be made (" + pdf.error().code + ")", clock_.now()),
             clock_.monotonic() - begun);
      continue;
    }
    for (auto& part : outgoing.request.body) {
      if (part.summary_pdf) part = exchange::PartBytes{*pdf, std::nullopt, 0, false, part.base64};
    }
    dispatch(std::move(outgoing));
  }
}

void Outbound::dispatch(exchange::Outgoing outgoing) {
  // The lease has run since it was taken: what the commit, the queue and the drawing took is no longer there for the
  // request. A request that would outlast the lease could meet its own successor at the destination.
  constexpr milliseconds least{1000};
  const milliseconds late = std::max(milliseconds{0}, clock_.now() - outgoing.leased_at);
  if (outgoing.timeout - late < least)
    return finish(outgoing.ticket, not_sent("this server was too busy to send it in time", clock_.now()), late);
  net::ClientRequest request = request_of(outgoing.request, outgoing.timeout - late);
  for (auto& part : outgoing.request.body) {
    net::BodyPart body;
    if (part.attachment) {
      body.size = part.attachment_size;
      body.source = [this, organization = outgoing.organization.text(), sha = *part.attachment](std::uint64_t offset,
                                                                                                std::size_t size_max) {
        return blobs_.read(organization, sha, offset, size_max);
      };
    } else {
      body.bytes = std::move(part.text);
    }
    request.body.push_back(part.base64 ? encoded(std::move(body)) : std::move(body));
  }
  client_.send(std::move(request), [this, ticket = outgoing.ticket](net::ClientReply reply) {
    const auto duration = reply.duration;
    finish(ticket, reply_of(std::move(reply), clock_.now()), duration);
  });
}

void Outbound::finish(std::uint64_t ticket, exchange::Reply reply, milliseconds duration) {
  {
    const std::lock_guard lock(mutex_);
    answers_.push_back({ticket, std::move(reply), duration});
  }
  arrived_();
}

std::vector<exchange::Arrived> Outbound::take_arrived() {
  const std::lock_guard lock(mutex_);
  return std::exchange(answers_, {});
}

exchange::Reply Outbound::send(const exchange::HttpRequest& from) {
  net::ClientRequest request = request_of(from, milliseconds{15'000});
  request.answer_bytes_max = probe_answer_bytes_max;
  for (const auto& part : from.body) request.body.push_back({part.text, nullptr, 0});
  return reply_of(client_.send_and_wait(std::move(request)), clock_.now());
}

}  // namespace handoff::app

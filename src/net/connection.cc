#include "net/connection.h"

#include <poll.h>

#include <array>
#include <chrono>
#include <exception>
#include <optional>

#include "base/log.h"
#include "base/text.h"
#include "net/answer.h"
#include "net/body_reader.h"
#include "net/head.h"
#include "net/uri.h"

namespace handoff::net {
namespace {

using std::chrono::milliseconds;
using Moment = std::chrono::steady_clock::time_point;
using TlsStream = asio::ssl::stream<Socket>;
template <class T>
using Awaitable = asio::awaitable<T, Executor>;
constexpr asio::use_awaitable_t<Executor> use_await;

constexpr std::size_t read_bytes_head = 8 * 1024;
constexpr std::size_t read_bytes_body = 64 * 1024;
constexpr std::size_t join_bytes_max = 16 * 1024;  // head and body up to here leave in one write
constexpr std::size_t discard_bytes_max = 8 * 1024 * 1024;
constexpr milliseconds discard_time{5000};
constexpr milliseconds goodbye_time{1000};        // for the closing words of TLS
constexpr milliseconds first_request_grace{250};  // a connection made just before a drain may still say what it wants
constexpr milliseconds not_yet_pause{100};
constexpr milliseconds expired_again{50};
constexpr std::size_t progress_bytes = 1024;  // less than this within body_timeout is not progress

// A request and its answer. Held by the coroutine and by the worker that runs the handler.
struct Exchange {
  Head head;
  std::string id;
  std::string path;  // for the log
  Response response;
  std::optional<Result<std::string>> piece;  // of a streamed answer
  std::uint64_t bytes_sent = 0;
  Moment started;
};

Response refusal_answer(Handler& handler, const Refusal& refusal) {
  Response response = handler.refuse(refusal.status, refusal.code, refusal.detail);
  if (refusal.status == 503 && response.headers.find("Retry-After") == nullptr)
    response.headers.set("Retry-After", "1");
  return response;
}

// The two things a worker does for a connection. A handler must not throw; where one does, the client gets an answer
// and the process stays.

void run_handler(Shared& shared, Exchange& exchange) {
  const RequestScope scope(exchange.id);
  std::string problem;
  try {
    exchange.response = shared.handler.handle(exchange.head.request);
    pack_answer(exchange.response, exchange.head.request.headers.get("Accept-Encoding"), shared.options.gzip_from);
    return;
  } catch (const std::exception& thrown) {
    problem = thrown.what();
  } catch (...) {
    problem = "not a std::exception";
  }
  // The text of an exception may quote data, so the log only says that there was one.
  log_error("http.handler_threw", {{"path", exchange.path}});
  exchange.response =
      refusal_answer(shared.handler, {500, "server.failed", "The request failed inside of the server."});
}

void run_chunks(Exchange& exchange) {
  const RequestScope scope(exchange.id);
  try {
    exchange.piece = exchange.response.chunks();
  } catch (...) {
    exchange.piece = Error{Kind::internal, "stream.threw", {}, {}};
  }
}

template <class Stream>
class Session final : public Connection {
 public:
  static constexpr bool is_tls = std::is_same_v<Stream, TlsStream>;

  template <class... Arguments>
  Session(Shared& shared, Lane& lane, bool surplus, Arguments&&... stream)
      : shared_(shared),
        lane_(lane),
        surplus_(surplus),
        stream_(std::forward<Arguments>(stream)...),
        watch_(lane.io.get_executor()),
        wake_(lane.io.get_executor()) {}
  ~Session() override { shared_.closed_one(); }

  void start() override {
    lane_.connections.insert(this);
    if (shared_.closing_all) aborted_ = true;
    closing_ = shared_.draining;
    auto self = std::static_pointer_cast<Session>(shared_from_this());
    // The coroutine keeps the session alive through its own copy of `self`.
    auto ended = [self](std::exception_ptr thrown) {
      if (thrown) log_error("http.connection_threw");
      self->finish();
    };
    asio::co_spawn(lane_.io.get_executor(), run(), std::move(ended));
  }

  void wind_down() override {
    closing_ = true;
    if (lingering_) return arm(goodbye_time);
    ErrorCode ignored;
    if (!idle_ || socket().available(ignored) > 0) return;
    arm(served_ == 0 ? first_request_grace : milliseconds{0});
  }

  void abort() override {
    aborted_ = true;
    close();
    wake_.cancel();
  }

 private:
  Socket& socket() {
    if constexpr (is_tls) {
      return stream_.next_layer();
    } else {
      return stream_;
    }
  }

  void close() {
    ErrorCode ignored;
    // A streamed answer that was cut ends with a reset: where only the end of the connection marks the end of the
    // answer, an orderly close would make the part look like the whole.
    if (streaming_) socket().set_option(Socket::linger(true, 0), ignored);
    socket().close(ignored);
  }

  void finish() {
    close();
    ended_ = true;
    watch_.cancel();
    lane_.connections.erase(this);
  }

  // One deadline at a time. The timer is not set anew for each operation, it looks whether the deadline has moved.
  // After expiry it cancels again and again until the next arm() or disarm(): a single cancel can fall between two
  // steps of a composed operation and be lost.

  void arm(milliseconds time) {
    timed_out_ = false;
    deadline_ = std::chrono::steady_clock::now() + time;
    if (!watching_ || deadline_ < watch_.expiry()) watch(deadline_);
  }

  void disarm() {
    timed_out_ = false;
    deadline_ = Moment::max();
  }

  void watch(Moment until) {
    watching_ = true;
    const auto turn = ++watch_turn_;
    watch_.expires_at(until);
    auto fired = [self = std::static_pointer_cast<Session>(this->shared_from_this()), turn](const ErrorCode&) {
      if (turn != self->watch_turn_ || self->ended_) return;
      self->watching_ = false;
      if (self->deadline_ == Moment::max()) return;
      const Moment now = std::chrono::steady_clock::now();
      if (now < self->deadline_) return self->watch(self->deadline_);
      self->timed_out_ = true;
      ErrorCode ignored;
      self->socket().cancel(ignored);
      self->watch(now + expired_again);
    };
    watch_.async_wait(std::move(fired));
  }

  std::string_view pending() const { return std::string_view(in_).substr(in_at_); }

  void take(std::size_t count) {
    in_at_ += count;
    if (in_at_ == in_.size()) {
      in_.clear();
      in_at_ = 0;
    }
  }

  // More bytes behind those that are pending; false when there will be none.
  Awaitable<bool> read_more(std::size_t size) {
    if (in_at_ > 0) {
      in_.erase(0, in_at_);
      in_at_ = 0;
    }
    const std::size_t before = in_.size();
    in_.resize(before + size);
    ErrorCode problem;
    auto token = asio::redirect_error(use_await, problem);
    const auto room = asio::buffer(in_.data() + before, size);
    const std::size_t count = co_await stream_.async_read_some(room, token);
    in_.resize(before + (problem ? 0 : count));
    co_return !problem && !aborted_;
  }

  Awaitable<bool> write(std::string_view bytes) {
    while (!bytes.empty()) {
      arm(shared_.options.write_timeout);
      ErrorCode problem;
      auto token = asio::redirect_error(use_await, problem);
      const auto rest = asio::buffer(bytes.data(), bytes.size());
      const std::size_t count = co_await stream_.async_write_some(rest, token);
      if (problem || aborted_) co_return false;
      bytes.remove_prefix(count);
    }
    disarm();
    co_return true;
  }

  // Runs `work` on a worker and comes back here. False where it was not taken or the connection was aborted meanwhile.
  Awaitable<bool> on_worker(Workers::Work work, bool started) {
    job_done_ = false;
    auto job = [self = std::static_pointer_cast<Session>(this->shared_from_this()), work = std::move(work)]() mutable {
      work();
      Lane& lane = self->lane_;
      auto back = [self = std::move(self)] {
        self->job_done_ = true;
        self->wake_.cancel();
      };
      asio::post(lane.io, std::move(back));
    };
    if (!shared_.workers.submit(std::move(job), started)) co_return false;
    while (!job_done_ && !aborted_) co_await sleep(Moment::max());
    co_return job_done_ && !aborted_;
  }

  Awaitable<void> sleep(Moment until) {
    ErrorCode woken;
    auto token = asio::redirect_error(use_await, woken);
    wake_.expires_at(until);
    co_await wake_.async_wait(token);
  }

  Awaitable<void> run() {
    if (aborted_) co_return;
    ErrorCode problem;
    const auto endpoint = socket().remote_endpoint(problem);
    if (problem) co_return;
    const auto address = endpoint.address();
    peer_ = address.is_v6() && address.to_v6().is_v4_mapped()
                ? asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string()
                : address.to_string();
    if constexpr (is_tls) {
      arm(shared_.options.header_timeout);
      auto token = asio::redirect_error(use_await, problem);
      idle_ = true;
      co_await stream_.async_handshake(asio::ssl::stream_base::server, token);
      idle_ = false;
      if (problem || aborted_) co_return;
    }
    bool again = true;
    while (again) again = co_await serve_one();
    if (!aborted_ && !broken_) co_await say_goodbye();
  }

  // Waits for the first byte of a request; false where the connection should end without a word.
  Awaitable<bool> wait_for_request() {
    for (;;) {
      // Empty lines before a request are allowed to be skipped (RFC 9112, 2.2).
      while (!pending().empty() && (pending().front() == '\r' || pending().front() == '\n')) take(1);
      if (!pending().empty()) co_return true;
      if (closing_ && served_ > 0) {
        ErrorCode ignored;
        if (socket().available(ignored) == 0) co_return false;
      }
      if (in_.capacity() > 2 * read_bytes_body) std::string{}.swap(in_);
      idle_ = true;
      arm(closing_       ? first_request_grace
          : served_ == 0 ? shared_.options.header_timeout
                         : shared_.options.idle_timeout);
      const bool more = co_await read_more(read_bytes_head);
      idle_ = false;
      if (!more) co_return false;
    }
  }

  // One request and its answer; true where another may follow.
  Awaitable<bool> serve_one() {
    const bool begun = co_await wait_for_request();
    if (!begun) {
      broken_ = !timed_out_ && !closing_;
      co_return false;
    }
    auto exchange = std::make_shared<Exchange>();
    exchange->started = std::chrono::steady_clock::now();

    HeadParser parser(shared_.options.header_bytes_max);
    std::optional<Refusal> refusal;
    arm(shared_.options.header_timeout);
    for (bool done = false; !done;) {
      HeadParser::Fed fed = parser.feed(pending());
      take(fed.used);
      refusal = std::move(fed.refusal);
      done = fed.done || refusal;
      if (done) break;
      const bool more = co_await read_more(read_bytes_head);
      if (more) continue;
      if (!timed_out_) {  // gone, or said half a request and no more
        broken_ = true;
        co_return false;
      }
      refusal = Refusal{408, "request.header_timeout", "The header of the request did not arrive in time."};
      break;
    }
    if (refusal) {
      exchange->id = request_id({}, shared_.random);
      exchange->response = refusal_answer(shared_.handler, *refusal);
      co_return co_await send_last(exchange);
    }

    exchange->head = parser.take();
    Request& request = exchange->head.request;
    exchange->id = request.id = request_id(request.headers, shared_.random);
    exchange->path = path_for_log(request.path);
    request.remote_address = remote_address(peer_, request.headers, shared_.trusted);
    request.body = body_of({});

    if (surplus_) {
      const Refusal busy{503, "server.too_many_connections", "The server has as many connections as it can hold."};
      exchange->response = refusal_answer(shared_.handler, busy);
      co_return co_await send_last(exchange);
    }

    // Who may speak at all is settled before the length, the coding or an expectation is looked at.
    Handler::Admission admission = shared_.handler.admit(request);
    const bool no_body = !exchange->head.chunked && exchange->head.content_length.value_or(0) == 0;
    if (admission.refuse) {
      exchange->response = std::move(*admission.refuse);
      if (!no_body) co_return co_await send_last(exchange);
      co_return co_await send_answer(exchange);
    }
    if (exchange->head.expects_other) {
      refusal = Refusal{417, "request.unknown_expectation", "The only expectation met is 100-continue."};
    } else {
      refusal = BodyReader::refusal_of(exchange->head, admission.limit);
    }
    if (!refusal && !no_body) {
      BodyReader reader(exchange->head, admission.limit, shared_.options.memory_body_max,
                        shared_.options.temporary_dir);
      // Whoever did not wait for the word does not need it.
      if (exchange->head.expects_continue && pending().empty()) {
        const bool written = co_await write("HTTP/1.1 100 Continue\r\n\r\n");
        if (!written) {
          broken_ = true;
          co_return false;
        }
      }
      refusal = co_await read_body(reader);
      if (!refusal) {
        if (broken_) co_return false;
        request.body = reader.finish();
        // The handler sees the body as it was before it was packed, so the headers must not say otherwise.
        request.headers.remove("Content-Encoding");
        request.headers.remove("Transfer-Encoding");
        request.headers.set("Content-Length", std::to_string(request.body->size()));
      }
    }
    if (refusal) {
      exchange->response = refusal_answer(shared_.handler, *refusal);
      co_return co_await send_last(exchange);
    }

    disarm();
    Workers::Work work = [&shared = shared_, exchange] { run_handler(shared, *exchange); };
    const bool done = co_await on_worker(std::move(work), false);
    if (aborted_) co_return false;
    if (!done) {
      const Refusal busy{503, "server.busy", "The server has more requests than it can take. Try again in a moment."};
      exchange->response = refusal_answer(shared_.handler, busy);
    }
    if (exchange->response.drop_connection) {
      log(*exchange, false);
      broken_ = true;
      co_return false;
    }
    co_return co_await send_answer(exchange);
  }

  // Reads the whole body; a refusal where it cannot be taken, `broken_` where the client has gone.
  Awaitable<std::optional<Refusal>> read_body(BodyReader& reader) {
    std::size_t since_progress = progress_bytes;
    for (;;) {
      if (!pending().empty()) {
        BodyReader::Fed fed = reader.feed(pending());
        take(fed.used);
        if (fed.refusal) co_return std::move(fed.refusal);
      }
      if (reader.done()) co_return std::nullopt;
      if (since_progress >= progress_bytes) {
        arm(shared_.options.body_timeout);
        since_progress = 0;
      }
      const std::size_t before = pending().size();
      const bool more = co_await read_more(read_bytes_body);
      if (!more) {
        if (timed_out_)
          co_return Refusal{408, "request.body_timeout", "The body of the request did not arrive in time."};
        broken_ = true;
        co_return std::nullopt;
      }
      since_progress += pending().size() - before;
    }
  }

  // An answer after which the rest of what the client sends is not understood any more.
  Awaitable<bool> send_last(std::shared_ptr<Exchange> exchange) {
    exchange->head.keep_alive = false;
    linger_ = true;
    co_return co_await send_answer(exchange);
  }

  Awaitable<bool> send_answer(std::shared_ptr<Exchange> exchange) {
    ++served_;
    const Head& head = exchange->head;
    const Response& response = exchange->response;
    const AnswerFacts facts{exchange->id, head.head_only, head.http_1_0,
                            head.keep_alive && !closing_ && !shared_.draining};
    AnswerHead answer = answer_head(response, facts);
    bool sent = false;
    if (!answer.body) {
      sent = co_await write(answer.text);
    } else if (response.chunks) {
      sent = co_await write(answer.text);
      streaming_ = true;
      if (sent) sent = co_await send_chunks(exchange, answer);
      streaming_ = !sent;
    } else if (response.body.size() <= join_bytes_max) {
      answer.text.append(response.body);
      sent = co_await write(answer.text);
      if (sent) exchange->bytes_sent = response.body.size();
    } else {
      sent = co_await write(answer.text);
      if (sent) sent = co_await write(response.body);
      if (sent) exchange->bytes_sent = response.body.size();
    }
    log(*exchange, sent);
    broken_ = !sent;
    co_return sent&& answer.keep_alive;
  }

  // Pulls a piece, writes it, and only then asks for the next: a slow reader slows the source.
  Awaitable<bool> send_chunks(std::shared_ptr<Exchange> held, const AnswerHead& answer) {
    Exchange& exchange = *held;
    const bool events = media_type(exchange.response.headers.get("Content-Type")) == "text/event-stream";
    std::uint64_t left = exchange.response.chunks_size.value_or(0);
    bool paused = false;
    for (;;) {
      if (client_gone(events || paused)) co_return false;
      // Listeners of events come back by themselves; any other stream may use the patience of the drain to end.
      if (events && shared_.draining) break;
      Workers::Work work = [held] { run_chunks(*held); };
      const bool pulled = co_await on_worker(std::move(work), true);
      if (!pulled) co_return false;
      Result<std::string> piece = std::move(*exchange.piece);
      exchange.piece.reset();
      if (!piece) {
        if (piece.error().code == not_yet().code) {
          paused = true;
          co_await sleep(std::chrono::steady_clock::now() + not_yet_pause);
          continue;
        }
        const RequestScope scope(exchange.id);
        log_error("http.stream_failed", {{"path", exchange.path}, {"code", piece.error().code}});
        co_return false;
      }
      if (piece->empty()) break;
      if (exchange.response.chunks_size) {
        if (piece->size() > left) co_return false;  // more than was promised would be read as the next answer
        left -= piece->size();
      }
      exchange.bytes_sent += piece->size();
      if (answer.chunked) {
        std::array<char, 24> size{};
        const int length = std::snprintf(size.data(), size.size(), "%zx\r\n", piece->size());
        piece->insert(0, size.data(), static_cast<std::size_t>(length));
        piece->append("\r\n");
      }
      const bool written = co_await write(*piece);
      if (!written) co_return false;
    }
    if (exchange.response.chunks_size && left > 0) co_return false;
    if (!answer.chunked) co_return true;
    co_return co_await write("0\r\n\r\n");
  }

  // True where the client has gone. `waiting`: nothing is being written, so a client that left shows only as one that
  // closed its own side; one that is being written to may have done that and read on.
  bool client_gone(bool waiting) {
    const int gone = POLLHUP | POLLERR | POLLNVAL | (waiting ? POLLRDHUP : 0);
    pollfd state{socket().native_handle(), static_cast<short>(gone), 0};
    return aborted_ || (::poll(&state, 1, 0) > 0 && (state.revents & gone) != 0);
  }

  // Ends the connection so that the client gets to see what was written. Closing with unread bytes would send a reset,
  // and a reset makes the client's system throw away an answer it has not read yet.
  Awaitable<void> say_goodbye() {
    ErrorCode problem;
    const bool unread = linger_ || !pending().empty();
    if constexpr (is_tls) {
      arm(goodbye_time);
      auto token = asio::redirect_error(use_await, problem);
      co_await stream_.async_shutdown(token);
      if (aborted_) co_return;
    }
    socket().shutdown(Socket::shutdown_send, problem);
    if (problem || !unread) co_return;
    arm(closing_ ? goodbye_time : discard_time);
    lingering_ = true;
    in_.resize(read_bytes_body);
    for (std::size_t discarded = 0; discarded < discard_bytes_max;) {
      auto token = asio::redirect_error(use_await, problem);
      const auto room = asio::buffer(in_.data(), in_.size());
      const std::size_t count = co_await socket().async_read_some(room, token);
      if (problem || aborted_) co_return;
      discarded += count;
    }
  }

  void log(const Exchange& exchange, bool sent) {
    const RequestScope scope(exchange.id);
    const auto took =
        std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - exchange.started).count();
    const Json method = exchange.head.head_only ? Json("HEAD") : Json(exchange.head.request.method);
    const Json bytes(static_cast<std::int64_t>(exchange.bytes_sent));
    if (sent) {
      log_info("http.request", {{"method", method},
                                {"path", exchange.path},
                                {"status", exchange.response.status},
                                {"ms", static_cast<std::int64_t>(took)},
                                {"bytes", bytes}});
    } else {
      log_info("http.request", {{"method", method},
                                {"path", exchange.path},
                                {"status", exchange.response.status},
                                {"ms", static_cast<std::int64_t>(took)},
                                {"bytes", bytes},
                                {"cut", true}});
    }
  }

  Shared& shared_;
  Lane& lane_;
  const bool surplus_;
  Stream stream_;
  Timer watch_, wake_;
  Moment deadline_ = Moment::max();
  std::uint64_t watch_turn_ = 0;
  std::string peer_;
  std::string in_;  // received and not yet understood, from in_at_ on
  std::size_t in_at_ = 0;
  std::uint64_t served_ = 0;
  bool watching_ = false;
  bool timed_out_ = false;
  bool idle_ = false;  // waits for the first byte of a request
  bool closing_ = false;
  bool aborted_ = false;
  bool broken_ = false;  // nothing more can be said on it
  bool linger_ = false;  // what the client still sends must be read away before the end
  bool lingering_ = false;
  bool streaming_ = false;  // within a streamed answer, or cut within one
  bool job_done_ = false;
  bool ended_ = false;
};

}  // namespace

std::shared_ptr<Connection> make_connection(Shared& shared, Lane& lane, Socket socket, asio::ssl::context* tls,
                                            bool surplus) {
  if (tls != nullptr) return std::make_shared<Session<TlsStream>>(shared, lane, surplus, std::move(socket), *tls);
  return std::make_shared<Session<Socket>>(shared, lane, surplus, std::move(socket));
}

}  // namespace handoff::net

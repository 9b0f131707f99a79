#include "net/server.h"

#include <algorithm>
#include <future>
#include <optional>
#include <thread>

#include "base/log.h"
#include "net/connection.h"
#include "net/threads.h"

namespace handoff::net {
namespace {

using tcp = asio::ip::tcp;

// So many connections over the limit are still told so; those beyond are closed without a word.
constexpr std::size_t surplus_max = 64;
constexpr std::chrono::milliseconds accept_pause{100};
// For connections that were closed by force to end their coroutines; that takes no waiting on anybody else.
constexpr std::chrono::milliseconds forced_time{5000};

class AsioServer final : public Server {
 public:
  AsioServer(ServerOptions options, Handler& handler, Random& random, AddressRanges trusted)
      : shared_(std::move(options), handler, random) {
    shared_.trusted = std::move(trusted);
    for (int i = 0; i < std::max(1, shared_.options.io_threads); ++i) lanes_.push_back(std::make_unique<Lane>());
    acceptor_.emplace(lanes_.front()->io);
    accept_again_.emplace(lanes_.front()->io);
  }

  ~AsioServer() override {
    drain(std::chrono::milliseconds{0});
    // First the workers: what they finish is posted to io contexts that must still be there.
    shared_.workers.stop();
    for (auto& lane : lanes_) lane->io.stop();
    for (auto& thread : threads_) thread.join();
    // What the contexts still hold refers to the lanes and to shared_, so it goes while both are whole.
    guards_.clear();
    accept_again_.reset();
    acceptor_.reset();
    lanes_.clear();
  }

  Result<void> listen() {
    const ServerOptions& options = shared_.options;
    const auto failed = [&](const ErrorCode& problem) {
      return Error{Kind::unavailable, "server.cannot_listen",
                   "The server cannot listen on " + options.host + " port " + std::to_string(options.port) + ".",
                   problem.message()};
    };
    if (!options.certificate_file.empty() || !options.key_file.empty()) HANDOFF_TRY(load_certificate());
    ErrorCode problem;
    asio::ip::basic_resolver<tcp, Executor> resolver(lanes_.front()->io);
    const auto found =
        resolver.resolve(options.host, std::to_string(options.port),
                         asio::ip::resolver_base::passive | asio::ip::resolver_base::numeric_service, problem);
    if (problem || found.empty()) return failed(problem);
    const tcp::endpoint endpoint = found.begin()->endpoint();
    acceptor_->open(endpoint.protocol(), problem);
    if (!problem) acceptor_->set_option(tcp::acceptor::reuse_address(true), problem);
    // "::" serves IPv4 as well.
    if (!problem && endpoint.address().is_v6()) acceptor_->set_option(asio::ip::v6_only(false), problem);
    if (!problem) acceptor_->bind(endpoint, problem);
    if (!problem) acceptor_->listen(asio::socket_base::max_listen_connections, problem);
    if (!problem) acceptor_->non_blocking(true, problem);
    if (problem) return failed(problem);
    port_ = acceptor_->local_endpoint(problem).port();
    return {};
  }

  void run() {
    const SignalsBlocked blocked;
    accept_next();
    for (auto& lane : lanes_) {
      guards_.emplace_back(lane->io.get_executor());
      threads_.emplace_back([&io = lane->io] {
        pthread_setname_np(pthread_self(), "net-io");
        io.run();
      });
    }
  }

  int port() const override { return port_; }

  void drain(std::chrono::milliseconds patience) override {
    if (threads_.empty()) return;
    stop_accepting();
    shared_.draining = true;
    for_each_connection([](Connection& connection) { connection.wind_down(); });
    if (wait_for_end(patience)) return;
    shared_.closing_all = true;
    for_each_connection([](Connection& connection) { connection.abort(); });
    if (!wait_for_end(forced_time)) log_warn("http.handlers_still_running");
  }

 private:
  Result<void> load_certificate() {
    tls_.emplace(asio::ssl::context::tls_server);
    ErrorCode problem;
    tls_->set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv2 |
                          asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1 |
                          asio::ssl::context::single_dh_use,
                      problem);
    SSL_CTX_set_options(tls_->native_handle(), SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_mode(tls_->native_handle(), SSL_MODE_RELEASE_BUFFERS);
    // A key with a pass phrase is refused; asking the terminal for it would hang a service.
    if (!problem)
      tls_->set_password_callback([](std::size_t, asio::ssl::context::password_purpose) { return ""; }, problem);
    if (!problem) tls_->use_certificate_chain_file(shared_.options.certificate_file, problem);
    if (!problem) tls_->use_private_key_file(shared_.options.key_file, asio::ssl::context::pem, problem);
    if (!problem && SSL_CTX_check_private_key(tls_->native_handle()) != 1) {
      problem = asio::error::invalid_argument;
    }
    if (!problem) return {};
    return Error{Kind::invalid_input, "server.bad_certificate",
                 "The certificate or its key cannot be used; both are PEM files and belong together.",
                 problem.message()};
  }

  Lane& next_lane() { return *lanes_[next_lane_++ % lanes_.size()]; }

  void accept_next() {
    Lane& lane = next_lane();
    acceptor_->async_accept(lane.io, [this, &lane](const ErrorCode& problem, Socket socket) {
      // One that was accepted just before the listener closed is served like the others.
      if (!problem) accepted(lane, std::move(socket));
      if (problem == asio::error::operation_aborted || !acceptor_->is_open()) return;
      if (!problem) return accept_next();
      if (problem == asio::error::connection_aborted) return accept_next();
      // Out of descriptors or memory: trying at once again would only burn the processor.
      log_warn("http.accept_failed", {{"problem", problem.message()}});
      accept_again_->expires_after(accept_pause);
      accept_again_->async_wait([this](const ErrorCode& stopped) {
        if (!stopped && acceptor_->is_open()) accept_next();
      });
    });
  }

  void accepted(Lane& lane, Socket socket) {
    bool surplus = false;
    {
      const std::lock_guard lock(shared_.mutex);
      if (shared_.open >= shared_.options.connections_max + surplus_max) return;
      surplus = shared_.open >= shared_.options.connections_max;
      ++shared_.open;
    }
    ErrorCode ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    auto connection = make_connection(shared_, lane, std::move(socket), tls_ ? &*tls_ : nullptr, surplus);
    asio::post(lane.io, [connection = std::move(connection)] { connection->start(); });
  }

  // Takes those who are already in the listener's queue, because closing it would reset them, then closes it.
  void stop_accepting() {
    const auto stopped = std::make_shared<std::promise<void>>();
    asio::post(lanes_.front()->io, [this, stopped] {
      ErrorCode problem;
      while (acceptor_->is_open() && !problem) {
        Lane& lane = next_lane();
        Socket socket = acceptor_->accept(lane.io, problem);
        if (!problem) accepted(lane, std::move(socket));
      }
      acceptor_->close(problem);
      accept_again_->cancel();
      // In turn after an accept that had already succeeded and waits to be handled.
      asio::post(lanes_.front()->io, [stopped] { stopped->set_value(); });
    });
    stopped->get_future().wait();
  }

  void for_each_connection(void (*act)(Connection&)) {
    for (auto& lane : lanes_) {
      asio::post(lane->io, [&lane = *lane, act] {
        // A copy that owns, because a connection that ends leaves the set.
        std::vector<std::shared_ptr<Connection>> now;
        for (Connection* connection : lane.connections) now.push_back(connection->shared_from_this());
        for (const auto& connection : now) act(*connection);
      });
    }
  }

  bool wait_for_end(std::chrono::milliseconds time) {
    std::unique_lock lock(shared_.mutex);
    return shared_.ended.wait_for(lock, time, [&] { return shared_.open == 0; });
  }

  std::optional<asio::ssl::context> tls_;  // fixed after listen()
  std::vector<std::unique_ptr<Lane>> lanes_;
  Shared shared_;
  std::optional<Acceptor> acceptor_;   // the first lane's thread only
  std::optional<Timer> accept_again_;  // the first lane's thread only
  std::size_t next_lane_ = 0;          // the first lane's thread only
  std::vector<asio::executor_work_guard<Executor>> guards_;
  std::vector<std::thread> threads_;
  int port_ = 0;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::start(ServerOptions options, Handler& handler, Random& random) {
  AddressRanges trusted = HANDOFF_TRY(AddressRanges::parse(options.trusted_proxies));
  auto server = std::make_unique<AsioServer>(std::move(options), handler, random, std::move(trusted));
  HANDOFF_TRY(server->listen());
  server->run();
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace handoff::net

// One connection of the server: a coroutine on the io thread it was given to. Asio is seen by connection.cc and
// server.cc only.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_set>

#include "net/asio.h"
#include "net/client.h"
#include "net/server.h"
#include "net/workers.h"

namespace handoff::net {

class Connection;

// An io thread with what only it touches.
struct Lane {
  asio::io_context io{1};
  std::unordered_set<Connection*> connections;  // the lane's thread only
};

// What all connections share.
struct Shared {
  Shared(ServerOptions options_of, Handler& handler_of, Random& random_of)
      : options(std::move(options_of)),
        handler(handler_of),
        random(random_of),
        workers(options.worker_threads, options.queue_max) {}

  const ServerOptions options;
  Handler& handler;
  Random& random;
  AddressRanges trusted;  // fixed after construction
  Workers workers;
  std::atomic<bool> draining{false};
  std::atomic<bool> closing_all{false};

  // Connections that have not ended; every accepted socket is counted from the moment it is accepted.
  std::mutex mutex;
  std::condition_variable ended;
  std::size_t open = 0;  // guarded by mutex

  void closed_one() {
    const std::lock_guard lock(mutex);
    --open;
    ended.notify_all();
  }
};

// Shared by the coroutine, its timer and a worker that may still run the handler after the client has gone; the last of
// them lets go on the lane's thread.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  virtual ~Connection() = default;
  // All of these on the lane's thread.
  virtual void start() = 0;
  virtual void wind_down() = 0;  // ends when idle, else after the current answer
  virtual void abort() = 0;      // ends now
};

// `tls` is null for plain HTTP. `surplus`: over the connection limit, so its first request is answered with 503.
std::shared_ptr<Connection> make_connection(Shared& shared, Lane& lane, Socket socket, asio::ssl::context* tls,
                                            bool surplus);

}  // namespace handoff::net

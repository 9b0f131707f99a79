// The HTTP/1.1 server: Boost.Beast on one io_context per io thread, handlers on a pool of workers.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/random.h"
#include "net/http.h"

namespace handoff::net {

struct ServerOptions {
  std::string host = "127.0.0.1";
  int port = 0;  // 0: any free one; see Server::port()
  int io_threads = 2;
  int worker_threads = 32;
  std::size_t header_bytes_max = 16 * 1024;         // above: 431
  std::size_t memory_body_max = 256 * 1024;         // larger bodies go to an unlinked temporary file
  std::size_t connections_max = 4096;               // above: 503 and closed
  std::size_t queue_max = 4096;                     // requests waiting for a worker; above: 503
  std::chrono::milliseconds header_timeout{15000};  // 408
  std::chrono::milliseconds body_timeout{30000};    // without progress: 408
  std::chrono::milliseconds idle_timeout{75000};
  std::chrono::milliseconds write_timeout{60000};  // without progress: closed
  std::size_t gzip_from = 1024;                    // answers of at least this size are gzipped where accepted
  std::string certificate_file, key_file;          // PEM; both set: TLS
  std::vector<std::string> trusted_proxies;        // CIDR; X-Forwarded-For is believed from these only
  std::string temporary_dir;                       // "" : the system's
};

class Server {
 public:
  // The handler and the random outlive the server.
  static Result<std::unique_ptr<Server>> start(ServerOptions options, Handler& handler, Random& random);
  virtual ~Server() = default;  // stops
  virtual int port() const = 0;
  // Accepts nothing new, lets requests in flight end within `patience`, then closes. May be called twice.
  virtual void drain(std::chrono::milliseconds patience) = 0;
};

}  // namespace handoff::net

// A running handoff: database, ledger, lane runner, outbound client, faces and listener, wired and started in order.
#pragma once

#include <memory>
#include <string>

#include "app/config.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/random.h"
#include "store/bootstrap.h"
#include "store/sql.h"

namespace handoff::app {

struct ServiceOptions {
  std::string database_url;
  std::string host = "127.0.0.1";
  int port = 0;                // 0: any free one
  std::string data_directory;  // "": beside a SQLite file
  std::string key_file;        // "": beside a SQLite file
  std::string public_url;      // "": http://HOST:PORT
  // Callers of the Salesforce face are told public_url as their instance; otherwise the host they asked for.
  bool public_url_given = false;
  std::vector<std::string> outbound_allow;  // CIDR
  std::string outbound_ca_file;
  std::string profiles_directory;
  std::string tls_certificate, tls_key;
  std::vector<std::string> trusted_proxies;
  bool demo = false;
  bool rate_limit = true;
  std::int64_t salesforce_daily_requests = 1'000'000;  // of each organization; 0: no limit
  int io_threads = 2;
  int worker_threads = 32;
  std::size_t connections_max = 4096;
  std::chrono::seconds drain{20};
};
Result<ServiceOptions> service_options(const Config& config);

class Service {
 public:
  // Migrates, then serves. Clock and random outlive the service.
  static Result<std::unique_ptr<Service>> start(ServiceOptions options, Clock& clock, Random& random);
  virtual ~Service() = default;
  virtual int port() const = 0;
  virtual std::string url() const = 0;
  // How to sign in to a demo and where its sandboxes are, a line each; empty otherwise.
  virtual std::vector<std::string> how_to_try() const = 0;
  virtual store::Database& database() = 0;
  virtual const ServerKey& key() const = 0;
  // Stops taking requests, lets what is under way end, stops the workers. May be called twice.
  virtual void stop() = 0;
};

// "sqlite:PATH" -> "PATH.key" where no key file is named; an error for PostgreSQL without one.
Result<ServerKey> server_key(const std::string& database_url, const std::string& key_file, Random& random);

}  // namespace handoff::app

// A client management system to rehearse with: `crms` takes referrals once, `cms` takes updates too and tells whether
// it has accepted them. It remembers what it got, shows it on a page, and fails on request.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "net/server.h"
#include "sandbox/cms_memory.h"

namespace handoff::sandbox {

enum class CmsProduct { crms, cms };

// What goes wrong with the next `count` requests under /api that carry the token.
struct CmsFault {
  int status = 0;                // answered instead of doing what was asked; 0 asks for no such thing
  int count = 0;                 // requests left
  int latency_ms = 0;            // waited after the work and before the answer
  bool drop_after_save = false;  // does what was asked and closes the connection without an answer
  std::string retry_after;       // header Retry-After of the answer; "" for none
  std::string message;           // of the answer; "" for one made from the status
};

struct CmsSandboxOptions {
  CmsProduct product = CmsProduct::crms;
  std::string host = "127.0.0.1";
  int port = 0;  // 0: any free one
  std::string token;
  std::vector<std::string> required;  // wire keys that must have a value
  CmsFault fault;                     // in force from the start
  int latency_ms = 0;                 // of every request under /api
  std::string store;                  // file; "" forgets with the process
};

class CmsSandbox final : public net::Handler {
 public:
  // Clock and random outlive the sandbox.
  static Result<std::unique_ptr<CmsSandbox>> start(CmsSandboxOptions options, const Clock& clock, Random& random);
  ~CmsSandbox() override;
  CmsSandbox(const CmsSandbox&) = delete;
  CmsSandbox& operator=(const CmsSandbox&) = delete;

  int port() const { return server_->port(); }
  std::string url() const;         // "http://127.0.0.1:9100"
  void stop();                     // answers what is under way and ends; may be called twice
  void set_fault(CmsFault fault);  // replaces the one in force
  CmsFault fault() const;
  std::uint64_t api_requests() const;  // under /api, with the token
  CmsMemory& memory() { return *memory_; }

  net::Response handle(net::Request& request) override;
  Admission admit(const net::Request& head) override;
  net::Response refuse(int status, std::string_view code, std::string_view detail) override;

 private:
  CmsSandbox(CmsSandboxOptions options, const Clock& clock) : options_(std::move(options)), clock_(clock) {}
  CmsFault take_fault();
  void wait(int milliseconds);
  net::Response with_faults(net::Request& request, const std::vector<std::string>& path);
  net::Response api(net::Request& request, const std::vector<std::string>& path);
  net::Response create(net::Request& request);
  net::Response find(const net::Request& request);
  net::Response update(net::Request& request, std::string_view id);
  net::Response attach(net::Request& request, std::string_view id);
  net::Response control(net::Request& request, const std::vector<std::string>& path);
  net::Response set_fault_from(net::Request& request);
  net::Response download(const std::vector<std::string>& path);
  bool has_token(const net::Request& head) const;
  bool has_token_as_password(const net::Request& head) const;

  const CmsSandboxOptions options_;
  const Clock& clock_;
  std::unique_ptr<CmsMemory> memory_;
  mutable std::mutex mutex_;
  std::condition_variable stopping_now_;
  CmsFault fault_;                  // guarded by mutex_
  std::uint64_t api_requests_ = 0;  // guarded by mutex_
  bool stopping_ = false;           // guarded by mutex_
  // Last, so that no request is under way when the rest is taken down.
  std::unique_ptr<net::Server> server_;
};

// The words of `handoff sandbox crms|cms` as they stand on the command line; "" where not given.
struct CmsSandboxWords {
  std::string product;  // "crms", "cms"
  std::string listen;   // HOST:PORT, [::1]:PORT
  std::string token;
  std::string require;  // wire keys, comma separated
  std::string fail;     // CODE:COUNT
  std::string latency;  // milliseconds
  std::string store;
};
Result<CmsSandboxOptions> cms_sandbox_options(const CmsSandboxWords& words);

// The command: prints `ready http://HOST:PORT` and serves until SIGTERM or SIGINT.
Result<void> run_cms_sandbox(const CmsSandboxWords& words, const Clock& clock, Random& random);

}  // namespace handoff::sandbox

// A KIPU-compatible EMR to rehearse with: one port speaks the EMR's API, another, on loopback, moves its clock, edits
// its charts, sets its hooks and breaks it.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/private.h"
#include "base/random.h"
#include "base/result.h"
#include "net/server.h"
#include "sandbox/kipu_api.h"
#include "sandbox/kipu_clinic.h"
#include "sandbox/kipu_clock.h"
#include "sandbox/kipu_faults.h"
#include "sandbox/kipu_hooks.h"
#include "sandbox/kipu_signature.h"

namespace handoff::sandbox {

struct KipuSandboxOptions {
  std::string host = "127.0.0.1";
  int port = 0;  // 0: any free one
  std::string control_host = "127.0.0.1";
  int control_port = 0;
  KipuCredentials credentials;
  std::string app_id;
};

struct KipuControlAnswer {
  int status = 200;
  Json body;
};

class KipuSandbox {
 public:
  // Clock and random outlive the sandbox.
  static Result<std::unique_ptr<KipuSandbox>> start(KipuSandboxOptions options, const Clock& clock, Random& random);
  ~KipuSandbox();
  KipuSandbox(const KipuSandbox&) = delete;
  KipuSandbox& operator=(const KipuSandbox&) = delete;

  int port() const { return server_->port(); }
  int control_port() const { return control_server_->port(); }
  std::string url() const;  // "http://127.0.0.1:9200"
  std::string control_url() const;
  void stop();  // answers what is under way and ends; may be called twice

  // The control plane without HTTP, for those who run the sandbox inside themselves: the same paths and bodies.
  KipuControlAnswer control(std::string_view method, std::string_view path, const Json& body = {});

 private:
  class Face;
  KipuSandbox(KipuSandboxOptions options, const Clock& clock, Random& random)
      : options_(std::move(options)), clock_(clock), clinic_(random) {}

  // The EMR's side.
  struct Heard;
  net::Response serve(net::Request& request);
  KipuAnswer answer(Heard& heard);
  net::Response write(KipuAnswer answer, const std::vector<KipuFault>& faults);
  bool over_rate_limit();
  void wait(std::int64_t milliseconds);

  // The control plane; all but the last with the mutex held.
  KipuControlAnswer act(std::string_view method, const std::vector<std::string>& path, const Json& body);
  KipuControlAnswer act_on_clock(std::string_view method, const Json& body);
  KipuControlAnswer act_on_settings(std::string_view method, const Json& body);
  KipuControlAnswer act_on_faults(std::string_view method, const Json& body);
  KipuControlAnswer act_on_charts(std::string_view method, const std::vector<std::string>& path, const Json& body);
  KipuControlAnswer act_on_chart(KipuChart& chart, std::string_view act, const Json& body);
  KipuControlAnswer act_on_journal(std::string_view method);
  KipuMoment moment() const { return {clock_.now(), clock_.elapsed()}; }
  void tell_hooks();

  const KipuSandboxOptions options_;
  KipuClock clock_;
  mutable std::mutex mutex_;
  std::condition_variable stopping_now_;
  bool stopping_ = false;  // guarded by mutex_, as all below
  KipuClinic clinic_;
  KipuFaults faults_;
  KipuSettings settings_;
  KipuRoster roster_;
  std::deque<Json> journal_;
  std::int64_t journal_dropped_ = 0;
  double tokens_ = 0;  // of the rate limit
  std::chrono::milliseconds tokens_at_{0};
  std::unique_ptr<KipuHooks> hooks_;  // fixed after the start, with a mutex of its own
  std::unique_ptr<net::Handler> emr_face_;
  std::unique_ptr<net::Handler> control_face_;
  // Last, so that no request is under way when the rest is taken down.
  std::unique_ptr<net::Server> server_;
  std::unique_ptr<net::Server> control_server_;
};

// The words of `handoff sandbox kipu` as they stand on the command line.
struct KipuSandboxWords {
  std::string listen;   // HOST:PORT, [::1]:PORT
  std::string control;  // the same, a loopback address
  std::string access_id;
  std::string secret;
  std::string app_id;
};
Result<KipuSandboxOptions> kipu_sandbox_options(const KipuSandboxWords& words);

// The command: prints `ready http://HOST:PORT` and serves until SIGTERM or SIGINT.
Result<void> run_kipu_sandbox(const KipuSandboxWords& words, const Clock& clock, Random& random);

}  // namespace handoff::sandbox

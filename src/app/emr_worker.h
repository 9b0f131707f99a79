// Pulls from record systems on a thread of its own: lends net to sync, drives the puller with real time, and lets
// callers of the API ask for a pull and wait for it.
#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "app/bell.h"
#include "app/record_admission.h"
#include "base/clock.h"
#include "face/own/own.h"
#include "net/client.h"
#include "sync/puller.h"

namespace handoff::app {

class EmrTransport final : public sync::Transport {
 public:
  // `arrived` is called whenever an answer can be taken; must be quick.
  EmrTransport(net::Client& client, std::function<void()> arrived) : client_(client), arrived_(std::move(arrived)) {}
  void send(sync::Outgoing outgoing) override;
  std::vector<sync::Arrived> take_arrived() override;
  sync::Reply ask(const sync::Request& request);  // waits

 private:
  net::Client& client_;
  const std::function<void()> arrived_;
  std::mutex mutex_;
  std::vector<sync::Arrived> answers_;  // guarded by mutex_
};

class EmrWorker final : public face::EmrDesk {
 public:
  // Everything passed by reference outlives the worker.
  EmrWorker(net::Client& client, std::unique_ptr<sync::PullStore> store, sync::Reader& reader,
            referral::Commands& commands, const Clock& clock, Random& random);
  ~EmrWorker() override { stop(std::chrono::seconds{0}); }
  void start();
  // Nobody is let wait for a pull any more.
  void hurry();
  // No more requests; what is in flight is waited for, at most so long. May be called twice.
  void stop(std::chrono::seconds drain);

  Result<std::optional<sync::Run>> pull(const OrganizationId& organization, const EmrConnectionId& id,
                                        std::chrono::milliseconds at_most) override;
  void look_at(const EmrConnectionId& id) override;
  sync::Reply ask(const sync::Request& request) override { return transport_.ask(request); }

 private:
  void work();
  void finished(std::uint64_t number, const sync::Run& run);

  const Clock& clock_;
  Bell bell_;
  EmrTransport transport_;
  std::unique_ptr<sync::PullStore> store_;
  AdmissionOfRecords admission_;
  std::unique_ptr<sync::Puller> puller_;
  std::atomic<bool> stopping_{false}, hurrying_{false};
  std::atomic<std::int64_t> drain_ms_{0};
  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable answered_;
  std::map<std::uint64_t, sync::Run> runs_;  // guarded by mutex_; the newest answers, taken by who waits for them
};

}  // namespace handoff::app

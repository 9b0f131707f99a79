// The two webhooks of the sandbox EMR and what happens to a delivery on its way: delay, copies, overtaking, loss, and
// retries that end with a hook being switched off without a word.
#pragma once

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "base/json.h"
#include "base/random.h"
#include "net/client.h"
#include "sandbox/kipu_clinic.h"
#include "sandbox/kipu_clock.h"

namespace handoff::sandbox {

struct KipuHook {
  std::string url;  // "" while the hook is not set
  std::string token;
  bool active = false;
  std::int64_t delay_ms = 0;
  std::int64_t copies = 0;  // beyond the first
  bool reorder = false;     // every other delivery is overtaken by the one after it
  double drop_rate = 0;     // 0 to 1
};

class KipuHooks {
 public:
  static Result<std::unique_ptr<KipuHooks>> start(std::string app_id, const KipuClock& clock, Random& random);
  ~KipuHooks();
  KipuHooks(const KipuHooks&) = delete;
  KipuHooks& operator=(const KipuHooks&) = delete;

  // {url, token, active, delayMs, duplicate, reorder, dropRate}; what is not named stays. Counts begin anew.
  Result<void> set(std::string_view kind, const Json& given);
  void tell(const KipuChange& change);
  void look_again();                                               // after the clock was moved
  Json json() const;                                               // both hooks and what became of their deliveries
  Json deliveries() const;                                         // every attempt, oldest first
  void forget();                                                   // the attempts
  static std::optional<KipuEvent> kind_of(std::string_view kind);  // "patient-creation", "chart-update"
  void stop();                                                     // may be called twice

 private:
  struct Delivery {
    KipuEvent event;
    std::string casefile_id;
    std::string body;
    int attempts = 0;
    std::chrono::milliseconds first_at{0};
    bool held = false;  // until it has been overtaken
  };
  struct Slot {
    KipuHook hook;
    bool hold_next = true;
    std::int64_t delivered = 0, failed = 0, dropped = 0;
  };

  KipuHooks(std::string app_id, const KipuClock& clock, Random& random)
      : app_id_(std::move(app_id)), clock_(clock), random_(random) {}
  Slot& slot(KipuEvent event) { return slots_[event == KipuEvent::chart_update ? 1 : 0]; }
  void run();
  void attempt(std::unique_lock<std::mutex>& lock, Delivery delivery);
  void settle(Delivery delivery, const net::ClientReply& reply);

  const std::string app_id_;
  const KipuClock& clock_;
  Random& random_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::array<Slot, 2> slots_;                                   // guarded by mutex_, as all below
  std::multimap<std::chrono::milliseconds, Delivery> waiting_;  // by the time gone by when it is due
  std::deque<Json> attempts_;
  std::optional<net::ClientReply> reply_;
  bool looked_at_ = false;
  bool stopping_ = false;
  std::thread thread_;
  // Last: what it still reports when it goes is taken by what stands above.
  std::unique_ptr<net::Client> client_;
};

}  // namespace handoff::sandbox

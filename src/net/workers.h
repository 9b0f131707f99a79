// The threads that run handlers: a bounded queue in front of a fixed number of them.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace handoff::net {

class Workers {
 public:
  using Work = std::function<void()>;
  Workers(int threads, std::size_t queue_max);
  ~Workers();  // stops
  // False where the queue is full or the workers are stopped. `started` work, such as the next piece of an answer that
  // is under way, is taken beyond the bound: it was counted when it began.
  bool submit(Work work, bool started);
  // Drops what waits and returns when what runs has ended. May be called twice.
  void stop();

 private:
  void run();
  const std::size_t queue_max_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Work> queue_;  // guarded by mutex_
  bool stopped_ = false;    // guarded by mutex_
  std::vector<std::thread> threads_;
};

}  // namespace handoff::net

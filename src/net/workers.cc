#include "net/workers.h"

#include <algorithm>

#include "net/threads.h"

namespace handoff::net {

Workers::Workers(int threads, std::size_t queue_max) : queue_max_(queue_max) {
  const SignalsBlocked blocked;
  for (int i = 0; i < std::max(1, threads); ++i) threads_.emplace_back([this] { run(); });
}

Workers::~Workers() { stop(); }

bool Workers::submit(Work work, bool started) {
  {
    const std::lock_guard lock(mutex_);
    if (stopped_ || (!started && queue_.size() >= queue_max_)) return false;
    queue_.push_back(std::move(work));
  }
  changed_.notify_one();
  return true;
}

void Workers::stop() {
  std::deque<Work> dropped;  // destroyed outside of the lock
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    dropped.swap(queue_);
  }
  changed_.notify_all();
  for (auto& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void Workers::run() {
  pthread_setname_np(pthread_self(), "net-worker");
  for (;;) {
    Work work;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return stopped_ || !queue_.empty(); });
      if (stopped_) return;
      work = std::move(queue_.front());
      queue_.pop_front();
    }
    work();
  }
}

}  // namespace handoff::net

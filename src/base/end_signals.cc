#include "base/end_signals.h"

#include <pthread.h>

#include <csignal>

namespace handoff {
namespace {

sigset_t end_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

}  // namespace

void block_end_signals() {
  const sigset_t set = end_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

void wait_for_end_signal() {
  const sigset_t set = end_signals();
  int taken = 0;
  sigwait(&set, &taken);
}

}  // namespace handoff

// SIGTERM and SIGINT, which end a command that serves: taken by the one thread that waits for them.
#pragma once

namespace handoff {

// Before any thread is started, so that every thread inherits it and the signals wait for wait_for_end_signal().
void block_end_signals();
// Returns once one of them came.
void wait_for_end_signal();

}  // namespace handoff

// The built program as other processes see it: started, spoken to, stopped and killed.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"

namespace handoff::fault {

using Environment = std::map<std::string, std::string>;

// Waits for a condition, never for a time. False where it did not come true before the deadline.
template <class Condition>
bool comes_true(std::chrono::milliseconds within, Condition&& condition) {
  const auto deadline = std::chrono::steady_clock::now() + within;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{2});
  }
  return true;
}

// A child with its standard output in a pipe. Whatever a test does, no child outlives it.
class Process {
 public:
  Process(const std::vector<std::string>& words, const Environment& environment) {
    int ends[2];
    HANDOFF_ASSERT(::pipe(ends) == 0);
    std::vector<char*> arguments;
    for (const auto& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    pid_ = ::fork();
    HANDOFF_ASSERT(pid_ >= 0);
    if (pid_ == 0) {
      ::dup2(ends[1], STDOUT_FILENO);
      ::close(ends[0]);
      ::close(ends[1]);
      for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
      ::execv(arguments[0], arguments.data());
      ::_exit(127);
    }
    ::close(ends[1]);
    out_ = ends[0];
  }
  ~Process() {
    if (running_) kill();
    ::close(out_);
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // Everything up to the next line break, or up to the end of the output.
  std::string line(std::chrono::milliseconds within = std::chrono::seconds{60}) {
    const auto deadline = std::chrono::steady_clock::now() + within;
    for (;;) {
      if (const auto end = text_.find('\n'); end != std::string::npos) {
        std::string found = text_.substr(0, end);
        text_.erase(0, end + 1);
        return found;
      }
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
      pollfd waiting{out_, POLLIN, 0};
      if (left.count() <= 0 || ::poll(&waiting, 1, static_cast<int>(left.count())) <= 0) return {};
      char bytes[4096];
      const ssize_t count = ::read(out_, bytes, sizeof bytes);
      if (count <= 0) return std::exchange(text_, {});
      text_.append(bytes, static_cast<std::size_t>(count));
    }
  }

  void signal(int number) { ::kill(pid_, number); }
  // As a power cut would: nothing of the process runs any more.
  void kill() {
    signal(SIGKILL);
    (void)wait();
  }
  // The exit code, or 128 and the signal that ended it.
  int wait() {
    if (!running_) return code_;
    int status = 0;
    ::waitpid(pid_, &status, 0);
    running_ = false;
    code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return code_;
  }

 private:
  pid_t pid_ = -1;
  int out_ = -1;
  bool running_ = true;
  int code_ = 0;
  std::string text_;
};

}  // namespace handoff::fault

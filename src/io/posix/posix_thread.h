// A thread with a name, a modest stack and all signals blocked: signals belong to the loop that
// watches them, or to the program that embeds us.
#pragma once

#include <pthread.h>
#include <signal.h>

#include <functional>
#include <string>

namespace midge::io {

// Blocks all signals for the calling thread, and so for threads it starts, while it lives.
class SignalBlock {
 public:
  SignalBlock();
  ~SignalBlock();
  SignalBlock(const SignalBlock&) = delete;
  SignalBlock& operator=(const SignalBlock&) = delete;

 private:
  sigset_t previous_;
};

class PosixThread {
 public:
  PosixThread(const std::string& name, std::function<void()> body);
  ~PosixThread();  // joins
  PosixThread(const PosixThread&) = delete;
  PosixThread& operator=(const PosixThread&) = delete;
  void join();
  // One that nobody waits for.
  static void run_detached(const std::string& name, std::function<void()> body);
  // Waits at most a second; true if the thread has ended.
  bool try_join_for_a_second();

 private:
  static void* enter(void* thread);
  std::function<void()> body_;
  pthread_t thread_{};
  bool running_ = false;
};

}  // namespace midge::io

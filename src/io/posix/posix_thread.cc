#include "io/posix/posix_thread.h"

#include <ctime>
#include <memory>
#include <utility>

#include "base/check.h"

namespace midge::io {
namespace {

// Enough for the deepest call with room to spare; only what is touched becomes resident.
constexpr std::size_t kStackBytes = 512 * 1024;

pthread_t start(const std::string& name, void* (*enter)(void*), void* argument) {
  const SignalBlock block;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStackBytes);
  pthread_t thread{};
  const int error = pthread_create(&thread, &attributes, enter, argument);
  pthread_attr_destroy(&attributes);
  ENSURE(error == 0, "the system starts a thread");
  pthread_setname_np(thread, name.substr(0, 15).c_str());
  return thread;
}

void* run_and_forget(void* body) {
  const std::unique_ptr<std::function<void()>> own(static_cast<std::function<void()>*>(body));
  (*own)();
  return nullptr;
}

}  // namespace

SignalBlock::SignalBlock() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &previous_);
}

SignalBlock::~SignalBlock() { pthread_sigmask(SIG_SETMASK, &previous_, nullptr); }

PosixThread::PosixThread(const std::string& name, std::function<void()> body)
    : body_(std::move(body)), thread_(start(name, &PosixThread::enter, this)), running_(true) {}

PosixThread::~PosixThread() { join(); }

void PosixThread::join() {
  if (!running_) return;
  pthread_join(thread_, nullptr);
  running_ = false;
}

bool PosixThread::try_join_for_a_second() {
  if (!running_) return true;
  timespec until{};
  clock_gettime(CLOCK_REALTIME, &until);
  ++until.tv_sec;
  if (pthread_timedjoin_np(thread_, nullptr, &until) != 0) return false;
  running_ = false;
  return true;
}

void PosixThread::run_detached(const std::string& name, std::function<void()> body) {
  pthread_detach(start(name, &run_and_forget, new std::function<void()>(std::move(body))));
}

void* PosixThread::enter(void* thread) {
  static_cast<PosixThread*>(thread)->body_();
  return nullptr;
}

}  // namespace midge::io

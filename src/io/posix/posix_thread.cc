#include "io/posix/posix_thread.h"

#include <ctime>

#include "base/check.h"

namespace midge::io {
namespace {

// Enough for the deepest call with room to spare; only what is touched becomes resident.
constexpr std::size_t kStackBytes = 512 * 1024;

}  // namespace

SignalBlock::SignalBlock() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &previous_);
}

SignalBlock::~SignalBlock() { pthread_sigmask(SIG_SETMASK, &previous_, nullptr); }

PosixThread::PosixThread(const std::string& name, std::function<void()> body)
    : body_(std::move(body)) {
  const SignalBlock block;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStackBytes);
  const int error = pthread_create(&thread_, &attributes, &PosixThread::enter, this);
  pthread_attr_destroy(&attributes);
  ENSURE(error == 0, "the system starts a thread");
  running_ = true;
  pthread_setname_np(thread_, name.substr(0, 15).c_str());
}

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

void* PosixThread::enter(void* thread) {
  static_cast<PosixThread*>(thread)->body_();
  return nullptr;
}

}  // namespace midge::io

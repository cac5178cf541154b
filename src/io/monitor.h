// A lock, and a way to wait for what others change under it: for threads that may wait, which loops
// may not.
//
//   io::Monitor monitor;
//   {
//     io::Monitor::Lock lock(monitor);
//     ready = true;
//     monitor.tell();
//   }
//   io::Monitor::Lock lock(monitor);
//   while (!ready && monitor.wait(lock, until)) {}
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>

#include "base/time.h"

namespace midge::io {

class Monitor {
 public:
  class Lock : public std::unique_lock<std::mutex> {
   public:
    explicit Lock(Monitor& monitor) : std::unique_lock<std::mutex>(monitor.mutex_) {}
  };

  // What a thread does while it waits, where nobody else would: the work that it waits for.
  class Meanwhile {
   public:
    virtual ~Meanwhile() = default;
    virtual MonoTime now() = 0;
    // Some of it, or nothing once it is `until`.
    virtual void work(MonoTime until) = 0;
    // Any thread: work() returns soon.
    virtual void wake() = 0;
  };
  // Of the calling thread, from now on; null: it sleeps.
  static void set_meanwhile(const std::shared_ptr<Meanwhile>& meanwhile);

  // Wakes all who wait. With the lock held.
  void tell() {
    changed_.notify_all();
    if (working_ != nullptr) working_->wake();
  }
  // Until somebody tells, or for no reason; false once `until` has come.
  bool wait(Lock& lock, MonoTime until);
  void wait(Lock& lock);
  // The time that `until` is of.
  [[nodiscard]] static MonoTime now();

 private:
  void work(Lock& lock, Meanwhile& meanwhile, MonoTime until);

  std::mutex mutex_;
  std::condition_variable changed_;
  Meanwhile* working_ = nullptr;  // of the one thread that waits and does not sleep
};

}  // namespace midge::io

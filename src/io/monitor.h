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

  // Wakes all who wait.
  void tell() { changed_.notify_all(); }
  // Until somebody tells, or for no reason; false once `until` has come.
  bool wait(Lock& lock, MonoTime until);
  void wait(Lock& lock) { changed_.wait(lock); }
  // The time that `until` is of.
  [[nodiscard]] static MonoTime now();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
};

}  // namespace midge::io

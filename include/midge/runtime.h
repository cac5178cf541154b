// Who works for connections. Each has a background thread of its own unless the options say which:
//
//   options.runtime = midge::Runtime::start();      // a hundred connections, one thread
//   options.runtime = midge::Runtime::polled();     // the thread that calls this, and no other
//
// A polled runtime works within poll(), and within calls that wait on its thread: there callbacks
// run. Calls that wait on other threads come to their end when it is polled. It is over with its
// last owner; who closes a connection on another thread has that done when it is polled next, or
// when no owner is left.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>

#include "midge/deadline.h"
#include "midge/result.h"

#pragma GCC visibility push(default)

namespace midge {

class Runtime {
 public:
  // Begins a thread, which ends with the last owner.
  static std::shared_ptr<Runtime> start();
  static std::shared_ptr<Runtime> polled();
  virtual ~Runtime() = default;
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  // Works off what is ready; if that is nothing, waits for it. Returns how much that was: 0 once
  // the time is over. Errors: kInvalid (not polled, not its thread, within a callback), kCancelled.
  virtual Result<std::size_t> poll(Deadline deadline = std::chrono::nanoseconds(0)) = 0;

 protected:
  Runtime() = default;
};

}  // namespace midge

#pragma GCC visibility pop

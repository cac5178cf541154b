// The thread that works for connections. Each connection has one of its own unless the options say
// which:
//
//   options.runtime = midge::Runtime::start();      // a hundred connections, one thread
#pragma once

#include <memory>

#pragma GCC visibility push(default)

namespace midge {

class Runtime {
 public:
  // Begins a thread, which ends with the last owner.
  static std::shared_ptr<Runtime> start();
  virtual ~Runtime() = default;
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

 protected:
  Runtime() = default;
};

}  // namespace midge

#pragma GCC visibility pop

// A connection to somebody else that waits: for pool threads, which may. What loops use is
// stream.h.
//
// Thread: one at a time. Destruction closes it.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "base/result.h"

namespace midge::io {

class BlockingStream {
 public:
  virtual ~BlockingStream() = default;
  // All of it. Errors: the connection broke, or its time is over.
  virtual Result<void> send(std::string_view bytes) = 0;
  // At least a byte, at most into.size(); 0 = nothing follows. Errors: as send().
  virtual Result<std::size_t> receive(std::span<char> into) = 0;
};

}  // namespace midge::io

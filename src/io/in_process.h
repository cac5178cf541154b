// A server within this program, as its clients reach it: what Options::in_process hands from
// midge/server.h to the client. Users see the name only.
//
// Client and server may be two shared libraries. Streams and loops are called through their tables
// of virtual functions, which are the same where the version is.
#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"
#include "io/stream.h"

namespace midge {

class InProcess {
 public:
  virtual ~InProcess() = default;
  // Of who made this; the first function for ever. A stranger's others are not called.
  [[nodiscard]] virtual std::string_view version() const = 0;
  // A connection: a stream not yet attached. Any thread. Errors: kClosed (the server is gone).
  virtual Result<std::unique_ptr<io::Stream>> connect() = 0;
};

}  // namespace midge

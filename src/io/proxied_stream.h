// A stream whose bytes a proxy passes on, after a header that says whose they are.
//
// From attach() on the header is awaited; until it is there nothing can be read, and what lies
// behind it is read as if there had been none. A client without a header is read as it is.
// Thread: its loop's.
#pragma once

#include <string_view>

#include "io/stream.h"

namespace midge::io {

class ProxyEvents {
 public:
  virtual ~ProxyEvents() = default;
  // remote() is the client's address from now on, if the proxy knows it.
  virtual void on_proxy_header() = 0;
  // It is malformed, or did not come in time. The stream may be destroyed from within.
  virtual void on_proxy_error(std::string_view text) = 0;
};

class ProxiedStream : public Stream {
 public:
  // Before attach(): who is told, once, how the header came out.
  virtual void report_to(ProxyEvents& events) = 0;
  [[nodiscard]] virtual bool awaits_header() const = 0;
};

}  // namespace midge::io

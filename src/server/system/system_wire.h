// The two ends between a loop and the server's own client: bytes that the server writes to it, and
// bytes that it wants to say. Loop's thread only.
#pragma once

#include <functional>
#include <string>

namespace midge::server {

struct SystemWire {
  std::string to_server, from_server;
  // There is something in from_server.
  std::function<void()> on_bytes;
  // Tells the stream that there is something in to_server; empty while there is no stream.
  std::function<void()> wake;
};

}  // namespace midge::server

// TLS towards a server over a connection that waits: for pool threads.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "io/blocking_stream.h"
#include "tls/context.h"

namespace midge::tls {

// Shakes hands on `wire`. `context` is one for clients; the server's certificate has to be of
// `server_name`, a host's name or IP address, and valid at `now`. Errors: in Go's words.
Result<std::unique_ptr<io::BlockingStream>> open_client(std::unique_ptr<io::BlockingStream> wire,
                                                        const Context& context, WallTime now,
                                                        const std::string& server_name);

}  // namespace midge::tls

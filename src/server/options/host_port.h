// `host:port`, `[v6]:port`: split as Go splits them, with its error texts.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace midge::server {

struct HostPort {
  std::string host;
  int port = 0;
};

// For `listen` and `http`: errors are nats-server's `could not parse …`.
[[nodiscard]] Result<HostPort> parse_listen_address(std::string_view text);

// For advertised addresses: the port may be missing, or 0, or -1; then it is `default_port`.
// Errors: `address a:b:c: too many colons in address`, `strconv.Atoi: parsing "b": invalid syntax`.
[[nodiscard]] Result<HostPort> parse_advertised_address(std::string_view text, int default_port);

}  // namespace midge::server

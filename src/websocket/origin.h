// Where a web page comes from that opens a web socket, and where it may come from.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace midge::websocket {

struct Origin {
  std::string scheme;  // lower case
  std::string host;    // lower case, IPv6 without brackets
  std::string port;    // the scheme's where none was written

  bool operator==(const Origin&) const = default;
};

// `https://example.com:8443`. Errors: nats-server's texts, which are Go's.
[[nodiscard]] Result<Origin> parse_origin(std::string_view text);

// The host and the port of a Host header.
[[nodiscard]] Result<Origin> origin_of_host(std::string_view host_port, bool encrypted);

// An entry of `allowed_origins`. Errors: as nats-server refuses to start with it.
[[nodiscard]] Result<Origin> parse_allowed_origin(const std::string& text);

struct OriginRules {
  bool same_origin = false;
  std::vector<Origin> allowed;  // empty: any
};

// `origin`: the request's Origin header, "" = it has none and may pass.
[[nodiscard]] Result<void> check_origin(const OriginRules& rules, std::string_view origin,
                                        std::string_view host, bool encrypted);

}  // namespace midge::websocket

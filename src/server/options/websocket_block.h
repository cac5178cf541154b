// `websocket {}`, and what has to hold between it and the rest.
#pragma once

#include <string>

#include "base/result.h"
#include "codec/conf/value.h"
#include "server/options/findings.h"
#include "server/options/options.h"

namespace midge::server {

void read_websocket(const conf::Member& member, Options& options, Findings& findings);

// Errors: nats-server's texts.
[[nodiscard]] Result<void> check_websocket(const Options& options);

// A reload may change its certificates and how they are used, and nothing else.
[[nodiscard]] Result<void> check_websocket_reload(const Options& now, const Options& next);

}  // namespace midge::server

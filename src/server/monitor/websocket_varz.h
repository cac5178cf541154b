// The member `websocket` of `/varz`.
#pragma once

#include "base/time.h"
#include "codec/json_writer.h"
#include "server/options/options.h"

namespace midge::server {

// `not_after`: when the first certificate ends to be valid; zero without TLS.
void write_websocket_varz(codec::JsonWriter& json, const Options& options, WallTime not_after);

}  // namespace midge::server

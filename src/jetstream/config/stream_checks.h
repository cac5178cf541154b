// Whether a stream's configuration is one, with what was left out filled in. Pure: what depends on
// other streams (overlaps, mirrors' origins) is the directory's business.
#pragma once

#include "jetstream/api/error.h"
#include "jetstream/config/server_limits.h"
#include "jetstream/config/stream_config.h"

namespace midge::jetstream {

// The completed configuration. `pedantic`: what would be corrected is refused.
ApiResult<StreamConfig> check_stream(StreamConfig config, const ServerLimits& server,
                                     const AccountLimits& account, bool pedantic);
// Whether a stream may change from `now` to `wanted`, which check_stream() has completed.
ApiResult<void> check_stream_update(const StreamConfig& now, const StreamConfig& wanted);
// The metadata that the server adds: the API level the configuration needs.
void set_required_level(StreamConfig& config);

}  // namespace midge::jetstream

// Whether a consumer's configuration is one for its stream, with what was left out filled in. Pure.
#pragma once

#include "jetstream/api/error.h"
#include "jetstream/config/consumer_config.h"
#include "jetstream/config/server_limits.h"
#include "jetstream/config/stream_config.h"

namespace midge::jetstream {

ApiResult<ConsumerConfig> check_consumer(ConsumerConfig config, const StreamConfig& stream,
                                         const ServerLimits& server, const AccountLimits& account,
                                         bool pedantic);
// Writes the API level it needs into its metadata.
void set_required_level(ConsumerConfig& config);
// Whether a group may be called so.
bool is_priority_group(const std::string& name);
// Whether a consumer may change from `now` to `wanted`, which check_consumer() has completed.
ApiResult<void> check_consumer_update(const ConsumerConfig& now, const ConsumerConfig& wanted);

}  // namespace midge::jetstream

// Whether a consumer's dead letters can go where its configuration says.
#pragma once

#include "jetstream/api/error.h"
#include "jetstream/config/consumer_config.h"
#include "jetstream/config/stream_config.h"

namespace midge::jetstream {

ApiResult<void> check_dead_letters(const ConsumerConfig& config, const StreamConfig& stream);

}  // namespace midge::jetstream

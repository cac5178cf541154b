// Mirrors and sources: whether they are well-formed by themselves. Pure.
#pragma once

#include "jetstream/api/error.h"
#include "jetstream/config/stream_config.h"

namespace midge::jetstream {

ApiResult<void> check_sources(const StreamConfig& config);

}  // namespace midge::jetstream

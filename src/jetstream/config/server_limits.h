// What a server and an account allow of JetStream. -1 = any amount.
#pragma once

#include <cstdint>
#include <string>

#include "base/time.h"
#include "broker/account_config.h"

namespace midge::jetstream {

// The configuration's `jetstream {}`.
struct ServerLimits {
  // Bytes; what the server found or was given.
  std::int64_t max_memory = INT64_MAX, max_store = INT64_MAX;
  // The most that may be asked for; zero or less: any amount.
  Duration duplicate_window{};
  std::int64_t max_ack_pending = 0;
  std::int64_t max_request_batch = 0;
  std::int64_t max_ha_assets = 0;
  std::int64_t default_max_consumers = 0;  // of one stream, where nothing else says how many
  bool strict = true;                      // unknown fields of requests are refused
};

using AccountLimits = broker::JetStreamLimits;

}  // namespace midge::jetstream

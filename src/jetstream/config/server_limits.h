// What a server and an account allow of JetStream. -1 = any amount.
#pragma once

#include <cstdint>
#include <string>

#include "base/time.h"
#include "broker/account_config.h"

namespace midge::jetstream {

// Batches of one kind. Zero: nothing is said.
struct BatchLimits {
  std::int64_t per_stream = 0, total = 0, messages = 0;
  Duration idle{};  // one that is silent for so long is forgotten

  [[nodiscard]] constexpr BatchLimits or_else(const BatchLimits& other) const {
    return {per_stream > 0 ? per_stream : other.per_stream, total > 0 ? total : other.total,
            messages > 0 ? messages : other.messages, idle.ns > 0 ? idle : other.idle};
  }
  // Whether another one may be opened where this many are open.
  [[nodiscard]] bool has_room(std::uint64_t in_stream, std::uint64_t in_all) const {
    return in_stream < static_cast<std::uint64_t>(per_stream) &&
           in_all < static_cast<std::uint64_t>(total);
  }
};

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
  // What a stream may have taken in that is not stored yet.
  std::int64_t max_buffered_messages = 100'000, max_buffered_bytes = 128 << 20;
  // Requests to the API that may wait; those that only look are counted for themselves.
  std::int64_t request_queue = 10'000, info_queue = 10'000;
  BatchLimits batches;
};

using AccountLimits = broker::JetStreamLimits;

}  // namespace midge::jetstream

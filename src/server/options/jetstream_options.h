// The configuration's `jetstream {}`: a value type. Unset sizes are what the machine has.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"
#include "crypto/aead.h"

namespace midge::server {

struct JetStreamOptions {
  std::string domain, extension_hint, unique_tag;
  // Bytes. Unset or below zero: what the machine has.
  std::optional<std::int64_t> max_memory, max_store;
  bool strict = true;
  // Zero: synced before it is acknowledged. Else the journal is synced this often.
  Duration sync_interval{};
  // What the store is encrypted with; "" = it is not. The one before opens it, too.
  std::string key, previous_key;
  crypto::Cipher cipher = crypto::Cipher::kChaCha;
  // Bytes that a journal takes in before a checkpoint; not in configuration files.
  std::uint64_t checkpoint_every = 128 << 20;
  // So long a start may read the store; what takes longer is done while the server runs. Neither.
  Duration read_at_once = milliseconds(400);

  // Ceilings of consumers and streams; zero: none.
  std::int64_t max_ack_pending = 0, max_ha_assets = 0, max_request_batch = 0;
  std::int64_t default_max_consumers = 0;
  Duration duplicate_window{};
  std::int64_t batch_inflight_per_stream = 0, batch_inflight_total = 0, batch_messages = 0;
  Duration batch_timeout{};
  // What may wait: of publishes to one stream, and of API requests. Zero: the default.
  std::int64_t max_buffered_size = 0, max_buffered_msgs = 0;
  std::int64_t request_queue_limit = 0, info_queue_limit = 0;

  bool operator==(const JetStreamOptions&) const = default;
};

}  // namespace midge::server

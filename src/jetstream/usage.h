// What an account uses of JetStream and what it may use, in one place that all loops see.
//
// Streams count what they hold once a tick; limits are looked at before a message is taken. Owned
// by the account's entry and its streams together. Thread: any.
#pragma once

#include <atomic>
#include <cstdint>

#include "jetstream/config/server_limits.h"
#include "jetstream/config/stream_config.h"

namespace midge::jetstream {

struct AccountUsage {
  std::atomic<std::int64_t> memory{0}, storage{0};  // bytes
  std::atomic<std::uint64_t> api_requests{0}, api_errors{0};
  // Those of its limits that are looked at away from the directory; below zero: any amount.
  std::atomic<std::int64_t> max_memory{-1}, max_store{-1}, max_consumers{-1}, max_ack_pending{-1};
  std::atomic<bool> has_limits{true};  // false: its tiers say nothing of streams like ours

  void limit(const AccountLimits& limits) {
    has_limits = limits.applies();
    max_memory = limits.max_memory;
    max_store = limits.max_store;
    max_consumers = limits.max_consumers;
    max_ack_pending = limits.max_ack_pending;
  }
  std::atomic<std::int64_t>& used(Storage kind) {
    return kind == Storage::kMemory ? memory : storage;
  }
  [[nodiscard]] bool exceeds(Storage kind, std::int64_t used) const {
    const std::int64_t most = kind == Storage::kMemory ? max_memory : max_store;
    return most >= 0 && used > most;
  }
};

}  // namespace midge::jetstream

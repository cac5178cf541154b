// What `/metrics` lists beyond the sums.
#pragma once

#include <cstdint>

namespace midge::server {

struct MetricsConfig {
  // As many of each are told of one by one.
  std::int64_t accounts = 100, streams = 0, consumers = 0;
  // Also by the names of prometheus-nats-exporter, all accounts, streams and consumers.
  bool exporter_names = false;

  bool operator==(const MetricsConfig&) const = default;
};

}  // namespace midge::server

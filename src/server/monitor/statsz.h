// The figures of the system account's STATSZ, which there is no page of. Pure; any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/time.h"
#include "broker/stats.h"
#include "codec/json_writer.h"

namespace midge::server {

struct Statsz {
  WallTime start;
  std::int64_t memory_bytes = 0;
  unsigned cores = 0;
  double cpu_percent = 0;  // of one core
  std::size_t active_accounts = 0;
  std::int64_t memory_limit = 0;  // 0 = none
  std::size_t loops = 0;
  broker::WorkerStats total{};                                // of all loops
  std::function<void(codec::JsonWriter&)> write_jetstream{};  // its object; unset: there is none
};

[[nodiscard]] std::string compose_statsz(const Statsz& statsz);

}  // namespace midge::server

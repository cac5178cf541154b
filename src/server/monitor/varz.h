// `/varz`: who the server is, what it was told, what it does. Pure; any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "base/time.h"
#include "broker/memory_budget.h"
#include "codec/json_writer.h"
#include "jetstream/memory_round.h"
#include "server/monitor/gather.h"
#include "server/monitor/identity.h"
#include "server/ocsp/answer_cache.h"
#include "server/options/options.h"

namespace midge::server {

// Requests answered, by endpoint; the HTTP port's count since start.
using RequestCounts = std::map<std::string, std::uint64_t>;

struct Varz {
  const MonitorIdentity& identity;
  const Options& options;
  const Parts& parts;
  const RequestCounts& requests;
  WallTime now;
  WallTime config_loaded;
  std::int64_t memory_bytes = 0;
  unsigned cores = 0;
  double cpu_percent = 0;                        // of one core
  WallTime tls_not_after{};                      // zero = no TLS
  WallTime web_socket_tls_not_after{};           // the same, of the listener for web sockets
  std::optional<AnswerCache::Stats> ocsp_cache;  // of clients' certificates
  std::int64_t pinned_account_fails = 0;
  const broker::MemoryBudget* memory = nullptr;  // null: not told of
  jetstream::MemoryUse streams_memory{};
  broker::WorkerStats total{};                                // of all parts
  std::function<void(codec::JsonWriter&)> write_jetstream{};  // its object; unset: an empty one
};

void write_varz(codec::JsonWriter& json, const Varz& varz);
[[nodiscard]] std::string compose_varz(const Varz& varz, bool pretty = true);

}  // namespace midge::server

// `/startedz`, `/readyz`, `/stopz`, for orchestrators: whether the server has come up, whether
// clients may be sent to it, and whether it may be stopped now. docs/health.md. Pure; any thread.
//
// Answers: 200 and `{"status":"ok"}`; or 503 and all the reasons there are:
//   {"status":"unavailable","reasons":[{"type":"LAME_DUCK","error":"…"}]}
#pragma once

#include <cstdint>

#include "server/monitor/http_message.h"

namespace midge::server {

struct ServerState {
  enum class JetStream : std::uint8_t { kOff, kReading, kFailed, kReady };

  bool accepting = false;  // the client port takes connections
  bool leaving = false;    // lame duck mode
  bool memory_full = false;
  JetStream jetstream = JetStream::kOff;
  bool disk_fails = false;  // JetStream's takes nothing
  // For /stopz only.
  std::uint64_t connections = 0;
  std::uint64_t waiting_bytes = 0;  // of streams on disk, which are not there yet
  std::int64_t memory_bytes = 0;    // of streams in memory
};

[[nodiscard]] HttpResponse compose_startedz(const ServerState& state);
[[nodiscard]] HttpResponse compose_readyz(const ServerState& state);
[[nodiscard]] HttpResponse compose_stopz(const ServerState& state);

}  // namespace midge::server

// The stream that a scenario works on, and how it gets its messages.
#pragma once

#include <cstdint>
#include <string>

#include "engine.h"
#include "jetstream/api_client.h"
#include "jetstream/window_requester.h"
#include "scenario.h"

namespace midge::load {

struct StreamPlan {
  std::string name = "BENCH";
  std::string subjects = "bench.>";
  std::string storage = "file";
  std::int64_t per_subject = 0;  // 0: as many as come
  bool direct = false;
};

void create_stream(ApiClient& api, const StreamPlan& plan);
// Publishes `total` messages; each is acknowledged.
Stretch fill_stream(Engine& engine, Dialer& dialer, const Piece& subject, std::uint64_t total,
                    std::size_t payload);

}  // namespace midge::load

// Sums over all streams of a server, and what its journals did: what can be had without a list of
// anything. A copy that anybody may read.
#pragma once

#include <cstdint>
#include <functional>

#include "base/time.h"
#include "jetstream/fwd.h"

namespace midge::jetstream {

struct Totals {
  std::uint64_t streams = 0, consumers = 0, messages = 0, bytes = 0;
  std::uint64_t lost_messages = 0, lost_bytes = 0;  // of streams that there are, to rot
  std::uint64_t journal_batches = 0, journal_syncs = 0, journal_bytes = 0;  // since the start
  Duration journal_writing{};
  std::uint64_t journal_waiting = 0;     // bytes that are not durable yet
  std::uint64_t journal_unreleased = 0;  // bytes that no checkpoint covers
};

// On loop 0; `done` is called there, in a later tick or at once.
void make_totals(JetStream& jetstream, std::function<void(const Totals&)> done);

}  // namespace midge::jetstream

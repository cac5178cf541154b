#include "jetstream/upkeep.h"

#include <algorithm>
#include <vector>

#include "jetstream/jetstream.h"
#include "jetstream/shard.h"
#include "store/stream_checkpoint.h"

namespace midge::jetstream {
namespace {

constexpr Duration kEvery = seconds(1);
constexpr std::int64_t kCompactPerSecond = 32 << 20, kCheckPerSecond = 4 << 20;

}  // namespace

void Upkeep::start() { shard_.timers().arm(timer_, shard_.now() + kEvery); }

void Upkeep::on_timer() {
  start();
  if (shard_.clock().was_stepped())
    for (Stream* stream : shard_.streams()) stream->on_clock_step();
  go_on(compaction_, compacted_per_second());
  go_on(check_, kCheckPerSecond);
}

// What is written anew is in memory until it is written.
std::int64_t Upkeep::compacted_per_second() const {
  const broker::MemoryBudget& memory = shard_.jetstream().broker().memory();
  if (memory.is_full()) return 0;
  return memory.is_limited() ? std::min(kCompactPerSecond, memory.limit() / 64) : kCompactPerSecond;
}

void Upkeep::go_on(Task& task, std::int64_t per_second) {
  task.budget = std::min(task.budget + per_second, per_second);
  const std::vector<Stream*> streams = shard_.streams();
  for (std::size_t i = 0; i < streams.size() && task.budget > 0; ++i)
    task.budget -= static_cast<std::int64_t>(task.work(*streams[task.next++ % streams.size()]));
}

std::uint64_t Upkeep::compact(Stream& stream) { return store::compact(stream.store()); }

std::uint64_t Upkeep::check(Stream& stream) { return store::check_next(stream.store()); }

}  // namespace midge::jetstream

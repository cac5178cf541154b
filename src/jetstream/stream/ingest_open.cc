// What atomic and fast batches have in common while they are open: limits, and being forgotten.
#include <algorithm>

#include "jetstream/jetstream.h"
#include "jetstream/shard.h"
#include "jetstream/stream/ingest.h"
#include "jetstream/stream/stream.h"

namespace midge::jetstream {

template <class Batch>
BatchLimits Ingest::limits_of() const {
  return stream_.shard().jetstream().limits()->batches.or_else(Batch::kLimits);
}
template BatchLimits Ingest::limits_of<AtomicBatch>() const;
template BatchLimits Ingest::limits_of<FastBatch>() const;

void Ingest::arm_batch_timer(MonoTime last) {
  if (batch_timer_.armed()) return;
  // The same for both kinds.
  stream_.shard().timers().arm(batch_timer_, last + limits_of<AtomicBatch>().idle);
}

void Ingest::on_batch_timer() {
  const MonoTime now = stream_.shard().now();
  const Duration idle = limits_of<AtomicBatch>().idle;
  for (const std::string& id : batches_.idle(now, idle)) {
    stream_.advise_batch_abandoned(id, "timeout");
    close_batch(id);
  }
  for (const std::string& id : fast_batches_.idle(now, idle)) close_fast(id);
  const auto last = batches_.longest_silent(), last_fast = fast_batches_.longest_silent();
  if (last || last_fast) arm_batch_timer(std::min(last.value_or(now), last_fast.value_or(now)));
}

void Ingest::close_fast_batches() {
  stream_.shard().jetstream().counters().open_fast_batches -= fast_batches_.size();
  fast_batches_ = {};
}

void Ingest::close() {
  stream_.shard().timers().cancel(batch_timer_);
  close_batches();
  close_fast_batches();
}

}  // namespace midge::jetstream

// Whether a stream serves: while its account has no JetStream it is there for nobody, and forgets
// nothing.
#include "jetstream/shard.h"
#include "jetstream/stream/direct_read.h"
#include "jetstream/stream/stream.h"

namespace midge::jetstream {

void Stream::suspend() {
  if (!std::exchange(serving_, false)) return;
  unsubscribe();
  feeds_.clear();
  reads_.clear();
  for (const auto& consumer : consumers_) consumer->suspend();
}

void Stream::say_goodbye() {
  for (const auto& consumer : consumers_) consumer->say_goodbye();
}

void Stream::serve() {
  if (shelved_ != nullptr) return;
  if (std::exchange(serving_, true) || !started_) return;
  subscribe();
  for (const auto& consumer : consumers_) consumer->go_on();
  scheduler_.arm();
  start_feeds();
}

}  // namespace midge::jetstream

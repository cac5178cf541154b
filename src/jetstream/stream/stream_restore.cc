// How a stream is filled from a backup. What its messages' headers ask for is remembered when it
// starts.
#include "jetstream/advisory.h"
#include "jetstream/shard.h"
#include "jetstream/stream/stream.h"

namespace midge::jetstream {

void Stream::restore_message(Sequence sequence, const store::NewMessage& message) {
  store_->skip_to(sequence);
  store_->append(message);
  enforce_subject_limit(message.subject);
}

void Stream::restore_consumer(ConsumerConfig config, WallTime created, ConsumerProgress progress) {
  const ConsumerId id{next_consumer_id_};
  Consumer& consumer = add_consumer(id, std::move(config), created);
  shard_.record_consumer(consumer);
  shard_.record_progress(consumer, progress);
  advise(consumer, Action::kCreated);
  recovered_.emplace_back(id, std::move(progress));
}

}  // namespace midge::jetstream

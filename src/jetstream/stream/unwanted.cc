// Where interest keeps messages: what nobody wants any more leaves when a consumer does, or when it
// wants less. In steps: that may be many.
#include <algorithm>
#include <utility>

#include "jetstream/shard.h"
#include "jetstream/stream/stream.h"

namespace midge::jetstream {
namespace {

constexpr store::Budget kPerStep = 1024;
// Of so many each may be asked without a look at the message.
constexpr std::size_t kFewConsumers = 16;

}  // namespace

void Stream::drop_unwanted(const store::Filter& wanted, Sequence from) {
  if (config_.retention != Retention::kInterest) return;
  unwanted_.push_back({wanted, from});
  on_unwanted_timer();
}

void Stream::drop_unclaimed() {
  if (const Sequence from = std::exchange(unclaimed_, kAllClaimed); from != kAllClaimed)
    drop_unwanted({}, from);
}

void Stream::on_unwanted_timer() {
  store::Budget budget = kPerStep;
  while (!unwanted_.empty() && budget > 0) {
    Unwanted& part = unwanted_.front();
    const auto found = store_->find_next(part.filter, part.from, budget);
    if (!found || (!found->found && found->next > store_->figures().last)) {
      unwanted_.pop_front();
      continue;
    }
    part.from = found->found ? *found->found + 1 : found->next;
    --budget;
    if (found->found && !is_still_wanted(*found->found)) remove(*found->found, false);
  }
  if (!unwanted_.empty()) shard_.timers().arm(unwanted_timer_, shard_.now());
}

bool Stream::is_still_wanted(Sequence sequence) {
  const auto wants = [&](const Consumer* consumer) { return !consumer->is_done_with(sequence); };
  const auto wants_unseen = [&](const auto& consumer) {
    return consumer->filter().is_all() && wants(consumer.get());
  };
  if (consumers_.size() <= kFewConsumers && std::ranges::any_of(consumers_, wants_unseen))
    return true;
  const auto message = store_->load(sequence);
  // What cannot be read is not ours to judge.
  return !message || std::ranges::any_of(filters_.matching(message->subject), wants);
}

}  // namespace midge::jetstream

#include "jetstream/memory_round.h"

#include "jetstream/jetstream.h"
#include "jetstream/shard.h"

namespace midge::jetstream {
namespace {

constexpr std::size_t kStreamsPerTick = 32;
constexpr Duration kEvery = seconds(1);
constexpr Duration kEveryGivingWay = milliseconds(100);

}  // namespace

void MemoryRound::on_tick() {
  if (!shard_.jetstream().broker().memory().is_limited()) return;
  if (!under_way_ && shard_.now() - ended_ >= (gives_way_ ? kEveryGivingWay : kEvery)) begin();
  if (!under_way_) return;
  for (std::size_t i = 0; i < kStreamsPerTick && !left_.empty(); ++i) {
    Stream* const stream = shard_.find_stream(left_.back());
    left_.pop_back();
    if (stream == nullptr) continue;
    if (gives_way_) stream->give_way();
    const MemoryUse use = stream->memory_use();
    sum_.blocks += use.blocks;
    sum_.subjects += use.subjects;
    sum_.ids += use.ids;
  }
  if (left_.empty()) return end();
  if (gives_way_) shard_.tick_again();
}

void MemoryRound::begin() {
  under_way_ = true;
  sum_ = {};
  for (Stream* stream : shard_.streams()) left_.push_back(stream->id());
}

void MemoryRound::end() {
  under_way_ = false;
  gives_way_ = false;
  ended_ = shard_.now();
  Counters& counters = shard_.jetstream().counters();
  counters.held_blocks += sum_.blocks - told_.blocks;
  counters.held_subjects += sum_.subjects - told_.subjects;
  counters.held_ids += sum_.ids - told_.ids;
  told_ = sum_;
}

}  // namespace midge::jetstream

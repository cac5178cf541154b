#include "jetstream/effect_queue.h"

#include <algorithm>
#include <cstring>

namespace midge::jetstream {

void EffectQueue::add(const EffectView& effect) {
  Entry entry{effect.after,
              effect.account,
              static_cast<std::uint32_t>(effect.to.size()),
              static_cast<std::uint32_t>(effect.reply.size()),
              static_cast<std::uint32_t>(effect.header.size()),
              static_cast<std::uint32_t>(effect.body.size()),
              nullptr,
              0};
  char* at = room_for(entry.size());
  entry.text = at;
  entry.chunk = first_chunk_ + chunks_.size() - 1;
  for (const std::string_view part : {effect.to, effect.reply, effect.header, effect.body}) {
    if (!part.empty()) std::memcpy(at, part.data(), part.size());
    at += part.size();
  }
  bytes_ += entry.size();
  waiting_.push_back(entry);
}

char* EffectQueue::room_for(std::size_t size) {
  if (chunks_.empty() || chunks_.back().size - chunks_.back().used < size) {
    const std::size_t bytes = std::max(size, kChunk);
    chunks_.push_back({std::make_unique_for_overwrite<char[]>(bytes), bytes, 0});
  }
  Chunk& chunk = chunks_.back();
  char* const at = chunk.bytes.get() + chunk.used;
  chunk.used += size;
  return at;
}

EffectView EffectQueue::view(const Entry& entry) {
  const char* at = entry.text;
  const auto next = [&](std::uint32_t size) {
    const std::string_view part(at, size);
    at += size;
    return part;
  };
  EffectView view{entry.after, entry.account, {}, {}, {}, {}};
  view.to = next(entry.to);
  view.reply = next(entry.reply);
  view.header = next(entry.header);
  view.body = next(entry.body);
  return view;
}

void EffectQueue::drop_front() {
  bytes_ -= waiting_.front().size();
  waiting_.pop_front();
  const std::uint64_t last = first_chunk_ + chunks_.size() - 1;
  const std::uint64_t needed = waiting_.empty() ? last : waiting_.front().chunk;
  for (; first_chunk_ < needed; ++first_chunk_) chunks_.pop_front();
  if (!waiting_.empty()) return;
  // One is kept, which begins again.
  chunks_.front().used = 0;
  if (chunks_.front().size == kChunk) return;
  chunks_.clear();
  first_chunk_ = 0;
}

}  // namespace midge::jetstream

// A stream's limits: what must go when there is too much.
#include "jetstream/shard.h"
#include "jetstream/stream/direct_read.h"
#include "jetstream/stream/stream.h"

namespace midge::jetstream {

std::uint64_t Stream::stored_size(std::size_t subject, std::size_t content) const {
  // As nats-server counts it, so that max_bytes means the same.
  return subject + content + (config_.storage == Storage::kMemory ? 16 : 30);
}

void Stream::enforce_subject_limit(std::string_view subject) {
  const std::int64_t limit = config_.max_messages_per_subject;
  if (limit > 0) store_->keep_newest(subject, static_cast<std::uint64_t>(limit));
}

void Stream::enforce_subject_limits() {
  const std::int64_t limit = config_.max_messages_per_subject;
  if (limit <= 0) return;
  std::vector<std::string> over;
  store::SubjectTree::Walk walk{store::Filter()};
  store_->subjects().step(walk, SIZE_MAX,
                          [&](std::string_view subject, store::SubjectState& state) {
                            if (state.count > static_cast<std::uint64_t>(limit))
                              over.emplace_back(subject);
                            return true;
                          });
  for (const std::string& subject : over) enforce_subject_limit(subject);
  if (!over.empty()) shard_.touched(*this);
}

void Stream::enforce_limits() {
  if (config_.discard != Discard::kOld) return;
  const store::StreamFigures& figures = store_->figures();
  const auto is_over = [&] {
    return (config_.max_messages > 0 &&
            figures.messages > static_cast<std::uint64_t>(config_.max_messages)) ||
           (config_.max_bytes > 0 && figures.bytes > static_cast<std::uint64_t>(config_.max_bytes));
  };
  while (figures.messages > 0 && is_over()) store_->remove_front(figures.first + 1);
}

void Stream::on_removed(Sequence sequence, std::string_view subject, std::uint64_t size) {
  (void)size;
  for (Consumer* consumer : filters_.matching(subject)) consumer->on_removed(sequence, subject);
  for (const auto& read : reads_) read->on_removed(sequence, subject);
}

}  // namespace midge::jetstream

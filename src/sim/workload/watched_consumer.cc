#include "sim/workload/watched_consumer.h"

#include <algorithm>
#include <utility>

namespace midge::sim {
namespace {

// An answer and a delivery that pass each other do so within this time.
constexpr Duration kCrossing = seconds(3);
// How many messages a stream surely keeps, of those it may.
constexpr std::uint64_t kSurely = 1800;

}  // namespace

void WatchedStream::add(std::uint64_t sequence, unsigned subject) {
  messages[sequence] = subject;
  last = std::max(last, sequence);
  // A work queue's limit counts others than the oldest away; it is far from it.
  while (!messages.empty() && messages.begin()->first + kSurely < last)
    messages.erase(messages.begin());
}

void WatchedStream::remove(std::uint64_t sequence) {
  messages.erase(sequence);
  ++removed;
}

void WatchedConsumer::receiver_went(MonoTime now) { complete_from = now + kCrossing + ack_wait; }

void WatchedConsumer::delivery(std::uint64_t sequence, unsigned deliveries, std::string reply,
                               MonoTime now) {
  quiet_since = now;
  delivered = std::max(delivered, sequence);
  const auto known = held.find(sequence);
  // It may have been under way when it was answered, and then that holds.
  const bool crossed = answered.contains(sequence);
  if (crossed && known == held.end()) return;
  MonoTime due = now + ack_wait;
  if (crossed) due = std::max(due, known->second.due);
  held[sequence] = {due, deliveries, std::move(reply)};
}

void WatchedConsumer::forget(MonoTime now) {
  std::erase_if(answered, [&](const auto& each) { return each.second + kCrossing < now; });
  std::erase_if(held, [&](const auto& each) {
    const bool is_exhausted = max_deliver > 0 && each.second.deliveries >= max_deliver;
    return (is_exhausted && each.second.due <= now) || stream->has_surely_lost(each.first);
  });
}

std::string WatchedConsumer::deliverable(MonoTime now) const {
  for (const auto& [sequence, message] : held) {
    if (message.due <= now && stream->messages.contains(sequence))
      return "sequence " + std::to_string(sequence) + " again";
  }
  if (held.size() >= max_ack_pending) return "";
  const auto is_wanted = [&](const auto& message) {
    return subject < 0 || static_cast<unsigned>(subject) == message.second;
  };
  const auto next =
      std::find_if(stream->messages.upper_bound(delivered), stream->messages.end(), is_wanted);
  return next == stream->messages.end() ? "" : "sequence " + std::to_string(next->first);
}

bool WatchedConsumer::is_waited_for(MonoTime now, WallTime wall) const {
  if (paused_until > wall || complete_from > now) return false;
  return push ? bound : !requests.empty();
}

}  // namespace midge::sim

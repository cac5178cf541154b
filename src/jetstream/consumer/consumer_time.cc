// What time does to a consumer: a pause ends, and it goes when nobody has asked for long.
#include <algorithm>

#include "jetstream/config/consumer_checks.h"
#include "jetstream/consumer/consumer.h"
#include "jetstream/shard.h"
#include "jetstream/stream/stream.h"

namespace midge::jetstream {
namespace {

constexpr Duration kEphemeralInactive = seconds(5);
// Shorter ones would end a consumer before whoever made it can know.
constexpr Duration kInactiveMin = milliseconds(100);

}  // namespace

bool Consumer::is_paused() const {
  return config_.pause_until && *config_.pause_until > stream_.shard().wall();
}

void Consumer::pause(std::optional<WallTime> until) {
  config_.pause_until = until;
  set_required_level(config_);
  watch_pause();
}

void Consumer::watch_pause() {
  Shard& shard = stream_.shard();
  pause_timer_.cancel(shard.timers());
  if (is_paused())
    pause_timer_.arm(shard.timers(), *this, shard.clock().when_wall(*config_.pause_until));
  else
    signal();
}

void Consumer::on_clock_step() {
  // A pause that was over may not be any more.
  if (config_.pause_until) watch_pause();
}

Duration Consumer::idle_limit() const {
  if (config_.inactive_threshold.ns > 0) return std::max(config_.inactive_threshold, kInactiveMin);
  return config_.is_durable() ? Duration{} : kEphemeralInactive;
}

void Consumer::arm_inactive() {
  Shard& shard = stream_.shard();
  inactive_timer_.cancel(shard.timers());
  if (const Duration limit = idle_limit(); limit.ns > 0)
    inactive_timer_.arm(shard.timers(), *this, shard.now() + limit);
}

void Consumer::on_inactive_timer() {
  Shard& shard = stream_.shard();
  drop_abandoned();
  if (has_interest() || !stream_.is_serving()) last_demand_ = shard.now();
  const Duration limit = idle_limit();
  if (shard.now() - last_demand_ < limit)
    return inactive_timer_.arm(shard.timers(), *this, last_demand_ + limit);
  shard.later(stream_.id(), [id = id_](Stream& stream) {
    Consumer* consumer = stream.find_consumer(id);
    if (consumer == nullptr) return;
    stream.shard().record_consumer_removed(stream, consumer->id());
    stream.remove_consumer(*consumer, "409 Consumer Deleted");
  });
}

}  // namespace midge::jetstream

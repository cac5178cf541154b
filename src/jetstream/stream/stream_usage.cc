// What a stream holds, counted into what its account and the server hold.
#include "jetstream/jetstream.h"
#include "jetstream/shard.h"
#include "jetstream/stream/stream.h"

namespace midge::jetstream {

void Stream::count_usage(std::uint64_t bytes) {
  const std::int64_t more = static_cast<std::int64_t>(bytes) - counted_;
  if (more == 0) return;
  counted_ += more;
  identity_.usage->used(config_.storage) += more;
  shard_.jetstream().counters().used(config_.storage) += more;
}

void Stream::on_damage(const store::StreamStore::Damage& damage) {
  ++shard_.jetstream().counters().damaged_files;
  shard_.jetstream().counters().lost_messages += damage.lost;
  shard_.worker().log().error("JetStream: \"" + damage.path + "\" is damaged: " + damage.why +
                              ": " + std::to_string(damage.lost) + " messages are lost (stream \"" +
                              name() + "\"); what is left of it goes to another file");
}

std::optional<ApiError> Stream::write_refusal() const {
  if (auto refusal = memory_refusal()) return refusal;
  if (is_durable_at_once()) return std::nullopt;
  return shard_.write_refusal();
}

std::optional<ApiError> Stream::memory_refusal() const {
  return shard_.jetstream().memory_refusal(config_.storage);
}

MemoryUse Stream::memory_use() const {
  const store::StreamStore::MemoryUse held = store_->memory_use();
  return {static_cast<std::int64_t>(held.blocks), static_cast<std::int64_t>(held.subjects),
          static_cast<std::int64_t>(dedupe_.bytes())};
}

void Stream::give_way() {
  store_->give_way();
  forget_old_ids();
}

std::optional<ApiError> Stream::check_room(std::uint64_t bytes) const {
  if (auto refusal = write_refusal()) return refusal;
  // What this tick changed is not counted yet.
  const std::int64_t more = static_cast<std::int64_t>(store_->figures().bytes + bytes) - counted_;
  const Storage storage = config_.storage;
  AccountUsage& usage = *identity_.usage;
  if (!usage.has_limits) return api_error(ApiErrorCode::kNoLimits);
  if (usage.exceeds(storage, usage.used(storage) + more))
    return api_error(ApiErrorCode::kAccountResourcesExceeded);
  JetStream& jetstream = shard_.jetstream();
  Counters& counters = jetstream.counters();
  if (counters.used(storage) + more > counters.most(storage))
    return api_error(ApiErrorCode::kInsufficientResources);
  return std::nullopt;
}

}  // namespace midge::jetstream

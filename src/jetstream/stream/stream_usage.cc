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

std::optional<ApiError> Stream::check_room(std::uint64_t bytes) const {
  // What this tick changed is not counted yet.
  const std::int64_t more = static_cast<std::int64_t>(store_->figures().bytes + bytes) - counted_;
  const Storage storage = config_.storage;
  AccountUsage& usage = *identity_.usage;
  if (usage.exceeds(storage, usage.used(storage) + more))
    return api_error(ApiErrorCode::kAccountResourcesExceeded);
  JetStream& jetstream = shard_.jetstream();
  Counters& counters = jetstream.counters();
  if (counters.used(storage) + more > counters.most(storage))
    return api_error(ApiErrorCode::kInsufficientResources);
  return std::nullopt;
}

}  // namespace midge::jetstream

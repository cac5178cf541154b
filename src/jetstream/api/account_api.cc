#include "jetstream/api/api.h"
#include "jetstream/api/handlers.h"
#include "jetstream/jetstream.h"
#include "jetstream/shard.h"

namespace midge::jetstream {
namespace {

struct LimitsInfo {
  broker::JetStreamTier limits;
};
template <class Visitor>
void describe(Visitor& v, LimitsInfo& info) {
  broker::JetStreamTier& l = info.limits;
  v.field("max_memory", l.max_memory).field("max_storage", l.max_store);
  v.field("max_streams", l.max_streams).field("max_consumers", l.max_consumers);
  v.field("max_ack_pending", l.max_ack_pending);
  v.field("memory_max_stream_bytes", l.memory_max_stream_bytes);
  v.field("storage_max_stream_bytes", l.store_max_stream_bytes);
  v.field("max_bytes_required", l.max_bytes_required);
}

constexpr std::string_view kTierOfOne = "R1";

// What is shown where other limits hold.
constexpr broker::JetStreamTier kNothing{0, 0, 0, 0, 0, 0, 0, false};

// Of an account, or of its streams that have as many replicas.
struct UsageInfo {
  std::int64_t memory = 0, storage = 0, reserved_memory = 0, reserved_storage = 0;
  std::int64_t streams = 0, consumers = 0;
  LimitsInfo limits;
};
template <class Visitor>
void describe(Visitor& v, UsageInfo& u) {
  v.field("memory", u.memory).field("storage", u.storage);
  v.field("reserved_memory", u.reserved_memory).field("reserved_storage", u.reserved_storage);
  v.field("streams", u.streams).field("consumers", u.consumers).field("limits", u.limits);
}

struct ApiInfo {
  std::int64_t level = kApiLevel;
  std::uint64_t total = 0, errors = 0, inflight = 0;
};
template <class Visitor>
void describe(Visitor& v, ApiInfo& a) {
  v.field("level", a.level).field("total", a.total).field("errors", a.errors);
  v.unless_empty("inflight", a.inflight);
}

// Gathered loop by loop.
struct Assets {
  std::int64_t streams = 0, consumers = 0;
};

// All that is here is in one tier.
void write_tiers(ApiCall& call, const AccountLimits& limits, UsageInfo usage) {
  call.json.key("tiers").begin_object();
  const auto write = [&](std::string_view name, UsageInfo info) { call.field(name, info); };
  if (!limits.applies() && usage.streams > 0) write(kTierOfOne, usage);
  for (const auto& [name, tier] : limits.tiers) {
    UsageInfo info;
    if (name == kTierOfOne) info = usage;
    info.limits.limits = tier;
    write(name, info);
  }
  call.json.end_object();
}

void gather(Api& api, std::shared_ptr<ApiCall> call, Assets assets, unsigned loop) {
  JetStream& jetstream = api.jetstream();
  if (loop < jetstream.shards())
    return api.on_loop({static_cast<std::uint8_t>(loop)}, [&api, call, assets, loop](Shard& shard) {
      Assets sum = assets;
      for (Stream* stream : shard.streams()) {
        if (stream->account() != call->account) continue;
        ++sum.streams;
        sum.consumers += static_cast<std::int64_t>(stream->consumer_count());
      }
      const unsigned next = loop + 1;
      // Back on loop 0, whose directory and counters complete the answer.
      if (next == shard.jetstream().shards())
        return api.on_home([&api, call, sum, next](Shard&) { gather(api, call, sum, next); });
      gather(api, call, sum, next);
    });
  AccountEntry* account = jetstream.directory().find_account(call->account);
  const AccountLimits& limits = account->limits;
  UsageInfo usage{account->usage->memory,
                  account->usage->storage,
                  account->reserved(Storage::kMemory),
                  account->reserved(Storage::kFile),
                  assets.streams,
                  assets.consumers,
                  {limits.tiers.empty() ? limits : kNothing}};
  ApiInfo api_info;
  api_info.total = account->usage->api_requests - 1;
  api_info.errors = account->usage->api_errors;
  call->write(usage);
  if (!jetstream.domain().empty()) call->field("domain", jetstream.domain());
  call->field("api", api_info);
  if (!limits.tiers.empty()) write_tiers(*call, limits, usage);
  api.answer(*call);
}

}  // namespace

void handle_account_info(Api& api, ApiCall call) {
  gather(api, std::make_shared<ApiCall>(std::move(call)), {}, 0);
}

void handle_clustered(Api& api, ApiCall call) {
  api.answer(call, api_error(ApiErrorCode::kClusterRequired));
}

}  // namespace midge::jetstream

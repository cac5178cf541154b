#include "jetstream/api/api.h"
#include "jetstream/api/handlers.h"
#include "jetstream/jetstream.h"
#include "jetstream/shard.h"

namespace midge::jetstream {
namespace {

struct LimitsInfo {
  std::int64_t max_memory = -1, max_storage = -1, max_streams = -1, max_consumers = -1;
  std::int64_t max_ack_pending = -1, memory_max_stream_bytes = -1, storage_max_stream_bytes = -1;
  bool max_bytes_required = false;
};
template <class Visitor>
void describe(Visitor& v, LimitsInfo& l) {
  v.field("max_memory", l.max_memory).field("max_storage", l.max_storage);
  v.field("max_streams", l.max_streams).field("max_consumers", l.max_consumers);
  v.field("max_ack_pending", l.max_ack_pending);
  v.field("memory_max_stream_bytes", l.memory_max_stream_bytes);
  v.field("storage_max_stream_bytes", l.storage_max_stream_bytes);
  v.field("max_bytes_required", l.max_bytes_required);
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
  LimitsInfo info{limits.max_memory,
                  limits.max_store,
                  limits.max_streams,
                  limits.max_consumers,
                  limits.max_ack_pending,
                  limits.memory_max_stream_bytes,
                  limits.store_max_stream_bytes,
                  limits.max_bytes_required};
  ApiInfo api_info;
  api_info.total = account->usage->api_requests - 1;
  api_info.errors = account->usage->api_errors;
  call->field("memory", account->usage->memory.load())
      .field("storage", account->usage->storage.load());
  call->field("reserved_memory", account->reserved(Storage::kMemory));
  call->field("reserved_storage", account->reserved(Storage::kFile));
  call->field("streams", assets.streams).field("consumers", assets.consumers).field("limits", info);
  if (!jetstream.domain().empty()) call->field("domain", jetstream.domain());
  call->field("api", api_info);
  api.answer(*call);
}

}  // namespace

void handle_account_info(Api& api, ApiCall call) {
  if (!call.body.empty()) return api.answer(call, api_error(ApiErrorCode::kNotEmptyRequest));
  gather(api, std::make_shared<ApiCall>(std::move(call)), {}, 0);
}

}  // namespace midge::jetstream

// What a stream tells whoever listens.
#include "codec/json_struct.h"
#include "jetstream/jetstream.h"
#include "jetstream/shard.h"
#include "jetstream/stream/stream.h"

namespace midge::jetstream {
namespace {

struct BatchAbandoned {
  std::string type = "io.nats.jetstream.advisory.v1.stream_batch_abandoned";
  std::string id;
  WallTime time{};
  std::string stream, domain, batch, reason;
};
template <class Visitor>
void describe(Visitor& v, BatchAbandoned& a) {
  v.field("type", a.type).field("id", a.id).field("timestamp", a.time).field("stream", a.stream);
  v.unless_empty("domain", a.domain).field("batch", a.batch).field("reason", a.reason);
}

}  // namespace

void Stream::advise_batch_abandoned(std::string_view batch, std::string_view reason) {
  BatchAbandoned advisory;
  advisory.id = shard_.new_id();
  advisory.time = shard_.wall();
  advisory.stream = name();
  advisory.domain = shard_.jetstream().domain();
  advisory.batch = batch;
  advisory.reason = reason;
  shard_.send(account(), "$JS.EVENT.ADVISORY.STREAM.BATCH_ABANDONED." + name(), {},
              codec::write_json_struct(advisory));
}

}  // namespace midge::jetstream

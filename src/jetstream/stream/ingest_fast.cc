// Fast ingest: each message of a batch is stored as it comes. How far the stream is with them is
// said on the same ground as any acknowledgement: what it speaks of is on the disk.
#include "codec/json_struct.h"
#include "codec/json_writer.h"
#include "jetstream/headers.h"
#include "jetstream/jetstream.h"
#include "jetstream/shard.h"
#include "jetstream/stream/ingest.h"
#include "jetstream/stream/stream.h"

namespace midge::jetstream {
namespace {

using enum ApiErrorCode;

constexpr std::string_view kApiLevelHeader = "Nats-Required-Api-Level";

}  // namespace

void Ingest::take_fast(std::string_view reply, Incoming incoming, WallTime now) {
  const auto place = FastPlace::parse(reply);
  const auto batch = open_fast(place, incoming);
  if (!batch) {
    if (!stream_.config().no_ack) answer(reply, std::unexpected(batch.error()));
    return;
  }
  std::string header;
  if (header_value(incoming.header, kApiLevelHeader).data() != nullptr) {
    header = without_header(incoming.header, kApiLevelHeader);
    incoming.header = header;
  }
  if (!incoming.header.empty()) incoming.fields = IngestHeaders::parse(incoming.header);
  if (place->operation == FastOperation::kPing)
    answer_ping(reply, *place, **batch);
  else if (follows(reply, *place, **batch))
    store_fast(reply, *place, **batch, incoming, now);
}

ApiResult<FastBatch*> Ingest::open_fast(const std::optional<FastPlace>& place,
                                        const Incoming& incoming) {
  const StreamConfig& config = stream_.config();
  if (config.sealed) return api_failure(kStreamSealed);
  if (auto refusal = check_size(incoming)) return std::unexpected(*refusal);
  if (!config.allow_batched) return api_failure(kBatchPublishDisabled);
  if (!place) return api_failure(kBatchPublishInvalidPattern);
  if (place->id.size() > FastBatches::kIdMax) return api_failure(kBatchPublishInvalidBatchID);
  FastBatch* batch = fast_batches_.find(place->id);
  if (batch == nullptr) {
    if (place->number != 1 || place->operation == FastOperation::kPing)
      return api_failure(kBatchPublishUnknownBatchID);
    auto& open = stream_.shard().jetstream().counters().open_fast_batches;
    if (!limits_of<FastBatch>().has_room(fast_batches_.size(), open))
      return api_failure(kBatchPublishTooManyInflight);
    ++open;
    batch = &fast_batches_.open(place->id, FastBatch(*place, fast_batches_.size() + 1));
  }
  if (!api_level_suffices(incoming.header)) {
    close_fast(place->id);
    return api_failure(kRequiredApiLevel);
  }
  batch->last = stream_.shard().now();
  arm_batch_timer(batch->last);
  return batch;
}

void Ingest::answer_ping(std::string_view reply, const FastPlace& place, FastBatch& batch) {
  if (place.number > batch.taken) {
    say_gap(reply, batch.taken + 1, place.number + 1);
    if (!batch.gaps_ok()) return end_fast(reply, place, batch);
    batch.taken = place.number;
    batch.advance(fast_batches_.size());
  }
  say_flow(reply, batch);
}

bool Ingest::follows(std::string_view reply, const FastPlace& place, FastBatch& batch) {
  const std::uint64_t expected = batch.taken + 1;
  if (place.number != expected) {
    say_gap(reply, expected, place.number);
    // What came before can not come again.
    if (!batch.gaps_ok() || place.number < expected) {
      end_fast(reply, place, batch);
      return false;
    }
  }
  if (place.operation == FastOperation::kCommitWithout) {
    batch.taken = place.number - 1;
    end_fast(reply, place, batch);
    return false;
  }
  batch.taken = place.number;
  return true;
}

void Ingest::store_fast(std::string_view reply, const FastPlace& place, FastBatch& batch,
                        Incoming& incoming, WallTime now) {
  const bool commits = place.operation == FastOperation::kCommit;
  const bool stops_at_once = !batch.gaps_ok() && place.number == 1;
  if (place.number == 1 && !commits && !stream_.config().no_ack) say_flow(reply, batch);
  Outcome outcome = take_in(incoming, now);
  if (!outcome) {
    if (stops_at_once) {
      answer(reply, outcome);
      return close_fast(place.id);
    }
    say_error(reply, place.number, outcome.error());
    if (batch.gaps_ok() && !commits) return;
    --batch.taken;
    return end_fast(reply, place, batch);
  }
  if (!outcome->duplicate) batch.stored = outcome->sequence;
  const bool is_told = !commits || outcome->duplicate;
  if (is_told && batch.advance(fast_batches_.size())) say_flow(reply, batch);
  if (!commits) return;
  if (!outcome->duplicate || !stops_at_once) return end_fast(reply, place, batch);
  outcome->batch = place.id;
  outcome->batch_count = 1;
  answer(reply, outcome);
  close_fast(place.id);
}

void Ingest::end_fast(std::string_view reply, const FastPlace& place, const FastBatch& batch) {
  PublishAck ack{.sequence = batch.stored};
  ack.batch = place.id;
  ack.batch_count = batch.taken;
  answer(reply, ack);
  close_fast(place.id);
}

void Ingest::close_fast(std::string_view id) {
  if (fast_batches_.close(id)) --stream_.shard().jetstream().counters().open_fast_batches;
}

void Ingest::say_flow(std::string_view reply, const FastBatch& batch) {
  codec::JsonWriter json;
  json.begin_object().field("type", "ack").field("seq", batch.told()).field("msgs", batch.every());
  say(reply, json.end_object().take());
}

void Ingest::say_gap(std::string_view reply, std::uint64_t expected, std::uint64_t came) {
  codec::JsonWriter json;
  json.begin_object().field("type", "gap").field("last_seq", expected).field("seq", came);
  say(reply, json.end_object().take());
}

void Ingest::say_error(std::string_view reply, std::uint64_t place, const ApiError& error) {
  codec::JsonWriter json;
  json.begin_object().field("type", "err").field("seq", place).key("error");
  codec::JsonStructWriter(json).write(error);
  say(reply, json.end_object().take(), error != stream_.write_refusal());
}

}  // namespace midge::jetstream

// Messages that become part of a stream all at once, or not at all. Nothing of them is checked but
// their size and place in the batch until it is whole: then each is, as if those before it were
// there already.
#include "jetstream/headers.h"
#include "jetstream/jetstream.h"
#include "jetstream/shard.h"
#include "jetstream/stream/ingest.h"
#include "jetstream/stream/stream.h"

namespace midge::jetstream {
namespace {

using enum ApiErrorCode;

}  // namespace

void Ingest::Ahead::add(const Incoming& incoming, std::uint64_t size) {
  ++messages;
  bytes += size;
  ++subjects[std::string(incoming.subject)];
  if (!incoming.value.empty()) counters[std::string(incoming.subject)] = incoming.value;
  if (!incoming.fields.message_id.empty()) ids.emplace(incoming.fields.message_id);
}

Ingest::Outcome Ingest::refuse_batch(std::string_view id, ApiError error,
                                     std::string_view advised) {
  if (!advised.empty()) stream_.advise_batch_abandoned(id, advised);
  close_batch(id);
  return std::unexpected(std::move(error));
}

Ingest::Outcome Ingest::stage(const Incoming& incoming, WallTime now) {
  const IngestHeaders& fields = incoming.fields;
  const std::string_view id = fields.batch_id;
  if (!stream_.config().allow_atomic) return api_failure(kAtomicPublishDisabled);
  if (id.size() > AtomicBatches::kIdMax) return api_failure(kAtomicPublishInvalidBatchID);
  const auto place = IngestHeaders::number(fields.batch_sequence);
  if (!place) return api_failure(kAtomicPublishMissingSeq);
  if (!api_level_suffices(incoming.header))
    return refuse_batch(id, api_error(kRequiredApiLevel), "unsupported");
  const bool ends = fields.batch_commit == "eob";
  if (fields.batch_commit && !ends && fields.batch_commit != "1")
    return refuse_batch(id, api_error(kAtomicPublishInvalidBatchCommit));
  AtomicBatch* batch = batches_.find(id);
  const BatchLimits limits = limits_of<AtomicBatch>();
  if (*place != (batch == nullptr ? 0 : batch->messages.size()) + 1)
    return refuse_batch(id, api_error(kAtomicPublishIncompleteBatch),
                        batch == nullptr ? "" : "incomplete");
  if (ends && batch == nullptr)
    return refuse_batch(id, api_error(kAtomicPublishIncompleteBatch), "incomplete");
  if (batch == nullptr) {
    auto& open = stream_.shard().jetstream().counters().open_batches;
    if (!limits.has_room(batches_.size(), open)) return api_failure(kAtomicPublishTooManyInflight);
    ++open;
    batch = &batches_.open(id, {});
  }
  if (!ends && batch->messages.size() >= static_cast<std::uint64_t>(limits.messages))
    return refuse_batch(
        id, api_error(kAtomicPublishTooLargeBatch, {std::to_string(limits.messages)}), "large");
  if (ends) {
    // What the last message should have said.
    std::string& last = batch->messages.back().header;
    last = HeaderWriter::after(last).field("Nats-Batch-Commit", "1").take();
  } else {
    batch->messages.push_back({std::string(incoming.subject), std::string(incoming.header),
                               std::string(incoming.payload)});
  }
  if (fields.batch_commit) return commit(id, now);
  batch->last = stream_.shard().now();
  arm_batch_timer(batch->last);
  return PublishAck{.is_staged = true};
}

Ingest::Outcome Ingest::commit(std::string_view id, WallTime now) {
  const AtomicBatch& batch = *batches_.find(id);
  stream_.forget_old_ids();
  Ahead ahead;
  std::vector<Incoming> all;
  all.reserve(batch.messages.size());
  for (const StagedMessage& staged : batch.messages) {
    Incoming& incoming = all.emplace_back(Incoming{staged.subject,
                                                   staged.header,
                                                   staged.payload,
                                                   IngestHeaders::parse(staged.header),
                                                   {},
                                                   {},
                                                   {}});
    const IngestHeaders& fields = incoming.fields;
    if (!fields.expected_last_message_id.empty())
      return refuse_batch(
          id, api_error(kAtomicPublishUnsupportedHeaderBatch, {"Nats-Expected-Last-Msg-Id"}));
    if (auto refusal = check_allowed(incoming)) return refuse_batch(id, *refusal);
    if (!fields.message_id.empty() &&
        (ahead.ids.contains(fields.message_id) || stream_.dedupe().find(fields.message_id)))
      return refuse_batch(id, api_error(kAtomicPublishContainsDuplicateMessage));
    if (auto refusal = prepare(incoming, ahead)) return refuse_batch(id, *refusal);
    ahead.add(incoming, stream_.stored_size(incoming.subject.size(), incoming.size()));
  }
  PublishAck ack;
  ack.batch = id;
  ack.batch_count = all.size();
  ack.value = all.back().value;
  std::vector<Stored> stored;
  stream_.shard().record_group(stream_, true);
  for (const Incoming& incoming : all) stored.push_back(store(incoming, now));
  stream_.shard().record_group(stream_, false);
  for (std::size_t i = 0; i < all.size(); ++i) republish(all[i], stored[i], now);
  ack.sequence = stored.back().sequence;
  close_batch(id);
  return ack;
}

void Ingest::close_batch(std::string_view id) {
  if (batches_.close(id)) --stream_.shard().jetstream().counters().open_batches;
}

void Ingest::close_batches() {
  stream_.shard().jetstream().counters().open_batches -= batches_.size();
  batches_ = {};
}

}  // namespace midge::jetstream

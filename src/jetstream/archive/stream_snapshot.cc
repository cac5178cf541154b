#include "jetstream/archive/stream_snapshot.h"

#include <algorithm>
#include <utility>

#include "jetstream/advisory.h"
#include "jetstream/archive/archive_entry.h"
#include "jetstream/archive/consumer_archive.h"
#include "jetstream/headers.h"
#include "jetstream/jetstream.h"
#include "jetstream/shard.h"

namespace midge::jetstream {
namespace {

// As nats-server has them.
constexpr std::int64_t kChunkDefault = 128 << 10, kChunkMin = 1 << 10, kChunkMax = 1 << 20;
constexpr std::int64_t kWindowDefault = 8 << 20, kWindowMin = 1 << 10, kWindowMax = 32 << 20;
constexpr Duration kAckTimeout = seconds(5);
constexpr Duration kInterestTimeout = seconds(2);
// How soon a receiver that comes late is noticed.
constexpr Duration kInterestCheck = milliseconds(10);
// What is read in one tick: bytes, messages, consumers.
constexpr std::size_t kReadAtOnce = 256 << 10;
constexpr int kMessagesAtOnce = 4096;
constexpr int kConsumersAtOnce = 64;

std::size_t chunk_size(std::int64_t wanted) {
  return static_cast<std::size_t>(
      std::clamp(wanted == 0 ? kChunkDefault : wanted, kChunkMin, kChunkMax));
}

std::uint64_t window(std::int64_t wanted, std::size_t chunk) {
  const std::int64_t size =
      std::clamp(wanted == 0 ? kWindowDefault : wanted, kWindowMin, kWindowMax);
  return std::max<std::uint64_t>(1, static_cast<std::uint64_t>(size) / chunk);
}

}  // namespace

class StreamSnapshot::PackJob final : public io::Job {
 public:
  PackJob(StreamSnapshot& owner, std::string plain, bool last)
      : writer(std::move(owner.writer_)),
        owner_(owner.self()),
        plain_(std::move(plain)),
        last_(last) {}

  void run() override {
    writer->write(plain_);
    if (last_) writer->finish();
    packed = writer->take();
  }
  void done() override {
    if (*owner_ != nullptr) static_cast<StreamSnapshot&>(**owner_).packed(*this);
  }
  [[nodiscard]] bool is_last() const { return last_; }

  std::unique_ptr<codec::S2Writer> writer;
  std::string packed;

 private:
  const std::shared_ptr<ArchiveTask*> owner_;
  const std::string plain_;
  const bool last_;
};

StreamSnapshot::StreamSnapshot(Stream& stream, SnapshotTerms terms, StreamState state)
    : stream_(stream),
      shard_(stream.shard()),
      terms_(std::move(terms)),
      state_(std::move(state)),
      account_(stream.account()),
      label_("'" + stream.account_name() + " > " + stream.name() + "'"),
      chunk_size_(chunk_size(terms_.chunk_size)),
      mark_(stream.durable_mark()),
      started_(shard_.wall()),
      lost_before_(stream.store().figures().lost_messages),
      interest_by_(shard_.now() + kInterestTimeout),
      at_(stream.store().figures().first),
      writer_(std::make_unique<codec::S2Writer>()),
      slots_max_(window(terms_.window_size, chunk_size_)),
      slots_(slots_max_),
      ack_subject_("$JS.SNAPSHOT.ACK." + stream.name() + "." + shard_.new_id()) {
  if (!terms_.no_consumers)
    for (Consumer* consumer : stream.public_consumers()) consumers_.push_back(consumer->id());
  std::ranges::reverse(consumers_);
  shard_.worker().log().info((terms_.check ? "Starting health check and snapshot for stream "
                                           : "Starting snapshot for stream ") +
                             label_);
}

StreamSnapshot::~StreamSnapshot() {
  if (ack_subscription_) shard_.worker().unsubscribe_internal(*ack_subscription_);
}

void StreamSnapshot::stream_removed(store::StreamId id) {
  if (stream_is_gone_ || stream_.id() != id) return;
  fail("500 stream was removed", "stream was removed");
  // While it can still be told.
  finish();
  stream_is_gone_ = true;
}

bool StreamSnapshot::run() {
  if (stream_is_gone_) return true;
  if (!ack_subscription_)
    ack_subscription_ =
        shard_.worker().subscribe_internal(account_, ack_subject_ + ".>", {}, acks_);
  if (!await_interest()) return false;
  if (!error_) produce();
  if (!error_) send_chunks();
  if (error_ || (all_packed_ && sent_ == packed_.size() && slots_ > 0)) {
    finish();
    return true;
  }
  return false;
}

bool StreamSnapshot::await_interest() {
  if (begun_) return true;
  broker::Worker& worker = shard_.worker();
  // A pattern that it matches is a client's for all of its inboxes: who asked may not listen yet.
  begun_ = worker.has_literal_interest(account_, terms_.deliver_subject);
  if (begun_) return true;
  if (shard_.now() < interest_by_) {
    shard_.timers().arm(timer_, shard_.now() + kInterestCheck);
    return false;
  }
  begun_ = worker.has_interest(account_, terms_.deliver_subject);
  if (!begun_) fail("408 No Interest", "no interest");
  return true;
}

void StreamSnapshot::fail(std::string_view status, std::string error) {
  if (error_) return;
  final_header_ = HeaderWriter(status).take();
  error_ = std::move(error);
}

// ---- reading

void StreamSnapshot::write_entry(std::string_view name, std::int64_t time, std::uint64_t sequence,
                                 std::string_view header, std::string_view payload) {
  write_entry_head(plain_, {name, time, sequence, header.size(), payload.size()});
  plain_.append(header).append(payload);
}

void StreamSnapshot::gather_consumers() {
  for (int i = 0; i < kConsumersAtOnce && !consumers_.empty(); ++i) {
    const Consumer* consumer = stream_.find_consumer(consumers_.back());
    consumers_.pop_back();
    if (consumer == nullptr) continue;
    const std::string json =
        write_archived_consumer(consumer->config(), consumer->progress(), {state_.last_sequence});
    const std::string name = std::string(kConsumerPrefix) + consumer->name();
    write_entry_head(consumer_entries_, {name, started_.ns, 0, 0, json.size()});
    consumer_entries_ += json;
    ++consumer_count_;
  }
}

bool StreamSnapshot::write_message(store::Sequence sequence) {
  const auto message = stream_.store().load(sequence);
  if (message) {
    write_entry(message->subject, message->time.ns, sequence.value, message->header,
                message->payload);
    return true;
  }
  if (message.error().code() == ErrorCode::kNotFound) return true;  // gone meanwhile
  const std::string error = "couldn't load next message after seq " +
                            std::to_string(sequence.value) + ": " + message.error().text();
  fail("500 " + error, error);
  return false;
}

void StreamSnapshot::produce() {
  // No more than what is sent soon is kept.
  if (writer_ == nullptr || is_read_ || packed_.size() - sent_ >= chunk_size_ + kReadAtOnce) return;
  if (!consumers_.empty()) {
    gather_consumers();
    if (!consumers_.empty()) return wake();
  }
  if (!std::exchange(has_head_, true)) {
    StreamState state = state_;
    state.consumers = consumer_count_;
    plain_ = kArchiveMagic;
    write_entry(kStateEntry, started_.ns, 0, {}, codec::write_json_struct(state));
    plain_ += std::exchange(consumer_entries_, {});
  }
  const store::Sequence last{state_.last_sequence};
  for (int i = 0; i < kMessagesAtOnce && plain_.size() < kReadAtOnce && !is_read_; ++i) {
    const auto next = stream_.store().next_there(at_);
    if (!next || *next > last) {
      if (stream_.store().figures().lost_messages != lost_before_) {
        const std::string error = "messages are damaged, and lost";
        return fail("500 " + error, error);
      }
      write_entry({}, 0, 0, {}, {});
      is_read_ = true;
    } else if (!write_message(*next)) {
      return;
    } else {
      at_ = *next + 1;
    }
  }
  pack();
}

void StreamSnapshot::pack() {
  auto job = std::make_unique<PackJob>(*this, std::exchange(plain_, {}), is_read_);
  shard_.jetstream().env().pool().submit(shard_.worker().loop(), std::move(job));
}

void StreamSnapshot::packed(PackJob& job) {
  writer_ = std::move(job.writer);
  packed_.erase(0, std::exchange(sent_, 0));
  packed_ += job.packed;
  all_packed_ = job.is_last();
  wake();
}

// ---- sending

void StreamSnapshot::on_ack(const broker::Message& message) {
  (void)message;
  slots_ = std::min(slots_ + 1, slots_max_);
  wake();
}

void StreamSnapshot::send(std::string_view header, std::string_view bytes, std::string_view reply) {
  shard_.send_when_durable({mark_, account_, terms_.deliver_subject, reply, header, bytes});
}

void StreamSnapshot::send_chunks() {
  while (slots_ > 0) {
    const std::string_view rest = std::string_view(packed_).substr(sent_);
    if (rest.empty() || (rest.size() < chunk_size_ && !all_packed_)) break;
    if (!shard_.worker().has_interest(account_, terms_.deliver_subject))
      return fail("408 No Interest", "no interest");
    const std::string_view chunk = rest.substr(0, chunk_size_);
    sent_ += chunk.size();
    // The last one, less than a whole one, is followed by the end and not acknowledged.
    if (chunk.size() < chunk_size_) {
      send({}, chunk, {});
      continue;
    }
    --slots_;
    send({}, chunk,
         ack_subject_ + "." + std::to_string(chunk.size()) + "." + std::to_string(index_++));
    final_header_ = HeaderWriter("204").take();
    ack_by_ = shard_.now() + kAckTimeout;
  }
  if (slots_ == 0 && shard_.now() >= ack_by_)
    return fail("408 No Flow Response", "no flow response");
  if (slots_ == 0) shard_.timers().arm(timer_, ack_by_);
  // There is room again for what comes next.
  if (writer_ != nullptr && !is_read_ && packed_.size() - sent_ < chunk_size_ + kReadAtOnce) wake();
}

void StreamSnapshot::finish() {
  send(final_header_, {}, {});
  advise_snapshot_completed(stream_, started_, shard_.wall(), error_.value_or(""));
  if (error_)
    shard_.worker().log().warn("Snapshot for stream " + label_ + " failed: " + *error_);
  else
    shard_.worker().log().info("Completed snapshot for stream " + label_);
}

}  // namespace midge::jetstream

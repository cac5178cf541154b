#include "jetstream/shard.h"

#include <algorithm>

#include "jetstream/advisory.h"
#include "jetstream/jetstream.h"
#include "jetstream/recovery.h"

namespace midge::jetstream {
namespace {

// What consumers may look at and deliver in one tick, in units of a subscription's work.
constexpr store::Budget kDeliveryBudget = 64 * 1024;
// Of that, what one consumer gets before the next one has its turn.
constexpr store::Budget kDeliveryShare = 16 * 1024;

}  // namespace

Shard::Shard(JetStream& jetstream, broker::Worker& worker)
    : jetstream_(jetstream),
      worker_(worker),
      lonely_(worker.broker().interest_watch(), worker.loop().id()) {}

Shard::~Shard() = default;

Stream& Shard::make_stream(Stream::Identity identity, StreamConfig config) {
  store::StreamStoreOptions options;
  options.id = identity.id;
  if (config.storage == Storage::kFile)
    options.folder = jetstream_.folder().blocks_folder(identity.id);
  if (config.first_sequence > 0) options.first = {config.first_sequence};
  store::Journal* journal = config.storage == Storage::kFile ? journal_.get() : nullptr;
  auto store = std::make_unique<store::StreamStore>(jetstream_.env(), worker_.loop(), journal,
                                                    std::move(options));
  auto stream =
      std::make_unique<Stream>(*this, std::move(identity), std::move(config), std::move(store));
  Stream& made = *stream;
  streams_.emplace(made.id().value, std::move(stream));
  record_stream(made);
  advise(made, Action::kCreated);
  made.start();
  return made;
}

void Shard::adopt(std::unique_ptr<Stream> stream) {
  if (journal_ != nullptr) stream->store().attach(*journal_);
  streams_.emplace(stream->id().value, std::move(stream));
}

bool Shard::keeps(const Stream& stream) const {
  return journal_ != nullptr && stream.config().storage == Storage::kFile;
}

void Shard::record(const Stream& stream, store::RecordKind kind, std::string_view head,
                   std::string_view body) {
  if (!keeps(stream)) return;
  const std::string_view parts[] = {head, body};
  journal_->append(stream.id(), kind, parts);
}

void Shard::record_stream(Stream& stream) {
  record(stream, store::RecordKind::kStream, {},
         codec::write_json_struct(
             StreamRecord{stream.account_name(), stream.created().ns, stream.config()}));
}

void Shard::record_consumer(Consumer& consumer) {
  const std::uint64_t id = consumer.id().value;
  record(consumer.stream(), store::RecordKind::kConsumer, {reinterpret_cast<const char*>(&id), 8},
         codec::write_json_struct(ConsumerRecord{consumer.created().ns, consumer.config()}));
}

void Shard::record_consumer_removed(Consumer& consumer) {
  const std::uint64_t id = consumer.id().value;
  record(consumer.stream(), store::RecordKind::kConsumerRemoved,
         {reinterpret_cast<const char*>(&id), 8}, {});
}

void Shard::record_step(Consumer& consumer, const ConsumerStep& step) {
  if (!keeps(consumer.stream())) return;
  const std::uint64_t id = consumer.id().value;
  std::string body;
  step.encode(body);
  record(consumer.stream(), store::RecordKind::kConsumerStep,
         {reinterpret_cast<const char*>(&id), 8}, body);
}

void Shard::record_group(Stream& stream, bool begin) {
  record(stream, begin ? store::RecordKind::kGroupBegin : store::RecordKind::kGroupEnd, {}, {});
}

void Shard::delete_stream(Stream& stream) {
  record(stream, store::RecordKind::kStreamRemoved, {}, {});
  for (Consumer* consumer : stream.consumers()) advise(*consumer, Action::kDeleted);
  advise(stream, Action::kDeleted);
  stream.close();
  std::erase(touched_, &stream);
  streams_.erase(stream.id().value);
}

Stream* Shard::find_stream(StreamId id) {
  const auto found = streams_.find(id.value);
  return found == streams_.end() ? nullptr : found->second.get();
}

std::vector<Stream*> Shard::streams() {
  std::vector<Stream*> all;
  for (const auto& [id, stream] : streams_) all.push_back(stream.get());
  std::ranges::sort(all, {}, [](const Stream* stream) { return stream->id().value; });
  return all;
}

std::string Shard::new_id() {
  constexpr std::string_view kLetters =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  std::string id(22, '0');
  for (char& c : id) c = kLetters[(random() >> 16) % kLetters.size()];
  return id;
}

MonoTime Shard::mono_at(WallTime time) const {
  const Duration ahead = time - wall();
  return now() + (ahead.ns > 0 ? ahead : Duration{});
}

void Shard::send_when_durable(Effect effect) {
  const bool leaves = journal_ == nullptr || effect.after <= journal_->durable();
  (leaves ? leaving_ : waiting_).add(std::move(effect));
  worker_.loop().tick_again();
}

void Shard::send(AccountId account, std::string_view to, std::string_view header,
                 std::string_view body) {
  Effect effect;
  effect.account = account;
  effect.to = to;
  effect.payload.append(header).append(body);
  effect.header_size = static_cast<std::uint32_t>(header.size());
  leaving_.add(std::move(effect));
  worker_.loop().tick_again();
}

bool Shard::put_off(StreamId id, const broker::Message& message,
                    std::function<void(Stream&, const broker::Message&)> again) {
  if (publishing_ == 0) return false;
  struct Copy {
    std::string subject, reply, payload;
  };
  auto copy = std::make_shared<Copy>(
      Copy{std::string(message.subject), std::string(message.reply), std::string(message.payload)});
  later(id, [account = message.account, header_size = message.header_size, copy,
             again = std::move(again)](Stream& stream) {
    broker::Message whole;
    whole.account = account;
    whole.subject = copy->subject;
    whole.reply = copy->reply;
    whole.payload = copy->payload;
    whole.header_size = header_size;
    again(stream, whole);
  });
  worker_.loop().tick_again();
  return true;
}

void Shard::ready(Consumer& consumer) {
  if (consumer.in_ready_list) return;
  consumer.in_ready_list = true;
  ready_.push_back(&consumer);
  worker_.loop().tick_again();
}

void Shard::await_interest(Consumer& consumer) {
  if (std::exchange(consumer.in_lonely_list, true)) return;
  lonely_.add(consumer);
  // Once more: somebody may have subscribed before it was in the list.
  ready(consumer);
}

void Shard::end_wait_for_interest(Consumer& consumer) {
  if (!consumer.in_lonely_list) return;
  lonely_.remove(consumer);
  consumer.in_lonely_list = false;
}

void Shard::on_interest(AccountId account, std::string_view pattern) {
  for (Consumer* consumer : lonely_.concerned(account, pattern)) {
    end_wait_for_interest(*consumer);
    ready(*consumer);
  }
}

void Shard::forget(Consumer& consumer) {
  end_wait_for_interest(consumer);
  if (std::exchange(consumer.in_ready_list, false)) std::erase(ready_, &consumer);
}

void Shard::touched(Stream& stream) {
  if (stream.in_touched_list) return;
  stream.in_touched_list = true;
  touched_.push_back(&stream);
}

void Shard::on_loop_start() {
  for (Stream* stream : streams()) stream->start();
}

void Shard::on_loop_stop() { ready_.clear(); }

void Shard::on_tick() {
  commit();
  run_deferred();
  run_ready();
  commit();
  release_effects();
}

void Shard::commit() {
  for (Stream* stream : std::exchange(touched_, {})) {
    stream->in_touched_list = false;
    stream->count_usage(stream->store().figures().bytes);
    const store::Sequence last = stream->store().figures().last;
    const store::JournalPosition after = stream->durable_mark();
    if (journal_ == nullptr || after <= journal_->durable())
      stream->set_visible_last(last);
    else
      to_show_.push_back({after, stream->id(), last});
  }
  if (journal_ != nullptr) journal_->commit();
}

void Shard::run_deferred() {
  for (auto& work : std::exchange(deferred_, {})) work();
}

void Shard::run_ready() {
  store::Budget budget = kDeliveryBudget;
  // Those that want to go on are behind those that have not had their turn.
  for (std::size_t count = ready_.size(); count > 0 && budget > 0 && !ready_.empty(); --count) {
    Consumer& consumer = *ready_.front();
    ready_.pop_front();
    consumer.in_ready_list = false;
    store::Budget share = std::min(budget, kDeliveryShare);
    const store::Budget before = share;
    if (consumer.run(share)) ready(consumer);
    budget -= before - share;
  }
  if (!ready_.empty()) worker_.loop().tick_again();
}

void Shard::release_effects() {
  const auto send = [this](const Effect& effect) {
    broker::Message message;
    message.account = effect.account;
    message.subject = effect.to;
    message.reply = effect.reply;
    message.payload = effect.payload;
    message.header_size = effect.header_size;
    worker_.publish_internal(effect.to, message);
  };
  if (journal_ != nullptr) waiting_.release(journal_->durable(), send);
  leaving_.release({UINT64_MAX}, send);
}

void Shard::on_durable(store::JournalPosition position) {
  while (!to_show_.empty() && to_show_.front().after <= position) {
    if (Stream* stream = find_stream(to_show_.front().stream))
      stream->set_visible_last(to_show_.front().last);
    to_show_.pop_front();
  }
  worker_.loop().tick_again();
}

void Shard::on_write_failed(const Error& error) {
  worker_.log().error("JetStream can not write to disk: " + error.text());
}

void Shard::on_write_resumed() { worker_.log().info("JetStream writes to disk again"); }

}  // namespace midge::jetstream

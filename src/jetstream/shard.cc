#include "jetstream/shard.h"

#include <algorithm>

#include "codec/base62.h"
#include "jetstream/advisory.h"
#include "jetstream/checkpointing.h"
#include "jetstream/disk_watch.h"
#include "jetstream/heritage.h"
#include "jetstream/jetstream.h"
#include "jetstream/recovery.h"

namespace midge::jetstream {
namespace {

// What consumers may look at and deliver in one tick, in units of a subscription's work.
constexpr store::Budget kDeliveryBudget = 64 * 1024;
// Of that, what one consumer gets before the next one has its turn.
constexpr store::Budget kDeliveryShare = 16 * 1024;
// Bytes of consumers' steps in one record.
constexpr std::size_t kStepsMax = 16 * 1024;

}  // namespace

Shard::Shard(JetStream& jetstream, broker::Worker& worker)
    : jetstream_(jetstream),
      worker_(worker),
      clock_(worker, jetstream.env().clock()),
      lonely_(worker.broker().interest_watch(), worker.loop().id()) {}

Shard::~Shard() = default;

Stream& Shard::add_stream(Stream::Identity identity, StreamConfig config) {
  store::StreamStoreOptions options;
  options.id = identity.id;
  options.disk = &jetstream_.folder().data_disk(config.compression == Compression::kS2);
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
  if (checkpointing_ != nullptr) checkpointing_->stream_seen(made.id());
  return made;
}

Stream& Shard::make_stream(Stream::Identity identity, StreamConfig config) {
  Stream& made = add_stream(std::move(identity), std::move(config));
  record_stream(made);
  advise(made, Action::kCreated);
  made.start();
  return made;
}

Stream& Shard::begin_restore(Stream::Identity identity, StreamConfig config) {
  Stream& made = add_stream(std::move(identity), std::move(config));
  made.set_restoring(true);
  record_stream(made);
  return made;
}

void Shard::complete_restore(Stream& stream) {
  stream.set_restoring(false);
  record_stream(stream);
  advise(stream, Action::kCreated);
  stream.start();
  stream.keep_limits();
}

void Shard::inherit(Heritage heritage) {
  journal_ = std::move(heritage.journal);
  checkpointing_ = std::move(heritage.checkpointing);
  for (Heritage::LeftStream& left : heritage.streams) {
    auto stream =
        std::make_unique<Stream>(*this, std::move(left.identity), left.recovered.record.config,
                                 std::move(left.recovered.store));
    jetstream_.counters().lost_messages += stream->store().figures().lost_messages;
    stream->take_consumers(std::move(left.recovered));
    if (left.suspended) stream->suspend();
    adopt(std::move(stream));
  }
  if (!runs_) return;
  for (Stream* stream : streams()) stream->start();
}

Result<store::CheckpointPart> Shard::take_last_checkpoint() { return checkpointing_->write_last(); }

void Shard::end_after_checkpoint() { checkpointing_->end(); }

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
  record(
      stream, store::RecordKind::kStream, {},
      codec::write_json_struct(StreamRecord{
          stream.account_name(), stream.created().ns, stream.config(), stream.is_restoring(), {}}));
}

void Shard::record(const Stream& stream, store::ConsumerId consumer, store::RecordKind kind,
                   std::string_view body) {
  const std::uint64_t id = consumer.value;
  record(stream, kind, {reinterpret_cast<const char*>(&id), sizeof id}, body);
}

// A restart forgets those that live in memory, as nats-server does.
void Shard::record(Consumer& consumer, store::RecordKind kind, std::string_view body) {
  if (consumer.config().memory_storage) return;
  record(consumer.stream(), consumer.id(), kind, body);
}

void Shard::record_consumer(Consumer& consumer) {
  record(consumer, store::RecordKind::kConsumer,
         codec::write_json_struct(ConsumerRecord{consumer.created().ns, consumer.config(), {}}));
}

void Shard::record_consumer_removed(const Stream& stream, store::ConsumerId consumer) {
  record(stream, consumer, store::RecordKind::kConsumerRemoved, {});
}

void Shard::record_step(Consumer& consumer, const ConsumerStep& step) {
  if (!keeps(consumer.stream())) return;
  if (running_ != nullptr && running_ != &consumer) record_steps(*running_);
  using Kind = ConsumerStep::Kind;
  // Of deliveries that nobody acknowledges the last one tells all.
  if (step.kind == Kind::kDeliveredUntracked && last_kind_ == step.kind) steps_.resize(last_step_);
  last_step_ = steps_.size();
  last_kind_ = step.kind;
  step.encode(steps_);
  const bool is_delivery = step.kind == Kind::kDelivered ||
                           step.kind == Kind::kDeliveredUntracked ||
                           step.kind == Kind::kRedelivered;
  if (running_ != &consumer || !is_delivery || steps_.size() > kStepsMax) record_steps(consumer);
}

void Shard::record_steps(Consumer& consumer) {
  if (steps_.empty()) return;
  record(consumer, store::RecordKind::kConsumerStep, steps_);
  steps_.clear();
  last_kind_.reset();
}

void Shard::record_progress(Consumer& consumer, const ConsumerProgress& progress) {
  std::string body;
  progress.encode(body);
  record(consumer, store::RecordKind::kConsumerState, body);
}

void Shard::record_group(Stream& stream, bool begin) {
  record(stream, begin ? store::RecordKind::kGroupBegin : store::RecordKind::kGroupEnd, {}, {});
}

void Shard::delete_stream(Stream& stream) {
  record(stream, store::RecordKind::kStreamRemoved, {}, {});
  archives_.stream_removed(stream.id());
  if (!stream.is_restoring()) {
    for (Consumer* consumer : stream.consumers()) advise(*consumer, Action::kDeleted);
    advise(stream, Action::kDeleted);
  }
  if (checkpointing_ != nullptr && keeps(stream))
    checkpointing_->stream_removed(stream.id(), jetstream_.folder().blocks_folder(stream.id()));
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

std::vector<StreamId> Shard::stream_ids() const {
  std::vector<StreamId> ids;
  ids.reserve(streams_.size());
  for (const auto& [id, stream] : streams_) ids.push_back(StreamId{id});
  return ids;
}

std::vector<Stream*> Shard::kept_streams() {
  std::vector<Stream*> all = streams();
  std::erase_if(all, [this](const Stream* stream) { return !keeps(*stream); });
  return all;
}

std::string Shard::new_id() {
  return codec::random_base62(22, [this] { return random(); });
}

void Shard::send_when_durable(const EffectView& effect) {
  const bool leaves = journal_ == nullptr || effect.after <= journal_->durable();
  (leaves ? leaving_ : waiting_).add(effect);
  tick_again();
}

void Shard::send(AccountId account, std::string_view to, std::string_view header,
                 std::string_view body) {
  leaving_.add({{}, account, to, {}, header, body});
  if (running_ == nullptr || publishing_ > 0) return tick_again();
  leaving_.release({UINT64_MAX}, [this](const EffectView& effect) {
    publish_now(effect.to, message_of(effect));
  });
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
  return true;
}

void Shard::ready(Consumer& consumer) {
  if (consumer.in_ready_list || !consumer.stream().is_serving()) return;
  consumer.in_ready_list = true;
  ready_.push_back(&consumer);
  tick_again();
}

void Shard::hold(Consumer& consumer) {
  consumer.hold();
  held_.push_back({consumer.stream().durable_mark(), consumer.stream().id(), consumer.id()});
  tick_again();
}

void Shard::release_held() {
  while (!held_.empty() && (journal_ == nullptr || held_.front().after <= journal_->durable())) {
    Stream* stream = find_stream(held_.front().stream);
    Consumer* consumer =
        stream == nullptr ? nullptr : stream->find_consumer(held_.front().consumer);
    held_.pop_front();
    if (consumer != nullptr) consumer->let_go();
  }
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
  runs_ = true;
  ticked_ = now();
  if (worker_.loop().id() == LoopId{0}) {
    jetstream_.disk_watch().start();
    jetstream_.on_loops_started();
  }
  upkeep_.start();
  for (Stream* stream : streams()) stream->start();
}

void Shard::on_loop_stop() {
  jetstream_.on_loops_stopping();
  ready_.clear();
}

void Shard::on_goodbye() {
  for (Stream* stream : streams()) stream->say_goodbye();
}

void Shard::on_tick() {
  ticked_ = now();
  commit();
  run_deferred();
  run_ready();
  commit();
  if (checkpointing_ != nullptr) checkpointing_->on_tick();
  memory_round_.on_tick();
  release_effects();
}

void Shard::commit() {
  for (Stream* stream : std::exchange(touched_, {})) {
    stream->in_touched_list = false;
    stream->count_usage(stream->store().figures().bytes);
    const store::Sequence last = stream->store().figures().last;
    const store::JournalPosition after = stream->message_mark();
    if (journal_ == nullptr || after <= journal_->durable())
      stream->set_visible_last(last, stream->taken());
    else
      to_show_.push_back({after, stream->id(), last, stream->taken()});
  }
  if (journal_ == nullptr) return;
  if (journal_->appended() != counted_) {
    jetstream_.disk_watch().took(journal_->appended() - counted_);
    counted_ = journal_->appended();
  }
  committing_ = true;
  journal_->commit();
  committing_ = false;
}

void Shard::run_deferred() {
  for (auto& work : std::exchange(deferred_, {})) work();
}

void Shard::run_ready() {
  if (is_clogged()) return;
  store::Budget budget = kDeliveryBudget;
  // Those that want to go on are behind those that have not had their turn.
  for (std::size_t count = ready_.size(); count > 0 && budget > 0 && !ready_.empty(); --count) {
    Consumer& consumer = *ready_.front();
    ready_.pop_front();
    consumer.in_ready_list = false;
    store::Budget share = std::min(budget, kDeliveryShare);
    const store::Budget before = share;
    running_ = &consumer;
    if (consumer.run(share)) ready(consumer);
    record_steps(consumer);
    running_ = nullptr;
    budget -= before - share;
  }
  if (!ready_.empty()) tick_again();
}

broker::Message Shard::message_of(const EffectView& effect) {
  broker::Message message;
  message.account = effect.account;
  message.subject = effect.to;
  message.reply = effect.reply;
  // Both lie one behind the other.
  message.payload = {effect.header.data(), effect.header.size() + effect.body.size()};
  message.header_size = static_cast<std::uint32_t>(effect.header.size());
  return message;
}

void Shard::release_effects() {
  const auto send = [this](const EffectView& effect) {
    worker_.publish_internal(effect.to, message_of(effect));
  };
  if (journal_ != nullptr) waiting_.release(journal_->durable(), send);
  leaving_.release({UINT64_MAX}, send);
  release_held();
}

void Shard::on_durable(store::JournalPosition position) {
  while (!to_show_.empty() && to_show_.front().after <= position) {
    if (Stream* stream = find_stream(to_show_.front().stream))
      stream->set_visible_last(to_show_.front().last, to_show_.front().taken);
    to_show_.pop_front();
  }
  if (!committing_) tick_again();  // else what may leave does so with this tick
}

}  // namespace midge::jetstream

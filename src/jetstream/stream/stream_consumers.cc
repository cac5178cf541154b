// A stream's consumers: who they are, what reaches them, when a message may go because of them.
#include <algorithm>

#include "base/check.h"
#include "codec/base62.h"
#include "jetstream/ack_subject.h"
#include "jetstream/advisory.h"
#include "jetstream/recovery.h"
#include "jetstream/shard.h"
#include "jetstream/stream/stream.h"

namespace midge::jetstream {
namespace {

// As from the server to whoever asks where nobody listens.
constexpr std::string_view kNobody = "NATS/1.0 503\r\n\r\n";

}  // namespace

Consumer& Stream::create_consumer(ConsumerConfig config, WallTime created) {
  Consumer& consumer = add_consumer({next_consumer_id_}, std::move(config), created);
  shard_.record_consumer(consumer);
  advise(consumer, Action::kCreated);
  consumer.start();
  return consumer;
}

Consumer& Stream::add_consumer(ConsumerId id, ConsumerConfig config, WallTime created) {
  DCHECK(consumers_.empty() || consumers_.back()->id() < id, "ids only grow");
  next_consumer_id_ = std::max(next_consumer_id_, id.value + 1);
  consumers_.push_back(std::make_unique<Consumer>(*this, id, std::move(config), created));
  Consumer& consumer = *consumers_.back();
  consumers_by_name_.emplace(consumer.name(), &consumer);
  if (consumer.config().direct) ++direct_consumers_;
  learn_filter(consumer);
  return consumer;
}

void Stream::take_consumers(RecoveredStream recovered) {
  if (!offline_reason(recovered).empty()) {
    serving_ = false;
    shelved_ = std::make_unique<RecoveredStream>(std::move(recovered));
    return;
  }
  for (auto& [id, consumer] : recovered.consumers) {
    if (consumer.record.config.memory_storage) continue;
    add_consumer({id}, consumer.record.config, WallTime{consumer.record.created});
    recovered_.emplace_back(ConsumerId{id}, std::move(consumer.progress));
  }
}

bool Stream::remove_shelved(std::string_view consumer) {
  const auto found = std::ranges::find(shelved_->consumers, consumer, [](const auto& each) {
    return std::string_view(each.second.record.config.name);
  });
  if (found == shelved_->consumers.end()) return false;
  shard_.record_consumer_removed(*this, {found->first});
  shelved_->consumers.erase(found);
  return true;
}

void Stream::remove_consumer(Consumer& consumer, std::string_view status) {
  advise(consumer, Action::kDeleted);
  consumer.close(status);
  shard_.forget(consumer);
  if (consumer.awaits_visible) std::erase(await_visible_, &consumer);
  forget_filter(consumer);
  consumers_by_name_.erase(consumer.name());
  if (consumer.config().direct) --direct_consumers_;
  const auto owned = std::ranges::lower_bound(consumers_, consumer.id(), {},
                                              [](const auto& each) { return each->id(); });
  const store::Filter wanted = consumer.filter();
  const Sequence from = consumer.floor() + 1;
  consumers_.erase(owned);
  drop_unwanted(wanted, from);
  drop_unclaimed();
}

Consumer* Stream::find_consumer(std::string_view name) {
  const auto found = consumers_by_name_.find(name);
  return found == consumers_by_name_.end() ? nullptr : found->second;
}

Consumer* Stream::find_consumer(ConsumerId id) {
  const auto found =
      std::ranges::lower_bound(consumers_, id, {}, [](const auto& each) { return each->id(); });
  return found == consumers_.end() || (*found)->id() != id ? nullptr : found->get();
}

void Stream::forget_filter(Consumer& consumer) { filters_.remove(&consumer, consumer.filter()); }

void Stream::learn_filter(Consumer& consumer) { filters_.add(&consumer, consumer.filter()); }

void Stream::tell_when_visible(Consumer& consumer) {
  if (std::exchange(consumer.awaits_visible, true)) return;
  await_visible_.push_back(&consumer);
}

std::vector<Consumer*> Stream::consumers() {
  std::vector<Consumer*> all;
  for (const auto& consumer : consumers_) all.push_back(consumer.get());
  std::ranges::sort(all, {}, &Consumer::name);
  return all;
}

std::vector<ConsumerId> Stream::consumer_ids() const {
  std::vector<ConsumerId> ids;
  ids.reserve(consumers_.size());
  for (const auto& consumer : consumers_) ids.push_back(consumer->id());
  return ids;
}

std::vector<Consumer*> Stream::public_consumers() {
  std::vector<Consumer*> shown = consumers();
  std::erase_if(shown, [](const Consumer* consumer) { return consumer->config().direct; });
  return shown;
}

std::vector<std::string> Stream::public_consumer_names() {
  std::vector<std::string> names;
  for (const Consumer* consumer : public_consumers()) names.push_back(consumer->name());
  if (shelved_ == nullptr) return names;
  for (const auto& [id, consumer] : shelved_->consumers)
    if (!consumer.record.config.direct) names.push_back(consumer.record.config.name);
  std::ranges::sort(names);
  return names;
}

std::string Stream::identity_text() const {
  std::uint64_t hash = 0xcbf29ce484222325;
  const auto mix = [&](std::string_view text) {
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  };
  mix(account_name());
  mix(name());
  mix(std::to_string(created().ns));
  std::string text(8, '0');
  for (char& c : text) {
    c = codec::kBase62[hash % codec::kBase62.size()];
    hash /= codec::kBase62.size();
  }
  return text;
}

bool Stream::is_wanted(std::string_view subject) { return !filters_.matching(subject).empty(); }

void Stream::on_acked(Sequence sequence) {
  if (config_.retention == Retention::kLimits) return;
  if (config_.retention == Retention::kInterest && is_still_wanted(sequence)) return;
  remove(sequence, false);
}

void Stream::on_ack(const broker::Message& message) {
  if (shard_.put_off(id(), message,
                     [](Stream& stream, const broker::Message& copy) { stream.on_ack(copy); }))
    return;
  if (shard_.is_clogged()) return;  // the message comes again
  const auto ack = parse_ack_subject(message.subject);
  Consumer* consumer = ack ? find_consumer(ack->consumer) : nullptr;
  if (consumer != nullptr) return consumer->on_ack(message, ack->sequence, ack->delivery);
  if (!message.reply.empty()) shard_.send(account(), message.reply, kNobody, {});
}

}  // namespace midge::jetstream

// A stream's consumers: who they are, what reaches them, when a message may go because of them.
#include <algorithm>
#include <charconv>

#include "base/check.h"
#include "jetstream/advisory.h"
#include "jetstream/shard.h"
#include "jetstream/stream/stream.h"

namespace midge::jetstream {
namespace {

// Takes the first token off; "" at the end.
std::string_view take_token(std::string_view& text) {
  const std::size_t dot = text.find('.');
  const std::string_view token = text.substr(0, dot);
  text.remove_prefix(dot == std::string_view::npos ? text.size() : dot + 1);
  return token;
}

bool take_number(std::string_view& text, std::uint64_t& number) {
  const std::string_view token = take_token(text);
  const auto [end, status] = std::from_chars(token.data(), token.data() + token.size(), number);
  return status == std::errc() && end == token.data() + token.size();
}

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
  learn_filter(consumer);
  return consumer;
}

void Stream::keep_progress(ConsumerId id, ConsumerProgress progress) {
  recovered_.emplace_back(id, std::move(progress));
}

void Stream::remove_consumer(Consumer& consumer, std::string_view status) {
  advise(consumer, Action::kDeleted);
  consumer.close(status);
  shard_.forget(consumer);
  if (consumer.awaits_visible) std::erase(await_visible_, &consumer);
  forget_filter(consumer);
  consumers_by_name_.erase(consumer.name());
  const auto owned = std::ranges::lower_bound(consumers_, consumer.id(), {},
                                              [](const auto& each) { return each->id(); });
  consumers_.erase(owned);
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

std::string Stream::identity_text() const {
  constexpr std::string_view kLetters =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  std::uint64_t hash = 0xcbf29ce484222325;
  const auto mix = [&](std::string_view text) {
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  };
  mix(account_name());
  mix(name());
  mix(std::to_string(created().ns));
  std::string text(8, '0');
  for (char& c : text) {
    c = kLetters[hash % kLetters.size()];
    hash /= kLetters.size();
  }
  return text;
}

bool Stream::is_wanted(std::string_view subject) { return !filters_.matching(subject).empty(); }

void Stream::on_acked(Consumer& consumer, Sequence sequence) {
  (void)consumer;
  if (config_.retention == Retention::kLimits) return;
  if (config_.retention == Retention::kInterest) {
    const auto message = store_->load(sequence);
    if (!message) return;
    const auto still_wants = [&](Consumer* other) { return !other->is_done_with(sequence); };
    if (std::ranges::any_of(filters_.matching(message->subject), still_wants)) return;
  }
  remove(sequence, false);
}

void Stream::on_ack(const broker::Message& message) {
  if (shard_.put_off(id(), message,
                     [](Stream& stream, const broker::Message& copy) { stream.on_ack(copy); }))
    return;
  // $JS.ACK.<stream>.<consumer>.<deliveries>.<stream seq>.<consumer seq>.<time>.<pending>
  std::string_view rest = message.subject;
  for (int i = 0; i < 3; ++i) take_token(rest);
  Consumer* consumer = find_consumer(take_token(rest));
  std::uint64_t deliveries = 0, sequence = 0, delivery = 0, time = 0, pending = 0;
  const bool well_formed = take_number(rest, deliveries) && take_number(rest, sequence) &&
                           take_number(rest, delivery) && take_number(rest, time) &&
                           take_number(rest, pending) && rest.empty();
  if (consumer != nullptr && well_formed) consumer->on_ack(message, {sequence}, {delivery});
}

}  // namespace midge::jetstream

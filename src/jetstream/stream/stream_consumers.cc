// A stream's consumers: who they are, what reaches them, when a message may go because of them.
#include <algorithm>
#include <charconv>

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
  consumer.start();
  return consumer;
}

Consumer& Stream::add_consumer(ConsumerId id, ConsumerConfig config, WallTime created) {
  next_consumer_id_ = std::max(next_consumer_id_, id.value + 1);
  consumers_.push_back(std::make_unique<Consumer>(*this, id, std::move(config), created));
  return *consumers_.back();
}

void Stream::keep_progress(ConsumerId id, ConsumerProgress progress) {
  recovered_.emplace_back(id, std::move(progress));
}

void Stream::remove_consumer(Consumer& consumer, std::string_view status) {
  consumer.close(status);
  shard_.forget(consumer);
  std::erase_if(consumers_, [&](const auto& owned) { return owned.get() == &consumer; });
}

Consumer* Stream::find_consumer(std::string_view name) {
  const auto found = std::ranges::find(consumers_, name, [](const auto& c) -> std::string_view {
    return c->name();
  });
  return found == consumers_.end() ? nullptr : found->get();
}

std::vector<Consumer*> Stream::consumers() {
  std::vector<Consumer*> all;
  for (const auto& consumer : consumers_) all.push_back(consumer.get());
  std::ranges::sort(all, {}, &Consumer::name);
  return all;
}

bool Stream::is_wanted(std::string_view subject) const {
  return std::ranges::any_of(
      consumers_, [&](const auto& consumer) { return consumer->filter().matches(subject); });
}

void Stream::on_acked(Consumer& consumer, Sequence sequence) {
  (void)consumer;
  if (config_.retention == Retention::kLimits) return;
  if (config_.retention == Retention::kInterest) {
    const auto message = store_->load(sequence);
    if (!message) return;
    const auto still_wants = [&](const auto& other) {
      return other->filter().matches(message->subject) && !other->is_done_with(sequence);
    };
    if (std::ranges::any_of(consumers_, still_wants)) return;
  }
  remove(sequence, false);
}

void Stream::on_ack(const broker::Message& message) {
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

// Delivering: the next message, to whoever waits for it.
#include <algorithm>
#include <charconv>

#include "jetstream/advisory.h"
#include "jetstream/consumer/consumer.h"
#include "jetstream/headers.h"
#include "jetstream/shard.h"
#include "jetstream/stream/stream.h"

namespace midge::jetstream {
namespace {

constexpr store::Budget kPerMessage = 64;
constexpr store::Budget kPerTurn = 8;

void append_number(std::string& text, std::uint64_t number) {
  char digits[20];
  const auto [end, status] = std::to_chars(digits, digits + sizeof digits, number);
  text.append(digits, end);
}

}  // namespace

bool Consumer::run(store::Budget& budget) {
  budget -= kPerTurn;
  if (!settle(budget)) return true;
  if (is_paused() || is_held_) return false;
  if (in_lonely_list && has_interest()) stream_.shard().end_wait_for_interest(*this);
  while (budget > 0) {
    switch (deliver_next(budget)) {
      case Step::kDelivered:
        budget -= kPerMessage;
        break;
      case Step::kNothing:
        end_of_pending();
        return false;
      case Step::kMustWait:
        return budget <= 0;
      case Step::kNobody:
        if (config_.is_push()) stream_.shard().await_interest(*this);
        return false;
    }
  }
  return true;
}

bool Consumer::may_have_more_pending() const {
  return config_.max_ack_pending <= 0 || !tracks_acks() ||
         acks_.pending() < static_cast<std::size_t>(config_.max_ack_pending);
}

Consumer::Step Consumer::deliver_next(store::Budget& budget) {
  if (!has_demand()) return Step::kNobody;
  while (const auto again = acks_.next_redelivery()) {
    const PendingMessage* pending = acks_.find(*again);
    if (is_exhausted(*pending)) {
      exhausted_deliveries(*pending);
      continue;
    }
    return deliver_again(*again);
  }
  if (!may_have_more_pending() || flow_is_full()) return Step::kMustWait;
  return deliver_new(budget);
}

Consumer::Step Consumer::deliver_again(Sequence sequence) {
  PullRequest* request = next_request(sequence, acks_.find(sequence)->deliveries + 1);
  if (request == nullptr && !config_.is_push()) return Step::kNobody;
  const auto message = stream_.store().load(sequence);
  if (!message) {
    acks_.drop(sequence);
    return Step::kDelivered;
  }
  const std::uint32_t deliveries = acks_.find(sequence)->deliveries + 1;
  if (!send(*message, acks_.delivered().consumer + 1, deliveries, request))
    return config_.is_push() ? Step::kNobody : Step::kDelivered;
  const WallTime now = stream_.shard().clock().steady();
  acks_.redeliver(sequence, now, deadline_for(deliveries));
  record({ConsumerStep::Kind::kRedelivered, sequence, acks_.delivered().consumer, now});
  arm_ack_timer(deadline_for(deliveries));
  return Step::kDelivered;
}

std::optional<Consumer::Step> Consumer::find_new(store::Budget& budget, Sequence& sequence) {
  for (; !listed_.empty() && !stream_.store().is_there(listed_.front()); listed_.skip_front())
    if (--budget <= 0) return Step::kMustWait;
  if (!listed_.empty()) {
    sequence = listed_.front();
  } else {
    if (pending_ == 0) return Step::kNothing;
    const auto found = stream_.store().find_next(filter_, next_, budget);
    if (!found) return Step::kNothing;
    if (!found->found) {
      next_ = std::max(next_, std::min(found->next, stream_.visible_last() + 1));
      return budget > 0 ? Step::kNothing : Step::kMustWait;
    }
    sequence = *found->found;
  }
  if (sequence <= stream_.visible_last()) return std::nullopt;
  // It is not durable yet.
  stream_.tell_when_visible(*this);
  return Step::kMustWait;
}

void Consumer::passed(Sequence sequence) {
  if (pending_ > 0) --pending_;
  if (listed_.empty())
    next_ = sequence + 1;
  else
    listed_.pop_front();
}

Consumer::Step Consumer::deliver_new(store::Budget& budget) {
  Sequence sequence;
  if (const auto step = find_new(budget, sequence)) return *step;
  PullRequest* request = next_request(sequence, 1);
  if (request == nullptr && !config_.is_push()) return Step::kNobody;
  const auto message = stream_.store().load(sequence);
  if (!message) {
    passed(sequence);  // lost to the disk: the next one then
    return Step::kDelivered;
  }
  if (is_too_early(*message)) return Step::kMustWait;
  const WallTime message_time = message->time;
  const std::uint64_t size =
      message->subject.size() + message->header.size() + message->payload.size();
  if (!send(*message, acks_.delivered().consumer + 1, 1, request))
    return config_.is_push() ? Step::kNobody : Step::kDelivered;
  passed(sequence);
  const WallTime now = stream_.shard().clock().steady();
  acks_.deliver(sequence, now, deadline_for(1), tracks_acks());
  record({tracks_acks() ? ConsumerStep::Kind::kDelivered : ConsumerStep::Kind::kDeliveredUntracked,
          sequence, acks_.delivered().consumer, now});
  last_active_ = stream_.shard().wall();
  last_new_ = stream_.shard().now();
  count_pace(message_time, size);
  if (tracks_acks())
    arm_ack_timer(deadline_for(1));
  else
    stream_.on_acked(sequence);
  return Step::kDelivered;
}

Consumer::Pace& Consumer::pace() {
  if (pace_ == nullptr) pace_ = std::make_unique<Pace>(*this);
  return *pace_;
}

bool Consumer::is_too_early(const store::StoredMessage& message) {
  if (pace_ == nullptr) return false;
  Shard& shard = stream_.shard();
  MonoTime due = pace_->not_before;
  if (config_.replay_policy == ReplayPolicy::kOriginal && pace_->last_time != kNoTime)
    due = std::max(due, pace_->last_at + (message.time - pace_->last_time));
  if (due <= shard.now()) return false;
  shard.timers().arm(pace_->timer, due);
  return true;
}

void Consumer::count_pace(WallTime message_time, std::uint64_t size) {
  const MonoTime now = stream_.shard().now();
  if (config_.replay_policy == ReplayPolicy::kOriginal) {
    pace().last_time = message_time;
    pace().last_at = now;
  }
  if (config_.rate_limit_bps > 0) {
    const auto takes = static_cast<std::int64_t>(static_cast<double>(size) * 8e9 /
                                                 static_cast<double>(config_.rate_limit_bps));
    pace().not_before = std::max(pace().not_before, now) + Duration{takes};
  }
}

bool Consumer::send(const store::StoredMessage& message, ConsumerSequence delivery,
                    std::uint32_t deliveries, PullRequest* request) {
  const std::string& reply = ack_subject(message, delivery, deliveries);
  std::string text;
  broker::Message out;
  out.account = stream_.account();
  out.subject = message.subject;
  out.reply = reply;
  const bool pins = request != nullptr && config_.priority_policy == PriorityPolicy::kPinnedClient;
  if (config_.headers_only || pins) {
    HeaderWriter header = HeaderWriter::after(message.header);
    if (pins) header.field("Nats-Pin-Id", pin_for(*request));
    if (config_.headers_only) header.field("Nats-Msg-Size", message.payload.size());
    text = header.take();
    out.header_size = static_cast<std::uint32_t>(text.size());
    if (!config_.headers_only) text.append(message.payload);
    out.payload = text;
  } else {
    out.header_size = static_cast<std::uint32_t>(message.header.size());
    // The header and the payload lie one behind the other.
    out.payload = message.header.empty()
                      ? message.payload
                      : std::string_view(message.header.data(),
                                         message.header.size() + message.payload.size());
  }
  const std::string_view to = request != nullptr ? request->reply : config_.deliver_subject;
  const std::uint64_t size = out.payload.size() + message.subject.size() + reply.size();
  const broker::Published published = stream_.shard().publish_now(to, out);
  if (published.reached == 0) {
    if (request == nullptr) return false;
    // Whoever asked is gone.
    send_status(request->reply, "408 Interest Expired", request);
    requests_.remove_if([&](const PullRequest& other) { return &other == request; });
    return false;
  }
  if (request != nullptr)
    request_served(*request, size);
  else
    count_flow(size);
  return true;
}

std::int64_t Consumer::size_to_send(Sequence sequence, std::uint32_t deliveries) {
  const auto message = stream_.store().load(sequence);
  if (!message) return 0;
  std::size_t size = message->subject.size() + message->header.size() + message->payload.size();
  if (config_.headers_only)
    size = message->subject.size() + HeaderWriter::after(message->header)
                                         .field("Nats-Msg-Size", message->payload.size())
                                         .take()
                                         .size();
  size += ack_subject(*message, acks_.delivered().consumer + 1, deliveries).size();
  return static_cast<std::int64_t>(size);
}

std::string_view Consumer::pin_for(PullRequest& request) {
  Shard& shard = stream_.shard();
  if (request.terms.group.empty()) return {};
  if (priority_.pin(request, shard.new_id(), shard.wall(), shard.now())) {
    pin_timer_.arm(shard.timers(), *this, shard.now() + config_.priority_timeout);
    advise_pinned(*this, request.terms.group, priority_.pin_id());
  }
  return priority_.pin_id();
}

const std::string& Consumer::ack_subject(const store::StoredMessage& message,
                                         ConsumerSequence delivery,
                                         std::uint32_t deliveries) const {
  std::string& text = stream_.scratch();
  text.clear();
  text.append("$JS.ACK.")
      .append(stream_.ack_prefix())
      .append(stream_.name())
      .append(".")
      .append(name())
      .append(".");
  append_number(text, deliveries);
  // A new one is pending no more when it is told how many are.
  const std::uint64_t pending = deliveries == 1 && pending_ > 0 ? pending_ - 1 : pending_;
  for (const std::uint64_t number : {message.sequence.value, delivery.value,
                                     static_cast<std::uint64_t>(message.time.ns), pending}) {
    text += '.';
    append_number(text, number);
  }
  return text;
}

WallTime Consumer::deadline_for(std::uint32_t deliveries) const {
  return deadline_after(stream_.shard().clock().steady(), deliveries);
}

WallTime Consumer::deadline_after(WallTime delivered, std::uint32_t deliveries) const {
  if (!tracks_acks()) return AckState::kNever;
  Duration wait = config_.ack_wait;
  if (!config_.backoff.empty())
    wait = config_.backoff[std::min<std::size_t>(deliveries, config_.backoff.size()) - 1];
  return delivered + wait;
}

void Consumer::arm_ack_timer(WallTime deadline) {
  if (deadline == AckState::kNever) return;
  Shard& shard = stream_.shard();
  const MonoTime at = shard.clock().when_steady(deadline);
  if (!ack_timer_.armed() || at < ack_timer_.deadline()) ack_timer_.arm(shard.timers(), *this, at);
}

void Consumer::on_ack_timer() {
  Shard& shard = stream_.shard();
  arm_ack_timer(acks_.expire(shard.clock().steady()));
  give_up_exhausted();
  if (acks_.has_redeliveries()) signal();
}

void Consumer::send_heartbeat(std::string_view to) {
  HeaderWriter header("100 Idle Heartbeat");
  header.field("Nats-Last-Consumer", acks_.delivered().consumer.value);
  header.field("Nats-Last-Stream", acks_.delivered().stream.value);
  if (flow_.awaits_answer() && flow_is_full())
    header.field("Nats-Consumer-Stalled", flow_subject());
  stream_.shard().send(stream_.account(), to, header.take(), {});
}

std::string Consumer::flow_subject() const {
  return "$JS.FC." + stream_.ack_prefix() + stream_.name() + "." + name() + "." +
         std::to_string(flow_.number());
}

bool Consumer::flow_is_full() const { return config_.flow_control && flow_.is_full(); }

void Consumer::count_flow(std::uint64_t size) {
  if (!config_.flow_control || !flow_.sent(size)) return;
  const std::string header = HeaderWriter("100 FlowControl Request").take();
  const std::string reply = flow_subject();
  broker::Message question;
  question.account = stream_.account();
  question.subject = config_.deliver_subject;
  question.reply = reply;
  question.payload = header;
  question.header_size = static_cast<std::uint32_t>(header.size());
  stream_.shard().publish_now(config_.deliver_subject, question);
}

void Consumer::on_flow(const broker::Message& message) {
  if (stream_.shard().put_off(stream_.id(), message,
                              [id = id_](Stream& stream, const broker::Message& copy) {
                                if (Consumer* consumer = stream.find_consumer(id))
                                  consumer->on_flow(copy);
                              }))
    return;
  if (message.subject != flow_subject() || !flow_.awaits_answer()) return;
  flow_.answered();
  signal();
}

void Consumer::on_heartbeat_timer() {
  Shard& shard = stream_.shard();
  heartbeat_timer_.arm(shard.timers(), *this, shard.now() + config_.idle_heartbeat);
  const Duration quiet = last_active_ == kNoTime ? config_.idle_heartbeat : shard.now() - last_new_;
  if (quiet >= config_.idle_heartbeat && stream_.is_serving() && has_interest())
    send_heartbeat(config_.deliver_subject);
}

}  // namespace midge::jetstream

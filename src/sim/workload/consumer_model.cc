#include <algorithm>

#include "sim/workload/delivery_model.h"
#include "sim/workload/stream_model.h"

namespace midge::sim {
namespace {

std::string text(std::uint64_t value) { return std::to_string(value); }

}  // namespace

// ---- where it begins

ModelConsumer::ModelConsumer(ModelStream& stream, ConsumerTerms terms)
    : stream_(stream), terms_(std::move(terms)) {
  const std::uint64_t first = std::max<std::uint64_t>(stream.first(), 1);
  switch (terms_.policy) {
    case ConsumerTerms::Policy::kAll:
      next_ = first;
      break;
    case ConsumerTerms::Policy::kNew:
      next_ = stream.last() + 1;
      break;
    case ConsumerTerms::Policy::kFrom:
      next_ = std::max(terms_.from, first);
      break;
    case ConsumerTerms::Policy::kLast:
      next_ = stream.last() + 1;
      for (const auto& [sequence, message] : stream.messages())
        if (wants(message.subject)) next_ = sequence;
      break;
    case ConsumerTerms::Policy::kLastPerSubject:
      next_ = stream.last() + 1;
      snapshot_ = stream.last();
      list_last(0);
      break;
  }
  const std::uint64_t begin = listed_.empty() ? next_ : *listed_.begin();
  delivered_.stream = floor_.stream = begin - 1;
}

void ModelConsumer::list_last(std::uint64_t above) {
  std::map<std::string, std::uint64_t> last;
  for (const auto& [sequence, message] : stream_.messages())
    if (wants(message.subject)) last[message.subject] = sequence;
  listed_.clear();
  for (const auto& [subject, sequence] : last)
    if (sequence > above && sequence <= snapshot_) listed_.insert(sequence);
}

// ---- what it says

bool ModelConsumer::wants(std::string_view subject) const {
  return terms_.filters.empty() ||
         std::ranges::any_of(terms_.filters,
                             [&](const std::string& filter) { return matches(filter, subject); });
}

std::uint64_t ModelConsumer::pending_count() const {
  std::uint64_t count = listed_.size();
  for (const auto& [sequence, message] : stream_.messages())
    if (sequence >= next_ && wants(message.subject)) ++count;
  return count;
}

std::size_t ModelConsumer::redelivered() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(pending_, [](const auto& each) { return each.second.deliveries > 1; }));
}

bool ModelConsumer::is_done_with(std::uint64_t sequence) const {
  return sequence < next_ && !listed_.contains(sequence) && !pending_.contains(sequence) &&
         !kept_.contains(sequence);
}

bool ModelConsumer::is_full() const {
  return terms_.ack != ConsumerTerms::Ack::kNone && pending_.size() >= terms_.max_ack_pending;
}

std::vector<std::uint64_t> ModelConsumer::answerable() const {
  std::vector<std::uint64_t> found;
  for (const auto& [sequence, pending] : pending_)
    if (!(pending.due && is_exhausted(pending))) found.push_back(sequence);
  return found;
}

bool ModelConsumer::is_vague() const {
  return std::ranges::any_of(
      pending_, [&](const auto& each) { return each.second.due && is_exhausted(each.second); });
}

std::optional<std::uint64_t> ModelConsumer::next_new() const {
  if (!listed_.empty()) return *listed_.begin();
  for (const auto& [sequence, message] : stream_.messages())
    if (sequence >= next_ && wants(message.subject)) return sequence;
  return std::nullopt;
}

// ---- deliveries

void ModelConsumer::request(Request request) {
  if (request.no_wait && !request.expires && is_paused()) {
    statuses.insert("404");
    return;
  }
  requests_.push_back(request);
}

Result<void> ModelConsumer::accept(const Delivery& delivery, int phase) {
  const auto wrong = [&](const std::string& why) {
    return failure(terms_.name + " was given sequence " + text(delivery.sequence) + " (delivery " +
                   text(delivery.deliveries) + "): " + why);
  };
  if (!has_demand()) return wrong("nobody asks");
  if (is_paused()) return wrong("it is paused");
  const auto message = stream_.messages().find(delivery.sequence);
  if (message == stream_.messages().end()) return wrong("there is no such message");
  if (message->second.body != delivery.body) return wrong("it is another message");
  if (message->second.subject != delivery.subject) return wrong("it has another subject");
  if (delivery.consumer_sequence != delivered_.consumer + 1)
    return wrong("counted as " + text(delivery.consumer_sequence) + " after " +
                 text(delivered_.consumer));
  const auto known = pending_.find(delivery.sequence);
  if (known != pending_.end()) {
    Pending& pending = known->second;
    if (!pending.due) return wrong("it is not due");
    if (is_exhausted(pending)) return wrong("it was delivered often enough");
    if (delivery.deliveries != ++pending.deliveries)
      return wrong("it is the delivery " + text(pending.deliveries));
    ++delivered_.consumer;
    pending.due = false;
    pending.delivered = phase;
    pending.due_at = phase + wait(pending.deliveries);
    pending.reply = delivery.reply;
  } else {
    const bool again = std::ranges::any_of(
        pending_, [&](const auto& each) { return each.second.due && !is_exhausted(each.second); });
    if (again) return wrong("others are due to be delivered again");
    give_up_exhausted();
    if (is_full()) return wrong("too many are not acknowledged");
    if (delivery.deliveries != 1) return wrong("it was not delivered before");
    if (next_new() != delivery.sequence) return wrong("it is not the next one");
    delivered_ = {delivered_.consumer + 1, delivery.sequence};
    if (listed_.erase(delivery.sequence) == 0) next_ = delivery.sequence + 1;
    if (terms_.ack == ConsumerTerms::Ack::kNone) {
      if (pending_.empty()) floor_ = delivered_;
    } else {
      pending_[delivery.sequence] = {delivered_.consumer, 1,     phase,
                                     phase + wait(1),     false, delivery.reply};
    }
  }
  if (delivery.pending != pending_count())
    return wrong(text(delivery.pending) + " are told as pending, and " + text(pending_count()) +
                 " are");
  if (!terms_.push) {
    // Those that wait have turns.
    Request served = requests_.front();
    requests_.pop_front();
    served.served = true;
    if (--served.left > 0) requests_.push_back(served);
  }
  if (terms_.ack == ConsumerTerms::Ack::kNone) stream_.acked(delivery.sequence);
  return {};
}

Result<void> ModelConsumer::settle() {
  if (!has_demand() || is_paused()) return {};
  for (const auto& [sequence, pending] : pending_)
    if (pending.due && !is_exhausted(pending))
      return failure(terms_.name + " was not given sequence " + text(sequence) +
                     ", which is due to be delivered again");
  give_up_exhausted();
  if (is_full()) return {};
  if (const auto next = next_new())
    return failure(terms_.name + " was not given sequence " + text(*next));
  std::erase_if(requests_, [&](const Request& request) {
    if (!request.no_wait || (request.expires && !request.served)) return false;
    statuses.insert("404");
    return true;
  });
  return {};
}

void ModelConsumer::give_up_exhausted() {
  std::vector<std::uint64_t> exhausted;
  for (const auto& [sequence, pending] : pending_)
    if (pending.due && is_exhausted(pending)) exhausted.push_back(sequence);
  for (const std::uint64_t sequence : exhausted) {
    if (stream_.terms().retention == StreamTerms::Retention::kInterest) kept_.insert(sequence);
    finish(sequence);
  }
}

// ---- what comes back

void ModelConsumer::finish(std::uint64_t sequence) {
  if (pending_.erase(sequence) == 0) return;
  floor_ = pending_.empty()
               ? delivered_
               : Place{pending_.begin()->second.first - 1, pending_.begin()->first - 1};
}

void ModelConsumer::ack(std::uint64_t sequence) {
  if (terms_.ack != ConsumerTerms::Ack::kAll) {
    if (!pending_.contains(sequence)) return;
    finish(sequence);
    return stream_.acked(sequence);
  }
  std::vector<std::uint64_t> done;
  for (const auto& [each, pending] : pending_)
    if (each <= sequence) done.push_back(each);
  for (const std::uint64_t each : done) finish(each);
  for (const std::uint64_t each : done) stream_.acked(each);
}

void ModelConsumer::nak(std::uint64_t sequence, std::optional<int> again_at) {
  Pending& pending = pending_.at(sequence);
  pending.due = !again_at;
  if (again_at) pending.due_at = *again_at;
}

void ModelConsumer::in_progress(std::uint64_t sequence, int phase) {
  Pending& pending = pending_.at(sequence);
  pending.due = false;
  pending.due_at = phase + wait(pending.deliveries);
}

void ModelConsumer::terminate(std::uint64_t sequence) {
  if (!pending_.contains(sequence)) return;
  finish(sequence);
  stream_.acked(sequence);
}

// ---- what time and others do

void ModelConsumer::on_removed(std::uint64_t sequence) {
  kept_.erase(sequence);
  if (listed_.erase(sequence) == 0) finish(sequence);
}

void ModelConsumer::end_requests() {
  std::erase_if(requests_, [&](const Request& request) {
    if (request.expires) statuses.insert("408");
    return request.expires;
  });
}

void ModelConsumer::fall_due(int phase) {
  for (auto& [sequence, pending] : pending_)
    if (pending.due_at <= phase) pending.due = true;
}

void ModelConsumer::end_pause(int phase) {
  if (paused_until_ <= phase) paused_until_ = kNoPhase;
}

void ModelConsumer::restart(int phase) {
  requests_.clear();
  bound_ = false;
  statuses.clear();
  // That a message was wanted again, or later, is forgotten; when it was delivered is not.
  for (auto& [sequence, pending] : pending_) {
    pending.due_at = pending.delivered + wait(pending.deliveries);
    pending.due = pending.due_at <= phase;
  }
  if (delivered_.stream < snapshot_) list_last(delivered_.stream);
}

}  // namespace midge::sim

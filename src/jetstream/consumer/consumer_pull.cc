// Requests for messages: whose turn it is, and what those are told who get none.
#include <algorithm>

#include "codec/go_duration.h"
#include "jetstream/consumer/consumer.h"
#include "jetstream/headers.h"
#include "jetstream/shard.h"
#include "jetstream/stream/stream.h"

namespace midge::jetstream {

void Consumer::on_pull(const broker::Message& message) {
  if (message.reply.empty()) return;
  const std::string_view reply = message.reply;
  Shard& shard = stream_.shard();
  if (shard.put_off(stream_.id(), message, [id = id_](Stream& stream, const broker::Message& copy) {
        if (Consumer* consumer = stream.find_consumer(id)) consumer->on_pull(copy);
      }))
    return;
  if (config_.is_push()) return send_status(reply, "409 Consumer is push based", nullptr);
  if (!api_level_suffices(message.payload.substr(0, message.header_size)))
    return send_status(reply, "412 Required Api Level", nullptr);
  auto terms = PullTerms::parse(message.body());
  if (!terms) return send_status(reply, "400 Bad Request - " + terms.error().text(), nullptr);
  if (const auto status = refusal(*terms)) return send_status(reply, *status, nullptr);
  last_demand_ = shard.now();
  PullRequest request;
  request.reply = reply;
  request.left = terms->batch;
  request.bytes_left = terms->max_bytes;
  if (!priority_.pin_id().empty() && priority_.has_wrong_id(*terms))
    return send_status(reply, "423 Nats-Pin-Id mismatch", nullptr);
  const bool has_nothing = pending_ == 0 && !acks_.has_redeliveries() && counting_ == nullptr;
  if (terms->no_wait && terms->expires.ns == 0 && (has_nothing || is_paused()))
    return send_status(reply, "404 No Messages", nullptr);
  if (terms->expires.ns < 0) return send_status(reply, "408 Request Timeout", &request);
  if (is_full_of_requests()) return send_status(reply, "409 Exceeded MaxWaiting", nullptr);
  if (terms->expires.ns > 0) request.expires = shard.now() + terms->expires;
  if (terms->heartbeat.ns > 0) request.heartbeat_due = shard.now() + terms->heartbeat;
  if (!terms->pin_id.empty()) priority_.asked(shard.now());
  request.terms = std::move(*terms);
  requests_.push_back(std::move(request));
  arm_request_timer();
  signal();
}

std::optional<std::string> Consumer::refusal(const PullTerms& terms) const {
  const auto exceeded = [](const char* what, const std::string& limit) {
    return std::string("409 Exceeded MaxRequest") + what + " of " + limit;
  };
  if (config_.max_batch > 0 && terms.batch > config_.max_batch)
    return exceeded("Batch", std::to_string(config_.max_batch));
  if (config_.max_expires.ns > 0 && terms.expires > config_.max_expires)
    return exceeded("Expires", codec::go_duration(config_.max_expires));
  if (config_.max_bytes > 0 && terms.max_bytes > config_.max_bytes)
    return exceeded("MaxBytes", std::to_string(config_.max_bytes));
  if (auto why = Priority::refusal(config_, terms)) return "400 Bad Request - " + *why;
  return std::nullopt;
}

bool Consumer::is_full_of_requests() {
  const auto most = static_cast<std::size_t>(config_.max_waiting);
  if (config_.max_waiting <= 0 || requests_.size() < most) return false;
  expire_requests();
  drop_abandoned();
  return requests_.size() >= most;
}

PullRequest* Consumer::next_request(Sequence sequence, std::uint32_t deliveries) {
  if (config_.is_push()) return nullptr;
  while (true) {
    const auto request = priority_.choose(config_, requests_, {pending_, acks_.pending()});
    if (request == requests_.end()) return nullptr;
    const bool gets_pin =
        config_.priority_policy == PriorityPolicy::kPinnedClient && priority_.pin_id().empty();
    // Who is gone must not keep it from others.
    if (gets_pin && !stream_.shard().worker().has_interest(stream_.account(), request->reply)) {
      drop_request(request);
      continue;
    }
    const bool has_old_id = priority_.has_wrong_id(request->terms);
    if (!has_old_id && (request->terms.max_bytes == 0 ||
                        request->bytes_left >= size_to_send(sequence, deliveries)))
      return &*request;
    // As nats-server counts those that did not say how many they want.
    if (has_old_id && !request->terms.says_batch) request->left = 0;
    send_status(request->reply,
                has_old_id ? "423 Nats-Wrong-Pin-Id" : "409 Message Size Exceeds MaxBytes",
                &*request);
    drop_request(request);
  }
}

void Consumer::request_served(PullRequest& request, std::uint64_t size) {
  Shard& shard = stream_.shard();
  ++request.delivered;
  --request.left;
  if (request.terms.max_bytes > 0) {
    request.bytes_left =
        std::max<std::int64_t>(request.bytes_left - static_cast<std::int64_t>(size), 0);
    if (request.bytes_left == 0) request.left = 0;
  }
  if (request.terms.heartbeat.ns > 0) request.heartbeat_due = shard.now() + request.terms.heartbeat;
  last_demand_ = shard.now();
  const auto served =
      std::ranges::find_if(requests_, [&](const PullRequest& other) { return &other == &request; });
  // Those who asked take turns.
  if (request.left == 0)
    requests_.erase(served);
  else
    requests_.splice(requests_.end(), requests_, served);
}

void Consumer::end_of_pending() {
  // Nothing more to have now: those who would not wait are told.
  for (auto request = requests_.begin(); request != requests_.end();) {
    auto following = std::next(request);
    if (request->terms.no_wait && (request->delivered > 0 || request->terms.expires.ns == 0)) {
      send_status(request->reply, "404 No Messages", nullptr);
      drop_request(request);
    }
    request = following;
  }
}

void Consumer::send_status(std::string_view to, std::string_view status,
                           const PullRequest* remaining) {
  HeaderWriter header(status);
  if (remaining != nullptr) {
    header.field("Nats-Pending-Messages", static_cast<std::uint64_t>(remaining->left));
    header.field("Nats-Pending-Bytes", static_cast<std::uint64_t>(remaining->bytes_left));
  }
  stream_.shard().send(stream_.account(), to, header.take(), {});
}

void Consumer::drop_request(std::list<PullRequest>::iterator request) { requests_.erase(request); }

void Consumer::drop_abandoned() {
  requests_.remove_if([&](const PullRequest& request) {
    return !stream_.shard().worker().has_interest(stream_.account(), request.reply);
  });
}

void Consumer::expire_requests() {
  Shard& shard = stream_.shard();
  for (auto request = requests_.begin(); request != requests_.end();) {
    auto following = std::next(request);
    if (request->expires <= shard.now()) {
      send_status(request->reply, "408 Request Timeout", &*request);
      drop_request(request);
    } else if (request->heartbeat_due <= shard.now()) {
      send_heartbeat(request->reply);
      request->heartbeat_due = shard.now() + request->terms.heartbeat;
    }
    request = following;
  }
}

void Consumer::arm_request_timer() {
  Shard& shard = stream_.shard();
  MonoTime earliest{INT64_MAX};
  for (const PullRequest& request : requests_)
    earliest = std::min({earliest, request.expires, request.heartbeat_due});
  if (earliest.ns == INT64_MAX)
    request_timer_.cancel(shard.timers());
  else
    request_timer_.arm(shard.timers(), *this, earliest);
}

void Consumer::on_request_timer() {
  expire_requests();
  arm_request_timer();
}

}  // namespace midge::jetstream

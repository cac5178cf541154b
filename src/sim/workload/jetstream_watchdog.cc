#include "sim/workload/jetstream_watchdog.h"

#include <algorithm>

#include "codec/json_writer.h"
#include "sim/workload/api_text.h"

namespace midge::sim {
namespace {

constexpr unsigned kConsumers = 100, kSubjects = 10, kStreams = 4;
constexpr Duration kPatience = seconds(5);
constexpr std::size_t kRequestsMax = 3;
// Subscriptions: of publish acknowledgements; by consumer of answers, and of what is delivered to
// it by itself; then one of each request.
constexpr int kPublishes = 1, kAnswers = 1000, kDeliveries = 2000, kRequests = 10'000;
const std::string kApi = "$JS.API.";

std::string number(std::uint64_t value) { return std::to_string(value); }

}  // namespace

JetStreamWatchdog::JetStreamWatchdog(SimEnv& env, Connect connect)
    : env_(env), random_(env.fork_random()) {
  for (int i = 0; i < 2; ++i) {
    clients_.push_back(std::make_unique<SimClient>(env, connect()));
    clients_.back()->send("CONNECT {\"verbose\":false,\"headers\":true,\"protocol\":1}\r\n");
  }
  clients_[0]->subscribe("_INBOX.pub.>", "", kPublishes);
}

JetStreamWatchdog::~JetStreamWatchdog() = default;

std::string JetStreamWatchdog::summary() const {
  return number(publishes_) + " messages, " + number(requests_) + " requests, " +
         number(deliveries_) + " deliveries, " + number(redeliveries_) + " of them again, " +
         number(removals_) + " consumers removed; the longest wait " +
         number(static_cast<std::uint64_t>(longest_.ns / milliseconds(1).ns)) + " ms";
}

Result<void> JetStreamWatchdog::setup() {
  make_streams();
  env_.run_for(seconds(1));
  consumers_.resize(kConsumers);
  for (unsigned i = 0; i < kConsumers; ++i) {
    Consumer& consumer = consumers_[i];
    consumer.number = i;
    consumer.stream = &streams_[i % kStreams];
    client_of(consumer).subscribe("_INBOX.c" + number(i), "", kAnswers + static_cast<int>(i));
    make(consumer);
  }
  env_.run_for(seconds(1));
  return take_all();
}

// About half a second of what happens.
Result<void> JetStreamWatchdog::step() {
  for (auto left = random_.below(2); left > 0; --left) publish();
  if (random_.one_in(120)) remove_message();
  if (random_.one_in(5000)) env_.step_clock(milliseconds(random_.between(-3'600'000, 3'600'000)));
  for (Consumer& consumer : consumers_)
    if (consumer.next_action <= env_.now()) act(consumer);
  env_.run_for(milliseconds(random_.between(100, 900)));
  TRY(take_all());
  return watch();
}

Result<void> JetStreamWatchdog::check() { return take_all(); }

// ---- what there is

void JetStreamWatchdog::make_streams() {
  streams_.resize(kStreams);
  for (unsigned i = 0; i < kStreams; ++i) {
    Stream& stream = streams_[i];
    stream.name = "W" + number(i);
    stream.work_queue = i == 0;
    clients_[0]->publish(kApi + "STREAM.CREATE." + stream.name, "",
                         "{\"name\":\"" + stream.name + "\",\"subjects\":[\"" + stream.name +
                             ".*\"],\"max_msgs\":" + number(Stream::kKept) + ",\"retention\":\"" +
                             (stream.work_queue ? "workqueue" : "limits") + "\",\"storage\":\"" +
                             (i == 3 ? "memory" : "file") + "\"}");
  }
}

void JetStreamWatchdog::ask(const Consumer& consumer, const std::string& what,
                            const std::string& body) {
  client_of(consumer).publish(
      kApi + "CONSUMER." + what + "." + consumer.stream->name + "." + consumer.name,
      "_INBOX.c" + number(consumer.number), body);
}

void JetStreamWatchdog::make(Consumer& consumer) {
  Stream& stream = *consumer.stream;
  // Of a work queue each has a subject of its own, and those beyond ten are of another stream.
  if (stream.work_queue && consumer.number / kStreams >= kSubjects) {
    consumer.stream = &streams_[1];
    return make(consumer);
  }
  ++consumer.generation;
  consumer.made = false;
  consumer.name = "c" + number(consumer.number) + "_" + number(consumer.generation);
  consumer.subject = stream.work_queue ? static_cast<int>(consumer.number / kStreams)
                                       : static_cast<int>(random_.between(-1, kSubjects - 1));
  consumer.push = random_.one_in(4);
  consumer.flow_control = consumer.push && random_.one_in(2);
  consumer.ack_wait = milliseconds(random_.between(500, 30'000));
  consumer.max_deliver = random_.one_in(3) ? static_cast<unsigned>(1 + random_.below(4)) : 0;
  consumer.max_ack_pending = random_.one_in(2) ? static_cast<unsigned>(1 + random_.below(20)) : 60;
  const bool only_new = !stream.work_queue && random_.one_in(2);
  // Messages that are not acknowledged yet may come before or behind its start.
  consumer.delivered = only_new ? stream.last + 8 : 0;
  consumer.held.clear();
  consumer.answered.clear();
  consumer.paused_until = {};
  consumer.complete_from = {};
  consumer.next_action = env_.now() + milliseconds(random_.between(1, 20'000));
  std::string config =
      "{\"durable_name\":\"" + consumer.name +
      "\",\"ack_policy\":\"explicit\",\"ack_wait\":" + std::to_string(consumer.ack_wait.ns) +
      ",\"max_ack_pending\":" + number(consumer.max_ack_pending) + ",\"deliver_policy\":\"" +
      (only_new ? "new" : "all") + "\"";
  if (consumer.subject >= 0)
    config +=
        ",\"filter_subject\":\"" + stream.name + "." + std::to_string(consumer.subject) + "\"";
  if (consumer.max_deliver > 0) config += ",\"max_deliver\":" + number(consumer.max_deliver);
  if (consumer.push) config += ",\"deliver_subject\":\"deliver." + consumer.name + "\"";
  if (consumer.flow_control) config += ",\"flow_control\":true,\"idle_heartbeat\":2000000000";
  ask(consumer, "DURABLE.CREATE",
      "{\"stream_name\":\"" + stream.name + "\",\"config\":" + config + "}}");
}

// ---- what is done

// Not with one that is not surely there: what it was asked would be lost.
void JetStreamWatchdog::act(Consumer& consumer) {
  if (!consumer.made) return;
  consumer.next_action = env_.now() + milliseconds(random_.between(100, 60'000));
  const auto what = random_.below(1000);
  if (what < 2) return replace(consumer);
  if (what < 40) return pause(consumer);
  if (what < 550 || consumer.held.empty()) return consumer.push ? toggle(consumer) : pull(consumer);
  answer_some(consumer);
}

void JetStreamWatchdog::replace(Consumer& consumer) {
  ask(consumer, "DELETE", "");
  while (!consumer.requests.empty()) end(consumer, consumer.requests.begin());
  if (consumer.bound) unbind(consumer);
  ++removals_;
  make(consumer);
}

void JetStreamWatchdog::pull(Consumer& consumer) {
  if (consumer.may_lose() && !consumer.requests.empty() && random_.one_in(20)) {
    // Without a word to the server.
    end(consumer, consumer.requests.begin());
    return consumer.receiver_went(env_.now());
  }
  if (consumer.requests.size() >= kRequestsMax) return;
  const std::uint64_t batch = 1 + random_.below(10);
  const Duration expires = milliseconds(random_.between(100, 120'000));
  const int sid = kRequests + next_request_++;
  const std::string inbox = "_INBOX.r" + std::to_string(sid);
  std::string body = "{\"batch\":" + number(batch);
  if (random_.one_in(5)) body += ",\"no_wait\":true";
  body += ",\"expires\":" + std::to_string(expires.ns) + "}";
  client_of(consumer).subscribe(inbox, "", sid);
  client_of(consumer).publish(
      kApi + "CONSUMER.MSG.NEXT." + consumer.stream->name + "." + consumer.name, inbox, body);
  consumer.requests.push_back({sid, batch, env_.now() + expires});
  requested_[sid] = consumer.number;
  ++requests_;
}

void JetStreamWatchdog::end(Consumer& consumer, std::list<Consumer::Request>::iterator request) {
  client_of(consumer).unsubscribe(request->sid, 0);
  requested_.erase(request->sid);
  consumer.requests.erase(request);
}

void JetStreamWatchdog::toggle(Consumer& consumer) {
  if (!consumer.bound) {
    client_of(consumer).subscribe("deliver." + consumer.name, "",
                                  kDeliveries + static_cast<int>(consumer.number));
    consumer.bound = true;
  } else if (consumer.may_lose()) {
    unbind(consumer);
    consumer.receiver_went(env_.now());
  }
}

void JetStreamWatchdog::unbind(Consumer& consumer) {
  client_of(consumer).unsubscribe(kDeliveries + static_cast<int>(consumer.number), 0);
  consumer.bound = false;
}

void JetStreamWatchdog::pause(Consumer& consumer) {
  const Duration length = milliseconds(random_.one_in(3) ? 0 : random_.between(100, 90'000));
  if (length.ns == 0) {
    consumer.paused_until = {};
    return ask(consumer, "PAUSE", "{}");
  }
  consumer.paused_until = env_.clock().wall() + length;
  ask(consumer, "PAUSE",
      "{\"pause_until\":\"" + codec::rfc3339_nano(consumer.paused_until) + "\"}");
}

void JetStreamWatchdog::answer_some(Consumer& consumer) {
  for (auto left = 1 + random_.below(20); left > 0 && !consumer.held.empty(); --left) {
    auto held = consumer.held.begin();
    std::advance(held, static_cast<std::ptrdiff_t>(random_.below(consumer.held.size())));
    std::string body = "+ACK";
    switch (random_.below(12)) {
      case 0:
        body = "+TERM";
        break;
      case 1:
        body = "+WPI";
        held->second.due = env_.now() + consumer.ack_wait;
        break;
      case 2:
      case 3:
        body = "-NAK";
        held->second.due = env_.now();
        if (random_.one_in(2)) {
          const Duration delay = milliseconds(random_.between(100, 60'000));
          body += " {\"delay\":" + std::to_string(delay.ns) + "}";
          held->second.due = env_.now() + delay;
        }
        break;
      default:
        break;
    }
    client_of(consumer).publish(held->second.reply, "", body);
    consumer.answered[held->first] = env_.now();
    const bool is_done = body == "+ACK" || body == "+TERM";
    if (is_done && consumer.stream->work_queue) consumer.stream->remove(held->first);
    if (is_done) consumer.held.erase(held);
  }
}

void JetStreamWatchdog::publish() {
  Stream& stream = streams_[random_.below(streams_.size())];
  const auto subject = static_cast<unsigned>(random_.below(kSubjects));
  const std::string inbox = "_INBOX.pub." + number(next_inbox_++);
  published_[inbox] = {&stream, subject};
  clients_[0]->publish(stream.name + "." + number(subject), inbox, "m");
  ++publishes_;
}

void JetStreamWatchdog::remove_message() {
  Stream& stream = streams_[random_.below(streams_.size())];
  if (stream.messages.empty()) return;
  auto victim = stream.messages.begin();
  std::advance(victim, static_cast<std::ptrdiff_t>(random_.below(stream.messages.size())));
  clients_[0]->publish(kApi + "STREAM.MSG.DELETE." + stream.name, "",
                       "{\"seq\":" + number(victim->first) + "}");
  stream.remove(victim->first);
}

// ---- what comes

Result<void> JetStreamWatchdog::take_all() {
  for (std::size_t client = 0; client < clients_.size(); ++client) {
    if (!clients_[client]->garbage().empty())
      return failure("not the protocol: " + clients_[client]->garbage());
    if (!clients_[client]->open()) return failure("cut off: " + clients_[client]->last_error());
    for (const Received& message : clients_[client]->take_received()) TRY(take(client, message));
  }
  return {};
}

Result<void> JetStreamWatchdog::take(std::size_t client, const Received& message) {
  if (message.sid == kPublishes) return take_publish_ack(message);
  if (message.sid < kDeliveries) {
    last_answer_ = message.payload;
    if (message.payload.find("consumer_create_response") != std::string::npos)
      consumers_[static_cast<std::size_t>(message.sid - kAnswers)].made = true;
    if (message.payload.find("\"error\"") == std::string::npos) return {};
    return failure("consumer " + std::to_string(message.sid - kAnswers) + ": " + message.payload);
  }
  auto index = static_cast<unsigned>(message.sid - kDeliveries);
  if (message.sid >= kRequests) {
    const auto found = requested_.find(message.sid);
    if (found == requested_.end()) return {};  // of a request that was left alone
    index = found->second;
  }
  Consumer& consumer = consumers_[index];
  if (message.reply.starts_with("$JS.ACK.")) return take_delivery(consumer, message);
  take_status(client, consumer, message);
  return {};
}

Result<void> JetStreamWatchdog::take_publish_ack(const Received& message) {
  const auto found = published_.find(message.subject);
  if (found == published_.end()) return {};
  const auto [stream, subject] = found->second;
  published_.erase(found);
  const std::uint64_t sequence = field(message.payload, "seq");
  if (sequence == 0) return failure("a publish was refused: " + message.payload);
  stream->add(sequence, subject);
  return {};
}

Result<void> JetStreamWatchdog::take_delivery(Consumer& consumer, const Received& message) {
  const std::vector<std::string> parts = tokens(message.reply);
  if (parts.at(3) != consumer.name) return {};
  ++deliveries_;
  const std::uint64_t sequence = std::stoull(parts.at(5));
  const auto deliveries = static_cast<unsigned>(std::stoul(parts.at(4)));
  if (deliveries > 1) ++redeliveries_;
  if (consumer.max_deliver > 0 && deliveries > consumer.max_deliver)
    return failure(consumer.name + ": sequence " + parts[5] + " came " + parts[4] + " times");
  consumer.delivery(sequence, deliveries, message.reply, env_.now());
  const auto request = std::ranges::find(consumer.requests, message.sid, &Consumer::Request::sid);
  if (request != consumer.requests.end() && --request->left == 0) end(consumer, request);
  return {};
}

void JetStreamWatchdog::take_status(std::size_t client, Consumer& consumer,
                                    const Received& message) {
  // Flow control asks for an answer, and a heartbeat says which one is still missing.
  if (!message.reply.empty()) clients_[client]->publish(message.reply, "", "");
  const std::string stalled = "Nats-Consumer-Stalled: ";
  if (const auto at = message.headers.find(stalled); at != std::string::npos) {
    const auto begin = at + stalled.size();
    clients_[client]->publish(
        message.headers.substr(begin, message.headers.find("\r\n", begin) - begin), "", "");
  }
  const auto request = std::ranges::find(consumer.requests, message.sid, &Consumer::Request::sid);
  if (request != consumer.requests.end()) end(consumer, request);
}

// ---- the watch

std::string JetStreamWatchdog::info_of(const Consumer& consumer) {
  ask(consumer, "INFO", "");
  env_.run_for(seconds(1));
  if (const auto taken = take_all(); !taken) return taken.error().text();
  return last_answer_;
}

Result<void> JetStreamWatchdog::watch() {
  const MonoTime now = env_.now();
  const WallTime wall = env_.clock().wall();
  for (Consumer& consumer : consumers_) {
    consumer.forget(now);
    const std::string who =
        consumer.stream->name + "." + consumer.name + (consumer.push ? " (push)" : "");
    for (const Consumer::Request& request : consumer.requests)
      if (request.expires + kPatience < now) return failure(who + ": a request does not end");
    const std::string what = consumer.is_waited_for(now, wall) ? consumer.deliverable(now) : "";
    if (what.empty()) {
      consumer.quiet_since = now;
      continue;
    }
    const Duration waited = now - consumer.quiet_since;
    longest_ = std::max(longest_, waited);
    if (waited > kPatience)
      return failure(who + " waits for " + what + " since " +
                     number(static_cast<std::uint64_t>(waited.ns / milliseconds(1).ns)) + " ms; " +
                     number(consumer.held.size()) + " held, " + number(consumer.requests.size()) +
                     " requests; the server: " + info_of(consumer));
  }
  return {};
}

}  // namespace midge::sim

#include "sim/workload/jetstream_watchdog.h"

#include "codec/json_writer.h"
#include "sim/workload/api_text.h"

namespace midge::sim {
namespace {

constexpr unsigned kConsumers = 100, kSubjects = 10, kStreams = 4;
// Beside what the simulated machine stalls by itself: a loop up to 3 s, a job of the disk up to 4.
constexpr Duration kStalls = seconds(10);
constexpr Duration kPatience = seconds(5) + kStalls;
// An answer and a delivery that pass each other do so within this time.
constexpr Duration kCrossing = kStalls;
// How many messages a stream keeps, and how many of those are surely there.
constexpr std::uint64_t kKept = 2000, kSurely = 1800;
constexpr std::size_t kRequestsMax = 3;
const std::string kApi = "$JS.API.";

std::string number(std::uint64_t value) { return std::to_string(value); }

}  // namespace

JetStreamWatchdog::JetStreamWatchdog(SimEnv& env, Connect connect)
    : env_(env), random_(env.fork_random()) {
  for (int i = 0; i < 2; ++i) {
    clients_.push_back(std::make_unique<SimClient>(env, connect()));
    clients_.back()->send("CONNECT {\"verbose\":false,\"headers\":true,\"protocol\":1}\r\n");
  }
  clients_[0]->subscribe("_INBOX.pub.>", "", 1);
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
    client_of(consumer).subscribe("_INBOX.c" + number(i) + ".>", "", static_cast<int>(i) + 10);
    make(consumer);
  }
  env_.run_for(seconds(1));
  return take_all();
}

// A second of what happens.
Result<void> JetStreamWatchdog::step() {
  for (auto left = random_.below(3); left > 0; --left) publish();
  if (random_.one_in(60)) remove_message();
  for (Consumer& consumer : consumers_)
    if (consumer.next_action <= env_.now()) act(consumer);
  env_.run_for(milliseconds(random_.between(200, 1800)));
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
                             ".*\"],\"max_msgs\":" + number(kKept) + ",\"retention\":\"" +
                             (stream.work_queue ? "workqueue" : "limits") + "\",\"storage\":\"" +
                             (i == 3 ? "memory" : "file") + "\"}");
  }
}

std::string JetStreamWatchdog::inbox_of(const Consumer& consumer) const {
  return "_INBOX.c" + number(consumer.number) + "." + number(consumer.generation);
}

void JetStreamWatchdog::make(Consumer& consumer) {
  Stream& stream = *consumer.stream;
  // Of a work queue each has a subject of its own, and those beyond ten are of another stream.
  if (stream.work_queue && consumer.number / kStreams >= kSubjects) {
    consumer.stream = &streams_[1];
    return make(consumer);
  }
  ++consumer.generation;
  consumer.name = "c" + number(consumer.number) + "_" + number(consumer.generation);
  consumer.subject = stream.work_queue ? static_cast<int>(consumer.number / kStreams)
                                       : static_cast<int>(random_.between(-1, kSubjects - 1));
  consumer.push = random_.one_in(4);
  consumer.flow_control = consumer.push && random_.one_in(2);
  consumer.ack_wait = milliseconds(random_.between(500, 30'000));
  consumer.max_deliver = random_.one_in(3) ? static_cast<unsigned>(1 + random_.below(4)) : 0;
  consumer.max_ack_pending = random_.one_in(2) ? static_cast<unsigned>(1 + random_.below(20)) : 500;
  const bool only_new = !stream.work_queue && random_.one_in(2);
  // Messages that are not acknowledged yet may come before or behind its start.
  consumer.delivered = only_new ? stream.last + 8 : 0;
  consumer.held.clear();
  consumer.answered.clear();
  consumer.requests.clear();
  consumer.bound = false;
  consumer.paused_until = {};
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
  client_of(consumer).publish(
      kApi + "CONSUMER.DURABLE.CREATE." + stream.name + "." + consumer.name, "",
      "{\"stream_name\":\"" + stream.name + "\",\"config\":" + config + "}}");
}

void JetStreamWatchdog::gone(Stream& stream, std::uint64_t sequence) {
  stream.messages.erase(sequence);
}

// ---- what is done

void JetStreamWatchdog::act(Consumer& consumer) {
  consumer.next_action = env_.now() + milliseconds(random_.between(100, 60'000));
  const auto what = random_.below(1000);
  if (what < 2) {
    client_of(consumer).publish(
        kApi + "CONSUMER.DELETE." + consumer.stream->name + "." + consumer.name, "", "");
    if (consumer.bound) toggle(consumer);
    ++removals_;
    return make(consumer);
  }
  if (what < 40) return pause(consumer);
  if (what < 550 || consumer.held.empty()) return consumer.push ? toggle(consumer) : pull(consumer);
  answer_some(consumer);
}

void JetStreamWatchdog::pull(Consumer& consumer) {
  if (consumer.requests.size() >= kRequestsMax) return;
  const std::uint64_t batch = 1 + random_.below(10);
  const std::string inbox = inbox_of(consumer) + "." + number(next_inbox_++);
  std::string body = "{\"batch\":" + number(batch);
  if (random_.one_in(5)) body += ",\"no_wait\":true";
  body += ",\"expires\":" + std::to_string(milliseconds(random_.between(100, 120'000)).ns) + "}";
  client_of(consumer).publish(
      kApi + "CONSUMER.MSG.NEXT." + consumer.stream->name + "." + consumer.name, inbox, body);
  consumer.requests.push_back({inbox, batch});
  ++requests_;
}

void JetStreamWatchdog::toggle(Consumer& consumer) {
  const int sid = 1000 + static_cast<int>(consumer.number);
  if (consumer.bound)
    client_of(consumer).unsubscribe(sid, 0);
  else
    client_of(consumer).subscribe("deliver." + consumer.name, "", sid);
  consumer.bound = !consumer.bound;
}

void JetStreamWatchdog::pause(Consumer& consumer) {
  const Duration length = milliseconds(random_.one_in(3) ? 0 : random_.between(100, 90'000));
  consumer.paused_until = env_.now() + length;
  client_of(consumer).publish(
      kApi + "CONSUMER.PAUSE." + consumer.stream->name + "." + consumer.name, "",
      length.ns == 0
          ? "{}"
          : "{\"pause_until\":\"" + codec::rfc3339_nano(env_.clock().wall() + length) + "\"}");
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
    if (is_done && consumer.stream->work_queue) gone(*consumer.stream, held->first);
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
  gone(stream, victim->first);
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
  if (message.sid == 1) {
    const auto found = published_.find(message.subject);
    if (found == published_.end()) return {};
    const auto [stream, subject] = found->second;
    published_.erase(found);
    const std::uint64_t sequence = field(message.payload, "seq");
    if (sequence == 0) return failure("a publish was refused: " + message.payload);
    stream->messages[sequence] = subject;
    stream->last = std::max(stream->last, sequence);
    // A work queue's limit counts others than the oldest away; it is far from it.
    while (!stream->messages.empty() && stream->messages.begin()->first + kSurely < stream->last)
      stream->messages.erase(stream->messages.begin());
    return {};
  }
  Consumer& consumer =
      consumers_[static_cast<std::size_t>(message.sid) - (message.sid >= 1000 ? 1000 : 10)];
  if (message.reply.starts_with("$JS.ACK.")) return take_delivery(consumer, message);
  take_status(client, consumer, message);
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
  consumer.delivered = std::max(consumer.delivered, sequence);
  MonoTime due = env_.now() + consumer.ack_wait;
  const auto known = consumer.held.find(sequence);
  // It may have been under way when it was answered, and then that holds.
  const bool crossed = consumer.answered.contains(sequence);
  if (crossed && known != consumer.held.end()) due = std::max(due, known->second.due);
  if (!crossed || known != consumer.held.end())
    consumer.held[sequence] = {due, deliveries, message.reply};
  if (!consumer.requests.empty()) {
    // Those that wait have turns.
    Request served = consumer.requests.front();
    consumer.requests.pop_front();
    if (--served.left > 0) consumer.requests.push_back(std::move(served));
  }
  consumer.quiet_since = env_.now();
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
  std::erase_if(consumer.requests,
                [&](const Request& request) { return request.inbox == message.subject; });
}

// ---- the watch

std::string JetStreamWatchdog::deliverable(const Consumer& consumer) const {
  const Stream& stream = *consumer.stream;
  for (const auto& [sequence, held] : consumer.held) {
    if (held.due <= env_.now() && stream.messages.contains(sequence))
      return "sequence " + number(sequence) + " again";
  }
  if (consumer.held.size() >= consumer.max_ack_pending) return "";
  for (auto next = stream.messages.upper_bound(consumer.delivered); next != stream.messages.end();
       ++next)
    if (consumer.subject < 0 || static_cast<unsigned>(consumer.subject) == next->second)
      return "sequence " + number(next->first);
  return "";
}

bool JetStreamWatchdog::is_waited_for(const Consumer& consumer) {
  return consumer.push ? consumer.bound : !consumer.requests.empty();
}

Result<void> JetStreamWatchdog::watch() {
  for (Consumer& consumer : consumers_) {
    std::erase_if(consumer.answered,
                  [&](const auto& each) { return each.second + kCrossing < env_.now(); });
    // What was delivered too often, and what its stream has lost, comes no more.
    std::erase_if(consumer.held, [&](const auto& each) {
      const bool is_exhausted =
          consumer.max_deliver > 0 && each.second.deliveries >= consumer.max_deliver;
      return (is_exhausted && each.second.due <= env_.now()) ||
             each.first + kKept < consumer.stream->last;
    });
    const std::string what =
        is_waited_for(consumer) && consumer.paused_until <= env_.now() ? deliverable(consumer) : "";
    if (what.empty()) {
      consumer.quiet_since = env_.now();
      continue;
    }
    const Duration waited = env_.now() - consumer.quiet_since;
    longest_ = std::max(longest_, waited);
    if (waited > kPatience)
      return failure(consumer.stream->name + "." + consumer.name +
                     (consumer.push ? " (push)" : "") + " waits for " + what + " since " +
                     number(static_cast<std::uint64_t>(waited.ns / milliseconds(1).ns)) + " ms");
  }
  return {};
}

}  // namespace midge::sim

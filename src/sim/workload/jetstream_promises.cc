#include "sim/workload/jetstream_promises.h"

#include "sim/workload/api_text.h"

namespace midge::sim {
namespace {

constexpr Duration kPatience = seconds(120);
constexpr Duration kDiskPatience = seconds(5);
const std::string kApi = "$JS.API.";

std::string number(std::uint64_t value) { return std::to_string(value); }

}  // namespace

JetStreamPromises::JetStreamPromises(SimEnv& env, Connect connect, Memories& memories,
                                     int& next_body)
    : env_(env), random_(env.fork_random()), memories_(memories), next_body_(next_body) {
  for (int i = 0; i < 3; ++i) {
    clients_.push_back(std::make_unique<SimClient>(env_, connect()));
    clients_.back()->send(
        "CONNECT {\"verbose\":false,\"headers\":true,\"protocol\":1,\"no_responders\":true}\r\n");
    clients_.back()->subscribe("_INBOX." + std::to_string(i) + ".>", "", 1);
  }
}

JetStreamPromises::~JetStreamPromises() = default;

Result<void> JetStreamPromises::setup() {
  // What is in memory ends with the server.
  std::erase_if(memories_, [](const auto& known) { return known.second.in_memory; });
  for (auto& [name, memory] : memories_) {
    if (memory.is_async) memory.forget_unsafe();
    TRY(compare_stream(memory));
    if (env_.disk().is_off()) return {};
  }
  return {};
}

Result<void> JetStreamPromises::step() {
  StreamMemory* const memory = draw_stream();
  if (memory == nullptr || random_.one_in(12)) {
    TRY(make_stream());
  } else {
    if (random_.one_in(5)) TRY(remove_one(*memory));
    if (random_.one_in(15)) TRY(purge(*memory));
    if (!memory->has_consumer || random_.one_in(10)) TRY(make_consumer(*memory));
    if (random_.one_in(25)) TRY(delete_stream(memory->name));
  }
  publish_some();
  pull_some();
  env_.run_until([this] { return env_.disk().is_off(); },
                 microseconds(random_.between(10, random_.one_in(4) ? 3'000'000 : 20'000)));
  return take_all();
}

Result<void> JetStreamPromises::check() {
  env_.run_for(seconds(2));
  return take_all();
}

StreamMemory* JetStreamPromises::draw_stream() {
  if (memories_.empty()) return nullptr;
  auto memory = memories_.begin();
  std::advance(memory, static_cast<std::ptrdiff_t>(random_.below(memories_.size())));
  return &memory->second;
}

// ---- talking

JetStreamPromises::Answer JetStreamPromises::ask(const std::string& subject,
                                                 const std::string& body) {
  Answer answer;
  const std::size_t client = random_.below(clients_.size());
  const std::string inbox = "_INBOX." + number(client) + ".r" + std::to_string(next_inbox_++);
  waiting_[inbox].answer = &answer;
  clients_[client]->publish(subject, inbox, body);
  const auto is_over = [&] {
    if (auto result = take_all(); !result && held_) held_ = std::move(result);
    return answer.came || env_.disk().is_off();
  };
  if (mend_ && !env_.run_until(is_over, kDiskPatience)) mend_();
  env_.run_until(is_over, kPatience);
  if (!answer.came && env_.disk().is_off()) env_.run_for(seconds(1));
  if (auto result = take_all(); !result && held_) held_ = std::move(result);
  if (!answer.came && !env_.disk().is_off() && held_)
    held_ = failure("no answer to " + subject + " " + body);
  waiting_.erase(inbox);
  return answer;
}

Result<void> JetStreamPromises::take_all() {
  for (std::size_t client = 0; client < clients_.size(); ++client) {
    if (!clients_[client]->garbage().empty())
      return failure("not the protocol: " + clients_[client]->garbage());
    for (const Received& message : clients_[client]->take_received()) TRY(take(client, message));
  }
  return held_;
}

Result<void> JetStreamPromises::take(std::size_t client, const Received& message) {
  if (message.reply.starts_with("$JS.ACK.")) return take_delivery(client, message);
  const auto found = waiting_.find(message.subject);
  if (found == waiting_.end()) return {};  // the end of a pull
  Waiting waited = std::move(found->second);
  if (waited.answer != nullptr) {
    *waited.answer = {true, message.headers, message.payload};
    return {};
  }
  waiting_.erase(found);
  const auto memory = memories_.find(waited.stream);
  if (memory == memories_.end()) return {};
  if (waited.acks > 0) {
    memory->second.confirmed.insert(waited.acks);
    return {};
  }
  const std::uint64_t sequence = field(message.payload, "seq");
  if (sequence == 0) return {};  // refused: the stream is gone, or the disk
  TRY(memory->second.see(sequence, waited.body));
  if (sequence >= memory->second.purged_before && !memory->second.removed.contains(sequence))
    memory->second.kept[sequence] = waited.body;
  return {};
}

Result<void> JetStreamPromises::take_delivery(std::size_t client, const Received& message) {
  const std::vector<std::string> parts = tokens(message.reply);
  const auto memory = memories_.find(parts[2]);
  if (memory == memories_.end()) return {};
  const std::uint64_t sequence = std::stoull(parts[5]);
  TRY(memory->second.see(sequence, message.payload));
  if (memory->second.confirmed.contains(sequence))
    return failure(parts[2] + ": sequence " + parts[5] + " came again, its ack was confirmed");
  if (random_.one_in(5)) return {};  // again after ack_wait
  const std::string inbox = "_INBOX." + number(client) + ".a" + std::to_string(next_inbox_++);
  waiting_[inbox] = {parts[2], "", sequence, nullptr};
  // From the same client: an answer comes behind what was delivered before it.
  clients_[client]->publish(message.reply, inbox, "+ACK");
  return {};
}

// ---- what is there

Result<std::map<std::uint64_t, std::string>> JetStreamPromises::read(const StreamMemory& memory,
                                                                     std::uint64_t last) {
  std::map<std::uint64_t, std::string> there;
  for (std::uint64_t sequence = 1; sequence <= last; ++sequence) {
    const Answer answer =
        ask(kApi + "DIRECT.GET." + memory.name, "{\"seq\":" + number(sequence) + "}");
    TRY(held_);
    if (!answer.came) return there;
    if (answer.headers.starts_with("NATS/1.0\r\n")) there[sequence] = answer.payload;
  }
  return there;
}

Result<void> JetStreamPromises::compare_stream(StreamMemory& memory) {
  const Answer info = ask(kApi + "STREAM.INFO." + memory.name, "");
  TRY(held_);
  if (!info.came) return {};
  if (info.is_error()) return failure(memory.name + " is lost: " + info.payload);
  const std::uint64_t last = field(info.payload, "last_seq");
  auto there = read(memory, last);
  if (!there) return std::unexpected(there.error());
  if (env_.disk().is_off()) return {};
  TRY(compare(memory, last, *there));
  if (there->size() != field(info.payload, "messages"))
    return failure(memory.name + ": " + number(there->size()) + " messages can be read, it says " +
                   number(field(info.payload, "messages")));
  // What was not acknowledged and is there stays.
  for (const auto& [sequence, body] : *there) {
    TRY(memory.see(sequence, body));
    memory.kept[sequence] = body;
  }
  if (!memory.has_consumer) return {};
  const Answer consumer = ask(kApi + "CONSUMER.INFO." + memory.name + ".c", "");
  TRY(held_);
  if (consumer.came && consumer.is_error())
    return failure(memory.name + ": its consumer is lost: " + consumer.payload);
  return {};
}

// ---- what is done

Result<bool> JetStreamPromises::was_done(const std::string& what, const Answer& answer) const {
  if (!answer.came) return false;
  if (!answer.is_error()) return true;
  // Nor does a server whose power is gone promise anything.
  if (mend_ || env_.disk().is_off()) return false;
  return failure(what + ": " + answer.payload);
}

Result<void> JetStreamPromises::make_stream() {
  if (memories_.size() >= 4) return {};
  StreamMemory memory;
  memory.name = "S" + std::to_string(next_body_++);
  memory.in_memory = random_.one_in(4);
  memory.is_async = !memory.in_memory && next_body_ % 4 == 3;
  const Answer answer = ask(kApi + "STREAM.CREATE." + memory.name,
                            "{\"name\":\"" + memory.name + "\",\"subjects\":[\"" + memory.name +
                                ".*\"],\"allow_direct\":true,\"storage\":\"" +
                                (memory.in_memory ? "memory" : "file") + "\",\"compression\":\"" +
                                (next_body_ % 4 == 2 ? "s2" : "none") + "\",\"persist_mode\":\"" +
                                (memory.is_async ? "async" : "default") + "\"}");
  TRY(held_);
  ASSIGN_OR_RETURN(const bool done, was_done(memory.name, answer));
  if (!done) return {};  // nobody will ask for it again
  memories_[memory.name] = std::move(memory);
  return {};
}

void JetStreamPromises::publish_some() {
  for (auto count = random_.below(30); count > 0; --count) {
    StreamMemory* const memory = draw_stream();
    if (memory == nullptr) return;
    std::string body = "m" + std::to_string(next_body_++);
    body.resize(body.size() + random_.below(random_.one_in(20) ? 20'000 : 60), '.');
    memory->published.insert(body);
    const std::size_t client = random_.below(clients_.size());
    const std::string inbox = "_INBOX." + number(client) + ".p" + std::to_string(next_inbox_++);
    waiting_[inbox] = {memory->name, body, 0, nullptr};
    clients_[client]->publish(memory->name + "." + number(random_.below(5)), inbox, body);
  }
}

void JetStreamPromises::pull_some() {
  StreamMemory* const memory = draw_stream();
  if (memory == nullptr || !memory->has_consumer) return;
  // By one client for each stream, so that what comes has one order.
  const std::size_t client = memory->name.back() % clients_.size();
  clients_[client]->publish(kApi + "CONSUMER.MSG.NEXT." + memory->name + ".c",
                            "_INBOX." + number(client) + ".pull",
                            "{\"batch\":" + number(1 + random_.below(40)) +
                                ",\"expires\":" + number(1 + random_.below(2'000'000'000)) + "}");
}

Result<void> JetStreamPromises::remove_one(StreamMemory& memory) {
  if (memory.kept.empty()) return {};
  auto victim = memory.kept.begin();
  std::advance(victim, static_cast<std::ptrdiff_t>(random_.below(memory.kept.size())));
  const std::uint64_t sequence = victim->first;
  memory.kept.erase(victim);
  const Answer answer =
      ask(kApi + "STREAM.MSG.DELETE." + memory.name, "{\"seq\":" + number(sequence) + "}");
  TRY(held_);
  ASSIGN_OR_RETURN(const bool done, was_done(memory.name, answer));
  if (!done) return {};
  memory.removed.insert(sequence);
  return {};
}

Result<void> JetStreamPromises::purge(StreamMemory& memory) {
  if (memory.seen.empty()) return {};
  const std::uint64_t before = memory.seen.rbegin()->first;
  const auto forget = [&] {
    memory.kept.erase(memory.kept.begin(), memory.kept.lower_bound(before));
  };
  forget();
  const Answer answer =
      ask(kApi + "STREAM.PURGE." + memory.name, "{\"seq\":" + number(before) + "}");
  forget();  // whose acknowledgements came meanwhile
  TRY(held_);
  ASSIGN_OR_RETURN(const bool done, was_done(memory.name, answer));
  if (!done) return {};
  memory.purged_before = std::max(memory.purged_before, before);
  return {};
}

Result<void> JetStreamPromises::delete_stream(std::string name) {
  memories_.erase(name);
  const Answer answer = ask(kApi + "STREAM.DELETE." + name, "");
  TRY(held_);
  ASSIGN_OR_RETURN(const bool done, was_done(name, answer));
  if (!done) return {};
  const Answer info = ask(kApi + "STREAM.INFO." + name, "");
  TRY(held_);
  if (info.came && !info.is_error()) return failure(name + " was deleted and is there");
  return {};
}

Result<void> JetStreamPromises::make_consumer(StreamMemory& memory) {
  const Answer answer =
      ask(kApi + "CONSUMER.DURABLE.CREATE." + memory.name + ".c",
          "{\"stream_name\":\"" + memory.name +
              "\",\"config\":{\"durable_name\":\"c\",\"ack_policy\":\"explicit\",\"ack_wait\":"
              "500000000}}");
  TRY(held_);
  ASSIGN_OR_RETURN(const bool done, was_done(memory.name, answer));
  if (!done) return {};
  memory.has_consumer = true;
  return {};
}

}  // namespace midge::sim

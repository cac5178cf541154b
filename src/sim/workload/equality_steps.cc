// What the workload does to streams and consumers.
#include <algorithm>

#include "codec/json_writer.h"
#include "sim/workload/api_text.h"
#include "sim/workload/equality_terms.h"
#include "sim/workload/jetstream_equality.h"

namespace midge::sim {
namespace {

const std::string kApi = "$JS.API.";
constexpr std::size_t kStreams = 3, kConsumers = 4;

std::string number(std::uint64_t value) { return std::to_string(value); }

template <class Map>
auto& draw(SimRandom& random, Map& map) {
  auto found = map.begin();
  std::advance(found, static_cast<std::ptrdiff_t>(random.below(map.size())));
  return found->second;
}

}  // namespace

Result<void> JetStreamEquality::do_something() {
  if (world_.streams.empty() || (world_.streams.size() < kStreams && random_.one_in(8)))
    return make_stream();
  ModelStream& stream = draw(random_, world_.streams);
  auto& consumers = stream.consumers();
  if (consumers.size() < kConsumers && random_.one_in(consumers.empty() ? 3 : 9))
    return make_consumer(stream);
  const auto what = random_.below(100);
  if (what < 30) return publish(stream);
  if (what < 34) return remove(stream);
  if (what < 38) return purge(stream);
  if (what < 40) return update_stream(stream);
  if (what < 41) return delete_stream(stream.terms().name);
  if (consumers.empty()) return publish(stream);
  ModelConsumer& consumer = draw(random_, consumers);
  if (what < 45) return delete_consumer(stream, consumer.terms().name);
  if (what < 49) return pause(stream, consumer);
  if (what < 72) return pull(stream, consumer);
  return answer(stream, consumer);
}

// ---- streams

Result<void> JetStreamEquality::make_stream() {
  StreamTerms terms = draw_stream(random_, "S" + std::to_string(world_.next_name++));
  TRY(demand(kApi + "STREAM.CREATE." + terms.name, stream_body(terms)));
  const std::string name = terms.name;
  world_.streams.try_emplace(name, std::move(terms));
  return {};
}

Result<void> JetStreamEquality::update_stream(ModelStream& stream) {
  const StreamTerms terms = draw_update(random_, stream.terms());
  stream.update(terms, world_.phase);
  TRY(demand(kApi + "STREAM.UPDATE." + terms.name, stream_body(terms)));
  return drain();
}

Result<void> JetStreamEquality::delete_stream(const std::string& name) {
  std::vector<std::string> consumers;
  ModelStream& stream = world_.streams.at(name);
  for (const auto& [consumer, model] : stream.consumers()) consumers.push_back(consumer);
  for (const std::string& consumer : consumers) TRY(delete_consumer(stream, consumer));
  TRY(demand(kApi + "STREAM.DELETE." + std::string(name), ""));
  world_.streams.erase(std::string(name));
  return {};
}

std::string JetStreamEquality::draw_subject(const ModelStream& stream) {
  return stream.terms().name + "." + "abcd"[random_.below(4)] + (random_.one_in(6) ? ".x" : "");
}

Result<void> JetStreamEquality::publish(ModelStream& stream) {
  using Rollup = ModelStream::Publish::Rollup;
  for (auto left = 1 + random_.below(5); left > 0; --left) {
    ModelStream::Publish publish;
    publish.subject = draw_subject(stream);
    publish.body = "m" + std::to_string(world_.next_body++);
    publish.body.resize(publish.body.size() + random_.below(60), '.');
    if (random_.one_in(4)) publish.id = "id" + number(random_.below(12));
    if (stream.terms().ttl && random_.one_in(3)) {
      publish.stays = random_.one_in(3);
      if (!publish.stays) publish.ttl = static_cast<int>(random_.below(3));
    }
    if (stream.terms().rollup && random_.one_in(8))
      publish.rollup = random_.one_in(4) ? Rollup::kAll : Rollup::kSubject;
    if (random_.one_in(12)) publish.expected_last = stream.last() + random_.below(2);
    if (random_.one_in(12)) publish.expected_last_of_subject = random_.below(stream.last() + 1);
    const std::string headers = publish_headers(publish);
    const std::string inbox = new_inbox();
    if (headers.empty()) {
      client_->publish(publish.subject, inbox, publish.body);
    } else {
      publish.header_size = headers.size() + std::string("NATS/1.0\r\n\r\n").size();
      client_->publish_with(headers, publish.subject, inbox, publish.body);
    }
    const ModelStream::Answer expected = stream.publish(publish, world_.phase);
    ASSIGN_OR_RETURN(const auto answers, await({inbox}));
    const std::string& payload = answers[0].payload;
    note("published " + publish.subject + " " + publish.body.substr(0, 6) + " " + headers + "→ " +
         payload);
    const ModelStream::Answer came{field(payload, "seq"),
                                   payload.find("\"duplicate\"") != std::string::npos,
                                   answers[0].error()};
    if (came != expected)
      return failure(publish.subject + ": " + payload + ", the model has seq " +
                     number(expected.sequence) + (expected.duplicate ? ", a duplicate" : "") +
                     ", error " + std::to_string(expected.error));
    TRY(drain());
  }
  return {};
}

Result<void> JetStreamEquality::remove(ModelStream& stream) {
  if (stream.last() == 0) return {};
  const std::uint64_t sequence = 1 + random_.below(stream.last());
  const bool is_there = stream.remove(sequence);
  ASSIGN_OR_RETURN(const Answer answer, ask(kApi + "STREAM.MSG.DELETE." + stream.terms().name,
                                            "{\"seq\":" + number(sequence) + "}"));
  if (is_there != (answer.error() == 0))
    return failure("removing " + number(sequence) + ": " + answer.payload);
  return drain();
}

Result<void> JetStreamEquality::purge(ModelStream& stream) {
  std::string filter, body;
  std::uint64_t below = 0, keep = 0;
  const auto add = [&](const std::string& text) { body += (body.empty() ? "{" : ",") + text; };
  if (random_.one_in(2)) {
    filter = stream.terms().name + "." + (random_.one_in(4) ? '*' : "abcd"[random_.below(4)]);
    add("\"filter\":\"" + filter + "\"");
  }
  if (random_.one_in(2)) {
    below = 1 + random_.below(stream.last() + 1);
    add("\"seq\":" + number(below));
  } else if (random_.one_in(2)) {
    keep = 1 + random_.below(4);
    add("\"keep\":" + number(keep));
  }
  if (!body.empty()) body += "}";
  const std::uint64_t purged = stream.purge(filter, below, keep);
  ASSIGN_OR_RETURN(const Answer answer, demand(kApi + "STREAM.PURGE." + stream.terms().name, body));
  if (field(answer.payload, "purged") != purged)
    return failure(answer.payload + ", the model purged " + number(purged));
  return drain();
}

// ---- consumers

Result<void> JetStreamEquality::make_consumer(ModelStream& stream) {
  auto terms = draw_consumer(random_, stream, "c" + std::to_string(world_.next_name++));
  if (!terms) return {};
  TRY(demand(kApi + "CONSUMER.DURABLE.CREATE." + stream.terms().name + "." + terms->name,
             consumer_body(stream.terms(), *terms)));
  ModelConsumer& consumer = stream.add_consumer(*terms);
  listen(stream.terms().name, consumer);
  if (terms->push) {
    client_->subscribe("deliver." + terms->name, "",
                       sids_[stream.terms().name + "." + terms->name]);
    consumer.bind(true);
  }
  TRY(drain());
  return compare_consumer(stream, consumer);
}

Result<void> JetStreamEquality::delete_consumer(ModelStream& stream, const std::string& name) {
  const std::string full = stream.terms().name + "." + name;
  const int sid = sids_[full];
  std::multiset<std::string> expected;
  for (auto left = stream.consumers().at(name).waiting(); left > 0; --left) expected.insert("409");
  TRY(demand(kApi + "CONSUMER.DELETE." + full, ""));
  stream.remove_consumer(std::string(name));
  env_.run_for(seconds(1));
  TRY(take_all());
  if (statuses_[sid] != expected)
    return failure(full + " was removed: " + number(statuses_[sid].size()) +
                   " requests were told, " + number(expected.size()) + " waited");
  client_->unsubscribe(sid, 0);
  consumers_.erase(sid);
  TRY(drain());
  return compare_stream(stream);
}

Result<void> JetStreamEquality::pause(ModelStream& stream, ModelConsumer& consumer) {
  const std::string name =
      kApi + "CONSUMER.PAUSE." + stream.terms().name + "." + consumer.terms().name;
  if (consumer.is_paused()) {
    consumer.pause(kNoPhase);
    TRY(demand(name, "{}"));
    return drain();
  }
  const int length = static_cast<int>(random_.below(2));
  const Duration until = phase_begin_ + phases(length, kPause) - env_.now();
  const WallTime wall = env_.clock().wall() + until;
  TRY(demand(name, "{\"pause_until\":\"" + codec::rfc3339_nano(wall) + "\"}"));
  consumer.pause(world_.phase + length);
  return drain();
}

Result<void> JetStreamEquality::pull(ModelStream& stream, ModelConsumer& consumer) {
  if (consumer.terms().push || consumer.waiting() > 2) return {};
  const std::uint64_t batch = 1 + random_.below(8);
  // One that does not wait does where too much is not acknowledged; and that has no end.
  const bool may_fill = consumer.ack_pending() + batch > consumer.terms().max_ack_pending;
  const bool no_wait = random_.one_in(2);
  const bool expires = !no_wait || may_fill || random_.one_in(3);
  client_->publish(kApi + "CONSUMER.MSG.NEXT." + stream.terms().name + "." + consumer.terms().name,
                   "_INBOX.p." + consumer.terms().name + ".r", pull_body(batch, no_wait, expires));
  note("pull " + pull_body(batch, no_wait, expires) + " by " + consumer.terms().name);
  consumer.request({.left = batch, .no_wait = no_wait, .expires = expires});
  return drain();
}

Result<void> JetStreamEquality::answer(ModelStream& stream, ModelConsumer& consumer) {
  for (auto left = 1 + random_.below(4); left > 0; --left) {
    const std::vector<std::uint64_t> there = consumer.answerable();
    if (there.empty()) return pull(stream, consumer);
    const std::uint64_t sequence = there[random_.below(there.size())];
    const std::string reply = consumer.pending(sequence).reply;
    const auto kind = random_.below(10);
    std::string body = "+ACK";
    std::optional<int> again;
    if (kind == 9) body = "+TERM";
    if (kind == 8) body = "+WPI";
    if ((kind == 6 || kind == 7) && consumer.may_be_asked_again(sequence)) {
      body = "-NAK";
      if (kind == 7) {
        const int later = static_cast<int>(random_.below(2));
        again = world_.phase + later;
        body += " {\"delay\":" + std::to_string(phases(later, kDue).ns) + "}";
      }
    }
    const std::string inbox = new_inbox();
    client_->publish(reply, inbox, body);
    note(body + " of " + reply);
    if (body == "+ACK") consumer.ack(sequence);
    if (body == "+WPI") consumer.in_progress(sequence, world_.phase);
    if (body == "+TERM") consumer.terminate(sequence);
    if (body.starts_with("-NAK")) consumer.nak(sequence, again);
    TRY(await({inbox}));
    TRY(drain());
  }
  return {};
}

}  // namespace midge::sim

#include "sim/workload/client_streams.h"

#include <algorithm>
#include <utility>

namespace midge::sim {
namespace {

constexpr Timeout kDeadline{milliseconds(1500).ns};
constexpr Duration kWithin = milliseconds(1550);
constexpr Timeout kCalmDeadline{seconds(20).ns};
constexpr Duration kConsumedWithin = seconds(60);

// What is published again in a calm is known, however long the round was.
StreamConfig stream_config() {
  StreamConfig config;
  config.name = "S";
  config.subjects = {"js.>"};
  config.duplicate_window = timeout_of(minutes(60));
  return config;
}

}  // namespace

// Held by the callbacks of one consumption.
struct ClientStreams::Counted {
  enum class Kind : std::uint8_t { kWork, kOrdered, kWatch };
  ClientParty* party = nullptr;
  Kind kind = Kind::kWork;
  std::uint64_t last = 0;    // sequence, or revision
  bool is_complete = false;  // a watch has told all that was there
  bool is_stopped = false;
  int ends = 0;
  Consumption consumption;

  [[nodiscard]] bool has_ended() const { return is_stopped || ends > 0; }
  // Its callbacks hold this.
  void let_go() {
    is_stopped = true;
    consumption = {};
  }
};

struct ClientStreams::Fetched {
  OrderedConsumer consumer;
  std::uint64_t last = 0;  // sequence
};

ClientStreams::ClientStreams(ClientWorld& world, ClientLedger& ledger, SimRandom random)
    : world_(world), ledger_(ledger), random_(random) {}

ClientStreams::~ClientStreams() {
  for (const auto& counted : counted_) counted->let_go();
}

void ClientStreams::use(ClientParty& party) {
  using Call = void (ClientStreams::*)(ClientParty&);
  static constexpr Call kCalls[] = {
      &ClientStreams::publish,        &ClientStreams::publish_async,
      &ClientStreams::publish_async,  &ClientStreams::fetch,
      &ClientStreams::fetch_in_order, &ClientStreams::consume_in_order,
      &ClientStreams::consume,        &ClientStreams::put,
      &ClientStreams::watch,          &ClientStreams::stop_one};
  (this->*kCalls[random_.below(std::size(kCalls))])(party);
}

std::optional<Stream> ClientStreams::stream_of(ClientParty& party) {
  auto stream = ledger_.timed("create_stream", kWithin, [&] {
    return JetStream(party.client()).create_stream(stream_config(), kDeadline);
  });
  if (!stream) return std::nullopt;
  return *std::move(stream);
}

void ClientStreams::take_ack(const std::string& body, const PubAck& ack) {
  const auto [place, is_new] = acked_.emplace(ack.sequence, body);
  if (!is_new && place->second != body) ledger_.fault("two messages have one sequence");
  unsure_.erase(body);
}

void ClientStreams::publish(ClientParty& party) {
  const std::string body = std::to_string(++bodies_);
  unsure_.insert(body);
  const auto ack = ledger_.timed("JetStream publish", kWithin, [&] {
    return JetStream(party.client()).publish("js.a", body, {.message_id = body}, kDeadline);
  });
  if (ack) take_ack(body, *ack);
}

void ClientStreams::publish_async(ClientParty& party) {
  JetStreamOptions options;
  options.timeout = kDeadline;
  options.publish_pending_max = 1 + random_.below(8);
  const JetStream js(party.client(), options);
  const auto count = random_.between(1, 12);
  for (int i = 0; i < count; ++i) {
    const std::string body = std::to_string(++bodies_);
    unsure_.insert(body);
    // Three attempts and the pauses between them.
    const auto ticket = ledger_.begin("JetStream publish of " + body, kWithin * 3 + seconds(1));
    const auto begun = ledger_.timed("publish_async", kWithin * 2, [&] {
      return js.publish_async(
          "js.a", body,
          [this, ticket, body](const Result<PubAck>& ack) {
            ticket->come();
            if (ack) take_ack(body, *ack);
          },
          {.message_id = body}, kDeadline);
    });
    if (!begun) ticket->withdraw();
  }
  if (!random_.one_in(2)) return;
  const auto complete =
      ledger_.timed("publish_complete", kWithin, [&] { return js.publish_complete(kDeadline); });
  if (complete && js.publish_pending() != 0) ledger_.fault("publish_complete comes too soon");
}

void ClientStreams::fetch(ClientParty& party) {
  const auto stream = stream_of(party);
  if (!stream) return;
  const auto consumer = ledger_.timed("create_consumer", kWithin, [&] {
    return stream->create_or_update_consumer({.durable_name = "F",
                                              .ack_policy = AckPolicy::kExplicit,
                                              .ack_wait = timeout_of(seconds(2))},
                                             kDeadline);
  });
  if (!consumer) return;
  const auto got = ledger_.timed("fetch", kWithin, [&] {
    return consumer->fetch({.max_messages = 1 + random_.below(10), .no_wait = random_.one_in(2)},
                           kDeadline);
  });
  if (!got) return;
  for (const Delivery& delivery : *got) {
    const auto told = delivery.metadata();
    if (!told) {
      ledger_.fault("a delivery without metadata");
      continue;
    }
    const auto known = acked_.find(told->stream_sequence);
    if (known != acked_.end() && known->second != delivery.data())
      ledger_.fault("a delivery is not what was stored");
    if (handled_.contains(told->stream_sequence)) ledger_.fault("delivered, though it was acked");
    if (random_.one_in(3)) {
      (void)delivery.ack();
      continue;
    }
    const auto taken =
        ledger_.timed("ack_and_wait", kWithin, [&] { return delivery.ack_and_wait(kDeadline); });
    if (taken) handled_.insert(told->stream_sequence);
  }
}

// Each goes on behind what it got last.
bool ClientStreams::take(Fetched& fetched, const Result<std::vector<Delivery>>& got) {
  if (!got) return false;
  for (const Delivery& delivery : *got) {
    const auto told = delivery.metadata();
    if (!told || told->stream_sequence != ++fetched.last)
      ledger_.fault("what is fetched is out of order");
  }
  return true;
}

void ClientStreams::fetch_in_order(ClientParty& party) {
  std::unique_ptr<Fetched>& fetched = fetched_[party.number()];
  if (!fetched) {
    const auto stream = stream_of(party);
    if (!stream) return;
    fetched = std::make_unique<Fetched>(Fetched{stream->ordered_consumer()});
  }
  const FetchOptions options{.max_messages = 1 + random_.below(10), .no_wait = random_.one_in(2)};
  take(*fetched, ledger_.timed("ordered fetch", kWithin,
                               [&] { return fetched->consumer.fetch(options, kDeadline); }));
}

Result<void> ClientStreams::fetch_to_the_end(std::uint64_t last_sequence) {
  const MonoTime until = world_.env().now() + kConsumedWithin;
  for (const auto& [number, fetched] : fetched_)
    while (fetched && fetched->last < last_sequence) {
      if (!take(*fetched,
                fetched->consumer.fetch({.max_messages = 100, .no_wait = true}, kDeadline)))
        world_.env().run_for(milliseconds(100));
      if (world_.env().now() > until) return failure("ordered fetches do not come to the end");
    }
  return {};
}

std::shared_ptr<ClientStreams::Counted> ClientStreams::count_for(ClientParty& party) {
  const auto counted = std::make_shared<Counted>();
  counted->party = &party;
  return counted;
}

ConsumeOptions ClientStreams::options_for(const std::shared_ptr<Counted>& counted) {
  ConsumeOptions options;
  options.max_messages = 20;
  options.expires = timeout_of(seconds(2));
  options.heartbeat = timeout_of(milliseconds(500));
  options.on_end = [this, counted](const Error&) {
    if (counted->has_ended()) ledger_.fault("a consumption ends twice");
    ++counted->ends;
  };
  return options;
}

void ClientStreams::consume(ClientParty& party) {
  const auto stream = stream_of(party);
  if (!stream) return;
  const auto consumer = ledger_.timed("create_consumer", kWithin, [&] {
    return stream->create_or_update_consumer({.durable_name = "C",
                                              .ack_policy = AckPolicy::kExplicit,
                                              .ack_wait = timeout_of(seconds(2))},
                                             kDeadline);
  });
  if (!consumer) return;
  const auto counted = count_for(party);
  auto begun = consumer->consume(
      [this, counted](const Delivery& delivery) {
        if (counted->has_ended()) ledger_.fault("a delivery to a consumption that has ended");
        (void)delivery.ack();
      },
      options_for(counted));
  if (!begun) return;
  counted->consumption = *std::move(begun);
  counted_.push_back(counted);
}

void ClientStreams::consume_in_order(ClientParty& party) {
  const auto stream = stream_of(party);
  if (!stream) return;
  const auto counted = count_for(party);
  counted->kind = Counted::Kind::kOrdered;
  const auto take = [this, counted](const Delivery& delivery) {
    if (counted->has_ended()) ledger_.fault("a delivery to a consumption that has ended");
    const auto told = delivery.metadata();
    if (!told || told->stream_sequence != ++counted->last)
      ledger_.fault("an ordered consumer is out of order");
  };
  auto begun = ledger_.timed("ordered consume", kWithin, [&] {
    return stream->ordered_consumer().consume(take, options_for(counted), kDeadline);
  });
  if (!begun) return;
  counted->consumption = *std::move(begun);
  counted_.push_back(counted);
}

std::optional<KeyValue> ClientStreams::bucket_of(ClientParty& party) {
  const KeyValueStore store{JetStream(party.client())};
  auto bucket = ledger_.timed("create_or_update", kWithin,
                              [&] { return store.create_or_update({.bucket = "B"}, kDeadline); });
  if (!bucket) return std::nullopt;
  return *std::move(bucket);
}

void ClientStreams::put(ClientParty& party) {
  const auto bucket = bucket_of(party);
  if (!bucket) return;
  const std::string key = std::to_string(random_.below(3)), value = std::to_string(++puts_);
  const auto revision =
      ledger_.timed("put", kWithin, [&] { return bucket->put(key, value, kDeadline); });
  if (revision) last_revision_ = std::max(last_revision_, *revision);
}

void ClientStreams::watch(ClientParty& party) {
  const auto bucket = bucket_of(party);
  if (!bucket) return;
  const auto counted = count_for(party);
  counted->kind = Counted::Kind::kWatch;
  const auto take = [this, counted](const std::optional<KeyValueEntry>& entry) {
    if (counted->has_ended()) ledger_.fault("a watch goes on after its end");
    if (!entry && std::exchange(counted->is_complete, true))
      ledger_.fault("a watch tells twice that it has told all");
    if (!entry) return;
    if (entry->revision <= counted->last) ledger_.fault("a watch is out of order");
    counted->last = entry->revision;
  };
  auto begun =
      ledger_.timed("watch", kWithin, [&] { return bucket->watch({}, take, {}, kDeadline); });
  if (!begun) return;
  counted->consumption = *std::move(begun);
  counted_.push_back(counted);
}

void ClientStreams::stop_one(ClientParty&) {
  if (counted_.empty()) return;
  const std::size_t at = random_.below(counted_.size());
  const auto counted = counted_[at];
  counted_.erase(counted_.begin() + static_cast<std::ptrdiff_t>(at));
  (void)ledger_.timed("stop", milliseconds(100), [&] {
    counted->consumption.stop();
    return true;
  });
  counted->let_go();
}

void ClientStreams::forget(const ClientParty& party) {
  fetched_.erase(party.number());
  for (const auto& counted : counted_) {
    if (counted->party != &party) continue;
    if (counted->kind != Counted::Kind::kWatch && counted->ends != 1)
      ledger_.fault("a consumption is not told of its end");
    counted->let_go();
  }
  std::erase_if(counted_, [&](const auto& counted) { return counted->party == &party; });
}

Result<void> ClientStreams::check_stored(const Stream& stream) {
  for (const auto& [sequence, body] : acked_) {
    auto stored = stream.message(sequence, kCalmDeadline);
    if (!stored) return std::unexpected(stored.error().within("what was acknowledged"));
    if (stored->data() != body) return failure("something else is stored than was acknowledged");
  }
  return {};
}

// Each ordered consumer comes to the end of the stream, each watch to the last revision.
Result<void> ClientStreams::await_consumers(std::uint64_t last_sequence) {
  const auto are_there = [&] {
    return std::ranges::all_of(counted_, [&](const auto& counted) {
      if (counted->has_ended() || counted->kind == Counted::Kind::kWork) return true;
      if (counted->kind == Counted::Kind::kOrdered) return counted->last >= last_sequence;
      return counted->last >= last_revision_ && counted->is_complete;
    });
  };
  if (!world_.env().run_until(are_there, kConsumedWithin))
    return failure("an ordered consumer, or a watch, does not come to the end");
  return {};
}

Result<void> ClientStreams::check(ClientParty& party) {
  const JetStream js(party.client());
  ASSIGN_OR_RETURN(const Stream stream, js.create_stream(stream_config(), kCalmDeadline));
  // What was not acknowledged is published again, and stored once all the same.
  for (const std::string& body : std::set<std::string>(unsure_)) {
    ASSIGN_OR_RETURN(const PubAck ack,
                     js.publish("js.a", body, {.message_id = body}, kCalmDeadline));
    take_ack(body, ack);
  }
  TRY(check_stored(stream));
  ASSIGN_OR_RETURN(const StreamInfo info, stream.info({}, kCalmDeadline));
  if (info.state.messages != acked_.size())
    return failure(std::to_string(info.state.messages) + " messages are stored, and " +
                   std::to_string(acked_.size()) + " were published");
  put(party);
  TRY(await_consumers(info.state.last_sequence));
  TRY(fetch_to_the_end(info.state.last_sequence));
  while (counted_.size() > 4) stop_one(party);
  return ledger_.check();
}

}  // namespace midge::sim

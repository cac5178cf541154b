#include <optional>

#include "client/client_access.h"
#include "midge/jetstream.h"
#include "midge/key_value.h"
#include "sim/client_world.h"
#include "sim/sim_run.h"
#include "sim/workload/client_ledger.h"

namespace midge::sim {
namespace {

constexpr Timeout kDeadline{milliseconds(1500).ns};
constexpr Duration kWithin = milliseconds(1550);
constexpr std::uint64_t kStepsMax = 1000;  // no exchange is longer

// A server, a client that answers and whose connection holds, and one whose connection is cut.
class CutScene {
 public:
  CutScene(std::uint64_t seed, RunOptions options)
      : world_(seed, options, false), ledger_(world_.env()) {}
  ~CutScene() { helper_.close(); }

  Result<void> play();
  void end(RunOutcome& outcome) {
    helper_ = {};
    world_.end(outcome);
  }
  [[nodiscard]] std::string report(const Error& error) const {
    return world_.report(error, ledger_.history());
  }
  [[nodiscard]] std::uint64_t cuts() const { return cuts_; }

 private:
  using Exchange = void (CutScene::*)();
  struct Script {
    const char* name;
    Exchange exchange;
  };
  static const Script kScripts[];

  // False: it was over before. Errors: what was expected and is not so.
  Result<bool> play_once(const Script& script, std::uint64_t step);
  Result<void> come_back();
  template <class T>
  bool is_fine(const char* what, const Result<T>& result);
  template <class Call>
  bool call(const char* what, const Call& made) {
    return is_fine(what, ledger_.timed(what, kWithin, made));
  }
  std::optional<Stream> stream();

  void nothing() {}
  void publish_and_flush();
  void subscribe_and_read();
  void request();
  void request_async();
  void request_many();
  void drain_subscription();
  void drain();
  void close();
  void publish_into_stream();
  void publish_into_stream_async();
  void fetch();
  void read_in_order();
  void fetch_in_order();
  void use_bucket();

  ClientWorld world_;
  ClientLedger ledger_;
  Client helper_;
  Client client_;
  std::string failed_;  // the first call that did, and why
  std::uint64_t cuts_ = 0;
  int serial_ = 0;
};

const CutScene::Script CutScene::kScripts[] = {
    {"connect", &CutScene::nothing},
    {"publish and flush", &CutScene::publish_and_flush},
    {"subscribe and read", &CutScene::subscribe_and_read},
    {"request", &CutScene::request},
    {"requests without waiting", &CutScene::request_async},
    {"request for many", &CutScene::request_many},
    {"drain of a subscription", &CutScene::drain_subscription},
    {"drain", &CutScene::drain},
    {"close", &CutScene::close},
    {"JetStream publish", &CutScene::publish_into_stream},
    {"JetStream publish without waiting", &CutScene::publish_into_stream_async},
    {"fetch and ack", &CutScene::fetch},
    {"ordered consumer", &CutScene::read_in_order},
    {"ordered fetch", &CutScene::fetch_in_order},
    {"bucket", &CutScene::use_bucket},
};

template <class T>
bool CutScene::is_fine(const char* what, const Result<T>& result) {
  if (!result && failed_.empty()) failed_ = std::string(what) + ": " + result.error().text();
  return result.has_value();
}

Result<void> CutScene::play() {
  TRY(world_.start_server());
  ASSIGN_OR_RETURN(helper_, Client::connect(world_.options()));
  TRY(helper_.subscribe("ask", [this](const Message& m) { (void)helper_.respond(m, m.data()); }));
  TRY(helper_.flush());
  for (const Script& script : kScripts) {
    for (std::uint64_t step = 1;; ++step) {
      if (step > kStepsMax) return failure(std::string(script.name) + " does not end");
      auto was_cut = play_once(script, step);
      if (!was_cut) return std::unexpected(was_cut.error().within(script.name));
      if (!*was_cut) break;
      ++cuts_;
    }
  }
  return {};
}

Result<bool> CutScene::play_once(const Script& script, std::uint64_t step) {
  ledger_.note(script.name + std::string(" cut at ") + std::to_string(step));
  world_.faults().spare_present();
  world_.faults().cut_at(step);
  failed_.clear();
  int closed = 0;
  Options options = world_.options();
  options.on_event = [&closed](const Event& event) { closed += event.kind == EventKind::kClosed; };
  const auto made = ledger_.timed("connect", milliseconds(2500), [&]() -> Result<void> {
    ASSIGN_OR_RETURN(client_, Client::connect(std::move(options)));
    return {};
  });
  if (is_fine("connect", made)) (this->*script.exchange)();
  const bool was_cut = world_.faults().steps() >= step;
  world_.faults().cut_at(0);
  if (!was_cut && !failed_.empty()) return failure("fails without reason: " + failed_);
  if (made) TRY(come_back());
  if (made && closed != 1) return failure("it is told " + std::to_string(closed) + " ends");
  return was_cut;
}

Result<void> CutScene::come_back() {
  const auto is_settled = [this] {
    return client_.status() == Status::kConnected || client_.status() == Status::kClosed;
  };
  if (!world_.env().run_until(is_settled, seconds(20))) return failure("it does not come back");
  if (client_.status() == Status::kConnected) TRY(client_.flush(timeout_of(seconds(10))));
  const std::weak_ptr<detail::Connection> connection = detail::ClientAccess::connection_of(client_);
  client_.close();
  client_ = {};
  world_.env().run_for(milliseconds(100));
  if (!connection.expired()) return failure("it is not released");
  if (ledger_.open() != 0) return failure("something has not come to its end");
  return ledger_.check();
}

void CutScene::publish_and_flush() {
  for (int i = 0; i < 3; ++i) call("publish", [&] { return client_.publish("p", "body"); });
  call("flush", [&] { return client_.flush(kDeadline); });
}

void CutScene::subscribe_and_read() {
  auto sub = client_.subscribe("s");
  if (!is_fine("subscribe", sub)) return;
  call("publish", [&] { return client_.publish("s", "body"); });
  call("next", [&] { return sub->next(kDeadline); });
  call("unsubscribe", [&] { return sub->unsubscribe(); });
  call("flush", [&] { return client_.flush(kDeadline); });
}

void CutScene::request() {
  for (int i = 0; i < 2; ++i)
    call("request", [&] { return client_.request("ask", "body", kDeadline); });
}

void CutScene::request_async() {
  int come = 0;
  for (int i = 0; i < 3; ++i) {
    const auto ticket = ledger_.begin("request", kWithin);
    const auto done = [this, ticket, &come](const Result<Message>& answer) {
      ticket->come();
      ++come;
      (void)is_fine("answer", answer);
    };
    if (!is_fine("request_async", client_.request_async("ask", "body", done, kDeadline)))
      ticket->withdraw();
  }
  if (!world_.env().run_until([&] { return come == 3; }, seconds(5)))
    ledger_.fault("an answer does not come");
}

void CutScene::request_many() {
  ManyOptions many;
  many.count = 1;
  call("request_many",
       [&] { return client_.request_many("ask", "body", std::move(many), kDeadline); });
}

void CutScene::drain_subscription() {
  auto sub = client_.subscribe("d", [](const Message&) {});
  if (!is_fine("subscribe", sub)) return;
  for (int i = 0; i < 3; ++i) call("publish", [&] { return client_.publish("d", "body"); });
  call("drain", [&] { return sub->drain(kDeadline); });
}

void CutScene::drain() {
  const auto answer = [this](const Message& m) { (void)client_.publish("x", m.data()); };
  if (!is_fine("subscribe", client_.subscribe("d", answer))) return;
  for (int i = 0; i < 3; ++i) call("publish", [&] { return client_.publish("d", "body"); });
  call("drain", [&] { return client_.drain(kDeadline); });
  if (client_.status() != Status::kClosed) ledger_.fault("drain does not close");
}

void CutScene::close() {
  const auto ticket = ledger_.begin("request", kWithin);
  const auto done = [ticket](const Result<Message>&) { ticket->come(); };
  if (!is_fine("request_async", client_.request_async("ask", "body", done, kDeadline)))
    ticket->withdraw();
  call("close", [&] {
    client_.close();
    return Result<bool>(true);
  });
  if (ledger_.open() != 0) ledger_.fault("close leaves a request alone");
}

std::optional<Stream> CutScene::stream() {
  std::optional<Stream> made;
  call("create_stream", [&]() -> Result<void> {
    auto stream = JetStream(client_).create_stream({.name = "S", .subjects = {"js"}}, kDeadline);
    if (!stream) return std::move(stream).error();
    made = *std::move(stream);
    return {};
  });
  return made;
}

void CutScene::publish_into_stream() {
  if (!stream()) return;
  const JetStream js(client_);
  call("JetStream publish", [&] { return js.publish("js", "body", {}, kDeadline); });
}

void CutScene::publish_into_stream_async() {
  if (!stream()) return;
  JetStreamOptions options;
  options.timeout = kDeadline;
  const JetStream js(client_, options);
  for (int i = 0; i < 5; ++i) {
    const auto ticket = ledger_.begin("JetStream publish", kWithin * 3 + seconds(1));
    const auto done = [this, ticket](const Result<PubAck>& ack) {
      ticket->come();
      (void)is_fine("ack", ack);
    };
    if (!is_fine("publish_async", js.publish_async("js", "body", done))) ticket->withdraw();
  }
  (void)is_fine("publish_complete", ledger_.timed("publish_complete", kWithin * 4, [&] {
    return js.publish_complete(kDeadline * 4);
  }));
}

void CutScene::fetch() {
  const JetStream js(helper_);
  for (int i = 0; i < 3; ++i) (void)js.publish("js", "body");
  const auto made = stream();
  if (!made) return;
  const auto consumer = ledger_.timed("create_consumer", kWithin, [&] {
    return made->create_or_update_consumer(
        {.durable_name = "F", .ack_wait = timeout_of(seconds(1))}, kDeadline);
  });
  if (!is_fine("create_consumer", consumer)) return;
  const auto got = ledger_.timed("fetch", kWithin, [&] { return consumer->fetch(3, kDeadline); });
  if (!is_fine("fetch", got)) return;
  for (const Delivery& delivery : *got)
    call("ack", [&] { return delivery.ack_and_wait(kDeadline); });
}

void CutScene::read_in_order() {
  const auto made = stream();
  if (!made) return;
  std::uint64_t last = 0;
  ConsumeOptions options;
  options.expires = timeout_of(seconds(2));
  options.max_messages = 500;
  const auto count = JetStream(helper_).stream("S").value().cached_info().state.last_sequence;
  auto reading = ledger_.timed("consume", kWithin, [&] {
    return made->ordered_consumer().consume(
        [&](const Delivery& delivery) {
          if (delivery.metadata().value().stream_sequence != ++last) ledger_.fault("out of order");
        },
        std::move(options), kDeadline);
  });
  if (!is_fine("consume", reading)) return;
  // Whatever is cut: the consumer survives it.
  if (!world_.env().run_until([&] { return last == count; }, seconds(30)))
    ledger_.fault("an ordered consumer does not come to the end");
  reading->stop();
}

// Whatever is cut: one fetch, or the next, goes on where it was.
void CutScene::fetch_in_order() {
  const auto made = stream();
  if (!made) return;
  const auto ordered = made->ordered_consumer();
  const std::uint64_t count = JetStream(helper_).stream("S")->cached_info().state.last_sequence;
  std::uint64_t last = 0;
  const MonoTime until = world_.env().now() + seconds(30);
  while (last < count && world_.env().now() < until) {
    const auto some = ledger_.timed("fetch", kWithin, [&] { return ordered.fetch(2, kDeadline); });
    if (client_.status() == Status::kClosed) return;
    if (!is_fine("fetch", some)) continue;
    for (const Delivery& delivery : *some)
      if (delivery.metadata()->stream_sequence != ++last) ledger_.fault("out of order");
  }
  if (last < count) ledger_.fault("ordered fetches do not come to the end");
}

void CutScene::use_bucket() {
  KeyValueStore store{JetStream(client_)};
  const auto bucket = ledger_.timed("create_or_update", kWithin, [&] {
    return store.create_or_update({.bucket = "B"}, kDeadline);
  });
  if (!is_fine("bucket", bucket)) return;
  const std::string value = std::to_string(++serial_);
  call("put", [&] { return bucket->put("key", value, kDeadline); });
  call("get", [&] { return bucket->get("key", kDeadline); });
}

}  // namespace

RunOutcome run_client_cuts(std::uint64_t seed, RunOptions options) {
  RunOutcome outcome;
  CutScene scene(seed, options);
  if (const Result<void> played = scene.play(); !played)
    outcome.failure = scene.report(played.error());
  outcome.summary = "seed " + std::to_string(seed) + ": " + std::to_string(scene.cuts()) + " cuts";
  scene.end(outcome);
  return outcome;
}

}  // namespace midge::sim

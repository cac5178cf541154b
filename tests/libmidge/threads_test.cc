// Goal: one client, and many, used by eight threads at once. Runs under ThreadSanitizer, too.
#include <atomic>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include "jetstream_test.h"

namespace midge::test {
namespace {

using namespace std::chrono_literals;

constexpr int kThreads = 8;

template <class Work>
void on_eight_threads(const Work& work) {
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int t = 0; t < kThreads; ++t) threads.emplace_back([&work, t] { work(t); });
  for (std::thread& thread : threads) thread.join();
}

// Whether a call on a connection that others may close came to an end that is one.
template <class T>
bool is_plausible(const Result<T>& result) {
  if (result) return true;
  const ErrorCode code = result.error().code();
  return code == ErrorCode::kClosed || code == ErrorCode::kNoResponders ||
         code == ErrorCode::kTimeout;
}

// Counts what was begun asynchronously and what came of it.
struct Tally {
  std::atomic<int> begun = 0, done = 0;
  template <class T>
  auto counted() {
    return [this](const Result<T>&) { ++done; };
  }
  void note(bool has_begun) { begun += has_begun; }
};

TEST_CASE("eight threads ask and answer at once") {
  TestServer server;
  Client client = Client::connect(server.url()).value();
  client.subscribe("echo", [&](const Message& m) { client.respond(m, m.data()).value(); }).value();
  std::atomic<int> failures = 0;
  on_eight_threads([&](int t) {
    const std::string own = "own." + std::to_string(t);
    Subscription sub = client.subscribe(own).value();
    for (int i = 0; i < 200; ++i) {
      const std::string body = std::to_string(t * 1000 + i);
      const auto answer = client.request("echo", body, 60s);
      failures += !answer || answer->data() != body;
      client.publish(own, body).value();
      const auto message = sub.next(60s);
      failures += !message || message->data() != body;
    }
    failures += !client.flush(60s);
  });
  CHECK(failures == 0);
}

// All kinds of calls, on a client that others use, and that may be closed meanwhile.
void mixed_calls(const Client& client, const JetStream& js, int t, Tally& tally,
                 std::atomic<int>& strange) {
  std::optional<Subscription> sub;
  for (int i = 0; i < 60; ++i) {
    const std::string body = std::to_string(t * 1000 + i);
    const auto check = [&](const auto& result) { strange += !is_plausible(result); };
    switch ((i + t) % 8) {
      case 0:
        check(client.publish("mixed", body));
        break;
      case 1:
        check(client.request("echo", body, 30s));
        break;
      case 2: {
        auto made = client.subscribe("mixed");
        check(made);
        if (made) sub = *std::move(made);
        break;
      }
      case 3:
        if (sub) (void)sub->poll(), (void)sub->unsubscribe();
        break;
      case 4:
        tally.note(client.request_async("echo", body, tally.counted<Message>(), 30s).has_value());
        break;
      case 5:
        tally.note(js.publish_async("s.a", body, tally.counted<PubAck>()).has_value());
        break;
      case 6:
        check(client.subscribe("callback",
                               [&client](const Message& m) {
                                 if (!m.reply().empty()) (void)client.respond(m, "");
                               },
                               {.max = 3}));
        check(client.publish("callback", body));
        break;
      case 7:
        if (sub && t % 2 == 0) (void)sub->drain(30s);
        check(client.flush(30s));
        break;
    }
  }
}

TEST_CASE_FIXTURE(JetStreamTest, "eight threads call everything, and one closes or drains") {
  const Stream made = stream();
  Client echo = Client::connect(server.url()).value();
  echo.subscribe("echo", [&](const Message& m) { (void)echo.respond(m, m.data()); }).value();
  echo.flush().value();
  std::shared_ptr<Runtime> runtime = Runtime::start();
  for (const char* end : {"nothing", "close", "drain", "reconnect"}) {
    CAPTURE(end);
    const std::string kind = end;
    Options terms = options();
    terms.runtime = runtime;
    Client shared = Client::connect(terms).value();
    const JetStream own(shared);
    Tally tally;
    std::atomic<int> strange = 0;
    on_eight_threads([&](int t) {
      if (t == 7 && kind != "nothing") {
        shared.flush(30s).value();
        if (kind == "close") shared.close();
        if (kind == "drain") (void)shared.drain(30s);
        if (kind == "reconnect") shared.force_reconnect();
      }
      mixed_calls(shared, own, t, tally, strange);
    });
    shared.close();
    CHECK(strange == 0);
    CHECK(tally.begun == tally.done);
    CHECK(own.publish_pending() == 0);
  }
}

TEST_CASE_FIXTURE(JetStreamTest, "eight threads consume, fetch and ack side by side") {
  constexpr std::size_t kMessages = 400;
  Stream made = stream(kMessages);
  std::mutex mutex;
  std::set<std::string> acked;
  std::atomic<bool> is_over = false;
  // What came too late for somebody comes again.
  const auto ack = [&](const Delivery& delivery) {
    if (!delivery.ack_and_wait(30s)) return;
    const std::lock_guard lock(mutex);
    acked.insert(std::string(delivery.data()));
    is_over = acked.size() == kMessages;
  };
  const Consumer consumer = made.create_consumer({.durable_name = "D", .ack_wait = 2s}).value();
  on_eight_threads([&](int t) {
    Messages messages;
    if (t % 2 == 0) messages = consumer.messages({.max_messages = 10}).value();
    while (!is_over) {
      if (t % 2 == 0) {
        if (const auto delivery = messages.next(20ms)) ack(*delivery);
      } else if (const auto some = consumer.fetch(5, 50ms)) {
        for (const Delivery& delivery : *some) ack(delivery);
      }
    }
    messages.stop();
  });
  CHECK(consumer.info().value().ack_pending == 0);
}

TEST_CASE("eight threads make, use and drop clients of one runtime") {
  TestServer server;
  const auto runtime = Runtime::start();
  std::atomic<int> failures = 0;
  on_eight_threads([&](int t) {
    for (int i = 0; i < 10; ++i) {
      Client client = Client::connect({.servers = {server.url()}, .runtime = runtime}).value();
      Subscription sub = client.subscribe("t." + std::to_string(t)).value();
      failures += !client.publish("t." + std::to_string(t), "").has_value();
      failures += !sub.next(60s).has_value();
      if (i % 3 == 0) client.close();
      if (i % 3 == 1) failures += !client.drain(60s).has_value();
    }
  });
  CHECK(failures == 0);
}

}  // namespace
}  // namespace midge::test

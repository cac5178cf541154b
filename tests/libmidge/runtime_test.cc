// Goal: who works for connections: one background thread for many, or the user's own thread.
#include <doctest/doctest.h>
#include <midge/jetstream.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "jetstream_test.h"

namespace midge::test {
namespace {

using namespace std::chrono_literals;

struct Polled {
  TestServer server;
  std::shared_ptr<Runtime> runtime = Runtime::polled();
  Client client = Client::connect({.servers = {server.url()}, .runtime = runtime}).value();

  void poll_until(const std::function<bool()>& done) const {
    while (!done()) REQUIRE(runtime->poll(60s).value() > 0);
  }
};

TEST_CASE("a hundred connections and ten thousand subscriptions have one thread") {
  TestServer server;
  std::shared_ptr<Runtime> runtime;
  SUBCASE("in the background") { runtime = Runtime::start(); }
  SUBCASE("the user's own") { runtime = Runtime::polled(); }
  int count = 0, elsewhere = 0;
  std::vector<std::thread::id> threads;
  const auto note = [&](const Message&) {
    ++count;
    if (threads.empty()) threads.push_back(std::this_thread::get_id());
    if (threads[0] != std::this_thread::get_id()) ++elsewhere;
  };
  std::vector<Client> clients;
  for (int i = 0; i < 100; ++i) {
    clients.push_back(Client::connect({.servers = {server.url()}, .runtime = runtime}).value());
    for (int s = 0; s < 100; ++s) clients.back().subscribe("all", note).value();
    clients.back().flush().value();
  }
  clients[0].publish("all", "").value();
  // The last flush came behind the message on each connection.
  for (int i = 0; i < 2; ++i)
    for (Client& client : clients) client.flush(60s).value();
  clients.clear();
  CHECK(count == 10'000);
  CHECK(elsewhere == 0);
}

TEST_CASE("the last client that goes ends the thread before the program goes on") {
  TestServer server;
  std::weak_ptr<Runtime> seen;
  int after = 0;
  for (int i = 0; i < 50; ++i) {
    {
      auto runtime = Runtime::start();
      seen = runtime;
      const Client client =
          Client::connect({.servers = {server.url()}, .runtime = std::move(runtime)}).value();
      client.subscribe("s", [](const Message&) {}).value();
      client.flush().value();
    }
    if (!seen.expired()) ++after;
  }
  CHECK(after == 0);
}

TEST_CASE_FIXTURE(Polled, "callbacks run where it is polled, and nowhere else") {
  int count = 0;
  const auto here = std::this_thread::get_id();
  bool is_here = true, may_poll = false;
  client
      .subscribe("s",
                 [&](const Message&) {
                   ++count;
                   is_here = is_here && std::this_thread::get_id() == here;
                   may_poll = may_poll || code_of(runtime->poll()) != ErrorCode::kInvalid;
                 })
      .value();
  client.flush().value();
  Client other = Client::connect(server.url()).value();
  for (int i = 0; i < 3; ++i) other.publish("s", "").value();
  other.flush().value();
  CHECK(count == 0);
  poll_until([&] { return count == 3; });
  CHECK(is_here);
  CHECK(!may_poll);
  CHECK(client.poll().value() == 0);  // nothing is left
  CHECK(code_of(other.poll()) == ErrorCode::kInvalid);
  CHECK(code_of(Client().poll()) == ErrorCode::kClosed);
}

TEST_CASE_FIXTURE(Polled, "calls that wait work meanwhile, until their deadlines") {
  client.subscribe("echo", [&](const Message& m) { client.respond(m, m.data()).value(); }).value();
  CHECK(client.request("echo", "hello").value().data() == "hello");
  CHECK(code_of(client.request("nobody", "")) == ErrorCode::kNoResponders);
  client.subscribe("silent", [](const Message&) {}).value();
  CHECK(code_of(client.request("silent", "", 20ms)) == ErrorCode::kTimeout);
  CHECK(client.request_many("echo", "", {.count = 1}).value().size() == 1);
  Subscription sub = client.subscribe("s").value();
  CHECK(code_of(sub.next(10ms)) == ErrorCode::kTimeout);
  for (int i = 0; i < 100; ++i) client.publish("s", std::to_string(i)).value();
  for (int i = 0; i < 100; ++i) CHECK(sub.next().value().data() == std::to_string(i));
  sub.drain().value();
  CHECK(client.rtt().value() > 0ns);
  client.drain().value();
  CHECK(client.status() == Status::kClosed);
}

TEST_CASE("who waits for room makes it") {
  TestServer server;
  Client client =
      Client::connect(
          {.servers = {server.url()}, .pending_max = 1000, .runtime = Runtime::polled()})
          .value();
  std::size_t count = 0;
  client.subscribe("big", [&](const Message&) { ++count; }).value();
  for (int i = 0; i < 1000; ++i) client.publish("big", std::string(900, 'x')).value();
  client.flush().value();
  CHECK(count == 1000);
}

TEST_CASE_FIXTURE(Polled, "other threads wake who polls, and wait for it") {
  std::atomic<bool> answered = false;
  client.subscribe("echo", [&](const Message& m) { client.respond(m, m.data()).value(); }).value();
  std::thread asks([&] {
    CHECK(client.request("echo", "far", 60s).value().data() == "far");
    CHECK(code_of(runtime->poll()) == ErrorCode::kInvalid);
    answered = true;
    client.publish("end", "").value();
  });
  bool ended = false;
  client.subscribe("end", [&](const Message&) { ended = true; }).value();
  poll_until([&] { return ended; });
  CHECK(answered);
  asks.join();
  std::stop_source stop;
  Subscription silent = client.subscribe("silent").value();
  std::thread stops([&] { stop.request_stop(); });
  CHECK(code_of(silent.next({60s, stop.get_token()})) == ErrorCode::kCancelled);
  stops.join();
  CHECK(code_of(runtime->poll({60s, stop.get_token()})) == ErrorCode::kCancelled);
}

TEST_CASE_FIXTURE(Polled, "a connection is mended by who polls") {
  int reconnected = 0;
  Options options{.servers = {server.url()}, .runtime = runtime};
  options.reconnect_wait = 10ms;
  options.on_event = [&](const Event& event) {
    reconnected += event.kind == EventKind::kReconnected;
  };
  Client other = Client::connect(std::move(options)).value();
  Subscription sub = other.subscribe("s").value();
  other.force_reconnect();
  poll_until([&] { return reconnected == 1; });
  other.publish("s", "again").value();
  CHECK(sub.next().value().data() == "again");
}

TEST_CASE("a polled runtime ends with its last owner, wherever that is") {
  TestServer server;
  auto client = std::make_unique<Client>(
      Client::connect({.servers = {server.url()}, .runtime = Runtime::polled()}).value());
  SUBCASE("on its thread") { client.reset(); }
  SUBCASE("within a callback") {
    bool gone = false;
    client
        ->subscribe("go",
                    [&](const Message&) {
                      client.reset();
                      gone = true;
                    })
        .value();
    client->publish("go", "").value();
    const Client copy = *client;
    while (!gone) copy.poll(60s).value();
  }
  SUBCASE("on another thread") {
    const Client copy = *client;
    std::thread([&] { client.reset(); }).join();
    copy.flush().value();
  }
  // Others are waited for as ever.
  Client other = Client::connect(server.url()).value();
  other.flush().value();
}

TEST_CASE("a polled client that another thread closes is released without being polled again") {
  TestServer server;
  const auto held = std::make_shared<int>(0);
  const std::weak_ptr<int> weak = held;
  auto runtime = Runtime::polled();
  const auto connect = [&, held = held] {
    Options options{.servers = {server.url()}, .runtime = runtime};
    options.on_event = [held](const Event&) {};
    return std::make_unique<Client>(Client::connect(std::move(options)).value());
  };
  auto client = connect();
  client->subscribe("s", [held](const Message&) {}).value();
  client->publish("s", "on its way").value();
  bool also_runtime = false;
  SUBCASE("and its runtime before") { runtime.reset(); }
  SUBCASE("and its runtime then") { also_runtime = true; }
  std::thread([&] {
    client.reset();
    if (also_runtime) runtime.reset();
  }).join();
  CHECK(weak.use_count() == 2);  // the test's own, and connect's
}

TEST_CASE_FIXTURE(JetStreamTest, "JetStream on the user's own thread") {
  const auto runtime = Runtime::polled();
  const JetStream own(Client::connect({.servers = {server.url()}, .runtime = runtime}).value());
  Stream made = own.create_stream({.name = "S", .subjects = {"s.>"}}).value();
  int acked = 0;
  for (int i = 0; i < 20; ++i)
    own.publish_async("s.a", std::to_string(i), [&](const auto& ack) { acked += ack.has_value(); })
        .value();
  own.publish_complete().value();
  CHECK(acked == 20);
  Consumer consumer = made.create_consumer({.durable_name = "D"}).value();
  const std::vector<Delivery> fetched = consumer.fetch(10).value();
  for (const Delivery& delivery : fetched) delivery.ack_and_wait().value();
  Messages messages = consumer.messages().value();
  for (int i = 10; i < 15; ++i) {
    const Delivery delivery = messages.next().value();
    CHECK(delivery.data() == std::to_string(i));
    delivery.ack().value();
  }
  messages.stop();
  int count = 0;
  Consumption consumption =
      made.ordered_consumer().consume([&](const Delivery&) { ++count; }).value();
  while (count < 20) CHECK(runtime->poll(60s).value() > 0);
  consumption.stop();
}

}  // namespace
}  // namespace midge::test

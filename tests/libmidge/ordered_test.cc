// Ordered consumers: in order, each once, through whatever happens to them.
#include <atomic>
#include <thread>

#include "jetstream_test.h"
#include "scripted_server.h"

using namespace std::chrono_literals;
using midge::Delivery;
using midge::ErrorCode;
using midge::test::code_of;
using midge::test::Collected;
using midge::test::JetStreamTest;

TEST_CASE_FIXTURE(JetStreamTest, "an ordered consumer reads a stream from where it is told") {
  auto made = stream(20);
  auto all = made.ordered_consumer().messages().value();
  for (int i = 1; i <= 20; ++i) CHECK(all.next()->data() == std::to_string(i));
  auto late = made.ordered_consumer({.deliver_policy = midge::DeliverPolicy::kByStartSequence,
                                     .start_sequence = 19})
                  .messages()
                  .value();
  CHECK(late.next()->data() == "19");
  auto last = made.ordered_consumer({.deliver_policy = midge::DeliverPolicy::kLast});
  CHECK(last.messages()->next()->data() == "20");
  auto none = made.ordered_consumer({.filter_subjects = {"s.x", "s.y"}}).messages().value();
  CHECK(none.next(50ms).error().code() == ErrorCode::kTimeout);
  CHECK(made.ordered_consumer({.deliver_policy = midge::DeliverPolicy::kByStartSequence})
            .messages()
            .error()
            .code() == ErrorCode::kServer);
}

TEST_CASE_FIXTURE(JetStreamTest, "an ordered consumer survives that its consumers are deleted") {
  auto made = stream(10);
  Collected<std::string> texts;
  auto consumption = made.ordered_consumer({.name_prefix = "mine"})
                         .consume([&](const Delivery& d) { texts.add(std::string(d.data())); })
                         .value();
  CHECK(texts.wait(10).size() == 10);
  for (int round = 1; round <= 3; ++round) {
    REQUIRE_OK(made.delete_consumer("mine_" + std::to_string(round)));
    REQUIRE_OK(js.publish("s.a", std::to_string(10 + round)));
    REQUIRE(texts.wait(static_cast<std::size_t>(10 + round)).size() ==
            static_cast<std::size_t>(10 + round));
  }
  const auto all = texts.now();
  for (int i = 0; i < 13; ++i) CHECK(all[static_cast<std::size_t>(i)] == std::to_string(i + 1));
  consumption.stop();
}

TEST_CASE_FIXTURE(JetStreamTest, "an ordered consumer survives its server") {
  auto made = js.create_stream({.name = "F", .subjects = {"f.>"}}).value();
  Collected<std::string> texts;
  auto consumption = made.ordered_consumer()
                         .consume([&](const Delivery& d) { texts.add(std::string(d.data())); })
                         .value();
  const midge::PublishOptions patient{.retries = 1000, .retry_wait = 10ms};
  int sent = 0;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 50; ++i)
      REQUIRE_OK(js.publish("f.a", std::to_string(++sent), patient, 20s));
    server.stop();
    server.restart();
  }
  REQUIRE_OK(js.publish("f.a", std::to_string(++sent), patient, 20s));
  const auto all = texts.wait(static_cast<std::size_t>(sent));
  REQUIRE(all.size() == static_cast<std::size_t>(sent));
  for (int i = 0; i < sent; ++i) CHECK(all[static_cast<std::size_t>(i)] == std::to_string(i + 1));
}

TEST_CASE_FIXTURE(JetStreamTest, "an ordered consumer survives reconnects amid messages") {
  auto made = stream(2000);
  Collected<std::string> texts;
  auto consumption = made.ordered_consumer()
                         .consume(
                             [&](const Delivery& d) {
                               texts.add(std::string(d.data()));
                               if (texts.now().size() % 500 == 250) client.force_reconnect();
                             },
                             {.max_messages = 100})
                         .value();
  const auto all = texts.wait(2000);
  REQUIRE(all.size() == 2000);
  for (int i = 0; i < 2000; ++i) REQUIRE(all[static_cast<std::size_t>(i)] == std::to_string(i + 1));
}

TEST_CASE_FIXTURE(JetStreamTest, "an ordered consumer ends with its stream") {
  auto made = stream(1);
  auto messages = made.ordered_consumer().messages().value();
  REQUIRE_OK(messages.next());
  REQUIRE_OK(js.delete_stream("S"));
  const auto ended = messages.next(20s);
  REQUIRE_FALSE(ended);
  CHECK(ended.error().err_code() == 10059);
}

TEST_CASE_FIXTURE(JetStreamTest, "an ordered consumer fetches on where it was") {
  auto made = stream(10);
  const auto ordered = made.ordered_consumer({.name_prefix = "mine"});
  CHECK(ordered.fetch(0).error().code() == ErrorCode::kInvalid);
  auto some = ordered.fetch(4).value();
  REQUIRE(some.size() == 4);
  CHECK(some[3].data() == "4");
  CHECK(ordered.next()->data() == "5");
  CHECK(made.consumer("mine_1")->name() == "mine_1");  // still the first
  some = ordered.fetch({.max_messages = 10, .no_wait = true}).value();
  REQUIRE(some.size() == 5);
  CHECK(some[4].data() == "10");
  CHECK(ordered.fetch({.max_messages = 10, .no_wait = true}).value().empty());
  CHECK(ordered.next(50ms).error().code() == ErrorCode::kTimeout);
  REQUIRE_OK(js.publish("s.a", "11"));
  CHECK(ordered.next()->data() == "11");
}

TEST_CASE_FIXTURE(JetStreamTest, "an ordered consumer fetches on when its consumer is gone") {
  auto made = stream(4);
  const auto ordered = made.ordered_consumer({.name_prefix = "mine"});
  CHECK(ordered.fetch(2)->size() == 2);
  REQUIRE_OK(made.delete_consumer("mine_1"));
  CHECK(ordered.next()->data() == "3");
  // Somebody takes what is its own: there is a gap then.
  REQUIRE_OK(made.consumer("mine_2")->next());
  REQUIRE_OK(js.publish("s.a", "5"));
  CHECK(ordered.next()->data() == "4");
  CHECK(ordered.next()->data() == "5");
  // What a call that was given up had asked for comes to nobody.
  std::stop_source stop;
  std::thread other([&] { stop.request_stop(); });
  CHECK(ordered.next({20s, stop.get_token()}).error().code() == ErrorCode::kCancelled);
  other.join();
  REQUIRE_OK(js.publish("s.a", "6"));
  CHECK(ordered.next()->data() == "6");
  REQUIRE_OK(js.delete_stream("S"));
  CHECK(ordered.next().error().err_code() == 10059);
}

TEST_CASE("an ordered consumer fetches on when its server was away") {
  midge::test::StoreFolder store;
  midge::test::TestServer server{"jetstream: {store_dir: \"" + store.path() + "\"}"};
  auto client = midge::Client::connect({.servers = {server.url()}, .reconnect_wait = 20ms}).value();
  midge::JetStream js(client);
  auto made = js.create_stream({.name = "F", .subjects = {"f.>"}}).value();
  for (int i = 1; i <= 6; ++i) REQUIRE_OK(js.publish("f.a", std::to_string(i)));
  const auto ordered = made.ordered_consumer();
  CHECK(ordered.fetch(3)->size() == 3);
  server.stop();
  server.restart();
  const auto rest = ordered.fetch(3, 20s).value();
  REQUIRE(rest.size() == 3);
  CHECK(rest[0].data() == "4");
}

TEST_CASE_FIXTURE(JetStreamTest, "of an ordered consumer one fetches at a time") {
  const auto ordered = stream().ordered_consumer();
  midge::Result<Delivery> first = midge::Error("not yet");
  const auto is_refused = [](const auto& r) { return code_of(r) == ErrorCode::kInvalid; };
  std::thread other([&] {
    do first = ordered.next(20s);
    while (is_refused(first));
  });
  midge::Result<Delivery> second = ordered.next(1ms);
  while (!is_refused(second)) second = ordered.next(1ms);
  REQUIRE_OK(js.publish("s.a", "1"));
  other.join();
  CHECK(first->data() == "1");
}

// A server that makes consumers and says nothing more.
TEST_CASE("an ordered consumer that was asked in vain is made anew") {
  std::atomic<int> made = 0;
  const midge::test::ScriptedServer server([&](midge::test::Peer& peer) {
    peer.let_in();
    peer.answer("$JS.API.STREAM.INFO.S", R"({"config":{"name":"S"},"state":{}})");
    for (int i = 1; i <= 2; ++i) {
      const std::string name = "mine_" + std::to_string(i);
      peer.answer("$JS.API.CONSUMER.CREATE.S." + name,
                  R"({"stream_name":"S","name":")" + name + "\"}");
      ++made;
    }
    peer.wait_for_end();
  });
  const midge::JetStream js(midge::Client::connect(server.url()).value());
  const auto ordered = js.stream("S")->ordered_consumer({.name_prefix = "mine"});
  CHECK(ordered.fetch(1, 1s).value().empty());
  CHECK(made == 1);
  CHECK(ordered.fetch(1, 1s).value().empty());
  CHECK(made == 2);
}

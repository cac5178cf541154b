// Ordered consumers: in order, each once, through whatever happens to them.
#include <thread>

#include "jetstream_test.h"

using namespace std::chrono_literals;
using midge::Delivery;
using midge::ErrorCode;
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

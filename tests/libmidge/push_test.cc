// Push consumers: subscribed to, shared, flow controlled, reset.
#include "jetstream_test.h"

using namespace std::chrono_literals;
using midge::ConsumerConfig;
using midge::Delivery;
using midge::ErrorCode;
using midge::test::Collected;
using midge::test::JetStreamTest;

namespace {

struct PushTest : JetStreamTest {
  [[nodiscard]] ConsumerConfig config() const {
    ConsumerConfig config;
    config.durable_name = "P";
    config.deliver_subject = client.new_inbox();
    return config;
  }
};

}  // namespace

TEST_CASE_FIXTURE(PushTest, "a push consumer sends, and is acked by hand or by itself") {
  auto made = stream(3);
  auto consumer = made.create_consumer(config()).value();
  Collected<std::string> texts;
  {
    auto consumption = consumer
                           .subscribe([&](const Delivery& delivery) {
                             texts.add(std::string(delivery.data()));
                             if (delivery.data() == "2") (void)delivery.ack_and_wait(1s);
                             CHECK(delivery.ack());
                           })
                           .value();
    CHECK(texts.wait(3) == std::vector<std::string>{"1", "2", "3"});
    CHECK(consumption.active());
    consumption.stop();
    CHECK_FALSE(consumption.active());
  }
  REQUIRE_OK(client.flush());
  CHECK(consumer.info()->ack_pending == 0);
  REQUIRE_OK(js.publish("s.a", "4"));
  auto consumption =
      consumer
          .subscribe([&](const Delivery& delivery) { texts.add(std::string(delivery.data())); },
                     {.auto_ack = true})
          .value();
  CHECK(texts.wait(4).back() == "4");
  consumption.stop();
  REQUIRE_OK(client.flush());
  CHECK(consumer.info()->ack_floor.stream == 4);

  CHECK(consumer.fetch(1).error().code() == ErrorCode::kServer);
  auto pulled = made.create_consumer({.durable_name = "D"}).value();
  CHECK(pulled.subscribe().error().code() == ErrorCode::kInvalid);
  CHECK(pulled.subscribe(nullptr).error().code() == ErrorCode::kInvalid);
  CHECK(consumer.subscribe({.auto_ack = true}).error().code() == ErrorCode::kInvalid);
}

TEST_CASE_FIXTURE(PushTest, "flow control lets no more come than are taken") {
  auto made = stream();
  for (int i = 0; i < 2000; ++i) REQUIRE_OK(js.publish_async("s.a", std::string(1000, 'x')));
  REQUIRE_OK(js.publish_complete());
  ConsumerConfig wanted = config();
  wanted.ack_policy = midge::AckPolicy::kNone;
  wanted.flow_control = true;
  wanted.idle_heartbeat = 200ms;
  auto consumer = made.create_consumer(wanted).value();
  auto messages = consumer.subscribe().value();
  // Nothing is taken: what comes ends somewhere.
  REQUIRE_OK(messages.next());
  REQUIRE_OK(client.flush());
  const auto before = consumer.info()->delivered.consumer;
  CHECK(before < 2000);
  for (int i = 1; i < 2000; ++i) REQUIRE_OK(messages.next());
  CHECK(consumer.info()->delivered.consumer == 2000);
  messages.stop();
  CHECK(messages.next().error().code() == ErrorCode::kClosed);

  // By callback, all come.
  wanted.durable_name = "Q";
  Collected<int> seen;
  auto all = made.create_consumer(wanted).value();
  auto consumption = all.subscribe([&](const Delivery&) { seen.add(1); }).value();
  CHECK(seen.wait(2000).size() == 2000);
}

TEST_CASE_FIXTURE(PushTest, "a deliver group shares; a consumer that is deleted ends it") {
  auto made = stream();
  ConsumerConfig wanted = config();
  wanted.deliver_group = "g";
  auto consumer = made.create_consumer(wanted).value();
  Collected<int> one, two, ends;
  const midge::PushOptions options{
      .auto_ack = true, .on_warning = {}, .on_end = [&](const midge::Error&) { ends.add(1); }};
  auto first = consumer.subscribe([&](const Delivery&) { one.add(1); }, options).value();
  auto second = consumer.subscribe([&](const Delivery&) { two.add(1); }, options).value();
  REQUIRE_OK(client.flush());
  for (int i = 0; i < 200; ++i) REQUIRE_OK(js.publish("s.a", "x"));
  for (int i = 0; i < 2000 && one.now().size() + two.now().size() < 200; ++i)
    REQUIRE_OK(client.flush());
  CHECK(one.now().size() + two.now().size() == 200);
  CHECK(one.now().size() > 0);
  CHECK(two.now().size() > 0);
  REQUIRE_OK(made.delete_consumer("P"));
}

TEST_CASE_FIXTURE(PushTest, "silence is told of, and a server that comes back is heard again") {
  midge::StreamConfig file{.name = "F", .subjects = {"f.>"}};
  auto made = js.create_stream(file).value();
  ConsumerConfig wanted = config();
  wanted.idle_heartbeat = 100ms;
  auto consumer = made.create_consumer(wanted).value();
  Collected<ErrorCode> warnings;
  Collected<std::string> texts;
  auto consumption =
      consumer
          .subscribe([&](const Delivery& delivery) { texts.add(std::string(delivery.data())); },
                     {.auto_ack = true,
                      .on_warning = [&](const midge::Error& why) { warnings.add(why.code()); },
                      .on_end = {}})
          .value();
  REQUIRE_OK(js.publish("f.a", "before"));
  CHECK(texts.wait(1).size() == 1);
  server.stop();
  server.restart();
  const midge::PublishOptions patient{.retries = 1000, .retry_wait = 10ms};
  REQUIRE_OK(js.publish("f.a", "after", patient, 20s));
  CHECK(texts.wait(2).back() == "after");
  REQUIRE_OK(made.delete_consumer("P"));
  CHECK(warnings.wait(1).front() == ErrorCode::kTimeout);
}

TEST_CASE_FIXTURE(PushTest, "a consumer is reset") {
  auto made = stream(5);
  auto consumer = made.create_consumer({.durable_name = "D"}).value();
  const auto fetched = consumer.fetch(5).value();
  for (const Delivery& delivery : fetched) REQUIRE_OK(delivery.ack_and_wait());
  const auto told = made.reset_consumer("D", 3);
  REQUIRE_OK(told);
  CHECK(told->ack_floor.stream == 2);
  const auto again = consumer.next();
  REQUIRE_OK(again);
  CHECK(again->data() == "3");
  CHECK(again->metadata()->deliveries == 1);
  CHECK(made.reset_consumer("a b").error().code() == ErrorCode::kInvalid);
}

// Consumers: configured, fetched from, consumed, acked, paused, pinned.
#include <thread>

#include "jetstream_test.h"

using namespace std::chrono_literals;
using midge::Delivery;
using midge::ErrorCode;
using midge::test::Collected;
using midge::test::JetStreamTest;

namespace {

std::vector<std::string> texts_of(const std::vector<Delivery>& deliveries) {
  std::vector<std::string> texts;
  for (const Delivery& delivery : deliveries) texts.emplace_back(delivery.data());
  return texts;
}

}  // namespace

TEST_CASE_FIXTURE(JetStreamTest, "every field of a consumer's configuration comes back") {
  auto made = stream();
  midge::ConsumerConfig config;
  config.durable_name = "D";
  config.description = "all of it";
  config.deliver_policy = midge::DeliverPolicy::kByStartSequence;
  config.start_sequence = 5;
  config.ack_wait = 11s;
  config.max_deliver = 4;
  config.backoff = {1s, 2s};
  config.filter_subjects = {"s.a", "s.b"};
  config.replay_policy = midge::ReplayPolicy::kOriginal;
  config.sample_frequency = "50%";
  config.max_waiting = 9;
  config.max_ack_pending = 8;
  config.headers_only = true;
  config.max_batch = 7;
  config.max_expires = 20s;
  config.max_bytes = 6000;
  config.inactive_threshold = 1h;
  config.replicas = 1;
  config.memory_storage = true;
  config.metadata = {{"k", "v"}};
  config.priority_groups = {"g"};
  config.priority_policy = midge::PriorityPolicy::kOverflow;
  const auto consumer = made.create_consumer(config);
  REQUIRE_OK(consumer);
  CHECK(consumer->name() == "D");
  CHECK(consumer->stream() == "S");
  const midge::ConsumerConfig& told = consumer->cached_info().config;
  CHECK(told.description == "all of it");
  CHECK(told.deliver_policy == midge::DeliverPolicy::kByStartSequence);
  CHECK(told.start_sequence == 5);
  CHECK(told.ack_policy == midge::AckPolicy::kExplicit);
  CHECK(told.max_deliver == 4);
  CHECK(told.backoff == std::vector<std::chrono::nanoseconds>{1s, 2s});
  CHECK(told.filter_subjects == config.filter_subjects);
  CHECK(told.replay_policy == midge::ReplayPolicy::kOriginal);
  CHECK(told.sample_frequency == "50%");
  CHECK(told.max_waiting == 9);
  CHECK(told.max_ack_pending == 8);
  CHECK(told.headers_only);
  CHECK(told.max_batch == 7);
  CHECK(told.max_expires == 20s);
  CHECK(told.max_bytes == 6000);
  CHECK(told.inactive_threshold == 1h);
  CHECK(told.memory_storage);
  CHECK(told.metadata.at("k") == "v");
  CHECK(told.priority_groups == std::vector<std::string>{"g"});
  CHECK(told.priority_policy == midge::PriorityPolicy::kOverflow);

  const midge::Time when(std::chrono::system_clock::time_point(1700000000s));
  const auto by_time = made.create_consumer(
      {.deliver_policy = midge::DeliverPolicy::kByStartTime, .start_time = when});
  REQUIRE_OK(by_time);
  CHECK(by_time->cached_info().config.start_time == when);
  CHECK_FALSE(by_time->name().empty());
}

TEST_CASE_FIXTURE(JetStreamTest, "consumers are made, changed, listed and deleted") {
  auto made = stream(2);
  REQUIRE_OK(made.create_consumer({.durable_name = "A"}));
  CHECK(made.create_consumer({.durable_name = "A", .max_deliver = 3}).error().err_code() == 10148);
  CHECK(made.update_consumer({.durable_name = "B"}).error().err_code() == 10149);
  REQUIRE_OK(made.update_consumer({.durable_name = "A", .description = "new"}));
  REQUIRE_OK(made.create_or_update_consumer({.durable_name = "B", .filter_subject = "s.a"}));
  CHECK(made.consumer("A")->cached_info().config.description == "new");
  CHECK(made.consumer("B")->info()->pending == 2);
  CHECK(made.consumer_names()->size() == 2);
  CHECK(made.consumers()->size() == 2);
  REQUIRE_OK(made.delete_consumer("A"));
  CHECK(made.consumer("A").error().err_code() == 10014);
  CHECK(made.consumer("a.b").error().code() == ErrorCode::kInvalid);
}

TEST_CASE_FIXTURE(JetStreamTest, "messages are fetched, with what is said of them") {
  auto made = stream(5);
  auto consumer = made.create_consumer({.durable_name = "D"}).value();
  const auto some = consumer.fetch(3);
  REQUIRE_OK(some);
  CHECK(texts_of(*some) == std::vector<std::string>{"1", "2", "3"});
  const auto metadata = some->at(2).metadata();
  REQUIRE_OK(metadata);
  CHECK(metadata->stream == "S");
  CHECK(metadata->consumer == "D");
  CHECK(metadata->stream_sequence == 3);
  CHECK(metadata->consumer_sequence == 3);
  CHECK(metadata->deliveries == 1);
  CHECK(metadata->pending == 2);
  CHECK(metadata->time.time_since_epoch() > 0s);
  CHECK(some->at(0).subject() == "s.a");

  CHECK(consumer.next()->data() == "4");
  CHECK(texts_of(*consumer.fetch({.max_messages = 10, .no_wait = true})) ==
        std::vector<std::string>{"5"});
  CHECK(consumer.fetch({.max_messages = 10, .no_wait = true})->empty());
  CHECK(consumer.fetch(1, 50ms)->empty());
  CHECK(consumer.next(50ms).error().code() == ErrorCode::kTimeout);
  CHECK(consumer.fetch(0).error().code() == ErrorCode::kInvalid);

  REQUIRE_OK(made.delete_consumer("D"));
  CHECK(consumer.next().error().code() == ErrorCode::kNoResponders);
}

TEST_CASE_FIXTURE(JetStreamTest, "a fetch is bounded by bytes, and ends with its consumer") {
  auto made = stream();
  for (int i = 0; i < 4; ++i) REQUIRE_OK(js.publish("s.a", std::string(300, 'x')));
  auto consumer = made.create_consumer({.durable_name = "D"}).value();
  CHECK(consumer.fetch({.max_messages = 10, .max_bytes = 1000}, 2s)->size() == 2);
  CHECK(consumer.fetch({.max_messages = 10, .max_bytes = 10}, 2s)->empty());

  auto empty = made.create_consumer({.durable_name = "E", .filter_subject = "s.b"}).value();
  auto waiting = std::thread([&] {
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (empty.info()->waiting == 0 && std::chrono::steady_clock::now() < end)
      std::this_thread::sleep_for(2ms);
    (void)made.delete_consumer("E");
  });
  const auto deleted = empty.fetch(1, 30s);
  waiting.join();
  REQUIRE_FALSE(deleted);
  CHECK(deleted.error().code() == ErrorCode::kServer);
  CHECK(deleted.error().text() == "Consumer Deleted");
}

TEST_CASE_FIXTURE(JetStreamTest, "what is said to a delivery is done") {
  auto made = stream(5);
  auto consumer = made.create_consumer({.durable_name = "D", .ack_wait = 1h}).value();
  auto all = consumer.fetch(5).value();
  REQUIRE(all.size() == 5);
  REQUIRE_OK(all[0].ack_and_wait());
  CHECK(consumer.info()->ack_floor.stream == 1);
  REQUIRE_OK(all[1].nak());
  const auto again = consumer.next();
  REQUIRE_OK(again);
  CHECK(again->data() == "2");
  CHECK(again->metadata()->deliveries == 2);
  REQUIRE_OK(all[2].nak(10ms));
  CHECK(consumer.next()->data() == "3");
  REQUIRE_OK(all[3].in_progress());
  Collected<std::string> reasons;
  auto advisories = client
                        .subscribe("$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.>",
                                   [&](const midge::Message& advisory) {
                                     reasons.add(std::string(advisory.data()));
                                   })
                        .value();
  REQUIRE_OK(client.flush());
  REQUIRE_OK(all[4].term("no good"));
  REQUIRE(reasons.wait(1).size() == 1);
  CHECK(reasons.now()[0].find("no good") != std::string::npos);
  CHECK(consumer.info()->ack_pending == 3);
  CHECK(Delivery().ack().error().code() == ErrorCode::kInvalid);
  CHECK(Delivery().metadata().error().code() == ErrorCode::kInvalid);
}

TEST_CASE_FIXTURE(JetStreamTest, "a callback gets all messages, those that come later as well") {
  auto made = stream(1200);
  auto consumer = made.create_consumer({.durable_name = "D"}).value();
  Collected<std::string> texts;
  auto consumption = consumer
                         .consume(
                             [&](const Delivery& delivery) {
                               texts.add(std::string(delivery.data()));
                               (void)delivery.ack();
                             },
                             {.max_messages = 100})
                         .value();
  CHECK(texts.wait(1200).size() == 1200);
  REQUIRE_OK(js.publish("s.a", "more"));
  const auto all = texts.wait(1201);
  REQUIRE(all.size() == 1201);
  for (int i = 0; i < 1200; ++i) CHECK(all[static_cast<std::size_t>(i)] == std::to_string(i + 1));
  CHECK(all.back() == "more");
  CHECK(consumption.active());
  consumption.stop();
  CHECK_FALSE(consumption.active());
  REQUIRE_OK(js.publish("s.a", "unheard"));
  CHECK(texts.now().size() == 1201);
}

TEST_CASE_FIXTURE(JetStreamTest, "messages are taken one after the other") {
  auto made = stream(300);
  auto consumer =
      made.create_consumer({.durable_name = "D", .ack_policy = midge::AckPolicy::kNone}).value();
  auto messages = consumer.messages({.max_messages = 50}).value();
  for (int i = 1; i <= 300; ++i) {
    const auto next = messages.next();
    REQUIRE_OK(next);
    CHECK(next->data() == std::to_string(i));
  }
  CHECK(messages.next(1ms).error().code() == ErrorCode::kTimeout);
  // No more than was asked for in advance lies here.
  for (int i = 0; i < 300; ++i) REQUIRE_OK(js.publish("s.a", "x"));
  CHECK(consumer.info()->delivered.consumer <= 350);
  REQUIRE_OK(messages.next());
  messages.drain();
  int left = 0;
  auto next = messages.next();
  for (; next; next = messages.next()) ++left;
  CHECK(next.error().code() == ErrorCode::kClosed);
  CHECK(left <= 50);
}

TEST_CASE_FIXTURE(JetStreamTest, "bytes bound what is asked for") {
  auto made = stream();
  for (int i = 0; i < 40; ++i) REQUIRE_OK(js.publish("s.a", std::string(500, 'x')));
  auto consumer = made.create_consumer({.durable_name = "D"}).value();
  Collected<int> got;
  auto consumption =
      consumer.consume([&](const Delivery&) { got.add(1); }, {.max_bytes = 3000}).value();
  CHECK(got.wait(40).size() == 40);
  CHECK(consumer.consume(nullptr).error().code() == ErrorCode::kInvalid);
  CHECK(consumer.messages({.expires = 1ms}).error().code() == ErrorCode::kInvalid);
  CHECK(consumer.messages({.expires = 2s, .heartbeat = 2s}).error().code() == ErrorCode::kInvalid);
}

TEST_CASE_FIXTURE(JetStreamTest, "pulls are renewed when they expire") {
  auto made = stream();
  auto consumer = made.create_consumer({.durable_name = "D"}).value();
  auto messages = consumer.messages({.expires = 1s}).value();
  CHECK(messages.next(2500ms).error().code() == ErrorCode::kTimeout);
  REQUIRE_OK(js.publish("s.a", "late"));
  CHECK(messages.next()->data() == "late");
}

TEST_CASE_FIXTURE(JetStreamTest, "a consumer that is deleted ends what is consumed") {
  auto made = stream();
  auto consumer = made.create_consumer({.durable_name = "D"}).value();
  Collected<std::string> ends;
  auto consumption =
      consumer
          .consume([](const Delivery&) {},
                   {.on_end = [&](const midge::Error& why) { ends.add(why.text()); }})
          .value();
  auto messages = consumer.messages().value();
  const auto end = std::chrono::steady_clock::now() + 20s;
  while (consumer.info()->waiting < 2 && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(2ms);
  REQUIRE_OK(made.delete_consumer("D"));
  CHECK(ends.wait(1) == std::vector<std::string>{"Consumer Deleted"});
  CHECK(messages.next().error().text() == "Consumer Deleted");
  CHECK_FALSE(consumption.active());
  CHECK_FALSE(messages.active());
}

TEST_CASE_FIXTURE(JetStreamTest, "consuming goes on with a server that comes back") {
  auto made = js.create_stream({.name = "F", .subjects = {"f.>"}}).value();
  auto consumer = made.create_consumer({.durable_name = "D"}).value();
  Collected<std::string> texts;
  auto consumption = consumer
                         .consume([&](const Delivery& delivery) {
                           texts.add(std::string(delivery.data()));
                           (void)delivery.ack();
                         })
                         .value();
  REQUIRE_OK(js.publish("f.a", "before"));
  CHECK(texts.wait(1).size() == 1);
  server.stop();
  server.restart();
  const midge::PublishOptions patient{.retries = 1000, .retry_wait = 10ms};
  REQUIRE_OK(js.publish("f.a", "after", patient, 20s));
  const auto all = texts.wait(2);
  REQUIRE(all.size() >= 2);
  CHECK(all.back() == "after");
}

TEST_CASE_FIXTURE(JetStreamTest, "the connection's end ends what is consumed") {
  auto made = stream();
  auto consumer = made.create_consumer({.durable_name = "D"}).value();
  auto messages = consumer.messages().value();
  client.close();
  CHECK(messages.next().error().code() == ErrorCode::kClosed);
  CHECK(consumer.messages().error().code() == ErrorCode::kClosed);
  CHECK(consumer.fetch(1).error().code() == ErrorCode::kClosed);
}

TEST_CASE_FIXTURE(JetStreamTest, "consumers are paused and resumed") {
  auto made = stream(1);
  auto consumer = made.create_consumer({.durable_name = "D"}).value();
  const auto paused = made.pause_consumer("D", std::chrono::system_clock::now() + 1h);
  REQUIRE_OK(paused);
  CHECK(paused->paused);
  CHECK(paused->remaining > 50min);
  CHECK(consumer.info()->paused);
  CHECK(consumer.fetch(1, 50ms)->empty());
  CHECK_FALSE(made.resume_consumer("D")->paused);
  CHECK(consumer.next()->data() == "1");
}

TEST_CASE_FIXTURE(JetStreamTest, "one client of a group is pinned, until it is unpinned") {
  auto made = stream(1);
  const midge::ConsumerConfig config{.durable_name = "D",
                                     .priority_groups = {"g"},
                                     .priority_policy = midge::PriorityPolicy::kPinnedClient,
                                     .priority_timeout = 1h};
  auto first = made.create_consumer(config).value();
  auto second = made.consumer("D").value();
  const midge::FetchOptions grouped{.max_messages = 1, .priority = {.group = "g"}};
  REQUIRE(first.fetch(grouped)->size() == 1);
  REQUIRE_OK(js.publish("s.a", "2"));
  CHECK(second.fetch(grouped, 100ms)->empty());
  REQUIRE(first.fetch(grouped)->size() == 1);
  CHECK(first.info()->priority_groups.at(0).group == "g");
  CHECK_FALSE(first.info()->priority_groups.at(0).pinned_client_id.empty());

  REQUIRE_OK(made.unpin_consumer("D", "g"));
  REQUIRE_OK(js.publish("s.a", "3"));
  CHECK(second.fetch(grouped)->size() == 1);
  // The first learns that it is not the one any more, and then waits as others do.
  const auto refused = first.fetch(grouped);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().status() == 423);

  Collected<std::string> texts;
  auto consumption = first
                         .consume([&](const Delivery& d) { texts.add(std::string(d.data())); },
                                  {.priority = {.group = "g"}})
                         .value();
  REQUIRE_OK(made.unpin_consumer("D", "g"));
  REQUIRE_OK(js.publish("s.a", "4"));
  CHECK(texts.wait(1) == std::vector<std::string>{"4"});
}

TEST_CASE_FIXTURE(JetStreamTest, "a fetch takes more than a subscription would keep") {
  auto made = stream();
  const std::string large(1000 * 1000, 'x');
  constexpr std::size_t kMany = 70;  // of 64 MiB
  for (std::size_t i = 0; i < kMany; ++i) REQUIRE_OK(js.publish("s.a", large));
  const auto consumer = made.create_consumer({.durable_name = "D"}).value();
  const auto all = consumer.fetch(kMany, 60s).value();
  REQUIRE(all.size() == kMany);
  for (const Delivery& delivery : all) REQUIRE(delivery.data() == large);
}

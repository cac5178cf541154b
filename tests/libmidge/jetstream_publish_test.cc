// Publishing into streams: what is promised, expected, counted, and comes to an end.
#include <atomic>
#include <thread>

#include "jetstream_test.h"

using namespace std::chrono_literals;
using midge::ErrorCode;
using midge::test::Collected;
using midge::test::JetStreamTest;

TEST_CASE_FIXTURE(JetStreamTest, "a message is stored once by its id") {
  auto made = stream();
  const auto first = js.publish("s.a", "x", {.message_id = "1"});
  REQUIRE_OK(first);
  CHECK(first->stream == "S");
  CHECK(first->sequence == 1);
  CHECK_FALSE(first->duplicate);
  const auto again = js.publish("s.a", "x", {.message_id = "1"});
  REQUIRE_OK(again);
  CHECK(again->duplicate);
  CHECK(again->sequence == 1);
}

TEST_CASE_FIXTURE(JetStreamTest, "what is expected must be so") {
  auto made = stream();
  REQUIRE_OK(js.publish("s.a", "x", {.message_id = "1", .expected_last_sequence = 0}));
  REQUIRE_OK(js.publish("s.b", "y", {.expected_stream = "S", .expected_last_message_id = "1"}));
  CHECK(js.publish("s.a", "", {.expected_stream = "T"}).error().err_code() == 10060);
  const auto wrong = js.publish("s.a", "", {.expected_last_sequence = 1});
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().code() == ErrorCode::kServer);
  CHECK(wrong.error().err_code() == 10071);
  CHECK(wrong.error().status() == 400);
  CHECK(js.publish("s.a", "", {.expected_last_message_id = "7"}).error().err_code() == 10070);
  REQUIRE_OK(js.publish("s.a", "", {.expected_last_subject_sequence = 1}));
  CHECK(js.publish("s.a", "", {.expected_last_subject_sequence = 1}).error().err_code() == 10071);
  REQUIRE_OK(
      js.publish("s.c", "", {.expected_last_subject_sequence = 2, .expected_last_subject = "s.b"}));
}

TEST_CASE_FIXTURE(JetStreamTest, "messages live as long as they say") {
  auto made = stream(0, {.allow_message_ttl = true});
  REQUIRE_OK(js.publish("s.a", "short", {.ttl = 1s}));
  REQUIRE_OK(js.publish("s.b", "long", {.ttl = -1s}));
  CHECK(js.publish("s.a", "x", {.ttl = 1500ms}).error().code() == ErrorCode::kInvalid);
  CHECK(made.last_message("s.b")->header("Nats-TTL") == "never");
  const auto end = std::chrono::steady_clock::now() + 20s;
  while (made.message(1) && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(20ms);
  CHECK(made.message(1).error().code() == ErrorCode::kNotFound);
  CHECK(made.message(2));
}

TEST_CASE_FIXTURE(JetStreamTest, "counters are told, schedules are kept") {
  auto counting = stream(0, {.allow_direct = true, .allow_counter = true});
  CHECK(js.publish("s.n", "", {.counter_increment = "+2"})->value == "2");
  CHECK(js.publish("s.n", "", {.counter_increment = "-5"})->value == "-3");

  midge::StreamConfig config{.name = "LATER", .subjects = {"later.>"}};
  config.allow_schedules = true;
  config.allow_message_ttl = true;
  REQUIRE_OK(js.create_stream(config));
  REQUIRE_OK(js.publish("later.plan", "now",
                        {.schedule = "@at 2026-01-01T00:00:00Z", .schedule_target = "later.done"}));
  auto later = js.stream("LATER").value();
  const auto end = std::chrono::steady_clock::now() + 20s;
  while (!later.last_message("later.done") && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(20ms);
  CHECK(later.last_message("later.done")->data() == "now");
}

TEST_CASE_FIXTURE(JetStreamTest, "who takes nothing is asked again, then it is an error") {
  const auto nobody = js.publish("nobody", "x", {.retries = 1, .retry_wait = 1ms});
  REQUIRE_FALSE(nobody);
  CHECK(nobody.error().code() == ErrorCode::kNoResponders);

  // A stream that comes while the publish is trying.
  Collected<midge::Result<midge::PubAck>> acks;
  REQUIRE_OK(js.publish_async("s.a", "x", [&](auto ack) { acks.add(std::move(ack)); },
                              {.retries = 1000, .retry_wait = 5ms}));
  auto made = stream();
  REQUIRE(acks.wait(1).size() == 1);
  CHECK(acks.now()[0]);
  REQUIRE_OK(js.publish_async("nobody", "x", [&](auto ack) { acks.add(std::move(ack)); },
                              {.retries = 1, .retry_wait = 1ms}));
  REQUIRE(acks.wait(2).size() == 2);
  CHECK(acks.now()[1].error().code() == ErrorCode::kNoResponders);
}

TEST_CASE_FIXTURE(JetStreamTest, "asynchronous publishes wait for room and come to an end") {
  auto made = stream();
  const midge::JetStream narrow(client, {.publish_pending_max = 10});
  std::atomic<int> acked = 0;
  std::atomic<std::size_t> most = 0;
  for (int i = 0; i < 500; ++i) {
    REQUIRE_OK(
        narrow.publish_async("s.a", std::to_string(i), [&](midge::Result<midge::PubAck> ack) {
          if (ack) ++acked;
        }));
    most = std::max<std::size_t>(most, narrow.publish_pending());
  }
  REQUIRE_OK(narrow.publish_complete());
  CHECK(acked == 500);
  CHECK(most <= 10);
  CHECK(narrow.publish_pending() == 0);
  CHECK(made.info()->state.messages == 500);
}

TEST_CASE_FIXTURE(JetStreamTest, "a full window gives up at its deadline") {
  // Nobody answers, and nobody says that nobody is there.
  auto silent = client.subscribe("silent", [](const midge::Message&) {}).value();
  REQUIRE_OK(client.flush());
  const midge::JetStream narrow(client, {.timeout = 300ms, .publish_pending_max = 1});
  Collected<ErrorCode> ends;
  REQUIRE_OK(narrow.publish_async("silent", "", [&](auto ack) { ends.add(ack.error().code()); }));
  CHECK(narrow.publish_async("silent", "", nullptr, {}, 1ms).error().code() == ErrorCode::kTimeout);
  CHECK(narrow.publish_complete(1ms).error().code() == ErrorCode::kTimeout);
  std::stop_source stop;
  stop.request_stop();
  CHECK(narrow.publish_complete({10s, stop.get_token()}).error().code() == ErrorCode::kCancelled);
  REQUIRE_OK(narrow.publish_complete());
  CHECK(ends.wait(1).at(0) == ErrorCode::kTimeout);
}

TEST_CASE_FIXTURE(JetStreamTest, "calls that wait are refused in callbacks; closing ends all") {
  auto made = stream();
  Collected<ErrorCode> codes;
  auto sub = client
                 .subscribe("ask",
                            [&](const midge::Message&) {
                              codes.add(js.publish("s.a", "").error().code());
                              codes.add(js.stream("S").error().code());
                              codes.add(js.publish_async(
                                            "s.a", "", [&](auto) { codes.add(ErrorCode::kOther); })
                                            ? ErrorCode::kOther
                                            : ErrorCode::kInvalid);
                              codes.add(js.publish_complete().error().code());
                            })
                 .value();
  REQUIRE_OK(client.publish("ask", ""));
  const auto told = codes.wait(5);
  CHECK(told == std::vector{ErrorCode::kInvalid, ErrorCode::kInvalid, ErrorCode::kOther,
                            ErrorCode::kInvalid, ErrorCode::kOther});

  auto silent = client.subscribe("silent", [](const midge::Message&) {}).value();
  REQUIRE_OK(client.flush());
  Collected<ErrorCode> ends;
  REQUIRE_OK(js.publish_async("silent", "", [&](auto ack) { ends.add(ack.error().code()); }));
  REQUIRE_OK(js.publish_async("nobody", "", [&](auto ack) { ends.add(ack.error().code()); },
                              {.retries = 5, .retry_wait = 1h}));
  REQUIRE_OK(client.flush());
  client.close();
  CHECK(ends.wait(2) == std::vector{ErrorCode::kClosed, ErrorCode::kClosed});
  CHECK(js.publish("s.a", "").error().code() == ErrorCode::kClosed);
  CHECK(js.publish_async("s.a", "").error().code() == ErrorCode::kClosed);
  CHECK(midge::JetStream(midge::Client()).publish("s.a", "").error().code() == ErrorCode::kClosed);
}

TEST_CASE_FIXTURE(JetStreamTest, "publishes under way end with their connection, others go on") {
  auto silent = client.subscribe("silent", [](const midge::Message&) {}).value();
  REQUIRE_OK(client.flush());
  const midge::JetStream patient(client, {.timeout = 1h});
  Collected<ErrorCode> ends;
  REQUIRE_OK(patient.publish_async("silent", "", [&](auto ack) { ends.add(ack.error().code()); }));
  REQUIRE_OK(client.flush());
  client.force_reconnect();
  REQUIRE(ends.wait(1) == std::vector{ErrorCode::kClosed});
  auto made = stream();
  Collected<bool> acks;
  REQUIRE_OK(patient.publish_async("s.a", "x", [&](auto ack) { acks.add(ack.has_value()); }));
  CHECK(acks.wait(1) == std::vector{true});
}

TEST_CASE_FIXTURE(JetStreamTest, "a message takes those before it away") {
  auto made = stream(2, {.allow_rollup = true});
  REQUIRE_OK(js.publish("s.b", "x"));
  REQUIRE_OK(js.publish("s.a", "all of a", {.rollup = midge::Rollup::kSubject}));
  CHECK(made.info()->state.messages == 2);
  REQUIRE_OK(js.publish("s.c", "all", {.rollup = midge::Rollup::kAll}));
  CHECK(made.info()->state.messages == 1);
}

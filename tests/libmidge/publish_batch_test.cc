// Many messages published as one: whole or not at all, or fast.
#include <utility>

#include "jetstream_test.h"

using namespace std::chrono_literals;
using midge::ErrorCode;
using midge::FastBatchEvent;
using midge::test::Collected;
using midge::test::JetStreamTest;

namespace {

struct BatchTest : JetStreamTest {
  midge::Stream made = stream(0, [] {
    midge::StreamConfig config;
    config.allow_direct = config.allow_atomic = config.allow_batched = true;
    return config;
  }());
};

}  // namespace

TEST_CASE_FIXTURE(BatchTest, "a batch is seen once it is whole") {
  auto batch = js.atomic_batch();
  REQUIRE_OK(batch.add("s.a", "1"));
  REQUIRE_OK(batch.add("s.b", "2"));
  CHECK(batch.size() == 2);
  CHECK(batch.active());
  CHECK(made.info()->state.messages == 0);
  const auto ack = batch.commit("s.c", "3");
  REQUIRE_OK(ack);
  CHECK(ack->batch_id == batch.id());
  CHECK(ack->batch_size == 3);
  CHECK(ack->sequence == 3);
  CHECK(made.last_message("s.b")->data() == "2");
  CHECK_FALSE(batch.active());
  CHECK(batch.add("s.a", "4").error().code() == ErrorCode::kClosed);
  CHECK(batch.commit().error().code() == ErrorCode::kClosed);

  auto without = js.atomic_batch({.id = "mine", .ack_every = 2});
  CHECK(without.commit().error().code() == ErrorCode::kInvalid);
  for (int i = 0; i < 5; ++i) REQUIRE_OK(without.add("s.a", std::to_string(i)));
  const auto end = without.commit();
  REQUIRE_OK(end);
  CHECK(end->batch_id == "mine");
  CHECK(end->batch_size == 5);
  CHECK(made.info()->state.messages == 8);

  const std::vector<midge::BatchMessage> both = {{"s.x", "1", {}}, {"s.y", "2", {}}};
  CHECK(js.publish_atomically(both)->batch_size == 2);
  CHECK(js.publish_atomically({}).error().code() == ErrorCode::kInvalid);
}

TEST_CASE_FIXTURE(BatchTest, "what is wrong with one message is wrong with its batch") {
  auto wrong = js.atomic_batch();
  REQUIRE_OK(wrong.add("s.a", "1"));
  const auto refused = wrong.commit("s.b", "2", {.expected_last_subject_sequence = 9});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().err_code() == 10071);
  CHECK(made.info()->state.messages == 0);

  // The server's limit of the stream's messages in one batch.
  auto large = js.atomic_batch();
  for (int i = 0; i < 1000; ++i) REQUIRE_OK(large.add("s.a", ""));
  CHECK(large.commit("s.a", "").error().err_code() == 10199);

  REQUIRE_OK(js.create_stream({.name = "T", .subjects = {"t.>"}}));
  auto none = js.atomic_batch();
  CHECK(none.add("t.a", "").error().err_code() == 10174);
  CHECK_FALSE(none.active());
  auto nobody = js.atomic_batch();
  CHECK(nobody.add("nobody", "").error().code() == ErrorCode::kNoResponders);
  auto bad = js.atomic_batch();
  CHECK(bad.add("", "").error().code() == ErrorCode::kInvalid);
}

TEST_CASE_FIXTURE(BatchTest, "a batch that is let go is given up by the server at once") {
  auto advisories = client.subscribe("$JS.EVENT.ADVISORY.STREAM.BATCH_ABANDONED.S").value();
  std::string id;
  {
    auto batch = js.atomic_batch();
    id = batch.id();
    REQUIRE_OK(batch.add("s.a", "1"));
    REQUIRE_OK(batch.add("s.a", "2"));
    auto moved = std::move(batch);
    CHECK(moved.size() == 2);
  }
  const auto told = advisories.next();
  REQUIRE_OK(told);
  CHECK(told->data().find("\"" + id + "\"") != std::string_view::npos);
  CHECK(made.info()->state.messages == 0);
}

TEST_CASE_FIXTURE(BatchTest, "a fast batch stores each message as it comes") {
  auto batch = js.fast_batch({.flow = 10});
  for (std::uint64_t i = 1; i <= 1000; ++i) {
    const auto number = batch.add("s.a", std::to_string(i));
    REQUIRE_OK(number);
    CHECK(*number == i);
  }
  CHECK(batch.acked() >= 1000 - 2 * 10);
  REQUIRE_OK(batch.ping());
  const auto ack = batch.commit();
  REQUIRE_OK(ack);
  CHECK(ack->batch_size == 1000);
  CHECK(ack->sequence == 1000);
  CHECK(ack->batch_id == batch.id());
  CHECK(batch.acked() == 1000);
  CHECK(made.message(777)->data() == "777");
  CHECK(batch.add("s.a", "").error().code() == ErrorCode::kClosed);
  CHECK(batch.commit().error().code() == ErrorCode::kClosed);

  auto one = js.fast_batch();
  CHECK(one.commit("s.b", "only", {.message_id = "1"})->batch_size == 1);
  auto two = js.fast_batch();
  REQUIRE_OK(two.add("s.b", "first"));
  CHECK(two.commit("s.b", "last")->batch_size == 2);
  CHECK(made.last_message("s.b")->data() == "last");
  CHECK(js.fast_batch().commit().error().code() == ErrorCode::kInvalid);
}

TEST_CASE_FIXTURE(BatchTest, "two fast batches share the stream") {
  auto one = js.fast_batch({.flow = 50}), two = js.fast_batch({.flow = 50});
  for (int i = 0; i < 300; ++i) {
    REQUIRE_OK(one.add("s.a", "x"));
    REQUIRE_OK(two.add("s.b", "x"));
  }
  CHECK(one.commit()->batch_size == 300);
  CHECK(two.commit()->batch_size == 300);
  CHECK(made.info()->state.messages == 600);
}

TEST_CASE_FIXTURE(BatchTest, "a refused message ends a fast batch, or is told of") {
  Collected<std::pair<std::uint64_t, int>> events;
  const auto tell = [&](const FastBatchEvent& event) {
    events.add({event.last, event.error.err_code()});
  };
  const midge::PublishOptions wrong{.expected_last_sequence = 99};
  auto strict = js.fast_batch({.on_event = tell});
  REQUIRE_OK(strict.add("s.a", "1"));
  (void)strict.add("s.a", "2", wrong);
  REQUIRE(events.wait(1).size() == 1);
  CHECK(events.now()[0] == std::pair<std::uint64_t, int>(2, 10071));
  CHECK(strict.add("s.a", "3").error().err_code() == 10071);
  CHECK_FALSE(strict.active());
  CHECK(strict.commit().error().err_code() == 10071);

  auto lenient = js.fast_batch({.gaps_ok = true, .on_event = tell});
  REQUIRE_OK(lenient.add("s.a", "1"));
  REQUIRE_OK(lenient.add("s.a", "2", wrong));
  REQUIRE_OK(lenient.add("s.a", "3"));
  CHECK(lenient.commit()->batch_size == 3);
  CHECK(events.wait(2).size() == 2);
  CHECK(made.info()->state.messages == 3);

  REQUIRE_OK(js.create_stream({.name = "T", .subjects = {"t.>"}}));
  auto none = js.fast_batch();
  CHECK(none.add("t.a", "").error().err_code() == 10205);
  auto nobody = js.fast_batch();
  CHECK(nobody.add("nobody", "").error().code() == ErrorCode::kNoResponders);
}

TEST_CASE_FIXTURE(BatchTest,
                  "batches wait, so not in callbacks; a batch of another server is none") {
  Collected<ErrorCode> codes;
  auto sub = client
                 .subscribe("ask",
                            [&](const midge::Message&) {
                              codes.add(js.atomic_batch().add("s.a", "").error().code());
                              codes.add(js.fast_batch().add("s.a", "").error().code());
                            })
                 .value();
  REQUIRE_OK(client.publish("ask", ""));
  CHECK(codes.wait(2) == std::vector{ErrorCode::kInvalid, ErrorCode::kInvalid});

  auto batch = js.fast_batch({.flow = 1});
  REQUIRE_OK(batch.add("s.a", "1"));
  server.kill();
  server.restart();
  const midge::PublishOptions patient{.retries = 1000, .retry_wait = 10ms};
  midge::StreamConfig config{.name = "F", .subjects = {"f.>"}};
  config.allow_batched = true;
  auto created = js.create_stream(config, 20s);
  for (int i = 0; !created && i < 200; ++i) created = js.create_stream(config, 100ms);
  REQUIRE_OK(created);
  (void)batch.add("f.a", "2");
  CHECK(batch.commit().error().err_code() == 10208);
}

// Goal: a consumer comes back from a backup where it stood, cut at the backup's end; a state that
// contradicts itself is refused with nats-server's words. Method: written and read; a table.
#include "jetstream/archive/consumer_archive.h"

#include <doctest/doctest.h>

#include <map>
#include <vector>

namespace midge::jetstream {
namespace {

ConsumerProgress some_progress() {
  ConsumerProgress progress;
  progress.next = {20};
  for (std::uint64_t sequence = 1; sequence < 20; ++sequence)
    progress.acks.deliver({sequence}, WallTime{1000}, WallTime{2000}, true);
  for (const std::uint64_t sequence : {1, 2, 3, 7, 19}) progress.acks.ack({sequence});
  progress.acks.redeliver({5}, WallTime{3000}, WallTime{4000});
  progress.acks.redeliver({5}, WallTime{3001}, WallTime{4000});
  progress.acks.redeliver({12}, WallTime{3002}, WallTime{4000});
  return progress;
}

std::map<std::uint64_t, std::vector<std::int64_t>> pending_of(const ConsumerProgress& progress) {
  std::map<std::uint64_t, std::vector<std::int64_t>> all;
  progress.acks.for_each_pending([&](const PendingMessage& message) {
    all[message.stream.value] = {static_cast<std::int64_t>(message.consumer.value),
                                 message.delivered.ns, message.deliveries};
  });
  return all;
}

ArchivedConsumer there_and_back(const ConsumerProgress& progress, Sequence last) {
  ConsumerConfig config;
  config.name = "D";
  const std::string json = write_archived_consumer(config, progress, last);
  auto read = read_archived_consumer(json, "D");
  if (!read) {
    FAIL_CHECK(read.error().text());
    return {};
  }
  CHECK(read->config.name == "D");
  return *read;
}

TEST_CASE("it comes back where it stood") {
  const ConsumerProgress progress = some_progress();
  const ArchivedConsumer back = there_and_back(progress, {100});
  CHECK(back.progress.acks.delivered() == progress.acks.delivered());
  CHECK(back.progress.acks.floor() == progress.acks.floor());
  CHECK(pending_of(back.progress) == pending_of(progress));
  CHECK(back.progress.next == progress.next);
}

TEST_CASE("what lies behind the backup's end is left out") {
  const ArchivedConsumer back = there_and_back(some_progress(), {10});
  CHECK(back.progress.acks.delivered() == Positions{{22}, {10}});  // three of them again
  CHECK(back.progress.acks.floor() == Positions{{3}, {3}});
  const auto pending = pending_of(back.progress);
  CHECK(pending.size() == 6);
  CHECK(pending.rbegin()->first == 10);
  CHECK(back.progress.next == Sequence{11});
}

TEST_CASE("the snapshot of last_per_subject is kept while it counts") {
  ConsumerProgress progress = some_progress();
  progress.snapshot = {50};
  CHECK(there_and_back(progress, {100}).progress.snapshot == Sequence{50});
  CHECK(there_and_back(progress, {30}).progress.snapshot == Sequence{30});
  progress.snapshot = {19};
  CHECK(there_and_back(progress, {100}).progress.snapshot == Sequence{});
}

TEST_CASE("what does not fit is refused") {
  const std::pair<const char*, const char*> cases[] = {
      {"{", "failed to decode consumer \"D\" state: unexpected EOF"},
      {R"({"state":{}})", "consumer \"D\" is missing config"},
      {R"({"config":{}})", "consumer \"D\" is missing state"},
      {R"({"config":{},"state":{"delivered":{"consumer_seq":1,"stream_seq":9},
          "ack_floor":{"consumer_seq":2,"stream_seq":1}}})",
       "failed to set consumer \"D\" state: bad ack floor for consumer"},
      {R"({"config":{},"state":{"delivered":{"consumer_seq":5,"stream_seq":5},
          "ack_floor":{"consumer_seq":2,"stream_seq":6}}})",
       "failed to set consumer \"D\" state: bad ack floor for stream"},
      {R"({"config":{},"state":{"delivered":{"consumer_seq":5,"stream_seq":5},
          "ack_floor":{"consumer_seq":2,"stream_seq":2},
          "pending":{"2":{"Sequence":1,"Timestamp":1}}}})",
       "failed to set consumer \"D\" state: bad pending entry, sequence [2] out of range"},
      {R"({"config":{},"state":{"delivered":{"consumer_seq":5,"stream_seq":5},
          "ack_floor":{"consumer_seq":2,"stream_seq":2},
          "pending":{"x":{"Sequence":1,"Timestamp":1}}}})",
       "failed to set consumer \"D\" state: bad pending entry, sequence [0] out of range"},
  };
  for (const auto& [json, text] : cases) {
    const auto read = read_archived_consumer(json, "D");
    REQUIRE(!read);
    CHECK(read.error().text() == text);
  }
}

}  // namespace
}  // namespace midge::jetstream

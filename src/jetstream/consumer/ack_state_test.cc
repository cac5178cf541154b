// What acknowledgements do to a consumer's state: tables of steps, and a plain model beside it.
#include "jetstream/consumer/ack_state.h"

#include <map>
#include <random>

#include <doctest/doctest.h>

namespace midge::jetstream {
namespace {

constexpr WallTime at(std::int64_t n) { return WallTime{n}; }

AckState delivered(std::uint64_t count, std::int64_t wait = 100) {
  AckState acks;
  for (std::uint64_t i = 1; i <= count; ++i)
    acks.deliver({i}, at(static_cast<std::int64_t>(i)), at(static_cast<std::int64_t>(i) + wait),
                 true);
  return acks;
}

}  // namespace

TEST_CASE("acknowledgements move the floor, whatever their order") {
  struct Row {
    std::vector<std::uint64_t> acked;
    std::uint64_t floor, floor_delivery;
    std::size_t pending;
  };
  const Row rows[] = {
      {{}, 0, 0, 4},        {{1}, 1, 1, 3},          {{2}, 0, 0, 3},    {{2, 1}, 2, 2, 2},
      {{4, 3, 2}, 0, 0, 1}, {{4, 3, 2, 1}, 4, 4, 0}, {{1, 1}, 1, 1, 3}, {{9}, 0, 0, 4},
  };
  for (const Row& row : rows) {
    AckState acks = delivered(4);
    for (const std::uint64_t sequence : row.acked) acks.ack({sequence});
    CHECK(acks.floor() == Positions{{row.floor_delivery}, {row.floor}});
    CHECK(acks.pending() == row.pending);
    CHECK(acks.delivered() == Positions{{4}, {4}});
  }
}

TEST_CASE("acknowledging all takes what is below, and nothing above") {
  AckState acks = delivered(4);
  CHECK(acks.ack_all({3}));
  CHECK_FALSE(acks.ack_all({3}));
  CHECK_FALSE(acks.ack_all({1}));
  CHECK(acks.pending() == 1);
  CHECK(acks.floor() == Positions{{3}, {3}});
}

TEST_CASE("what is not acknowledged in time is delivered again, and counted") {
  AckState acks = delivered(3);
  CHECK(acks.expire(at(100)) == at(101));
  CHECK_FALSE(acks.next_redelivery());
  acks.ack({2});
  CHECK(acks.expire(at(102)) == at(103));
  REQUIRE(acks.next_redelivery());
  CHECK(acks.next_redelivery()->value == 1);
  CHECK(acks.redeliver({1}, at(102), at(202)).deliveries == 2);
  CHECK(acks.redelivered() == 1);
  CHECK(acks.delivered() == Positions{{4}, {3}});
  CHECK_FALSE(acks.next_redelivery());
  CHECK(acks.expire(at(150)) == at(202));
  CHECK(acks.next_redelivery()->value == 3);
}

TEST_CASE("a negative acknowledgement is in line at once, or later") {
  AckState acks = delivered(3);
  CHECK(acks.request_redelivery({2}));
  CHECK_FALSE(acks.request_redelivery({2}));
  CHECK(acks.next_redelivery()->value == 2);
  CHECK(acks.postpone({2}, at(500)));
  CHECK_FALSE(acks.next_redelivery());
  CHECK(acks.postpone({1}, at(50)));
  CHECK(acks.expire(at(60)) == at(103));
  CHECK(acks.next_redelivery()->value == 1);
  acks.ack({1});
  acks.ack({3});
  CHECK(acks.expire(at(200)) == at(500));
}

TEST_CASE("one message that nobody acknowledges does not keep the others in memory") {
  AckState acks;
  acks.deliver({1}, at(1), at(100), true);
  for (std::uint64_t i = 2; i < 100'000; ++i) {
    acks.deliver({i}, at(2), at(100), true);
    acks.ack({i});
  }
  std::size_t seen = 0;
  acks.for_each_pending([&](const PendingMessage&) { ++seen; });
  CHECK(seen == 1);
  CHECK(acks.floor() == Positions{});
  acks.ack({1});
  CHECK(acks.floor() == Positions{{99'999}, {99'999}});
}

TEST_CASE("the same as a plain model, whatever comes") {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    std::mt19937 random(seed);
    AckState acks;
    std::map<std::uint64_t, PendingMessage> model;
    std::uint64_t next = 1;
    std::int64_t now = 0;
    for (int step = 0; step < 3000; ++step) {
      now += random() % 3;
      const std::uint64_t some = 1 + random() % next;
      switch (random() % 6) {
        case 0:
        case 1:
          acks.deliver({next}, at(now), at(now + 20), true);
          model[next] = {{next}, {}, at(now), at(now + 20), 1};
          ++next;
          break;
        case 2:
          CHECK(acks.ack({some}) == (model.erase(some) > 0));
          break;
        case 3:
          if (acks.postpone({some}, at(now + 7))) {
            model[some].deadline = at(now + 7);
            model[some].state = PendingMessage::State::kPending;
          }
          break;
        case 4:
          if (acks.request_redelivery({some}))
            model[some].state = PendingMessage::State::kToRedeliver;
          break;
        case 5: {
          WallTime earliest = AckState::kNever;
          for (auto& [sequence, message] : model) {
            if (message.state != PendingMessage::State::kPending) continue;
            if (message.deadline <= at(now))
              message.state = PendingMessage::State::kToRedeliver;
            else
              earliest = std::min(earliest, message.deadline);
          }
          CHECK(acks.expire(at(now)) == earliest);
          if (const auto again = acks.next_redelivery()) {
            CHECK(model.at(again->value).state == PendingMessage::State::kToRedeliver);
            acks.redeliver(*again, at(now), at(now + 20));
            PendingMessage& message = model.at(again->value);
            message = {*again, {}, at(now), at(now + 20), message.deliveries + 1};
          }
          break;
        }
      }
      REQUIRE(acks.pending() == model.size());
    }
    auto expected = model.begin();
    acks.for_each_pending([&](const PendingMessage& message) {
      REQUIRE(expected != model.end());
      CHECK(message.stream.value == expected->first);
      CHECK(message.deliveries == expected->second.deliveries);
      ++expected;
    });
  }
}

}  // namespace midge::jetstream

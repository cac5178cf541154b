// Goal: what a consumer records is read back as it was, dead letters included. Method: encodes and
// decodes, by itself, among others, cut off anywhere.
#include "jetstream/consumer/consumer_step.h"

#include <doctest/doctest.h>

namespace midge::jetstream {
namespace {

const DeadLetter kLetter{{7}, 3, DeadLetter::Reason::kTerminated, {1234}, "no use"};

TEST_CASE("steps lie one behind the other") {
  std::string body;
  ConsumerStep{ConsumerStep::Kind::kDelivered, {7}, {9}, {11}, {}}.encode(body);
  ConsumerStep::given_up(kLetter).encode(body);
  ConsumerStep{ConsumerStep::Kind::kBuried, {7}, {}, {}, {}}.encode(body);
  std::string_view left = body;
  const auto delivered = ConsumerStep::decode(left);
  REQUIRE(delivered);
  CHECK(delivered->consumer.value == 9);
  const auto given_up = ConsumerStep::decode(left);
  REQUIRE(given_up);
  CHECK(given_up->text == "no use");
  const auto buried = ConsumerStep::decode(left);
  REQUIRE(buried);
  CHECK(buried->kind == ConsumerStep::Kind::kBuried);
  CHECK(left.empty());
}

TEST_CASE("a step that is cut off is malformed") {
  std::string body;
  ConsumerStep::given_up(kLetter).encode(body);
  for (std::size_t size = 0; size < body.size(); ++size) {
    std::string_view cut = std::string_view(body).substr(0, size);
    CHECK(!ConsumerStep::decode(cut));
  }
}

TEST_CASE("a letter is pending until it is buried, over restarts") {
  ConsumerProgress progress;
  progress.apply({ConsumerStep::Kind::kBegin, {1}, {}, {}, {}});
  progress.apply({ConsumerStep::Kind::kDelivered, {7}, {1}, {5}, {}});
  progress.apply(ConsumerStep::given_up(kLetter));
  CHECK(progress.acks.pending() == 0);
  std::string state;
  progress.encode(state);
  auto restored = ConsumerProgress::decode(state);
  REQUIRE(restored);
  REQUIRE(restored->letters.size() == 1);
  const DeadLetter& letter = restored->letters[0];
  CHECK(letter.stream.value == 7);
  CHECK(letter.deliveries == 3);
  CHECK(letter.reason == DeadLetter::Reason::kTerminated);
  CHECK(letter.time.ns == 1234);
  CHECK(letter.description == "no use");
  restored->apply({ConsumerStep::Kind::kBuried, {7}, {}, {}, {}});
  CHECK(restored->letters.empty());
}

}  // namespace
}  // namespace midge::jetstream

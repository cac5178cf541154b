// Effects of all sizes through the queue, also while it is released: order, bytes and counts.
#include "jetstream/effect_queue.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace midge::jetstream {
namespace {

std::string text_of(const EffectView& effect) {
  return std::string(effect.to) + "|" + std::string(effect.reply) + "|" +
         std::string(effect.header) + "|" + std::string(effect.body);
}

}  // namespace

TEST_CASE("Effects leave in order, when what they rest on is durable") {
  EffectQueue queue;
  queue.add({{10}, AccountId{1}, "a", "", "h", "body"});
  queue.add({{20}, AccountId{1}, "b", "r", "", ""});
  std::vector<std::string> sent;
  const auto send = [&](const EffectView& effect) { sent.push_back(text_of(effect)); };
  queue.release({9}, send);
  CHECK(sent.empty());
  queue.release({10}, send);
  CHECK(sent == std::vector<std::string>{"a||h|body"});
  CHECK(queue.size() == 1);
  queue.release({20}, send);
  CHECK(sent.back() == "b|r||");
  CHECK(queue.bytes() == 0);
}

TEST_CASE("Effects of all sizes keep their bytes, also while others are added") {
  EffectQueue queue;
  std::vector<std::string> added, sent;
  const auto add = [&](std::uint64_t number) {
    const std::string body(number * 7919 % 150'000, static_cast<char>('a' + number % 26));
    queue.add({{number}, AccountId{1}, "to", "", "", body});
    added.push_back("to|||" + body);
  };
  for (std::uint64_t number = 1; number <= 50; ++number) add(number);
  for (std::uint64_t durable = 1; durable <= 60; ++durable) {
    queue.release({durable}, [&](const EffectView& effect) {
      sent.push_back(text_of(effect));
      if (sent.size() <= 10) add(50 + sent.size());
    });
  }
  CHECK(sent == added);
  CHECK(queue.size() == 0);
  CHECK(queue.bytes() == 0);
}

}  // namespace midge::jetstream

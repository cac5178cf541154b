// Goal: the other loop reads what was put in: texts, payloads inline and referenced, targets,
// origins.
#include "broker/delivery_batch.h"

#include <doctest/doctest.h>

#include <cstring>
#include <string>

namespace midge::broker {
namespace {

TEST_CASE("records come out as they went in") {
  DeliveryBatch batch(LoopId{1});
  SharedBytes block = SharedBytes::allocate(5000);
  std::memset(block.data(), 'z', 5000);
  const std::vector<subject::Target> many = {{LoopId{2}, 7, 1}, {LoopId{2}, 8, 2}};

  Message small{kGlobalAccount, "a.b", "re.ply", 0, "hello", nullptr};
  Message large{kGlobalAccount, "big", "", 12, {block.data(), 5000}, &block};
  batch.add(small, many);
  batch.add(large, many);
  batch.add_queue(small, "workers", subject::Target(LoopId{2}, 9, 3), Origin{{1}, true, false, 42},
                  5);
  batch.add(small, many);
  CHECK_FALSE(block.unique());
  CHECK(batch.weight() > 5000);

  int index = 0;
  batch.for_each([&](const DeliveryBatch::Delivery& d) {
    CAPTURE(index);
    const bool is_large = index == 1;
    CHECK(d.message.subject == (is_large ? "big" : "a.b"));
    CHECK(d.message.reply == (is_large ? "" : "re.ply"));
    CHECK(d.message.payload == (is_large ? std::string(5000, 'z') : "hello"));
    CHECK(d.message.header_size == (is_large ? 12 : 0));
    CHECK((d.message.block != nullptr) == is_large);
    if (index == 2) {
      CHECK(d.queue == "workers");
      CHECK(d.targets.front() == subject::Target(LoopId{2}, 9, 3));
      CHECK(d.origin.cid == 42);
      CHECK(d.origin.wants_answer);
      CHECK_FALSE(d.origin.echo);
      CHECK(d.hops == 5);
    } else {
      CHECK(d.queue.empty());
      CHECK(std::vector(d.targets.begin(), d.targets.end()) == many);
    }
    ++index;
  });
  CHECK(index == 4);
}

}  // namespace
}  // namespace midge::broker

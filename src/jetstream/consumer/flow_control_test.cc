// When a push consumer asks its receiver, and how its window grows.
#include "jetstream/consumer/flow_control.h"

#include <doctest/doctest.h>

namespace midge::jetstream {

TEST_CASE("the receiver is asked halfway through the window, and must answer before it is full") {
  FlowControl flow;
  CHECK_FALSE(flow.sent(100 << 10));
  CHECK(flow.sent(40 << 10));
  CHECK(flow.number() == 1);
  CHECK(flow.awaits_answer());
  CHECK_FALSE(flow.is_full());
  CHECK_FALSE(flow.sent(100 << 10));
  CHECK_FALSE(flow.is_full());
  CHECK_FALSE(flow.sent(20 << 10));
  CHECK(flow.is_full());
  flow.answered();
  CHECK_FALSE(flow.is_full());
  CHECK_FALSE(flow.awaits_answer());
}

TEST_CASE("the window grows with each answer, up to a limit") {
  FlowControl flow;
  for (int i = 0; i < 20; ++i) {
    while (!flow.sent(64 << 10)) {
    }
    flow.answered();
  }
  CHECK_FALSE(flow.sent(FlowControl::kWindowMax / 2));
  CHECK(flow.sent(1 << 20));
}

}  // namespace midge::jetstream

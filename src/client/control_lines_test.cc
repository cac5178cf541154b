// Goal: a server that knows nothing is told of a subscription as it is by now.
#include "client/control_lines.h"

#include <doctest/doctest.h>

using midge::detail::sub_lines;
using midge::detail::unsub_line;

TEST_CASE("a subscription is told with its queue and with what still comes") {
  midge::detail::Subscription plain({}, 1, "a.*", {}, nullptr);
  CHECK(sub_lines(plain) == "SUB a.* 1\r\n");
  midge::detail::Subscription queue({}, 7, "a", {.queue = "q", .max = 5}, nullptr);
  CHECK(sub_lines(queue) == "SUB a q 7\r\nUNSUB 7 5\r\n");
  queue.received = 3;
  CHECK(sub_lines(queue) == "SUB a q 7\r\nUNSUB 7 2\r\n");
  CHECK(unsub_line(7) == "UNSUB 7\r\n");
}

// When a watch is current, by sequences of what it hears.
#include "client/jetstream/initial_values.h"

#include <doctest/doctest.h>

namespace midge::detail {
namespace {

TEST_CASE("nothing there is told at once, and once only") {
  InitialValues values;
  CHECK(values.on_consumer(0));
  CHECK_FALSE(values.on_message(0));
  CHECK_FALSE(values.on_consumer(0));
}

TEST_CASE("all is told with the last, or as many as there were") {
  InitialValues values;
  CHECK_FALSE(values.on_consumer(2));
  CHECK_FALSE(values.on_message(1));
  CHECK(values.on_message(0));

  InitialValues busy;  // new ones come as fast as they are read
  CHECK_FALSE(busy.on_consumer(2));
  CHECK_FALSE(busy.on_message(7));
  CHECK(busy.on_message(7));
}

TEST_CASE("a new consumer goes on with what is left") {
  InitialValues values;
  CHECK_FALSE(values.on_consumer(3));
  CHECK_FALSE(values.on_message(2));
  CHECK_FALSE(values.on_consumer(2));
  CHECK_FALSE(values.on_message(1));
  CHECK(values.on_message(0));

  InitialValues all_lost;
  CHECK_FALSE(all_lost.on_consumer(3));
  CHECK(all_lost.on_consumer(0));
}

}  // namespace
}  // namespace midge::detail

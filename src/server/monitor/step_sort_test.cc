// Goal: what is sorted in steps is as std::sort would have it, whatever its length.
// Method: pseudo-random lists around the lengths of blocks and runs.
#include "server/monitor/step_sort.h"

#include <doctest/doctest.h>

#include <cstdint>

using midge::server::StepSort;

TEST_CASE("lists of many lengths") {
  std::uint32_t state = 1;
  for (const std::size_t size :
       {0U, 1U, 2U, 511U, 512U, 513U, 1024U, 1025U, 1537U, 2500U, 20'000U}) {
    CAPTURE(size);
    std::vector<std::uint32_t> list;
    for (std::size_t i = 0; i < size; ++i) {
      state = state * 1'664'525 + 1'013'904'223;
      list.push_back((state >> 8) % 1000);  // some twice
    }
    StepSort<std::uint32_t> sort(list);
    std::size_t steps = 1;
    while (!sort.step()) ++steps;
    std::sort(list.begin(), list.end());
    CHECK(sort.take() == list);
    if (size > 1024) CHECK(steps > 2);
  }
}

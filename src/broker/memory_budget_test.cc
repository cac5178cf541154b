// Goal: memory is called short when it is, and not to and fro. Method: figures above and below the
// marks, in turn.
#include "broker/memory_budget.h"

#include <doctest/doctest.h>

namespace midge::broker {

using Level = MemoryBudget::Level;

TEST_CASE("memory is tight, then full, and does not go to and fro") {
  MemoryBudget memory;
  memory.limit_to(100'000);
  struct Row {
    std::int64_t used;
    Level level;
  };
  for (const Row& row :
       {Row{60'000, Level::kEasy}, Row{60'001, Level::kTight}, Row{55'001, Level::kTight},
        Row{55'000, Level::kEasy}, Row{80'001, Level::kFull}, Row{75'001, Level::kFull},
        Row{75'000, Level::kTight}, Row{80'000, Level::kTight}, Row{95'000, Level::kFull},
        Row{50'000, Level::kEasy}}) {
    CAPTURE(row.used);
    memory.saw(row.used);
    CHECK(memory.level() == row.level);
    CHECK(memory.used() == row.used);
  }
}

TEST_CASE("who wants to make room can come in until nothing is left") {
  MemoryBudget memory;
  memory.limit_to(100'000);
  memory.saw(84'000);
  CHECK(memory.is_full());
  CHECK_FALSE(memory.is_exhausted());
  memory.saw(84'001);
  CHECK(memory.is_exhausted());
}

TEST_CASE("without a limit memory is never short; a new limit counts at once") {
  MemoryBudget memory;
  memory.saw(INT64_MAX);
  CHECK(memory.level() == Level::kEasy);
  memory.limit_to(1000);
  CHECK(memory.is_full());
  memory.limit_to(0);
  CHECK(memory.level() == Level::kEasy);
}

}  // namespace midge::broker

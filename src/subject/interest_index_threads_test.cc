// Goal: readers and writers of several threads never disturb each other, and nothing is freed under
// a reader. Fit for ThreadSanitizer and AddressSanitizer, which find what the checks here cannot.
// Method: targets that stay, and targets that writers add and remove all the time on the same
// subjects, below the same trie nodes and in the same groups. Every match must show all that stays,
// exactly once and in order, and nothing that was never there.
#include <doctest/doctest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "subject/interest_index.h"

namespace midge::subject {
namespace {

constexpr AccountId kAccount{0};
constexpr std::uint32_t kStaying = 1U << 30;  // marks slots of targets that stay

const std::vector<std::string> kPatterns = {"a.b.c", "a.*.c", "a.b.>", "*.b.c",  "a.b.*",
                                            ">",     "x.y",   "x.*",   "a.b.c.d"};

struct Held {
  Registration registration;
  Target target;
};

// Inserts and removes at random, in its own name.
void churn(InterestIndex& index, LoopId loop, int rounds) {
  std::uint32_t state = 12345U + loop.value;
  auto roll = [&state](std::size_t sides) {
    state = state * 1664525U + 1013904223U;
    return (state >> 8) % sides;
  };
  std::vector<Held> held;
  for (int round = 0; round < rounds; ++round) {
    index.woke_up(loop);
    for (int i = 0; i < 20; ++i) {
      if (held.size() < 3 || roll(40) > held.size()) {
        Target target(loop, static_cast<std::uint32_t>(round * 20 + i), 1);
        std::string own = "_INBOX." + std::to_string(roll(1000)) + (roll(2) == 0 ? ".x" : ".*");
        const std::string& pattern = roll(3) == 0 ? own : kPatterns[roll(kPatterns.size())];
        held.push_back({index.insert(kAccount, pattern, roll(3) == 0 ? "q" : "", target), target});
      } else {
        std::size_t victim = roll(held.size());
        index.remove(held[victim].registration, held[victim].target);
        held[victim] = held.back();
        held.pop_back();
      }
    }
    if (round % 3 == 0)
      index.going_to_sleep(loop);
    else
      index.passed_tick(loop);
  }
  index.woke_up(loop);
  for (const Held& one : held) index.remove(one.registration, one.target);
  index.going_to_sleep(loop);
}

// The staying slots of a list, in order.
std::vector<std::uint32_t> staying(const std::vector<Target>& targets) {
  std::vector<std::uint32_t> slots;
  for (Target one : targets)
    if (one.slot() >= kStaying) slots.push_back(one.slot() - kStaying);
  return slots;
}

// Counts matches that are not as they must be.
int look(InterestIndex& index, LoopId loop, const std::atomic<bool>& stop,
         const std::vector<std::uint32_t>& expected) {
  int wrong = 0;
  for (int round = 0; !stop.load(); ++round) {
    index.woke_up(loop);
    for (int i = 0; i < 10; ++i) {
      MatchResult result;
      index.match(kAccount, "a.b.c", result);
      if (staying(result.plain) != expected) ++wrong;
      int groups_q = 0;
      for (const MatchResult::Group& group : result.groups) {
        if (group.members.empty()) ++wrong;
        if (group.name != "q") ++wrong;
        ++groups_q;
        if (staying(group.members) != std::vector<std::uint32_t>{77}) ++wrong;
      }
      if (groups_q != 1) ++wrong;
      MatchResult nothing;
      index.match(kAccount, "x.y.z..", nothing);
      if (!nothing.empty()) ++wrong;
    }
    if (round % 2 == 0)
      index.going_to_sleep(loop);
    else
      index.passed_tick(loop);
  }
  return wrong;
}

TEST_CASE("writers churn, readers see all that stays") {
  constexpr unsigned kWriters = 3;
  constexpr unsigned kReaders = 2;
  InterestIndex index(kWriters + kReaders + 1, 99);
  const LoopId own{kWriters + kReaders};

  // Two on each of three subjects that "a.b.c" reaches; then churn happens around them.
  auto stay = [&](std::uint32_t slot) { return Target(own, kStaying + slot, 1); };
  std::vector<Held> held;
  for (std::uint32_t i = 0; i < 6; ++i) {
    const char* patterns[] = {"a.b.c", "a.*.c", "a.b.>"};
    held.push_back({index.insert(kAccount, patterns[i % 3], "", stay(i)), stay(i)});
  }
  held.push_back({index.insert(kAccount, "a.b.c", "q", stay(77)), stay(77)});
  MatchResult first;
  index.match(kAccount, "a.b.c", first);
  const std::vector<std::uint32_t> expected = staying(first.plain);
  REQUIRE(expected.size() == 6);
  index.going_to_sleep(own);

  std::atomic<bool> stop{false};
  std::vector<int> wrong(kReaders);
  std::vector<std::thread> readers;
  std::vector<std::thread> writers;
  for (unsigned i = 0; i < kReaders; ++i)
    readers.emplace_back([&, i] {
      wrong[i] = look(index, LoopId{static_cast<std::uint8_t>(kWriters + i)}, stop, expected);
    });
  for (unsigned i = 0; i < kWriters; ++i)
    writers.emplace_back([&, i] { churn(index, LoopId{static_cast<std::uint8_t>(i)}, 600); });
  for (std::thread& thread : writers) thread.join();
  stop.store(true);
  for (std::thread& thread : readers) thread.join();
  for (int count : wrong) CHECK(count == 0);
  for (std::uint8_t i = 0; i < kReaders; ++i)
    index.going_to_sleep(LoopId{static_cast<std::uint8_t>(kWriters + i)});

  index.woke_up(own);
  for (const Held& one : held) index.remove(one.registration, one.target);
  while (index.stats().waiting_to_be_freed > 0) index.passed_tick(own);
  CHECK(index.stats().subscriptions == 0);
  CHECK(index.stats().literal_subjects == 0);
  CHECK(index.stats().trie_edges == 0);
}

// A writer and a reader that agree by the generation alone, as a match cache does.
TEST_CASE("whoever reads the generation before the match never keeps a stale result") {
  InterestIndex index(2, 5);
  std::atomic<std::uint32_t> done{0};  // how many inserts have returned
  constexpr std::uint32_t kInserts = 3000;
  std::thread writer([&] {
    for (std::uint32_t i = 0; i < kInserts; ++i) {
      index.insert(kAccount, i % 2 == 0 ? "s.t.u" : "s.*.u", "", Target(LoopId{0}, i, 1));
      done.store(i + 1);
      index.passed_tick(LoopId{0});
    }
  });
  std::uint64_t cached_generation = ~std::uint64_t{0};
  std::size_t cached_size = 0;
  int stale = 0;
  for (std::uint32_t known = 0; known < kInserts;) {
    known = done.load();
    std::uint64_t generation = index.generation(kAccount, "s.t.u");
    if (generation != cached_generation) {
      MatchResult result;
      index.match(kAccount, "s.t.u", result);
      cached_generation = generation;
      cached_size = result.plain.size();
    }
    if (cached_size < known) ++stale;
    index.passed_tick(LoopId{1});
  }
  writer.join();
  CHECK(stale == 0);
}

}  // namespace
}  // namespace midge::subject

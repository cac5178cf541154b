// midge-sim: runs seeds and prints those that fail.
//
//   midge-sim [--accounts | --jetstream | --model | --watchdog | --client | --client-cuts]
//   [--seeds N] [--from N] [--rounds N] [--twice]
//
// With --accounts: accounts that are reloaded, in place of delivery within one; with --jetstream:
// streams and consumers on a disk whose power fails; with --model: the same without losses, beside
// a model of them; with --watchdog: whether any of them is forgotten, for --rounds hours;
// with --client: clients whose connections break; with --client-cuts: each of their exchanges
// cut at each of its reads and writes. Each seed is run once; with --twice, three times:
// the same again, and with other hash salts. All must give the same event hash.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>

#include "sim/sim_run.h"

namespace {

struct Arguments {
  std::uint64_t seeds = 200;
  std::uint64_t from = 1;
  int rounds = 6;
  bool twice = false;
  decltype(&midge::sim::run_seed) run = midge::sim::run_seed;
};

struct Workload {
  const char* flag;
  decltype(&midge::sim::run_seed) run;
};
constexpr Workload kWorkloads[] = {
    {"--accounts", midge::sim::run_accounts_seed}, {"--jetstream", midge::sim::run_jetstream_seed},
    {"--model", midge::sim::run_equality_seed},    {"--watchdog", midge::sim::run_watchdog_seed},
    {"--client", midge::sim::run_client_seed},     {"--client-cuts", midge::sim::run_client_cuts},
};

bool read_arguments(int count, char** values, Arguments& arguments) {
  for (int i = 1; i < count; ++i) {
    const char* const value = i + 1 < count ? values[i + 1] : nullptr;
    const auto* const workload = std::ranges::find_if(
        kWorkloads, [&](const Workload& each) { return std::strcmp(values[i], each.flag) == 0; });
    if (workload != std::end(kWorkloads)) {
      arguments.run = workload->run;
      continue;
    }
    if (std::strcmp(values[i], "--twice") == 0) {
      arguments.twice = true;
      continue;
    }
    if (value == nullptr) return false;
    if (std::strcmp(values[i], "--seeds") == 0) {
      arguments.seeds = std::strtoull(value, nullptr, 10);
    } else if (std::strcmp(values[i], "--from") == 0) {
      arguments.from = std::strtoull(value, nullptr, 10);
    } else if (std::strcmp(values[i], "--rounds") == 0) {
      arguments.rounds = std::atoi(value);
    } else {
      return false;
    }
    ++i;
  }
  return true;
}

bool run_one(std::uint64_t seed, const Arguments& arguments, std::uint64_t& events) {
  const auto run = arguments.run;
  const auto first = run(seed, {.rounds = arguments.rounds});
  events += first.events;
  if (!first.summary.empty()) std::printf("%s\n", first.summary.c_str());
  const auto number = static_cast<unsigned long long>(seed);
  if (!first.failure.empty()) {
    std::printf("seed %llu failed: %s", number, first.failure.c_str());
    return false;
  }
  if (!arguments.twice) return true;
  for (const std::uint64_t salt : {0, 1}) {
    const auto again = run(seed, {.rounds = arguments.rounds, .salt = salt});
    if (again.event_hash == first.event_hash) continue;
    std::printf("seed %llu failed: event hash %016llx, then %016llx with %s\n", number,
                static_cast<unsigned long long>(first.event_hash),
                static_cast<unsigned long long>(again.event_hash),
                salt == 0 ? "all the same" : "other hash salts");
    return false;
  }
  return true;
}

}  // namespace

int main(int count, char** values) {
  Arguments arguments;
  if (!read_arguments(count, values, arguments)) {
    std::fprintf(stderr,
                 "usage: midge-sim [--accounts | --jetstream | --model | --watchdog | --client | "
                 "--client-cuts] "
                 "[--seeds N] [--from N] [--rounds N] [--twice]\n");
    return 2;
  }
  std::uint64_t failed = 0;
  std::uint64_t events = 0;
  for (std::uint64_t i = 0; i < arguments.seeds; ++i) {
    if (!run_one(arguments.from + i, arguments, events)) ++failed;
    std::fflush(stdout);
  }
  std::printf("%llu seeds from %llu, %llu events, %llu failed\n",
              static_cast<unsigned long long>(arguments.seeds),
              static_cast<unsigned long long>(arguments.from),
              static_cast<unsigned long long>(events), static_cast<unsigned long long>(failed));
  return failed == 0 ? 0 : 1;
}

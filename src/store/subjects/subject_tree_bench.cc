// Goal: ten million subjects in one stream: bytes each, and what finding and walking cost when
// nothing is in the CPU's caches.
// Method: three kinds of subjects, made on the fly from their number, so that the process's memory
// is the tree's. `dense`: counted keys. `random`: 20 hexadecimal digits. `devices`: four tokens,
// inserted in shuffled order, for filters with wildcards. Memory is what the process grew by;
// `stall` is the longest single insert.
#include <benchmark/benchmark.h>
#include <malloc.h>
#include <time.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>

#include "store/subjects/subject_tree.h"

namespace midge::store {
namespace {

constexpr std::uint64_t kSubjects = 10'000'000;

enum Kind : std::int64_t { kDense, kRandom, kDevices };
const char* const kNames[] = {"dense", "random", "devices"};

std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

std::string_view subject_of(std::int64_t kind, std::uint64_t i, char (&text)[64]) {
  int size = 0;
  if (kind == kDense) {
    size = std::snprintf(text, sizeof text, "kv.bucket.key%08lu", static_cast<unsigned long>(i));
  } else if (kind == kRandom) {
    const std::uint64_t a = mix(i + 1);
    size = std::snprintf(text, sizeof text, "$KV.B.%016lx%04lx", static_cast<unsigned long>(a),
                         static_cast<unsigned long>(mix(a) & 0xffff));
  } else {
    // 10 sites, 100 halls each, 10,000 devices each; visited in an order without pattern.
    const std::uint64_t n = i * 7'368'787 % kSubjects;
    size = std::snprintf(
        text, sizeof text, "plant.s%lu.h%02lu.dev%04lu.temp", static_cast<unsigned long>(n % 10),
        static_cast<unsigned long>(n / 10 % 100), static_cast<unsigned long>(n / 1000));
  }
  return {text, static_cast<std::size_t>(size)};
}

std::uint64_t resident() {
  unsigned long pages = 0;
  unsigned long ignored = 0;
  std::FILE* file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr) return 0;
  if (std::fscanf(file, "%lu %lu", &ignored, &pages) != 2) pages = 0;
  std::fclose(file);
  return pages * 4096;
}

double now_us() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double, std::micro>(now).count();
}

// Of this thread: what others take from it is no stall of the tree.
double own_us() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

// One at a time: the next kind takes the memory of the last.
struct Filled {
  std::int64_t kind = -1;
  std::unique_ptr<SubjectTree> tree;
  double rss = 0, stall_us = 0, seconds = 0;
  int stalls = 0;  // longer than 50 us
};

Filled& filled(std::int64_t kind) {
  static Filled it;
  if (it.kind == kind) return it;
  it.tree.reset();
  malloc_trim(0);
  it.kind = kind;
  const std::uint64_t before = resident();
  it.tree = std::make_unique<SubjectTree>();
  it.stall_us = 0;
  it.stalls = 0;
  char text[64];
  const double begin = now_us();
  for (std::uint64_t i = 0; i < kSubjects; ++i) {
    const std::string_view subject = subject_of(kind, i, text);
    const double start = own_us();
    SubjectState& state = it.tree->insert(subject);
    const double took = own_us() - start;
    it.stall_us = std::max(it.stall_us, took);
    if (took > 50) ++it.stalls;
    state.count = 1;
  }
  it.seconds = (now_us() - begin) / 1e6;
  it.rss = static_cast<double>(resident() - before);
  return it;
}

void fill(benchmark::State& state) {
  for (auto _ : state) {
    Filled& it = filled(state.range(0));
    const auto size = static_cast<double>(it.tree->size());
    state.counters["bytes_each"] = it.rss / size;
    state.counters["counted"] = static_cast<double>(it.tree->memory()) / size;
    state.counters["stall_us"] = it.stall_us;
    state.counters["over_50us"] = it.stalls;
    state.counters["insert_ns"] = it.seconds * 1e9 / size;
    state.SetLabel(kNames[state.range(0)]);
  }
}

void find(benchmark::State& state) {
  Filled& it = filled(state.range(0));
  char text[64];
  std::uint64_t i = 0;
  for (auto _ : state) {
    i += 3'333'331;
    benchmark::DoNotOptimize(it.tree->find(subject_of(state.range(0), i % kSubjects, text)));
  }
  state.SetLabel(kNames[state.range(0)]);
}

// The first million in order, in steps as a server would take them.
void walk_million(benchmark::State& state) {
  Filled& it = filled(state.range(0));
  double longest = 0;
  for (auto _ : state) {
    SubjectTree::Walk walk{Filter()};
    std::uint64_t seen = 0;
    std::uint64_t bytes = 0;
    while (!walk.done() && seen < 1'000'000) {
      const double start = now_us();
      it.tree->step(walk, 4000, [&](std::string_view subject, SubjectState& found) {
        ++seen;
        bytes += subject.size() + found.count;
        return true;
      });
      longest = std::max(longest, now_us() - start);
    }
    benchmark::DoNotOptimize(bytes);
  }
  state.counters["step_us"] = longest;
  state.SetLabel(kNames[state.range(0)]);
}

void walk_filter(benchmark::State& state, const char* pattern) {
  Filled& it = filled(kDevices);
  std::uint64_t seen = 0;
  double longest = 0;
  for (auto _ : state) {
    SubjectTree::Walk walk{Filter({pattern})};
    seen = 0;
    while (!walk.done()) {
      const double start = now_us();
      it.tree->step(walk, 4000, [&](std::string_view, SubjectState& found) {
        seen += found.count;
        return true;
      });
      longest = std::max(longest, now_us() - start);
    }
  }
  state.counters["matched"] = static_cast<double>(seen);
  state.counters["step_us"] = longest;
}

// Subjects that come and go in a large tree.
void churn(benchmark::State& state) {
  Filled& it = filled(state.range(0));
  char text[64];
  std::uint64_t i = 0;
  for (auto _ : state) {
    i = (i + 3'333'331) % kSubjects;
    const std::string_view subject = subject_of(state.range(0), i, text);
    it.tree->erase(subject);
    it.tree->insert(subject).count = 1;
  }
  state.SetLabel(kNames[state.range(0)]);
}

void clear_and_sweep(benchmark::State& state) {
  for (auto _ : state) {
    Filled& it = filled(kDevices);
    double longest = 0;
    double start = now_us();
    it.tree->clear();
    for (bool more = true; more; start = now_us()) {
      longest = std::max(longest, now_us() - start);
      more = it.tree->sweep(1);
    }
    state.counters["stall_us"] = longest;
    it.kind = -1;
  }
}

BENCHMARK(fill)->Arg(kDense)->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(find)->Arg(kDense);
BENCHMARK(walk_million)->Arg(kDense)->Unit(benchmark::kMillisecond);
BENCHMARK(fill)->Arg(kRandom)->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(find)->Arg(kRandom);
BENCHMARK(walk_million)->Arg(kRandom)->Unit(benchmark::kMillisecond);
BENCHMARK(churn)->Arg(kRandom)->Iterations(1'000'000);
BENCHMARK(fill)->Arg(kDevices)->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(walk_filter, hall, "plant.s3.h17.>")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(walk_filter, ten_halls, "plant.*.h17.*.temp")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(walk_filter, device, "plant.*.*.dev0017.*")->Unit(benchmark::kMillisecond);
BENCHMARK(clear_and_sweep)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace midge::store

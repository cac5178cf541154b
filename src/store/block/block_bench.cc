// Goal: what a block costs a message: to append, to find by a filter, to read; and what must be
// done at once: sealing, opening, making its end.
// Method: blocks of 8 MiB of messages of 128 bytes over 1,000 subjects, or each on its own.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "store/block/block.h"
#include "store/block/block_file.h"
#include "store/block/memory_file.h"

namespace midge::store {
namespace {

constexpr std::uint64_t kLength = 8U << 20;
const BlockName kName{StreamId{1}, 1, Sequence{1}};

std::vector<std::string> subjects(std::int64_t count) {
  std::vector<std::string> out;
  for (std::int64_t i = 0; i < count; ++i) out.push_back("orders.eu." + std::to_string(i));
  return out;
}

std::unique_ptr<Block> filled(const std::vector<std::string>& names) {
  auto block = std::make_unique<Block>(kName, 7);
  const std::string payload(128, 'x');
  for (std::size_t i = 0; block->length() < kLength; ++i)
    block->append(block->last() + 1, {names[i % names.size()], "", payload, {}});
  return block;
}

std::string file_of(const Block& block) {
  std::string bytes;
  for (const BlockPiece& piece : block.pieces(0, block.length())) bytes += piece.bytes;
  return bytes + block.make_end();
}

void append(benchmark::State& state) {
  const std::vector<std::string> names = subjects(state.range(0));
  const std::string payload(128, 'x');
  auto block = std::make_unique<Block>(kName, 7);
  std::size_t i = 0;
  for (auto _ : state) {
    if (block->length() >= kLength) {
      state.PauseTiming();
      block = std::make_unique<Block>(kName, 7);
      state.ResumeTiming();
    }
    block->append(block->last() + 1, {names[i++ % names.size()], "", payload, {}});
  }
}

void scan(benchmark::State& state) {
  const auto block = filled(subjects(state.range(0)));
  const Filter filter({"orders.*.17"});
  std::uint64_t looked = 0;
  for (auto _ : state) {
    std::int64_t budget = 1'000'000;
    benchmark::DoNotOptimize(block->count(filter, kName.first, budget));
    looked += block->records();
  }
  state.counters["per_record"] = benchmark::Counter(
      static_cast<double>(looked), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void load(benchmark::State& state) {
  const auto block = filled(subjects(1000));
  std::uint64_t at = 0;
  for (auto _ : state) {
    at = (at + 7919) % block->records();
    benchmark::DoNotOptimize(block->load(kName.first + at));
  }
}

void make_end(benchmark::State& state) {
  const auto block = filled(subjects(state.range(0)));
  block->seal();
  for (auto _ : state) benchmark::DoNotOptimize(block->make_end());
}

void open(benchmark::State& state) {
  const auto block = filled(subjects(state.range(0)));
  block->seal();
  MemoryFile file(file_of(*block));
  for (auto _ : state) benchmark::DoNotOptimize(open_block(file, kName));
  const auto opened = open_block(file, kName);
  state.counters["bytes_per_record"] =
      static_cast<double>((*opened)->memory()) / (*opened)->records();
}

void rebuild(benchmark::State& state) {
  const auto block = filled(subjects(1000));
  std::string bytes;
  for (const BlockPiece& piece : block->pieces(0, block->length())) bytes += piece.bytes;
  for (auto _ : state) benchmark::DoNotOptimize(rebuild_block(bytes, kName, 7));
}

BENCHMARK(append)->Arg(1)->Arg(1000)->Arg(1'000'000);
BENCHMARK(scan)->Arg(1)->Arg(1000)->Arg(1'000'000)->Unit(benchmark::kMicrosecond);
BENCHMARK(load);
BENCHMARK(make_end)->Arg(1000)->Unit(benchmark::kMicrosecond);
BENCHMARK(open)->Arg(1000)->Arg(1'000'000)->Unit(benchmark::kMicrosecond);
BENCHMARK(rebuild)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace midge::store

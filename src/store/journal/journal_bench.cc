// Goal: what the journal adds to the disk's own time, and what group commit gives. Method: a loop
// that keeps a number of records in flight, all in a folder of the working directory (a disk, not a
// tmpfs); beside it the same bytes by plain write and fdatasync, on one thread. `p50_us` and
// `p99_us` are from append to on_durable(). cipher: 0 = not encrypted, 1 = AES, 2 = ChaCha20. Set
// MIDGE_BENCH_FOLDER for another disk.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdlib>
#include <future>
#include <vector>

#include "io/posix/posix_env.h"
#include "store/folders.h"
#include "store/journal/journal.h"
#include "store/journal/segment_files.h"
#include "store/pack/keyring.h"

namespace midge::store {
namespace {

constexpr std::size_t kRecord = 200;  // a message of 128 bytes with subject and heads

std::string bench_folder() {
  const char* const set = std::getenv("MIDGE_BENCH_FOLDER");
  return (set == nullptr ? std::string("journal_bench_files") : std::string(set));
}

void remove_segments(io::Disk& disk, const std::string& folder) {
  const auto names = disk.list_directory(folder);
  if (!names) return;
  for (const std::string& name : *names) (void)disk.remove_file(folder + '/' + name);
  (void)disk.remove_directory(folder);
}

void report(benchmark::State& state, std::vector<Duration>& times) {
  if (times.empty()) return;
  std::sort(times.begin(), times.end());
  const auto at = [&](double part) {
    const auto index = static_cast<std::size_t>(part * static_cast<double>(times.size() - 1));
    return static_cast<double>(times[index].ns) / 1000;
  };
  state.counters["p50_us"] = at(0.5);
  state.counters["p99_us"] = at(0.99);
}

// Plain write and fdatasync; the file was written before, or only allocated.
void raw_sync(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  const bool is_recycled = state.range(1) != 0;
  const auto env = io::make_posix_env();
  const std::string folder = bench_folder();
  if (!make_durable_folder(env->disk(), folder)) return state.SkipWithError("no folder");
  constexpr std::uint64_t kFile = 64 << 20;
  auto made = make_segment(env->disk(), folder, folder, 1, kFile);
  const std::string bytes(size, 'x');
  const io::Slice slice{bytes.data(), bytes.size()};
  const std::string block(1 << 20, '\0');
  const io::Slice zeros{block.data(), block.size()};
  for (std::uint64_t at = 0; is_recycled && at < kFile; at += block.size())
    (void)made->file->write_at(at, {&zeros, 1});
  (void)made->file->sync();
  std::vector<Duration> times;
  std::uint64_t at = 0;
  for (auto _ : state) {
    const MonoTime begin = env->clock().now();
    if (!made->file->write_at(at, {&slice, 1}) || !made->file->sync())
      state.SkipWithError("a write failed");
    times.push_back(env->clock().now() - begin);
    at = (at + size) % (kFile - size);
  }
  report(state, times);
  made->file.reset();
  remove_segments(env->disk(), folder);
}
BENCHMARK(raw_sync)
    ->ArgNames({"bytes", "recycled"})
    ->Args({248, 0})
    ->Args({248, 1})
    ->Args({100'000, 0})
    ->Args({100'000, 1})
    ->Unit(benchmark::kMicrosecond)
    ->MeasureProcessCPUTime();

// Keeps `window` records in flight until `wanted` are durable.
class Feeder final : public io::LoopHandler, JournalEvents {
 public:
  Feeder(io::Env& env, io::Loop& loop, std::size_t window, std::size_t wanted)
      : env_(env), loop_(loop), window_(window), wanted_(wanted), body_(kRecord - 16, 'x') {}
  void begin(Journal& journal) { journal_ = &journal; }
  JournalEvents& events() { return *this; }
  void wait() { done_.get_future().wait(); }
  std::vector<Duration> times;

 private:
  void on_loop_start() override {
    fill();
    loop_.tick_again();
  }
  void on_tick_end() override { journal_->commit(); }
  void on_durable(JournalPosition position) override {
    const MonoTime now = env_.clock().now();
    for (; durable_ < position.value / kRecord; ++durable_)
      times.push_back(now - begun_[durable_ % window_]);
    journal_->release_before(position);
    fill();
    if (durable_ >= wanted_ && !told_) {
      told_ = true;
      done_.set_value();
    }
  }
  void on_write_failed(const Error& error) override {
    std::fprintf(stderr, "%s\n", error.text().c_str());
  }
  void on_write_resumed() override {}
  void fill() {
    const MonoTime now = env_.clock().now();
    begun_.resize(window_);
    for (; appended_ < durable_ + window_ && appended_ < wanted_; ++appended_) {
      const std::string_view parts[] = {body_};
      journal_->append(StreamId{1}, RecordKind::kMessage, parts);
      begun_[appended_ % window_] = now;
    }
  }

  io::Env& env_;
  io::Loop& loop_;
  const std::size_t window_, wanted_;
  const std::string body_;
  Journal* journal_ = nullptr;
  std::vector<MonoTime> begun_;
  std::size_t appended_ = 0, durable_ = 0;
  bool told_ = false;
  std::promise<void> done_;
};

void journal(benchmark::State& state) {
  const auto window = static_cast<std::size_t>(state.range(0));
  const bool syncs = state.range(1) != 0;
  const auto cipher = static_cast<crypto::Cipher>(state.range(2));
  const std::size_t wanted = window == 1 ? 5'000 : syncs ? 1'000'000 : 3'000'000;
  const std::string folder = bench_folder();
  std::uint32_t id = 0;
  std::vector<Duration> times;
  for (auto _ : state) {
    const auto env = io::make_posix_env();
    io::Loop& loop = *env->make_loops(1)[0];
    Feeder feeder(*env, loop, window, wanted);
    const std::string own = folder + "/" + std::to_string(++id);
    std::shared_ptr<const Keyring> keys;
    if (state.range(2) != 0 && make_durable_folder(env->disk(), folder + "/keys"))
      keys = *Keyring::open(env->disk(), folder + "/keys", {cipher, "key"}, env->entropy());
    auto made = Journal::create(*env, loop,
                                {.folder = own,
                                 .free_folder = folder + "/free",
                                 .id = id,
                                 .sync_before_durable = syncs,
                                 .sync_interval = minutes(2),
                                 .keys = keys},
                                feeder.events());
    if (!made) return state.SkipWithError("no journal");
    feeder.begin(**made);
    const MonoTime begin = env->clock().now();
    io::LoopHandler* handlers[] = {&feeder};
    env->start(handlers);
    feeder.wait();
    state.SetIterationTime((env->clock().now() - begin).seconds());
    env->stop();
    env->join();
    made->reset();
    (void)let_go_of_journal(env->disk(), own, folder + "/free");
    times.insert(times.end(), feeder.times.begin(), feeder.times.end());
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(wanted * state.iterations()));
  report(state, times);
  const auto env = io::make_posix_env();
  remove_segments(env->disk(), folder + "/free");
  remove_segments(env->disk(), folder + "/keys");
  (void)env->disk().remove_directory(folder);
}
BENCHMARK(journal)
    ->ArgNames({"window", "synced", "cipher"})
    ->Args({1, 1, 0})
    ->Args({50, 1, 0})
    ->Args({500, 1, 0})
    ->Args({500, 1, 1})
    ->Args({500, 1, 2})
    ->Args({5000, 1, 0})
    ->Args({1, 0, 0})
    ->Args({500, 0, 0})
    ->Args({500, 0, 1})
    ->Args({500, 0, 2})
    ->Iterations(2)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime();

}  // namespace
}  // namespace midge::store

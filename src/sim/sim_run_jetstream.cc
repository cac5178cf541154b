#include <limits>

#include "sim/sim_life.h"
#include "sim/sim_run.h"
#include "sim/workload/jetstream_promises.h"

namespace midge::sim {
namespace {

constexpr int kLives = 4;

// A disk, and what was promised about it.
class Story {
 public:
  Story(std::uint64_t seed, RunOptions options)
      : seed_(seed), options_(options), random_(seed), clock_steps_(seed), disk_(seed) {}

  RunOutcome tell() {
    for (int life = 0; life <= kLives && outcome_.failure.empty(); ++life) live(life);
    return outcome_;
  }

 private:
  // The last one only looks at what is there.
  void live(int number) {
    const auto loops = static_cast<unsigned>(random_.between(1, 3));
    const bool is_last = number == kLives;
    const bool power_fails = !is_last && !random_.one_in(4);
    server::Options options = jetstream_options(loops);
    // Some lives see many checkpoints, some none.
    if (!random_.one_in(3)) options.jetstream.checkpoint_every = 500 + random_.below(20'000);
    options.jetstream.read_at_once = seconds(3600);
    encrypt(number, options.jetstream);
    // Sometimes while it starts.
    if (power_fails) disk_.cut_power_after(1 + random_.below(random_.one_in(6) ? 40 : 1500));
    SimLife life(seed_ * 16 + static_cast<std::uint64_t>(number),
                 {.loops = loops,
                  .salt = options_.salt,
                  .disk = &disk_,
                  .start = start_,
                  .clock_ahead = clock_ahead_},
                 options);
    const std::string name = "life " + std::to_string(number);
    if (life.started()) {
      if (!is_last && random_.one_in(3)) spoil_disk();
      const auto result = work(life, is_last ? 0 : options_.rounds);
      if (!result) outcome_.failure = life.report(result.error().within(name));
      if (!is_last && !disk_.is_off() && random_.one_in(2)) disk_.kill_process();
    } else if (!disk_.is_off()) {
      outcome_.failure = life.report(life.start_error().within(name));
    }
    life.end(outcome_);
    start_ = life.env().now() + seconds(1);
    clock_ahead_ = life.env().clock_ahead() + clock_steps_.draw();
    mend_disk();
    disk_.restart();
  }

  // A quarter of the stores; half of these only from their second life on. Then comes another key.
  void encrypt(int number, server::JetStreamOptions& options) const {
    if (seed_ % 4 != 3 || (seed_ % 8 == 7 && number == 0)) return;
    options.key = number < 3 ? "the first" : "the second";
    options.previous_key = number < 3 ? "" : "the first";
    options.cipher = number % 2 == 0 ? crypto::Cipher::kAes : crypto::Cipher::kChaCha;
  }

  Result<void> work(SimLife& life, int rounds) {
    JetStreamPromises workload(
        life.env(), [&] { return life.connect(); }, promised_, next_body_);
    if (is_spoilt_) workload.expect_refusals([this] { mend_disk(); });
    TRY(workload.setup());
    for (int round = 0; round < rounds && !disk_.is_off(); ++round) {
      if (is_spoilt_ && random_.one_in(4)) mend_disk();
      life.env().step_clock(clock_steps_.draw());
      auto result = workload.step();
      if (!result) return std::unexpected(result.error().within("round " + std::to_string(round)));
    }
    return workload.check();
  }

  // Writes, syncs and new names fail now and then, or there is no room for another journal segment.
  void spoil_disk() {
    const auto one_in = [this] {
      return static_cast<std::uint32_t>(random_.one_in(2) ? 0 : 3 + random_.below(60));
    };
    const std::uint32_t writes = one_in(), syncs = one_in(), names = one_in();
    disk_.set_faults({.writes = writes, .syncs = syncs, .names = names});
    if (random_.one_in(3)) disk_.set_space(disk_.used() + random_.below(200'000));
    is_spoilt_ = true;
  }
  void mend_disk() {
    disk_.set_faults({});
    disk_.set_space(std::numeric_limits<std::uint64_t>::max());
    is_spoilt_ = false;
  }

  const std::uint64_t seed_;
  const RunOptions options_;
  SimRandom random_;
  ClockSteps clock_steps_;
  SimDisk disk_;
  MonoTime start_ = MonoTime{} + seconds(1000);
  Duration clock_ahead_{};
  JetStreamPromises::Memories promised_;
  int next_body_ = 0;
  bool is_spoilt_ = false;
  RunOutcome outcome_;
};

}  // namespace

RunOutcome run_jetstream_seed(std::uint64_t seed, RunOptions options) {
  return Story(seed, options).tell();
}

}  // namespace midge::sim

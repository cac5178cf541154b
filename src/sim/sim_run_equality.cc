#include "sim/sim_life.h"
#include "sim/sim_run.h"
#include "sim/workload/jetstream_equality.h"

namespace midge::sim {
namespace {

// Lives of a server on one disk, each of some phases. All is quiet when one ends, so that nothing
// may be lost.
class Lives {
 public:
  Lives(std::uint64_t seed, RunOptions options)
      : seed_(seed), options_(options), random_(seed), disk_(seed) {}

  RunOutcome run() {
    const int lives = static_cast<int>(random_.between(2, 4));
    for (int life = 0; life < lives && outcome_.failure.empty(); ++life) live(life);
    return outcome_;
  }

 private:
  void live(int number) {
    const auto loops = static_cast<unsigned>(random_.between(1, 3));
    server::Options options = jetstream_options(loops);
    if (random_.one_in(2)) options.jetstream.checkpoint_every = 500 + random_.below(20'000);
    if (seed_ % 4 == 3) options.jetstream.key = "the operator's";
    SimLife life(seed_ * 16 + static_cast<std::uint64_t>(number),
                 {.loops = loops, .salt = options_.salt, .disk = &disk_, .start = start_}, options);
    const std::string name = "life " + std::to_string(number);
    if (!life.started()) {
      outcome_.failure = life.report(life.start_error().within(name));
      return;
    }
    work(life, name);
    if (random_.one_in(3)) disk_.cut_power();
    if (!disk_.is_off() && random_.one_in(2)) disk_.kill_process();
    life.end(outcome_);
    start_ = life.env().now() + seconds(1);
    disk_.restart();
  }

  void work(SimLife& life, const std::string& name) {
    JetStreamEquality workload(
        life.env(), [&] { return life.connect(); }, world_);
    const auto rounds = 1 + random_.below(static_cast<std::uint64_t>(options_.rounds));
    const auto result = run_rounds(workload, static_cast<int>(rounds));
    if (!result) outcome_.failure = life.report(result.error().within(name), workload.history());
  }

  const std::uint64_t seed_;
  const RunOptions options_;
  SimRandom random_;
  SimDisk disk_;
  MonoTime start_ = MonoTime{} + seconds(1000);
  ModelWorld world_;
  RunOutcome outcome_;
};

}  // namespace

RunOutcome run_equality_seed(std::uint64_t seed, RunOptions options) {
  return Lives(seed, options).run();
}

}  // namespace midge::sim

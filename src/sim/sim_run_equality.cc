#include "server/server.h"
#include "sim/sim_env.h"
#include "sim/sim_log.h"
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
  void live(int life) {
    const auto loops = static_cast<unsigned>(random_.between(1, 3));
    SimEnv env(seed_ * 16 + static_cast<std::uint64_t>(life),
               {.loops = loops, .salt = options_.salt, .disk = &disk_, .start = start_});
    SimLog log(env.hash());
    server::Options options;
    options.port = server::kPortRandom;
    options.loops = loops;
    options.jetstream_enabled = true;
    options.store_dir = "/s";
    if (random_.one_in(2)) options.jetstream.checkpoint_every = 500 + random_.below(20'000);
    auto server = server::Server::create(env, log, options);
    if (!server) return report(life, server.error(), "", log);
    (*server)->go();
    {
      JetStreamEquality workload(
          env, [&] { return env.connect((*server)->port()); }, world_);
      const auto result = work(workload);
      if (!result) report(life, result.error(), workload.history(), log);
    }
    if (random_.one_in(3)) disk_.cut_power();
    if (!disk_.is_off() && random_.one_in(2)) disk_.kill_process();
    server = failure("over");
    start_ = env.now() + seconds(1);
    outcome_.event_hash = outcome_.event_hash * 31 + env.event_hash();
    outcome_.events += env.event_count();
    disk_.restart();
  }

  Result<void> work(JetStreamEquality& workload) {
    TRY(workload.setup());
    for (auto left = 1 + random_.below(static_cast<std::uint64_t>(options_.rounds)); left > 0;
         --left)
      TRY(workload.step());
    return workload.check();
  }

  void report(int life, const Error& error, const std::string& history, const SimLog& log) {
    outcome_.failure = "life " + std::to_string(life) + ": " + error.text() + "\n" + history;
    for (const std::string& line : log.last_lines()) outcome_.failure += "    log: " + line + "\n";
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

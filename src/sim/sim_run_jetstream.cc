#include <limits>

#include "server/server.h"
#include "sim/sim_env.h"
#include "sim/sim_log.h"
#include "sim/sim_run.h"
#include "sim/workload/jetstream_promises.h"

namespace midge::sim {
namespace {

constexpr int kLives = 4;

// A disk, and what was promised about it.
class Story {
 public:
  Story(std::uint64_t seed, RunOptions options)
      : seed_(seed), options_(options), random_(seed), disk_(seed) {}

  RunOutcome tell() {
    for (int life = 0; life <= kLives && outcome_.failure.empty(); ++life) live(life);
    return outcome_;
  }

 private:
  // The last one only looks at what is there.
  void live(int life) {
    const auto loops = static_cast<unsigned>(random_.between(1, 3));
    const bool is_last = life == kLives;
    const bool power_fails = !is_last && !random_.one_in(4);
    SimEnv env(seed_ * 16 + static_cast<std::uint64_t>(life),
               {.loops = loops, .salt = options_.salt, .disk = &disk_, .start = start_});
    SimLog log(env.hash());
    server::Options options;
    options.port = server::kPortRandom;
    options.loops = loops;
    options.jetstream_enabled = true;
    options.store_dir = "/s";
    // Some lives see many checkpoints, some none.
    if (!random_.one_in(3)) options.jetstream.checkpoint_every = 500 + random_.below(20'000);
    options.jetstream.read_at_once = seconds(3600);
    // Sometimes while it starts.
    if (power_fails) disk_.cut_power_after(1 + random_.below(random_.one_in(6) ? 40 : 1500));
    auto server = server::Server::create(env, log, options);
    if (server) {
      (*server)->go();
      if (!is_last && random_.one_in(3)) spoil_disk();
      const auto result = work(env, **server, is_last);
      if (!result) report(life, result.error(), log);
      if (!is_last && !disk_.is_off() && random_.one_in(2)) disk_.kill_process();
    } else if (!disk_.is_off()) {
      report(life, server.error(), log);
    }
    server = failure("over");
    start_ = env.now() + seconds(1);
    outcome_.event_hash = outcome_.event_hash * 31 + env.event_hash();
    outcome_.events += env.event_count();
    mend_disk();
    disk_.restart();
  }

  Result<void> work(SimEnv& env, server::Server& server, bool is_last) {
    JetStreamPromises workload(
        env, [&] { return env.connect(server.port()); }, promised_, next_body_);
    if (is_spoilt_) workload.expect_refusals([this] { mend_disk(); });
    TRY(workload.setup());
    for (int round = 0; !is_last && round < options_.rounds && !disk_.is_off(); ++round) {
      if (is_spoilt_ && random_.one_in(4)) mend_disk();
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

  void report(int life, const Error& error, const SimLog& log) {
    outcome_.failure = "life " + std::to_string(life) + ": " + error.text() + "\n";
    for (const std::string& line : log.last_lines()) outcome_.failure += "    log: " + line + "\n";
  }

  const std::uint64_t seed_;
  const RunOptions options_;
  SimRandom random_;
  SimDisk disk_;
  MonoTime start_ = MonoTime{} + seconds(1000);
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

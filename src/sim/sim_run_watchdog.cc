#include "sim/sim_life.h"
#include "sim/sim_run.h"
#include "sim/workload/jetstream_watchdog.h"

namespace midge::sim {

RunOutcome run_watchdog_seed(std::uint64_t seed, RunOptions run_options) {
  SimRandom random(seed);
  const auto loops = static_cast<unsigned>(random.between(1, 3));
  server::Options options = jetstream_options(loops);
  options.jetstream.checkpoint_every = 1 << 20;
  // Who waits is to wait for the server, not for the machine.
  SimLife life(seed, {.loops = loops, .salt = run_options.salt, .stalls = false}, options);
  RunOutcome outcome;
  if (!life.started()) {
    outcome.failure = life.report(life.start_error());
    return outcome;
  }
  {
    JetStreamWatchdog workload(life.env(), [&] { return life.connect(); });
    const MonoTime end = life.env().now() + minutes(60 * run_options.rounds);
    Result<void> result = workload.setup();
    while (result && life.env().now() < end) result = workload.step();
    if (result) result = workload.check();
    if (!result) outcome.failure = life.report(result.error());
    outcome.summary = workload.summary();
  }
  life.end(outcome);
  return outcome;
}

}  // namespace midge::sim

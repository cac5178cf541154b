#include "server/server.h"
#include "sim/sim_env.h"
#include "sim/sim_log.h"
#include "sim/sim_run.h"
#include "sim/workload/jetstream_watchdog.h"

namespace midge::sim {

RunOutcome run_watchdog_seed(std::uint64_t seed, RunOptions options) {
  SimRandom random(seed);
  const auto loops = static_cast<unsigned>(random.between(1, 3));
  SimEnv env(seed, {.loops = loops, .salt = options.salt});
  SimLog log(env.hash());
  server::Options server_options;
  server_options.port = server::kPortRandom;
  server_options.loops = loops;
  server_options.jetstream_enabled = true;
  server_options.store_dir = "/s";
  server_options.jetstream.checkpoint_every = 1 << 20;
  RunOutcome outcome;
  auto server = server::Server::create(env, log, server_options);
  if (!server) {
    outcome.failure = server.error().text() + "\n";
    return outcome;
  }
  (*server)->go();
  JetStreamWatchdog workload(env, [&] { return env.connect((*server)->port()); });
  const MonoTime end = env.now() + minutes(60 * options.rounds);
  Result<void> result = workload.setup();
  while (result && env.now() < end) result = workload.step();
  if (result) result = workload.check();
  if (!result) {
    outcome.failure = result.error().text() + "\n";
    for (const std::string& line : log.last_lines()) outcome.failure += "    log: " + line + "\n";
  }
  outcome.summary = workload.summary();
  outcome.event_hash = env.event_hash();
  outcome.events = env.event_count();
  return outcome;
}

}  // namespace midge::sim

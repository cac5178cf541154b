#include "sim/client_world.h"
#include "sim/sim_run.h"
#include "sim/workload/client_promises.h"

namespace midge::sim {

RunOutcome run_client_seed(std::uint64_t seed, RunOptions options) {
  RunOutcome outcome;
  ClientWorld world(seed, options, true);
  {
    ClientPromises workload(world);
    const Result<void> result = run_rounds(workload, options.rounds);
    if (!result) outcome.failure = world.report(result.error(), workload.ledger().history());
  }
  world.end(outcome);
  return outcome;
}

}  // namespace midge::sim

#include "sim/sim_life.h"

namespace midge::sim {

SimLife::SimLife(std::uint64_t seed, SimOptions sim_options, const server::Options& options)
    : env_(seed, sim_options),
      log_(env_.hash()),
      server_(server::Server::create(env_, log_, options)) {
  if (server_) (*server_)->go();
}

std::string SimLife::report(const Error& error, const std::string& history) const {
  std::string text = error.text() + "\n" + history;
  for (const std::string& line : log_.last_lines()) text += "    log: " + line + "\n";
  return text;
}

void SimLife::end(RunOutcome& outcome) {
  server_ = failure("it is over");
  outcome.event_hash = outcome.event_hash * 31 + env_.event_hash();
  outcome.events += env_.event_count();
}

server::Options plain_options(unsigned loops) {
  server::Options options;
  options.port = server::kPortRandom;
  options.loops = loops;
  return options;
}

server::Options jetstream_options(unsigned loops) {
  server::Options options = plain_options(loops);
  options.jetstream_enabled = true;
  options.store_dir = "/s";
  return options;
}

Result<void> run_rounds(Workload& workload, int rounds, const std::function<void()>& between) {
  TRY(workload.setup());
  for (int round = 0; round < rounds; ++round) {
    between();
    auto result = workload.step();
    if (!result) return std::unexpected(result.error().within("round " + std::to_string(round)));
  }
  return workload.check();
}

}  // namespace midge::sim

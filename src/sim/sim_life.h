// One life of a server in a simulated environment, as every kind of run begins, reports and ends
// it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "server/server.h"
#include "sim/sim_env.h"
#include "sim/sim_log.h"
#include "sim/sim_run.h"
#include "sim/workload/workload.h"

namespace midge::sim {

class SimLife {
 public:
  // The server runs then, or could not: start_error().
  SimLife(std::uint64_t seed, SimOptions sim_options, const server::Options& options);

  [[nodiscard]] bool started() const { return server_.has_value(); }
  [[nodiscard]] const Error& start_error() const { return server_.error(); }
  SimEnv& env() { return env_; }
  server::Server& server() { return **server_; }
  std::unique_ptr<SimSocket> connect() { return env_.connect(server().port()); }

  // What failed, what led there, and the end of the log.
  [[nodiscard]] std::string report(const Error& error, const std::string& history = "") const;
  // The server ends, in virtual time; what happened is added to `outcome`.
  void end(RunOutcome& outcome);

 private:
  SimEnv env_;
  SimLog log_;
  Result<std::unique_ptr<server::Server>> server_;
};

// Of a server on a port of its own; with JetStream in one folder for all lives of a seed.
server::Options plain_options(unsigned loops);
server::Options jetstream_options(unsigned loops);

// Somebody sets the wall clock now and then, by up to an hour.
class ClockSteps {
 public:
  explicit ClockSteps(std::uint64_t seed) : random_(seed ^ 0xc10c) {}
  // Mostly zero.
  Duration draw() {
    if (!random_.one_in(8)) return {};
    return milliseconds(random_.between(-3'600'000, 3'600'000));
  }

 private:
  SimRandom random_;
};

// setup(), so many rounds with `between` before each, check().
Result<void> run_rounds(
    Workload& workload, int rounds, const std::function<void()>& between = [] {});

}  // namespace midge::sim

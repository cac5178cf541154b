// A server that comes and goes at one port of one disk, and what clients beside it work with, in
// one world.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "client/worker.h"
#include "midge/client.h"
#include "sim/sim_life.h"

namespace midge::sim {

inline Timeout timeout_of(Duration duration) { return Timeout(duration.ns); }

// How a server ends.
enum class Ending : std::uint8_t {
  kOrder,
  kLameDuck,
  kCrash,  // connections break, and what was not given to the disk is lost
};

class ClientWorld {
 public:
  // `stalls`: the server stands still for seconds now and then.
  ClientWorld(std::uint64_t seed, RunOptions options, bool stalls);
  ~ClientWorld();
  ClientWorld(const ClientWorld&) = delete;
  ClientWorld& operator=(const ClientWorld&) = delete;

  // The clients' environment; its time and network are the server's, too.
  SimEnv& env() { return *env_; }
  SimFaults& faults() { return env_->net().faults(); }
  [[nodiscard]] const std::shared_ptr<Runtime>& runtime() const { return runtime_; }
  [[nodiscard]] std::string url() const;
  // With short waits, for ever.
  [[nodiscard]] Options options() const;

  // Errors: why it cannot start.
  Result<void> start_server();
  // Ends it, in virtual time, and starts another after `pause`; not if that is under way.
  void restart_server(Ending ending, Duration pause);
  [[nodiscard]] bool serves() const { return serves_; }

  [[nodiscard]] std::string report(const Error& error, const std::string& history) const;
  // No client is left: all ends.
  void end(RunOutcome& outcome);

 private:
  void await_end(Duration pause);

  const std::uint64_t seed_;
  const RunOptions options_;
  const bool stalls_;
  const std::shared_ptr<SimWorld> world_;
  SimDisk disk_;
  const std::shared_ptr<SimEnv> env_;
  std::shared_ptr<Runtime> runtime_;
  std::vector<std::unique_ptr<SimLife>> lives_;  // the last one serves
  bool serves_ = false;
  Result<void> started_;  // of restarts
};

}  // namespace midge::sim

// One seed: a server in a simulated environment under a workload.
#pragma once

#include <cstdint>
#include <string>

namespace midge::sim {

struct RunOptions {
  int rounds = 6;
  std::uint64_t salt = 0;
};

struct RunOutcome {
  std::string failure;  // "" = all held
  std::string summary;  // of what happened; "" of most
  std::uint64_t event_hash = 0;
  std::uint64_t events = 0;
};

// The number of loops, limits and policies are drawn from the seed, too.
RunOutcome run_seed(std::uint64_t seed, RunOptions options = {});
// The same with accounts that are reloaded, and what may cross between them.
RunOutcome run_accounts_seed(std::uint64_t seed, RunOptions options = {});
// JetStream over several lives of a server, which end by power cuts, kills and in order; a life has
// as many rounds as `options` says, or fewer.
RunOutcome run_jetstream_seed(std::uint64_t seed, RunOptions options = {});
// JetStream beside a model of streams and consumers, over some lives without losses.
RunOutcome run_equality_seed(std::uint64_t seed, RunOptions options = {});
// Hours of work at many consumers (as many as `rounds`): nobody waits long for what is deliverable.
RunOutcome run_watchdog_seed(std::uint64_t seed, RunOptions options = {});
// Clients of libmidge whose connections break and whose server comes and goes.
RunOutcome run_client_seed(std::uint64_t seed, RunOptions options = {});
// Exchanges of such a client, each cut at its first read or write, its second, and so on to the
// end.
RunOutcome run_client_cuts(std::uint64_t seed, RunOptions options = {});

}  // namespace midge::sim

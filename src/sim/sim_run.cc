#include "sim/sim_run.h"

#include "server/server.h"
#include "sim/sim_env.h"
#include "sim/sim_log.h"
#include "sim/workload/account_boundaries.h"
#include "sim/workload/core_delivery.h"

namespace midge::sim {
namespace {

server::Options draw_options(SimRandom& random, unsigned loops) {
  server::Options options;
  options.port = server::kPortRandom;
  options.loops = loops;
  options.max_payload = 100'000;
  options.max_pending = random.one_in(3) ? 100'000 : 64 << 20;
  if (random.one_in(3)) {
    options.slow_consumer_policy = random.one_in(2) ? server::SlowConsumerPolicy::kDropNew
                                                    : server::SlowConsumerPolicy::kDropOld;
  }
  options.disable_sublist_cache = random.one_in(8);
  options.no_fast_producer_stall = !random.one_in(4);
  options.connection_placement = random.one_in(2) ? server::ConnectionPlacement::kSpread
                                                  : server::ConnectionPlacement::kFirstIdle;
  return options;
}

Result<void> run_workload(Workload& workload, int rounds) {
  TRY(workload.setup());
  for (int round = 0; round < rounds; ++round) {
    auto result = workload.step();
    if (!result) return std::unexpected(result.error().within("round " + std::to_string(round)));
  }
  return workload.check();
}

std::string report(const Error& error, const SimLog& log) {
  std::string text = error.text() + "\n";
  for (const std::string& line : log.last_lines()) text += "    log: " + line + "\n";
  return text;
}

}  // namespace

RunOutcome run_seed(std::uint64_t seed, RunOptions run_options) {
  SimRandom random(seed);
  const auto loops = static_cast<unsigned>(random.between(1, 4));
  SimEnv env(seed, {.loops = loops, .salt = run_options.salt});
  SimLog log(env.hash());
  RunOutcome outcome;
  const server::Options options = draw_options(random, loops);
  const bool may_drop = options.slow_consumer_policy != server::SlowConsumerPolicy::kClose;
  auto server = server::Server::create(env, log, options);
  if (!server) {
    outcome.failure = report(server.error(), log);
    return outcome;
  }
  (*server)->go();
  {
    const auto connect = [&]() -> std::unique_ptr<io::PipeClient> {
      if (random.one_in(4)) return (*server)->connect_in_process();
      return env.connect((*server)->port());
    };
    CoreDelivery workload(env, connect, may_drop);
    if (const auto result = run_workload(workload, run_options.rounds); !result)
      outcome.failure = report(result.error(), log);
  }
  server->reset();  // ends the loops, in virtual time
  outcome.event_hash = env.event_hash();
  outcome.events = env.event_count();
  return outcome;
}

RunOutcome run_accounts_seed(std::uint64_t seed, RunOptions run_options) {
  SimRandom random(seed);
  const auto loops = static_cast<unsigned>(random.between(1, 4));
  SimEnv env(seed, {.loops = loops, .salt = run_options.salt});
  SimLog log(env.hash());
  RunOutcome outcome;
  server::Options options;
  options.port = server::kPortRandom;
  options.loops = loops;
  options.disable_sublist_cache = random.one_in(8);
  options.connection_placement = server::ConnectionPlacement::kSpread;
  // The simulated network may hold a CONNECT back for longer than real users wait.
  options.auth.timeout = minutes(5);
  options.auth.timeout_is_set = true;
  for (const char* name : {"A", "B", "C", "D"}) {
    options.accounts.emplace_back().name = name;
    auth::UserConfig& user = options.auth.users.emplace_back();
    user.user = user.password = user.account = name;
  }
  auto server = server::Server::create(env, log, options);
  if (!server) {
    outcome.failure = report(server.error(), log);
    return outcome;
  }
  (*server)->go();
  {
    const auto connect = [&] { return env.connect((*server)->port()); };
    const auto reload = [&](std::vector<broker::AccountConfig> accounts) {
      options.accounts = std::move(accounts);
      return (*server)->reload(options);
    };
    AccountBoundaries workload(env, connect, reload);
    if (const auto result = run_workload(workload, run_options.rounds); !result)
      outcome.failure = report(result.error(), log);
  }
  server->reset();
  outcome.event_hash = env.event_hash();
  outcome.events = env.event_count();
  return outcome;
}

}  // namespace midge::sim

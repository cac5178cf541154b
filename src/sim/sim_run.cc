#include "sim/sim_run.h"

#include <memory>
#include <optional>

#include "sim/sim_life.h"
#include "sim/workload/account_boundaries.h"
#include "sim/workload/core_delivery.h"
#include "sim/workload/sim_web_socket.h"

namespace midge::sim {
namespace {

constexpr int kWebSocketPort = 8080;

server::Options draw_options(SimRandom& random, unsigned loops) {
  server::Options options = plain_options(loops);
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

// Clients that come over web sockets, compressed and not, in some of the seeds. What is due takes
// as long as the simulated network lets it.
std::optional<server::WebSocketOptions> draw_web_sockets(SimRandom& random) {
  if (random.one_in(2)) return std::nullopt;
  server::WebSocketOptions block;
  block.port = kWebSocketPort;
  block.no_tls = true;
  block.handshake_timeout = minutes(5);
  block.compression = true;
  // So little that messages in parts lose what they have, and their connection with it.
  if (random.one_in(4)) block.compression_memory = 100'000;
  return block;
}

server::Options draw_account_options(SimRandom& random, unsigned loops) {
  server::Options options = plain_options(loops);
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
  return options;
}

// `work`: with the server that runs.
template <class Work>
RunOutcome run_one_life(SimLife& life, const Work& work) {
  RunOutcome outcome;
  if (!life.started()) {
    outcome.failure = life.report(life.start_error());
    return outcome;
  }
  if (const Result<void> result = work(); !result) outcome.failure = life.report(result.error());
  life.end(outcome);
  return outcome;
}

}  // namespace

RunOutcome run_seed(std::uint64_t seed, RunOptions run_options) {
  SimRandom random(seed);
  const auto loops = static_cast<unsigned>(random.between(1, 4));
  server::Options options = draw_options(random, loops);
  options.websocket = draw_web_sockets(random);
  const bool may_drop = options.slow_consumer_policy != server::SlowConsumerPolicy::kClose;
  SimLife life(seed, {.loops = loops, .salt = run_options.salt}, options);
  ClockSteps steps(seed);
  return run_one_life(life, [&] {
    const auto connect = [&]() -> std::unique_ptr<io::PipeClient> {
      if (random.one_in(4)) return life.server().connect_in_process();
      if (options.websocket && !random.one_in(3)) {
        return std::make_unique<SimWebSocket>(life.env(), life.env().connect(kWebSocketPort),
                                              random.one_in(2));
      }
      return life.connect();
    };
    CoreDelivery workload(life.env(), connect, may_drop);
    return run_rounds(workload, run_options.rounds, [&] { life.env().step_clock(steps.draw()); });
  });
}

RunOutcome run_accounts_seed(std::uint64_t seed, RunOptions run_options) {
  SimRandom random(seed);
  const auto loops = static_cast<unsigned>(random.between(1, 4));
  server::Options options = draw_account_options(random, loops);
  SimLife life(seed, {.loops = loops, .salt = run_options.salt}, options);
  ClockSteps steps(seed);
  return run_one_life(life, [&] {
    const auto reload = [&](std::vector<broker::AccountConfig> accounts) {
      options.accounts = std::move(accounts);
      return life.server().reload(options);
    };
    AccountBoundaries workload(
        life.env(), [&] { return life.connect(); }, reload);
    return run_rounds(workload, run_options.rounds, [&] { life.env().step_clock(steps.draw()); });
  });
}

}  // namespace midge::sim

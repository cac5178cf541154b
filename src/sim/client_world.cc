#include "sim/client_world.h"

#include <utility>

namespace midge::sim {
namespace {

constexpr int kPort = 4222;

}  // namespace

ClientWorld::ClientWorld(std::uint64_t seed, RunOptions options, bool stalls)
    : seed_(seed),
      options_(options),
      stalls_(stalls),
      world_(std::make_shared<SimWorld>(seed, MonoTime{} + seconds(1000))),
      disk_(seed),
      env_(std::make_shared<SimEnv>(
          seed ^ 0xc11e,
          SimOptions{.loops = 1, .salt = options.salt, .stalls = false, .world = world_})),
      runtime_(detail::Worker::over(env_)) {}

ClientWorld::~ClientWorld() {
  RunOutcome outcome;
  end(outcome);
}

std::string ClientWorld::url() const { return "nats://127.0.0.1:" + std::to_string(kPort); }

Options ClientWorld::options() const {
  Options options;
  options.servers = {url()};
  options.reconnect_wait = timeout_of(milliseconds(50));
  options.reconnect_jitter = timeout_of(milliseconds(20));
  options.reconnect_max = -1;
  options.ping_interval = timeout_of(seconds(2));
  options.runtime = runtime_;
  return options;
}

Result<void> ClientWorld::start_server() {
  server::Options options = jetstream_options(1 + static_cast<unsigned>(seed_ % 2));
  options.port = kPort;
  options.lame_duck_duration = seconds(1);
  options.lame_duck_grace_period = milliseconds(200);
  lives_.push_back(std::make_unique<SimLife>(seed_ * 16 + lives_.size(),
                                             SimOptions{.loops = options.loops,
                                                        .salt = options_.salt,
                                                        .disk = &disk_,
                                                        .stalls = stalls_,
                                                        .stall_one_in = 2000,
                                                        .world = world_},
                                             options));
  if (!lives_.back()->started()) return lives_.back()->start_error();
  serves_ = true;
  return {};
}

void ClientWorld::restart_server(Ending ending, Duration pause) {
  if (!std::exchange(serves_, false)) return;
  server::Server& server = lives_.back()->server();
  if (ending == Ending::kCrash) {
    faults().lose(Loss::kReset);
    disk_.kill_process();
  }
  if (ending == Ending::kLameDuck)
    server.enter_lame_duck_mode();
  else
    server.shut_down();
  await_end(pause);
}

void ClientWorld::await_end(Duration pause) {
  env_->after(milliseconds(5), [this, pause] {
    if (!lives_.back()->env().ended()) return await_end(pause);
    RunOutcome ignored;
    lives_.back()->end(ignored);
    disk_.restart();
    env_->after(pause, [this] { started_ = start_server(); });
  });
}

std::string ClientWorld::report(const Error& error, const std::string& history) const {
  return lives_.empty() ? error.text() + "\n" : lives_.back()->report(error, history);
}

void ClientWorld::end(RunOutcome& outcome) {
  if (!runtime_) return;
  if (serves_) {
    RunOutcome ignored;
    lives_.back()->end(ignored);
  }
  runtime_.reset();
  outcome.event_hash = env_->event_hash();
  outcome.events = env_->event_count();
}

}  // namespace midge::sim

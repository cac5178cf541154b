#include "midge/server.h"

#include <atomic>
#include <optional>
#include <utility>

#include "embed/door.h"
#include "embed/milestone.h"
#include "embed/plan.h"
#include "embed/sink.h"
#include "io/posix/log_writer.h"
#include "io/posix/posix_env.h"
#include "io/posix/posix_thread.h"
#include "server/log_options.h"

namespace midge {
namespace {

Error shut_down_before() { return Error("the server has shut down", ErrorCode::kClosed); }
Error none() { return Error("there is no server", ErrorCode::kClosed); }

std::string first_of(const std::vector<std::string>& urls) { return urls.empty() ? "" : urls[0]; }

}  // namespace

// In the order it is made; what outlives the handle's calls is shared with who calls them.
struct Server::State {
  State(std::unique_ptr<io::Env> its_env, ServerOptions options)
      : env(std::move(its_env)),
        sink(std::make_shared<embed::Sink>(options.on_log)),
        asked(std::move(options)) {}
  ~State();
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  Result<void> open();
  Result<void> start();
  void shut_down();
  // The parts of a reload that do not wait. `applied`: all loops have it.
  Result<void> reload(ServerOptions options, std::function<void()> applied);
  [[nodiscard]] io::LogOptions log_options(const server::Options& options) const;
  [[nodiscard]] ServerOptions asked_now() const;

  const std::unique_ptr<io::Env> env;
  const std::shared_ptr<embed::Sink> sink;
  mutable io::Monitor monitor;
  ServerOptions asked;                                            // under the monitor
  enum class Life { kMade, kStarted, kOver } life = Life::kMade;  // under the monitor
  io::Monitor reloading;                                          // one at a time
  std::unique_ptr<io::LogWriter> log;
  embed::Milestone ready, stopped;
  std::unique_ptr<server::Server> server;
  std::shared_ptr<embed::Door> door;
  std::optional<io::PosixThread> keeper;  // waits for the loops
};

io::LogOptions Server::State::log_options(const server::Options& options) const {
  io::LogOptions made = server::log_options_of(options);
  made.target = sink;
  return made;
}

Result<void> Server::State::open() {
  ASSIGN_OR_RETURN(embed::Plan plan, embed::read_plan(asked, *env));
  ASSIGN_OR_RETURN(log, io::make_log_writer(log_options(plan.options)));
  ASSIGN_OR_RETURN(server, server::Server::create(*env, *log, std::move(plan.options)));
  for (const std::string& note : plan.notes) log->warn(note);
  door = std::make_shared<embed::Door>(*server);
  server->on_ready([this] { ready.reach(); });
  // Asked for in the system account, on a loop: nobody waits for its end.
  server->on_reload_request([this] { return reload(asked_now(), {}); });
  return {};
}

Result<void> Server::State::start() {
  const io::Monitor::Lock lock(monitor);
  if (life == Life::kOver) return shut_down_before();
  if (std::exchange(life, Life::kStarted) == Life::kStarted) return {};
  server->go();
  keeper.emplace("midge-keeper", [this] {
    server->wait();
    ready.reach(shut_down_before());
    stopped.reach();
  });
  return {};
}

void Server::State::shut_down() {
  const io::Monitor::Lock lock(monitor);
  server->shut_down();
  if (std::exchange(life, Life::kOver) != Life::kMade) return;
  ready.reach(shut_down_before());
  stopped.reach();
}

Server::State::~State() {
  if (door) door->close();
  if (server) shut_down();
  keeper.reset();
  server.reset();
}

ServerOptions Server::State::asked_now() const {
  const io::Monitor::Lock lock(monitor);
  return asked;
}

Result<void> Server::State::reload(ServerOptions options, std::function<void()> applied) {
  const io::Monitor::Lock one_at_a_time(reloading);
  const auto try_it = [&]() -> Result<void> {
    ASSIGN_OR_RETURN(embed::Plan plan, embed::read_plan(options, *env));
    plan.options.listens = asked_now().listen;
    const io::LogOptions its_log = log_options(plan.options);
    auto tell = [this, digest = plan.options.config_digest, applied = std::move(applied)] {
      log->info("Reloaded server configuration (" + digest + ")");
      if (applied) applied();
    };
    TRY(server->reload(std::move(plan.options), std::move(tell)));
    return log->configure(its_log);
  };
  if (auto done = try_it(); !done) {
    log->error("Failed to reload server configuration: " + done.error().text());
    return Error(done.error().text(), ErrorCode::kInvalid);
  }
  const io::Monitor::Lock lock(monitor);
  options.on_log = nullptr;  // the sink has it
  options.listen = asked.listen;
  asked = std::move(options);
  return {};
}

Server::Server() = default;
Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}
Server::Server(Server&&) noexcept = default;
Server& Server::operator=(Server&&) noexcept = default;
Server::~Server() = default;

Result<Server> Server::make(ServerOptions options) {
  auto state = std::make_unique<State>(io::make_posix_env({.argv0 = "midge"}), std::move(options));
  TRY(state->open());
  return Server(std::move(state));
}

Result<Server> Server::run(ServerOptions options, Deadline deadline) {
  ASSIGN_OR_RETURN(Server server, make(std::move(options)));
  TRY(server.start());
  TRY(server.ready(std::move(deadline)));
  return server;
}

Result<void> Server::start() const { return state_ ? state_->start() : none(); }

Result<void> Server::ready(Deadline deadline) const {
  return state_ ? state_->ready.wait(deadline) : none();
}

std::shared_ptr<InProcess> Server::in_process() const { return state_ ? state_->door : nullptr; }

std::string Server::client_url() const {
  return state_ ? first_of(state_->server->urls().nats) : "";
}

std::string Server::web_socket_url() const {
  return state_ ? first_of(state_->server->urls().websocket) : "";
}

std::string Server::monitor_url() const {
  return state_ ? first_of(state_->server->urls().monitoring) : "";
}

int Server::port() const { return state_ ? state_->server->port() : 0; }
std::string Server::id() const { return state_ ? state_->server->id() : ""; }

Result<void> Server::reload(Deadline deadline) const {
  if (!state_) return none();
  return reload(state_->asked_now(), std::move(deadline));
}

Result<void> Server::reload(ServerOptions options, Deadline deadline) const {
  if (!state_) return none();
  auto applied = std::make_shared<embed::Milestone>();  // it may come after this call has given up
  TRY(state_->reload(std::move(options), [applied] { applied->reach(); }));
  return applied->wait(deadline);
}

void Server::enter_lame_duck_mode() const {
  if (state_) state_->server->enter_lame_duck_mode();
}

Result<void> Server::shut_down(Deadline deadline) const {
  if (!state_) return {};
  state_->shut_down();
  return wait(std::move(deadline));
}

Result<void> Server::wait(Deadline deadline) const {
  return state_ ? state_->stopped.wait(deadline) : Result<void>();
}

}  // namespace midge

#include "embed/host.h"

#include <utility>

#include "embed/plan.h"
#include "io/posix/posix_env.h"
#include "server/log_options.h"

namespace midge::embed {
namespace {

Error shut_down_before() { return Error("the server has shut down", ErrorCode::kClosed); }

}  // namespace

Host::Host(ServerOptions asked)
    : env_(io::make_posix_env({.argv0 = "midge"})),
      sink_(std::make_shared<Sink>(std::move(asked.on_log))),
      asked_(std::move(asked)) {}

io::LogOptions Host::log_options(const server::Options& options) const {
  io::LogOptions made = server::log_options_of(options);
  made.target = sink_;
  return made;
}

Result<void> Host::open() {
  ASSIGN_OR_RETURN(Plan plan, read_plan(asked_, *env_));
  ASSIGN_OR_RETURN(log_, io::make_log_writer(log_options(plan.options)));
  ASSIGN_OR_RETURN(server_, server::Server::create(*env_, *log_, std::move(plan.options)));
  for (const std::string& note : plan.notes) log_->warn(note);
  door_ = std::make_shared<Door>(*server_);
  server_->on_ready([this] { ready.reach(); });
  // Asked for in the system account, on a loop: nobody waits for its end.
  server_->on_reload_request([this] { return reload(asked(), {}); });
  return {};
}

Result<void> Host::start() {
  const io::Monitor::Lock lock(monitor_);
  if (life_ == Life::kOver) return shut_down_before();
  if (std::exchange(life_, Life::kStarted) == Life::kStarted) return {};
  server_->go();
  keeper_.emplace("midge-keeper", [this] {
    server_->wait();
    ready.reach(shut_down_before());
    stopped.reach();
  });
  return {};
}

void Host::shut_down() {
  const io::Monitor::Lock lock(monitor_);
  server_->shut_down();
  if (std::exchange(life_, Life::kOver) != Life::kMade) return;
  ready.reach(shut_down_before());
  stopped.reach();
}

Host::~Host() {
  if (door_) door_->close();
  if (server_) shut_down();
  keeper_.reset();
  server_.reset();
}

ServerOptions Host::asked() const {
  const io::Monitor::Lock lock(monitor_);
  return asked_;
}

Result<void> Host::reload(ServerOptions options, std::function<void()> applied) {
  const io::Monitor::Lock one_at_a_time(reloading_);
  io::LogOptions its_log;
  const auto try_it = [&]() -> Result<void> {
    ASSIGN_OR_RETURN(Plan plan, read_plan(options, *env_));
    plan.options.listens = asked().listen;
    its_log = log_options(plan.options);
    auto tell = [this, digest = plan.options.config_digest, applied = std::move(applied)] {
      log_->info("Reloaded server configuration (" + digest + ")");
      if (applied) applied();
    };
    return server_->reload(std::move(plan.options), std::move(tell));
  };
  if (auto done = try_it(); !done) {
    log_->error("Failed to reload server configuration: " + done.error().text());
    return Error(done.error().text(), ErrorCode::kInvalid);
  }
  const io::Monitor::Lock lock(monitor_);
  options.listen = asked_.listen;
  asked_ = std::move(options);
  return log_->configure(its_log);
}

}  // namespace midge::embed

#include "midge/server.h"

#include <utility>

#include "embed/host.h"

namespace midge {

struct Server::State : embed::Host {
  using Host::Host;
};

namespace {

Error none() { return Error("there is no server", ErrorCode::kClosed); }

std::string first_of(const std::vector<std::string>& urls) { return urls.empty() ? "" : urls[0]; }

}  // namespace

Server::Server() = default;
Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}
Server::Server(Server&&) noexcept = default;
Server& Server::operator=(Server&&) noexcept = default;
Server::~Server() = default;

Result<Server> Server::make(ServerOptions options) {
  auto state = std::make_unique<State>(std::move(options));
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

std::shared_ptr<InProcess> Server::in_process() const { return state_ ? state_->door() : nullptr; }

std::string Server::client_url() const {
  return state_ ? first_of(state_->server().urls().nats) : "";
}

std::string Server::web_socket_url() const {
  return state_ ? first_of(state_->server().urls().websocket) : "";
}

std::string Server::monitor_url() const {
  return state_ ? first_of(state_->server().urls().monitoring) : "";
}

int Server::port() const { return state_ ? state_->server().port() : 0; }
std::string Server::id() const { return state_ ? state_->server().id() : ""; }

Result<void> Server::reload(Deadline deadline) const {
  if (!state_) return none();
  return reload(state_->asked(), std::move(deadline));
}

Result<void> Server::reload(ServerOptions options, Deadline deadline) const {
  if (!state_) return none();
  auto applied = std::make_shared<embed::Milestone>();  // it may come after this call has given up
  TRY(state_->reload(std::move(options), [applied] { applied->reach(); }));
  return applied->wait(deadline);
}

void Server::enter_lame_duck_mode() const {
  if (state_) state_->server().enter_lame_duck_mode();
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

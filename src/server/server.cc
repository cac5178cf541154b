#include "server/server.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>

#include "broker/broker.h"
#include "broker/call_mail.h"
#include "crypto/nkey.h"
#include "io/posix/log_writer.h"
#include "io/posix/posix_env.h"
#include "server/authentication.h"
#include "server/broker_config.h"
#include "server/identity.h"
#include "server/lame_duck.h"
#include "server/monitor/monitor.h"
#include "server/operator/claims_service.h"
#include "server/operator/operator_mode.h"
#include "server/options/host_port.h"
#include "server/options/reload_plan.h"
#include "server/ports_file.h"
#include "server/system/system_client.h"
#include "server/system/system_login.h"
#include "server/tls_service.h"
#include "subject/writer_lock.h"

namespace midge::server {

namespace {

std::string make_nkey_text(io::Entropy& entropy, crypto::NkeyKind kind) {
  std::array<unsigned char, 32> seed;
  entropy.fill(seed);
  return crypto::make_nkey(kind, seed).public_key;
}

unsigned loop_count(const Options& options, io::Process& process) {
  if (options.loops > 0) return std::min(options.loops, kLoopsMax);
  const double cores = std::min<double>(process.cores(), process.cpu_quota());
  return std::clamp(static_cast<unsigned>(std::ceil(cores)), 1U, kLoopsMax);
}

}  // namespace

// What a running server consists of, in the order it is made.
struct Server::Parts final : io::ListenerEvents {
  // Set for a server with an environment of its own.
  std::unique_ptr<io::Env> own_env;
  std::unique_ptr<Log> own_log;

  io::Env& env;
  Log& log;
  std::shared_ptr<const Options> options;
  Identity identity;
  std::span<io::Loop* const> loops;
  std::unique_ptr<OperatorMode> operator_mode;  // null without operators
  std::string system_secret;                    // lets the server's own client in
  std::unique_ptr<SystemClient> system_client;
  std::unique_ptr<ClaimsService> claims_service;
  auth::AuthenticatorPtr authenticator;
  subject::WriterLock config_lock;  // of options, authenticator, and what is made of them
  std::unique_ptr<broker::Broker> broker;
  std::unique_ptr<TlsService> tls;
  std::unique_ptr<io::Listener> listener;  // gone in lame duck mode
  std::unique_ptr<Monitor> monitor;
  std::unique_ptr<LameDuck> lame_duck;
  std::string ports_path;
  std::atomic<bool> stopping{false};
  std::atomic<bool> lame{false};

  Parts(io::Env& env, Log& log, Options options)
      : env(env), log(log), options(std::make_shared<const Options>(std::move(options))) {}

  void on_accept(std::unique_ptr<io::Stream> stream) override {
    broker->accept(tls->wrap_client(std::move(stream)));
  }
  void on_accept_error(const Error& error) override {
    log.error("Temporary Client Accept Error (" + error.text() + "), sleeping 1s");
  }

  void identify();
  [[nodiscard]] MonitorIdentity monitor_identity() const;
  void log_banner() const;
  void log_listening() const;
  Result<void> listen();
  Result<void> prepare_logins();
  [[nodiscard]] auth::AuthenticatorPtr operator_logins() const;
  [[nodiscard]] broker::BrokerConfigPtr broker_config() const;
  Result<void> advertise();
  Result<void> listen_monitor();
  Result<void> write_files();
  void on_main_loop(std::move_only_function<void()> function);
  void begin_lame_duck();
  void stop();
};

void Server::Parts::identify() {
  identity.id = make_nkey_text(env.entropy(), crypto::NkeyKind::kServer);
  identity.xkey = make_nkey_text(env.entropy(), crypto::NkeyKind::kCurve);
  identity.name = options->server_name.empty() ? identity.id : options->server_name;
  identity.host = options->host;
  identity.started = env.clock().wall();
}

MonitorIdentity Server::Parts::monitor_identity() const {
  MonitorIdentity told;
  told.server_id = identity.id;
  told.server_name = identity.name;
  told.version = kCompatibilityVersion;
  told.go = "none";
  told.midge_version = kMidgeVersion;
  told.start = identity.started;
  told.host = identity.told_host();
  told.port = identity.told_port();
  told.connect_urls = identity.connect_urls;
  return told;
}

void Server::Parts::log_banner() const {
  log.info("Starting nats-server");
  log.info(std::string("  Version:  ").append(kCompatibilityVersion));
  log.info(std::string("  Midge:    ").append(kMidgeVersion));
  log.info("  Git:      [not set]");
  log.info("  Name:     " + identity.name);
  log.info("  ID:       " + identity.id);
  if (!options->config_file.empty()) {
    log.info("Using configuration file: " + options->config_file + " (" + options->config_digest +
             ")");
  }
}

void Server::Parts::log_listening() const {
  const io::Address address{identity.host, static_cast<std::uint16_t>(identity.port)};
  log.info("Listening for client connections on " + address.text());
  if (!options->tls || options->allow_non_tls) return;
  log.info("TLS required for client connections");
  if (options->tls->handshake_first && options->tls->first_fallback.ns == 0) {
    log.warn("Clients that are not using \"TLS Handshake First\" option will fail to connect");
  }
}

Result<void> Server::Parts::listen() {
  const io::Address wanted{options->host, static_cast<std::uint16_t>(std::max(options->port, 0))};
  auto bound = env.net().listen(*loops[0], wanted, *this);
  if (!bound) {
    return failure(
        "Error listening on port: " + wanted.text() + ", \"" + bound.error().text() + "\"",
        bound.error().code());
  }
  listener = std::move(*bound);
  identity.port = listener->address().port;
  return advertise();
}

Result<void> Server::Parts::prepare_logins() {
  if (!OperatorMode::is_wanted(*options)) {
    authenticator = make_authenticator(*options);
    return {};
  }
  ASSIGN_OR_RETURN(operator_mode, OperatorMode::make(env, log, *options));
  system_secret = make_nkey_text(env.entropy(), crypto::NkeyKind::kUser);
  authenticator = operator_logins();
  operator_mode->on_change([this](bool recheck) {
    const subject::WriterGuard guard(config_lock);
    if (recheck) authenticator = operator_logins();
    broker->reconfigure(broker_config(), false);
  });
  if (options->system_account.empty()) return {};
  system_client = std::make_unique<SystemClient>(system_secret);
  claims_service = std::make_unique<ClaimsService>(
      *operator_mode, *system_client,
      ServerFacts{identity.name, identity.host, identity.id, options->server_tags}, env.clock(),
      log);
  return {};
}

auth::AuthenticatorPtr Server::Parts::operator_logins() const {
  return std::make_shared<const SystemLogin>(system_secret, options->system_account,
                                             operator_mode->authenticator());
}

broker::BrokerConfigPtr Server::Parts::broker_config() const {
  if (!operator_mode) return make_broker_config(*options, identity, authenticator);
  Options claimed = *options;
  claimed.accounts = operator_mode->accounts();
  return make_broker_config(claimed, identity, authenticator);
}

// Clients are told the advertised address in place of the bound one.
Result<void> Server::Parts::advertise() {
  if (options->client_advertise.empty()) return {};
  ASSIGN_OR_RETURN(const HostPort told,
                   parse_advertised_address(options->client_advertise, identity.port));
  identity.advertised_host = told.host;
  identity.advertised_port = told.port;
  return {};
}

Result<void> Server::Parts::write_files() {
  const std::string pid = std::to_string(env.process().id());
  if (!options->pid_file.empty()) {
    // As the peer does: a pid file that cannot be written is logged, and the server runs.
    if (auto written = env.disk().write_file(options->pid_file, pid); !written)
      log.error("Could not write pidfile: " + written.error().text());
  }
  if (!options->ports_file_dir.empty()) {
    ListenerUrls urls;
    urls.nats = listener_urls(env.net(), "nats", identity.host, identity.port);
    if (monitor) {
      urls.monitoring = listener_urls(env.net(), options->https_port != 0 ? "https" : "http",
                                      monitor->address().host, monitor->address().port);
    }
    const std::string path = ports_file_path(env.process(), options->ports_file_dir);
    if (!ports_path.empty() && ports_path != path) (void)env.disk().remove_file(ports_path);
    ports_path = path;
    if (auto written = write_ports_file(env, ports_path, urls); !written)
      log.error("Error writing ports file (" + ports_path + "): " + written.error().text());
  }
  return {};
}

void Server::Parts::on_main_loop(std::move_only_function<void()> function) {
  loops[0]->post(broker::call_worker(
      [function = std::move(function)](broker::Worker&) mutable { function(); }));
}

void Server::Parts::begin_lame_duck() {
  if (monitor) monitor->set_accepting(false);
  listener.reset();
  lame_duck = std::make_unique<LameDuck>(*broker, *loops[0], options->lame_duck_duration,
                                         options->lame_duck_grace_period, [this] { stop(); });
  lame_duck->start();
}

void Server::Parts::stop() {
  if (stopping.exchange(true)) return;
  log.info("Initiating Shutdown...");
  on_main_loop([this] {
    listener.reset();
    monitor.reset();
    tls->stop();
    lame_duck.reset();
  });
  broker->close_all(broker::CloseReason::kServerShutdown);
  env.stop();
}

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Result<std::unique_ptr<Server>> Server::create(io::Env& env, Log& log, Options options) {
  TRY(check(options));
  auto parts = std::make_unique<Parts>(env, log, std::move(options));
  parts->tls = std::make_unique<TlsService>(env, log);
  TRY(parts->tls->configure(*parts->options));
  env.process().raise_file_limit();
  parts->identify();
  parts->log_banner();
  TRY(check_start(*parts->options));
  parts->loops = env.make_loops(loop_count(*parts->options, env.process()));
  // Listening comes first: the port that was chosen is part of what the broker tells clients.
  TRY(parts->listen());
  TRY(parts->prepare_logins());
  parts->broker = std::make_unique<broker::Broker>(env, log, parts->loops, parts->broker_config());
  TRY(parts->listen_monitor());
  parts->log_listening();
  TRY(parts->write_files());
  return std::unique_ptr<Server>(new Server(std::move(parts)));
}

void Server::watch_signals(io::SignalEvents& events) {
  parts_->env.process().watch_signals(*parts_->loops[0], events);
}

void Server::go() {
  parts_->env.report_stuck_loops([&log = parts_->log](LoopId loop, const io::LoopLoad& load) {
    log.error("Loop " + std::to_string(loop.value) + " is stuck: its tick takes " +
              std::to_string(load.stuck_ns / 1000000) + "ms, now in stage \"" +
              io::to_text(load.stage) + "\"");
  });
  parts_->tls->watch(*parts_->loops[0]);
  const auto handlers = parts_->broker->handlers();
  if (parts_->monitor) parts_->monitor->set_accepting(true);
  if (parts_->operator_mode) parts_->operator_mode->watch(*parts_->loops[0]);
  if (parts_->system_client) parts_->system_client->start(*parts_->loops[0]);
  parts_->env.start(handlers);
  parts_->log.info("Server is ready");
}

Result<void> Server::Parts::listen_monitor() {
  if (options->http_port == 0 && options->https_port == 0) return {};
  monitor = std::make_unique<Monitor>(env, log, *broker, monitor_identity(), options);
  const std::string host = options->http_host.empty() ? options->host : options->http_host;
  const int port = options->https_port != 0 ? options->https_port : options->http_port;
  const io::Address wanted{host, static_cast<std::uint16_t>(std::max(port, 0))};
  monitor->use_tls(*tls, options->https_port != 0);
  if (auto bound = monitor->listen(*loops[0], wanted); !bound)
    return std::unexpected(bound.error().within("Can't start monitoring"));
  return {};
}

Result<std::unique_ptr<Server>> Server::run(Options options) {
  auto env = io::make_posix_env();
  io::LogOptions log_options;
  log_options.debug = options.debug;
  log_options.trace = options.trace;
  log_options.log_file = options.log_file;
  ASSIGN_OR_RETURN(auto log, io::make_log_writer(log_options));
  io::Env& env_used = *env;
  Log& log_used = *log;
  ASSIGN_OR_RETURN(auto server, create(env_used, log_used, std::move(options)));
  server->parts_->own_env = std::move(env);
  server->parts_->own_log = std::move(log);
  server->go();
  return server;
}

Server::~Server() {
  shut_down();
  wait();
  // The environment of its own outlives what runs in it.
  auto env = std::move(parts_->own_env);
  auto log = std::move(parts_->own_log);
  parts_.reset();
}

std::unique_ptr<io::PipeClient> Server::connect_in_process() {
  io::PipePair pipe = io::make_pipe();
  parts_->broker->accept(std::move(pipe.server_end));
  return std::move(pipe.client_end);
}

int Server::port() const { return parts_->identity.port; }
int Server::monitor_port() const { return parts_->monitor ? parts_->monitor->address().port : 0; }
const std::string& Server::id() const { return parts_->identity.id; }

void Server::shut_down() { parts_->stop(); }

void Server::enter_lame_duck_mode() {
  if (parts_->stopping || parts_->lame.exchange(true)) return;
  parts_->log.info("Entering lame duck mode, stop accepting new clients");
  parts_->on_main_loop([parts = parts_.get()] { parts->begin_lame_duck(); });
}

Result<void> Server::reload(Options options) {
  TRY(check(options));
  ASSIGN_OR_RETURN(const ReloadPlan plan, plan_reload(*parts_->options, options));
  if (OperatorMode::is_wanted(options) != (parts_->operator_mode != nullptr))
    return failure("config reload not supported for TrustedOperators");
  TRY(parts_->tls->configure(options));
  parts_->on_main_loop([parts = parts_.get()] { parts->tls->watch(*parts->loops[0]); });
  for (const std::string& line : plan.lines) parts_->log.info(line);
  const bool advertise_anew = options.client_advertise != parts_->options->client_advertise;
  const std::int64_t excess = parts_->broker->connection_count() - options.max_connections;
  const bool logins_change = changes_logins(*parts_->options, options);
  if (logins_change && parts_->operator_mode) TRY(parts_->operator_mode->reload(options));
  {
    const subject::WriterGuard guard(parts_->config_lock);
    if (logins_change) {
      parts_->authenticator =
          parts_->operator_mode ? parts_->operator_logins() : make_authenticator(options);
    }
    parts_->options = std::make_shared<const Options>(std::move(options));
    if (advertise_anew) {
      parts_->identity.advertised_host.clear();
      TRY(parts_->advertise());
    }
    parts_->broker->reconfigure(parts_->broker_config(), advertise_anew);
  }
  if (parts_->monitor) parts_->monitor->update(parts_->options);
  if (excess > 0) {
    parts_->broker->close_random(static_cast<std::size_t>(excess),
                                 broker::CloseReason::kMaximumConnectionsExceeded);
  }
  return parts_->write_files();
}

void Server::wait() {
  parts_->env.join();
  if (!parts_->ports_path.empty()) {
    // Gone already if somebody else cleaned up: nothing is lost then.
    (void)parts_->env.disk().remove_file(std::exchange(parts_->ports_path, {}));
  }
}

}  // namespace midge::server

#include "server/server.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>

#include "broker/broker.h"
#include "broker/call_mail.h"
#include "broker/proxy_header_stream.h"
#include "crypto/nkey.h"
#include "io/posix/log_writer.h"
#include "io/posix/posix_env.h"
#include "jetstream/jetstream.h"
#include "server/authentication.h"
#include "server/broker_config.h"
#include "server/callout/callout_desks.h"
#include "server/callout/callout_logins.h"
#include "server/feature_flags.h"
#include "server/identity.h"
#include "server/jetstream_settings.h"
#include "server/lame_duck.h"
#include "server/log_options.h"
#include "server/monitor/monitor.h"
#include "server/oidc/key_service.h"
#include "server/operator/claims_service.h"
#include "server/operator/operator_mode.h"
#include "server/options/host_port.h"
#include "server/options/reload_plan.h"
#include "server/ports_file.h"
#include "server/readiness.h"
#include "server/system/profile_desk.h"
#include "server/system/profile_port.h"
#include "server/system/session_events.h"
#include "server/system/system_client.h"
#include "server/system/system_login.h"
#include "server/system/system_service.h"
#include "server/tls_service.h"
#include "server/websocket_listener.h"
#include "subject/writer_lock.h"

namespace midge::server {

namespace {

crypto::NkeyPair make_nkey(io::Entropy& entropy, crypto::NkeyKind kind) {
  std::array<unsigned char, 32> seed;
  entropy.fill(seed);
  return crypto::make_nkey(kind, seed);
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
  ServerKeys keys;
  std::span<io::Loop* const> loops;
  std::unique_ptr<OperatorMode> operator_mode;  // null without operators
  std::string system_secret;                    // lets the server's own client in
  std::unique_ptr<SystemClient> system_client;
  std::unique_ptr<ClaimsService> claims_service;
  SystemService system_service{[this] { return facts(); }, identity.events, env.clock()};
  std::vector<std::unique_ptr<SessionEvents>> session_events;  // by loop
  ZoneFiles zones{env.disk()};
  std::unique_ptr<CalloutDesks> callouts;   // null: no service is asked; no reload changes it
  std::shared_ptr<KeyService> issuer_keys;  // null without oidc
  Logins logins;
  subject::WriterLock config_lock;                 // of options, logins, and what is made of them
  std::unique_ptr<WebSocketListener> web_sockets;  // null: none
  std::unique_ptr<broker::Broker> broker;
  std::unique_ptr<jetstream::JetStream> jetstream;  // null: not enabled
  std::unique_ptr<TlsService> tls;
  std::unique_ptr<io::Listener> listener;  // gone in lame duck mode
  std::unique_ptr<Monitor> monitor;
  std::unique_ptr<ProfileDesk> profiles;
  std::unique_ptr<ProfilePort> profile_port;  // null: none
  std::unique_ptr<LameDuck> lame_duck;
  Readiness readiness;
  std::function<void()> when_ready;  // null: nobody asks
  std::string ports_path;
  const bool proxied;  // clients come through a proxy; no reload changes it
  std::atomic<bool> stopping{false};
  std::atomic<bool> going{false};
  std::atomic<bool> lame{false};

  Parts(io::Env& env, Log& log, Options options)
      : env(env),
        log(log),
        options(std::make_shared<const Options>(std::move(options))),
        proxied(this->options->proxy_protocol) {}

  void on_accept(std::unique_ptr<io::Stream> stream) override {
    if (proxied) stream = std::make_unique<broker::ProxyHeaderStream>(std::move(stream));
    broker->accept(tls->wrap_client(std::move(stream)));
  }
  void on_accept_error(const Error& error) override {
    log.error("Temporary Client Accept Error (" + error.text() + "), sleeping 1s");
  }

  void identify();
  [[nodiscard]] ServerFacts facts();
  [[nodiscard]] MonitorIdentity monitor_identity() const;
  void log_banner() const;
  void log_listening() const;
  Result<void> listen();
  Result<void> listen_web_sockets();
  Result<void> prepare_logins();
  // Who decides about logins, by these options.
  [[nodiscard]] Logins logins_by(const Options& from) const;
  [[nodiscard]] auth::AuthenticatorPtr authenticator_by(const Options& from) const;
  // Those in use if their configuration is the same.
  [[nodiscard]] Result<std::shared_ptr<KeyService>> issuer_keys_by(const Options& from);
  [[nodiscard]] broker::BrokerConfigPtr broker_config() const;
  // With the accounts that claims have made known.
  [[nodiscard]] Options claimed_options() const;
  // After the broker took over another configuration. `gone`: an account that is no more.
  void reconfigure_jetstream(std::string_view gone = {});
  [[nodiscard]] Result<HostPort> advertised_by(const Options& options) const;
  Result<void> listen_monitor();
  Result<void> listen_profiles();
  void tell_rejections(TlsService& service);
  void tell_system_account();
  void write_pid_file();
  [[nodiscard]] ListenerUrls urls() const;
  void write_ports_file();
  void on_main_loop(std::move_only_function<void()> function);
  void begin_lame_duck();
  void stop();
};

void Server::Parts::identify() {
  keys.key = make_nkey(env.entropy(), crypto::NkeyKind::kServer);
  keys.xkey = make_nkey(env.entropy(), crypto::NkeyKind::kCurve);
  identity.id = keys.key.public_key;
  identity.xkey = keys.xkey.public_key;
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

ServerFacts Server::Parts::facts() {
  const subject::WriterGuard guard(config_lock);
  return facts_of(identity, *options);
}

void Server::Parts::log_banner() const {
  log.info("Starting nats-server");
  log.info(std::string("  Version:  ").append(kCompatibilityVersion));
  log.info(std::string("  Midge:    ").append(kMidgeVersion));
  log.info("  Git:      [not set]");
  log.info("  Name:     " + identity.name);
  log.info("  ID:       " + identity.id);
  for (const std::string& line : feature_flag_lines(options->feature_flags)) log.info(line);
  if (!options->config_file.empty()) {
    log.info("Using configuration file: " + options->config_file + " (" + options->config_digest +
             ")");
  }
}

void Server::Parts::log_listening() const {
  const io::Address address{identity.host, static_cast<std::uint16_t>(identity.port)};
  if (web_sockets) web_sockets->log_listening(*options->websocket);
  if (!listener) return;
  log.info("Listening for client connections on " + address.text());
  if (!options->tls) return;
  const bool first_only = options->tls->handshake_first && options->tls->first_fallback.ns == 0;
  const bool is_optional = options->allow_non_tls && !first_only;
  log.info(is_optional ? "TLS available for client connections"
                       : "TLS required for client connections");
  if (first_only)
    log.warn("Clients that are not using \"TLS Handshake First\" option will fail to connect");
}

Result<void> Server::Parts::listen() {
  if (!options->listens) return {};
  const io::Address wanted{options->host, static_cast<std::uint16_t>(std::max(options->port, 0))};
  auto bound = env.net().listen(*loops[0], wanted, *this);
  if (!bound) {
    return failure(
        "Error listening on port: " + wanted.text() + ", \"" + bound.error().text() + "\"",
        bound.error().code());
  }
  listener = std::move(*bound);
  identity.port = listener->address().port;
  ASSIGN_OR_RETURN(HostPort told, advertised_by(*options));
  identity.advertised_host = std::move(told.host);
  identity.advertised_port = told.port;
  return {};
}

Result<void> Server::Parts::listen_web_sockets() {
  if (!options->websocket || options->websocket->port == 0) return {};
  web_sockets = std::make_unique<WebSocketListener>(env, log, [this] { stop(); });
  tell_rejections(web_sockets->tls());
  TRY(web_sockets->tls().start(*options));
  auto bound = std::make_shared<Options>(*options);
  TRY(web_sockets->listen(*loops[0], *bound));
  options = std::move(bound);
  return {};
}

Result<void> Server::Parts::prepare_logins() {
  if (OperatorMode::is_wanted(*options) || options->auth.callout || options->authenticator)
    callouts = std::make_unique<CalloutDesks>();
  if (!OperatorMode::is_wanted(*options)) {
    for (const std::string& fault : callout_faults(*options)) log.error(fault);
    ASSIGN_OR_RETURN(issuer_keys, issuer_keys_by(*options));
    logins = logins_by(*options);
    return {};
  }
  ASSIGN_OR_RETURN(operator_mode, OperatorMode::make(env, log, *options));
  system_secret = make_nkey(env.entropy(), crypto::NkeyKind::kUser).public_key;
  logins = logins_by(*options);
  operator_mode->on_change([this](bool recheck, std::string_view gone) {
    const subject::WriterGuard guard(config_lock);
    if (recheck) logins = logins_by(*options);
    broker->reconfigure(broker_config(), false);
    reconfigure_jetstream(gone);
  });
  if (options->system_account.empty()) return {};
  system_client = std::make_unique<SystemClient>(system_secret);
  claims_service = std::make_unique<ClaimsService>(*operator_mode, *system_client,
                                                   facts_of(identity, *options), env.clock(), log);
  return {};
}

Logins Server::Parts::logins_by(const Options& from) const {
  Logins made;
  made.clients = made.web_sockets = authenticator_by(from);
  // Claims say the same to all.
  if (operator_mode) return made;
  if (const auto seen = options_of_web_sockets(from)) made.web_sockets = authenticator_by(*seen);
  return made;
}

auth::AuthenticatorPtr Server::Parts::authenticator_by(const Options& from) const {
  if (!operator_mode) {
    const bool by_service = from.auth.callout && !from.authenticator;
    if (by_service) return make_config_callout(from, identity, keys, zones);
    return make_authenticator(from, issuer_keys ? issuer_keys->ring() : nullptr);
  }
  auth::AuthenticatorPtr others = from.authenticator;
  if (!others)
    others = make_operator_callout(operator_mode->authenticator(), from, identity, keys, zones);
  return std::make_shared<const SystemLogin>(system_secret, from.system_account, std::move(others));
}

Result<std::shared_ptr<KeyService>> Server::Parts::issuer_keys_by(const Options& from) {
  if (!from.auth.oidc) return nullptr;
  if (issuer_keys && issuer_keys->is_for(*from.auth.oidc)) return issuer_keys;
  return KeyService::make(env, log, *loops[0], *from.auth.oidc);
}

broker::BrokerConfigPtr Server::Parts::broker_config() const {
  if (!operator_mode) return make_broker_config(*options, identity, logins, callouts.get());
  return make_broker_config(claimed_options(), identity, logins, callouts.get());
}

Options Server::Parts::claimed_options() const {
  Options claimed = *options;
  if (operator_mode) claimed.accounts = operator_mode->accounts();
  return claimed;
}

void Server::Parts::reconfigure_jetstream(std::string_view gone) {
  if (!options->jetstream_enabled) return;
  on_main_loop(
      [this, now = std::make_shared<const Options>(claimed_options()), gone = std::string(gone)] {
        if (!jetstream) return;
        if (!gone.empty()) jetstream->end_account(gone);
        reload_jetstream(*jetstream, *now, identity, env);
      });
}

// What clients are told in place of the bound address; an empty host: nothing else.
Result<HostPort> Server::Parts::advertised_by(const Options& from) const {
  if (from.client_advertise.empty()) return HostPort{};
  return parse_advertised_address(from.client_advertise, identity.port);
}

void Server::Parts::tell_rejections(TlsService& service) {
  service.on_ocsp_rejection([this](const tls::OcspRejection& rejection) {
    if (!options->no_system_account) system_service.note_rejection(rejection);
  });
}

void Server::Parts::tell_system_account() {
  system_service.attach(*broker, *monitor, *profiles);
  for (const auto& worker : broker->workers())
    session_events.push_back(std::make_unique<SessionEvents>(
        *worker, identity.id,
        [this](const std::string& account) { system_service.note_account(account); }));
}

void Server::Parts::write_pid_file() {
  const std::string pid = std::to_string(env.process().id());
  if (!options->pid_file.empty()) {
    // As the peer does: a pid file that cannot be written is logged, and the server runs.
    if (auto written = env.disk().write_file(options->pid_file, pid); !written)
      log.error("Could not write pidfile: " + written.error().text());
  }
}

ListenerUrls Server::Parts::urls() const {
  ListenerUrls urls;
  if (options->listens) urls.nats = listener_urls(env.net(), "nats", identity.host, identity.port);
  if (const auto address = monitor->address()) {
    urls.monitoring = listener_urls(env.net(), options->https_port != 0 ? "https" : "http",
                                    address->host, address->port);
  }
  if (web_sockets) {
    const WebSocketOptions& block = *options->websocket;
    urls.websocket = listener_urls(env.net(), block.tls ? "wss" : "ws", block.host, block.port);
  }
  return urls;
}

void Server::Parts::write_ports_file() {
  if (options->ports_file_dir.empty()) return;
  const std::string path = ports_file_path(env.process(), options->ports_file_dir);
  if (!ports_path.empty() && ports_path != path) (void)env.disk().remove_file(ports_path);
  ports_path = path;
  if (auto written = server::write_ports_file(env, ports_path, urls()); !written)
    log.error("Error writing ports file (" + ports_path + "): " + written.error().text());
}

void Server::Parts::on_main_loop(std::move_only_function<void()> function) {
  loops[0]->post(broker::call_worker(
      [function = std::move(function)](broker::Worker&) mutable { function(); }));
}

void Server::Parts::begin_lame_duck() {
  monitor->set_accepting(false);
  monitor->set_leaving();
  listener.reset();
  if (web_sockets) web_sockets->stop();
  if (!options->no_system_account) system_service.tell_lame_duck();
  lame_duck = std::make_unique<LameDuck>(*broker, *loops[0], options->lame_duck_duration,
                                         options->lame_duck_grace_period, [this] { stop(); });
  lame_duck->start();
}

void Server::Parts::stop() {
  if (stopping.exchange(true)) return;
  log.info("Initiating Shutdown...");
  on_main_loop([this] {
    listener.reset();
    monitor->stop();
    if (profile_port) profile_port->stop();
    tls->stop();
    if (web_sockets) {
      web_sockets->stop();
      web_sockets->tls().stop();
    }
    issuer_keys.reset();
    lame_duck.reset();
  });
  if (!going) return env.stop();
  broker->close_all(broker::CloseReason::kServerShutdown, [this] { env.stop(); });
}

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Result<std::unique_ptr<Server>> Server::create(io::Env& env, Log& log, Options options) {
  TRY(check(options));
  auto parts = std::make_unique<Parts>(env, log, std::move(options));
  parts->tls = std::make_unique<TlsService>(env, log, TlsService::of_clients,
                                            [raw = parts.get()] { raw->stop(); });
  parts->tell_rejections(*parts->tls);
  TRY(parts->tls->start(*parts->options));
  env.process().raise_file_limit();
  parts->identify();
  parts->log_banner();
  TRY(check_start(*parts->options));
  parts->loops = env.make_loops(loop_count(*parts->options, env.process()));
  // Listening comes first: the port that was chosen is part of what the broker tells clients.
  TRY(parts->listen());
  TRY(parts->listen_web_sockets());
  TRY(parts->prepare_logins());
  parts->broker = std::make_unique<broker::Broker>(env, log, parts->loops, parts->broker_config());
  if (parts->web_sockets) parts->web_sockets->serve(*parts->broker);
  if (parts->options->jetstream_enabled) {
    ASSIGN_OR_RETURN(parts->jetstream,
                     start_jetstream(env, log, *parts->broker, parts->claimed_options(),
                                     parts->identity, parts->operator_mode.get()));
  }
  if (parts->callouts) parts->callouts->attach(*parts->broker);
  TRY(parts->listen_monitor());
  TRY(parts->listen_profiles());
  if (!parts->options->no_system_account) parts->tell_system_account();
  parts->log_listening();
  parts->write_pid_file();
  return std::unique_ptr<Server>(new Server(std::move(parts)));
}

void Server::on_reload_request(std::function<Result<void>()> reload) {
  parts_->system_service.on_reload(std::move(reload));
}

void Server::on_ready(std::function<void()> tell) { parts_->when_ready = std::move(tell); }

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
  if (parts_->web_sockets) parts_->web_sockets->tls().watch(*parts_->loops[0]);
  const auto handlers = parts_->broker->handlers();
  parts_->monitor->set_accepting(true);
  if (parts_->operator_mode) parts_->operator_mode->watch(*parts_->loops[0]);
  if (parts_->issuer_keys) parts_->issuer_keys->start();
  if (parts_->system_client) parts_->system_client->start(*parts_->loops[0]);
  // Whoever waits for the ports file may ask for anything at once.
  parts_->readiness.attach(*parts_->broker, [parts = parts_.get()] {
    parts->on_main_loop([parts] {
      parts->write_ports_file();
      parts->log.info("Server is ready");
      if (parts->when_ready) parts->when_ready();
    });
  });
  parts_->going = true;
  parts_->env.start(handlers);
}

Result<void> Server::Parts::listen_monitor() {
  monitor = std::make_unique<Monitor>(env, log, *broker, monitor_identity(), options);
  monitor->use_tls(*tls, options->https_port != 0);
  if (web_sockets) monitor->use_web_socket_tls(web_sockets->tls());
  if (operator_mode) monitor->use_operators(*operator_mode);
  if (jetstream) monitor->use_jetstream(*jetstream);
  monitor->start(*loops[0]);
  if (options->http_port == 0 && options->https_port == 0) return {};
  const std::string host = options->http_host.empty() ? options->host : options->http_host;
  const int port = options->https_port != 0 ? options->https_port : options->http_port;
  const io::Address wanted{host, static_cast<std::uint16_t>(std::max(port, 0))};
  if (auto bound = monitor->listen(wanted); !bound)
    return std::unexpected(bound.error().within("Can't start monitoring"));
  return {};
}

Result<void> Server::Parts::listen_profiles() {
  profiles = std::make_unique<ProfileDesk>(env, *loops[0]);
  if (options->prof_port == 0) return {};
  profile_port = std::make_unique<ProfilePort>(env, *loops[0], log, *profiles);
  const auto port = static_cast<std::uint16_t>(std::max(options->prof_port, 0));
  if (auto bound = profile_port->listen({options->host, port}); !bound)
    return std::unexpected(bound.error().within("error starting profiler"));
  log.info("profiling port: " + std::to_string(profile_port->address().port));
  return {};
}

Result<std::unique_ptr<Server>> Server::run(Options options) {
  auto env = io::make_posix_env();
  ASSIGN_OR_RETURN(auto log, io::make_log_writer(log_options_of(options)));
  io::Env& env_used = *env;
  Log& log_used = *log;
  ASSIGN_OR_RETURN(auto server, create(env_used, log_used, std::move(options)));
  server->parts_->own_env = std::move(env);
  server->parts_->own_log = std::move(log);
  server->go();
  server->parts_->readiness.wait();
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

std::unique_ptr<io::Stream> Server::open_in_process() {
  io::StreamPair pair = io::make_stream_pair();
  parts_->broker->accept(std::move(pair.server_end));
  return std::move(pair.client_end);
}

ListenerUrls Server::urls() const {
  const subject::WriterGuard guard(parts_->config_lock);
  return parts_->urls();
}

int Server::port() const { return parts_->identity.port; }
int Server::monitor_port() const {
  const auto address = parts_->monitor->address();
  return address ? address->port : 0;
}
const std::string& Server::id() const { return parts_->identity.id; }

void Server::shut_down() { parts_->stop(); }

void Server::enter_lame_duck_mode() {
  if (parts_->stopping || parts_->lame.exchange(true)) return;
  parts_->log.info("Entering lame duck mode, stop accepting new clients");
  parts_->on_main_loop([parts = parts_.get()] { parts->begin_lame_duck(); });
}

// What may fail comes first and changes nothing; what follows does not fail.
Result<void> Server::reload(Options options, std::function<void()> on_applied) {
  Parts& parts = *parts_;
  const bool is_operated = parts.operator_mode != nullptr;
  TRY(check(options));
  if (parts.web_sockets && options.websocket) keep_websocket_port(*parts.options, options);
  ASSIGN_OR_RETURN(const ReloadPlan plan, plan_reload(*parts.options, options));
  if (OperatorMode::is_wanted(options) != is_operated)
    return failure("config reload not supported for TrustedOperators");
  const bool logins_change = changes_logins(*parts.options, options);
  ASSIGN_OR_RETURN(HostPort advertised, parts.advertised_by(options));
  ASSIGN_OR_RETURN(TlsService::LoadedPtr tls, parts.tls->prepare(options));
  TlsService::LoadedPtr web_sockets_tls;
  if (parts.web_sockets) {
    ASSIGN_OR_RETURN(web_sockets_tls, parts.web_sockets->tls().prepare(options));
  }
  ASSIGN_OR_RETURN(std::shared_ptr<KeyService> issuer_keys, parts.issuer_keys_by(options));
  OperatorMode::Next operators;
  if (logins_change && is_operated) {
    ASSIGN_OR_RETURN(operators, parts.operator_mode->prepare(options));
  }

  for (const std::string& line : plan.lines) parts.log.info(line);
  parts.tls->apply(std::move(tls));
  if (parts.web_sockets) {
    parts.web_sockets->tls().apply(std::move(web_sockets_tls));
    parts.web_sockets->update(options);
  }
  parts.on_main_loop([&parts] {
    parts.tls->watch(*parts.loops[0]);
    if (parts.web_sockets) parts.web_sockets->tls().watch(*parts.loops[0]);
  });
  const bool advertise_anew = options.client_advertise != parts.options->client_advertise;
  const std::int64_t excess = parts.broker->connection_count() - options.max_connections;
  {
    const subject::WriterGuard guard(parts.config_lock);
    if (operators.authenticator) parts.operator_mode->apply(std::move(operators));
    if (issuer_keys != parts.issuer_keys) {
      std::swap(issuer_keys, parts.issuer_keys);
      // The one of before ends on the loop that it lives on.
      parts.on_main_loop([before = std::move(issuer_keys), now = parts.issuer_keys] {
        if (now) now->start();
      });
    }
    if (logins_change) parts.logins = parts.logins_by(options);
    parts.options = std::make_shared<const Options>(std::move(options));
    parts.identity.advertised_host = std::move(advertised.host);
    parts.identity.advertised_port = advertised.port;
    parts.broker->reconfigure(parts.broker_config(), advertise_anew, std::move(on_applied));
  }
  parts.monitor->update(parts.options);
  if (parts.jetstream) parts.reconfigure_jetstream();
  if (excess > 0) {
    parts.broker->close_random(static_cast<std::size_t>(excess),
                               broker::CloseReason::kMaximumConnectionsExceeded);
  }
  parts.write_pid_file();
  parts.write_ports_file();
  return {};
}

void Server::wait() {
  parts_->env.join();
  if (parts_->jetstream) parts_->jetstream->close();
  if (!parts_->ports_path.empty()) {
    // Gone already if somebody else cleaned up: nothing is lost then.
    (void)parts_->env.disk().remove_file(std::exchange(parts_->ports_path, {}));
  }
}

}  // namespace midge::server

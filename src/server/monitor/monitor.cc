#include "server/monitor/monitor.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "broker/worker.h"
#include "codec/json_compact.h"
#include "server/broker_config.h"
#include "server/monitor/accstatz.h"
#include "server/monitor/connz.h"
#include "server/monitor/connz_listing.h"
#include "server/monitor/expvarz.h"
#include "server/monitor/healthz.h"
#include "server/monitor/queues.h"
#include "server/monitor/root_page.h"
#include "server/monitor/statsz.h"
#include "server/monitor/subsz.h"
#include "server/operator/account_conversion.h"

namespace midge::server {
namespace {

using codec::JsonWriter;

constexpr unsigned kQueuesIndent = 3;  // as nats-server's

// Up to here composing takes less than a millisecond or so: not worth the way to the pool.
constexpr std::size_t kRowsOnLoop = 500;

std::string normal_base_path(const std::string& configured) {
  std::string path = clean_path("/" + configured);
  if (path.ends_with('/')) path.pop_back();
  return path;
}

}  // namespace

struct Monitor::Endpoint {
  std::string_view path;
  std::string_view counted_as;  // "": not counted, as with nats-server
  void (Monitor::*serve)(ExchangeId exchange, const HttpRequest& request);
};

constexpr Monitor::Endpoint Monitor::kEndpoints[] = {
    {"/", "/", &Monitor::serve_root},
    {"/varz", "/varz", &Monitor::serve_varz},
    {"/connz", "/connz", &Monitor::serve_connz},
    {"/subsz", "/subsz", &Monitor::serve_subsz},
    {"/subscriptionsz", "/subsz", &Monitor::serve_subsz},
    {"/accountz", "/accountz", &Monitor::serve_accountz},
    {"/accstatz", "/accstatz", &Monitor::serve_accstatz},
    {"/jsz", "/jsz", &Monitor::serve_jsz},
    {"/healthz", "/healthz", &Monitor::serve_healthz},
    {"/livez", "/livez", &Monitor::serve_livez},
    {"/startedz", "/startedz", &Monitor::serve_startedz},
    {"/readyz", "/readyz", &Monitor::serve_readyz},
    {"/stopz", "/stopz", &Monitor::serve_stopz},
    {"/metrics", "/metrics", &Monitor::serve_metrics},
    {"/routez", "/routez", &Monitor::serve_routez},
    {"/gatewayz", "/gatewayz", &Monitor::serve_gatewayz},
    {"/leafz", "/leafz", &Monitor::serve_leafz},
    {"/raftz", "", &Monitor::serve_raftz},
    {"/ipqueuesz", "", &Monitor::serve_ipqueuesz},
    {"/stacksz", "", &Monitor::serve_stacksz},
    {"/debug/vars", "", &Monitor::serve_expvarz},
};

// Those that HTTP has no path for.
constexpr Monitor::Endpoint Monitor::kInnerEndpoints[] = {
    {"account info", "", &Monitor::serve_account_info},
    {"account jsz", "", &Monitor::serve_account_jsz},
    {"account conns", "", &Monitor::serve_account_stat},
    {"statsz", "", &Monitor::serve_statsz},
};

class Monitor::ComposeJob final : public io::Job {
 public:
  ComposeJob(std::shared_ptr<Door> door, ExchangeId exchange,
             std::move_only_function<std::string()> write, Shape shape)
      : door_(std::move(door)), exchange_(exchange), write_(std::move(write)), shape_(shape) {}
  void run() override {
    text_ = write_();
    write_ = nullptr;  // what it was composed from goes here, not on the loop
  }
  void done() override {
    if (door_->monitor == nullptr) return;
    door_->monitor->gatherer_->release();
    door_->monitor->respond(exchange_, shape_(std::move(text_)));
  }

 private:
  std::shared_ptr<Door> door_;
  ExchangeId exchange_;
  std::move_only_function<std::string()> write_;
  Shape shape_;
  std::string text_;
};

Monitor::Monitor(io::Env& env, Log& log, broker::Broker& broker, MonitorIdentity identity,
                 OptionsPtr options)
    : env_(env),
      log_(log),
      broker_(broker),
      base_path_(normal_base_path(options->http_base_path)),
      cpu_(env.clock().now()) {
  const WallTime start = identity.start;
  told_.store(std::make_shared<const Told>(Told{std::move(identity), std::move(options), start}));
}

Monitor::~Monitor() { stop(); }

void Monitor::use_operators(const OperatorMode& operators) { operators_ = &operators; }

void Monitor::use_tls(TlsService& tls, bool https) {
  tls_ = &tls;
  https_ = https;
}

void Monitor::start(io::Loop& loop) {
  loop_ = &loop;
  gatherer_ = std::make_unique<Gatherer>(loop, broker_);
  door_->monitor = this;
}

Result<void> Monitor::listen(const io::Address& address) {
  http_ = std::make_unique<HttpServer>(env_, *loop_, log_, *this);
  if (https_) http_->use_tls(*tls_);
  if (auto listening = http_->listen(address); !listening)
    return std::unexpected(listening.error().within("can't listen to the monitor port"));
  log_.info(std::string(https_ ? "Starting https monitor on " : "Starting http monitor on ") +
            http_->address().text());
  return {};
}

std::optional<io::Address> Monitor::address() const {
  if (http_ == nullptr) return std::nullopt;
  return http_->address();
}

void Monitor::accept(std::unique_ptr<io::Stream> stream) { http_->on_accept(std::move(stream)); }

void Monitor::update(OptionsPtr options) {
  told_.store(std::make_shared<const Told>(
      Told{told()->identity, std::move(options), env_.clock().wall()}));
}

void Monitor::identify(MonitorIdentity identity) {
  const ToldPtr before = told();
  told_.store(std::make_shared<const Told>(
      Told{std::move(identity), before->options, before->config_loaded}));
}

void Monitor::stop() {
  gatherer_.reset();
  door_->monitor = nullptr;
  asked_.clear();
  if (http_ != nullptr) http_->stop();
}

const Monitor::Endpoint* Monitor::find_endpoint(std::string_view path) const {
  if (!path.starts_with(base_path_)) return nullptr;
  path.remove_prefix(base_path_.size());
  if (!base_path_.empty()) {
    // The page is at the base path itself, without a slash behind it.
    if (path == "/") return nullptr;
    if (path.empty()) path = "/";
  }
  for (const Endpoint& endpoint : kEndpoints)
    if (endpoint.path == path) return &endpoint;
  return nullptr;
}

void Monitor::on_request(ExchangeId exchange, const HttpRequest& request) {
  if (std::string clean = clean_path(request.raw_path); clean != request.raw_path) {
    if (!request.query.empty()) clean += "?" + request.query;
    return respond(exchange, HttpResponse::redirect(std::move(clean)));
  }
  const Endpoint* endpoint = find_endpoint(request.path);
  if (endpoint == nullptr) return respond(exchange, HttpResponse::not_found());
  if (!endpoint->counted_as.empty()) ++requests_[std::string(endpoint->counted_as)];
  (this->*endpoint->serve)(exchange, request);
}

bool Monitor::ask(std::string_view endpoint, std::string query, Asked done) {
  const auto is_it = [&](const Endpoint& one) { return one.path == endpoint; };
  const Endpoint* found = std::ranges::find_if(kEndpoints, is_it);
  if (found == std::end(kEndpoints)) found = std::ranges::find_if(kInnerEndpoints, is_it);
  if (found == std::end(kInnerEndpoints)) return false;
  if (!gatherer_) return false;
  const ExchangeId exchange = next_inner_++;
  asked_.emplace(exchange, std::move(done));
  HttpRequest request;
  request.query = std::move(query);
  (this->*found->serve)(exchange, request);
  return true;
}

void Monitor::respond(ExchangeId exchange, HttpResponse response) {
  if (is_outer(exchange)) return http_->answer(exchange, std::move(response));
  auto asked = asked_.extract(exchange);
  if (asked.empty()) return;
  for (const std::string& piece : std::exchange(response.more, {})) response.body += piece;
  // JSON has no line ends of its own: with some it is pretty, as small answers may be.
  if (response.body.find('\n') != std::string::npos)
    response.body = codec::compact_json(response.body);
  asked.mapped()(std::move(response));
}

void Monitor::serve_root(ExchangeId exchange, const HttpRequest&) {
  const ToldPtr told = this->told();
  const MonitorIdentity& identity = told->identity;
  respond(exchange, HttpResponse::html(compose_root_page(identity.server_name, identity.version,
                                                         identity.midge_version, base_path_)));
}

void Monitor::serve_varz(ExchangeId exchange, const HttpRequest&) {
  gatherer_->ask({}, [this, exchange](Parts gathered) {
    report_jetstream([this, exchange, parts = std::move(gathered)](const auto& report) {
      respond(exchange, HttpResponse::json(varz(parts, *report, is_outer(exchange))));
    });
  });
}

std::string Monitor::varz(const Parts& parts, const jetstream::Report& report, bool pretty) {
  const ToldPtr told = this->told();
  io::Process& process = env_.process();
  const Varz varz{
      .identity = told->identity,
      .options = *told->options,
      .parts = parts,
      .requests = requests_,
      .now = env_.clock().wall(),
      .config_loaded = told->config_loaded,
      .memory_bytes = process.resident_bytes(),
      .cores = process.cores(),
      .cpu_percent = cpu_.percent(env_.clock().now(), process.cpu_time()),
      .tls_not_after = tls_ == nullptr ? WallTime{} : tls_->not_after(),
      .web_socket_tls_not_after =
          web_socket_tls_ == nullptr ? WallTime{} : web_socket_tls_->not_after(),
      .ocsp_cache = tls_ == nullptr ? std::nullopt : tls_->peer_cache(),
      .pinned_account_fails = operators_ == nullptr ? 0 : operators_->pinned_account_fails(),
      .memory = &broker_.memory(),
      .streams_memory = streams_memory(),
      .total = total(parts),
      .write_jetstream = [&](JsonWriter& json) { write_jetstream(json, jsz(*told), report); }};
  return compose_varz(varz, pretty);
}

jetstream::MemoryUse Monitor::streams_memory() const {
  return jetstream_ == nullptr ? jetstream::MemoryUse{} : jetstream_->memory_use();
}

void Monitor::serve_connz(ExchangeId exchange, const HttpRequest& request) {
  auto connz = parse_connz(Query(request.query));
  if (!connz) return respond(exchange, HttpResponse::text(connz.error().text(), 400));
  ConnzTask task{*std::move(connz), told()->identity.server_id, {}, is_outer(exchange)};
  gatherer_->admit([this, exchange, task = std::move(task)]() mutable {
    task.now = env_.clock().wall();
    ConnzListing::begin(*loop_, broker_, std::move(task),
                        [door = door_, exchange](std::vector<std::string> pieces) {
                          if (door->monitor == nullptr) return;
                          door->monitor->gatherer_->release();
                          door->monitor->respond(exchange, HttpResponse::json(std::move(pieces)));
                        });
  });
}

void Monitor::serve_subsz(ExchangeId exchange, const HttpRequest& request) {
  auto subsz = parse_subsz(Query(request.query));
  if (!subsz) return respond(exchange, HttpResponse::text(subsz.error().text(), 400));
  const Wanted wanted = subsz->wanted();
  gatherer_->ask(wanted, [this, exchange, subsz = *std::move(subsz)](Parts parts) {
    std::size_t rows = 0;
    for (const Part& part : parts) rows += part.subscriptions.size();
    compose(exchange, rows,
            [subsz, pretty = is_outer(exchange), told = told(), now = env_.clock().wall(),
             index = broker_.index().stats(), parts = std::move(parts)] {
              return compose_subsz(subsz, told->identity.server_id, now, index, parts, pretty);
            });
  });
}

Accountz Monitor::accounts() const {
  const ToldPtr told = this->told();
  const WallTime now = env_.clock().wall();
  Accountz accountz{.server_id = told->identity.server_id,
                    .now = now,
                    .updated = told->config_loaded,
                    .system_account = system_account_name(*told->options),
                    .jetstream = jetstream_ != nullptr,
                    .services = {},
                    .accounts = {}};
  if (!told->options->no_system_account) accountz.services = default_services();
  if (operators_ == nullptr) {
    for (const broker::AccountConfig& config : told->options->accounts)
      accountz.accounts.push_back({config, nullptr});
  } else {
    const auto records = operators_->store()->all();
    ConvertedAccounts converted = convert_accounts(records, now);
    for (std::size_t i = 0; i < records.size(); ++i)
      accountz.accounts.push_back({std::move(converted.accounts[i]), records[i]});
  }
  add_implied_accounts(accountz);
  return accountz;
}

void Monitor::serve_accountz(ExchangeId exchange, const HttpRequest& request) {
  const std::string account = Query(request.query).text("acc");
  gatherer_->ask(wanted_for_account(account), [this, exchange, account](Parts parts) {
    auto json = compose_accountz(account, accounts(), parts, is_outer(exchange));
    respond(exchange, json ? HttpResponse::json(*std::move(json))
                           : HttpResponse::text(json.error().text(), 400));
  });
}

void Monitor::serve_accstatz(ExchangeId exchange, const HttpRequest& request) {
  const auto accstatz = parse_accstatz(Query(request.query));
  if (!accstatz) return respond(exchange, HttpResponse::text(accstatz.error().text(), 400));
  gatherer_->ask(wanted_for_accstatz(), [this, exchange, accstatz = *accstatz](Parts parts) {
    std::size_t rows = 0;
    for (const Part& part : parts) rows += part.open.size() + part.subscriptions.size();
    compose(
        exchange, rows,
        [accstatz, pretty = is_outer(exchange), accounts = accounts(), parts = std::move(parts)] {
          return compose_accstatz(accstatz, accounts, parts, pretty);
        });
  });
}

void Monitor::serve_healthz(ExchangeId exchange, const HttpRequest& request) {
  const auto healthz = parse_healthz(Query(request.query));
  if (!healthz) return respond(exchange, HttpResponse::text(healthz.error().text(), 400));
  HealthAnswer answer = health(*healthz);
  if (!answer.failure.empty() || jetstream_ == nullptr || healthz->account.empty())
    return answer_health(exchange, answer);
  report_jetstream([this, exchange, request = *healthz,
                    answer = std::move(answer)](const jetstream::ReportPtr& report) {
    const auto fault = find_asset_fault(request, report.get());
    answer_health(exchange, fault ? unhealthy_asset(request, *fault) : answer);
  });
}

HealthAnswer Monitor::health(const HealthzRequest& request) const {
  HealthAnswer answer = compose_healthz(request, accepting_.load(std::memory_order_relaxed));
  if (answer.failure.empty() && broker_.memory().is_full())
    answer = unhealthy_memory(request, broker_.memory());
  if (answer.failure.empty() && jetstream_ != nullptr && !request.server_only)
    answer = add_jetstream(request, std::move(answer), *jetstream_);
  return answer;
}

void Monitor::answer_health(ExchangeId exchange, const HealthAnswer& answer) {
  if (!answer.failure.empty()) log_.warn("Healthcheck failed: " + answer.failure);
  respond(exchange, answer.response);
}

Jsz Monitor::jsz(const Told& told) const {
  Jsz jsz{told.identity.server_id, env_.clock().wall(), nullptr, {}, false};
  if (jetstream_ == nullptr) return jsz;
  jsz.settings = &jetstream_->settings();
  jsz.store = jetstream_->folder().path();
  const JetStreamOptions& wanted = told.options->jetstream;
  jsz.has_room = wanted.max_memory.value_or(0) > 0 && wanted.max_store.value_or(0) > 0;
  return jsz;
}

void Monitor::report_jetstream(std::function<void(const jetstream::ReportPtr&)> done) {
  if (jetstream_ == nullptr) return done(std::make_shared<const jetstream::Report>());
  jetstream::make_report(*jetstream_, [door = door_, done = std::move(done)](const auto& report) {
    if (door->monitor != nullptr) done(report);
  });
}

void Monitor::serve_jsz(ExchangeId exchange, const HttpRequest& request) {
  auto wanted = parse_jsz(Query(request.query));
  if (!wanted) return respond(exchange, HttpResponse::text(wanted.error().text(), 400));
  report_jetstream([this, exchange, wanted = *wanted](const jetstream::ReportPtr& report) {
    const ToldPtr told = this->told();
    compose(exchange, report->rows(),
            [wanted, pretty = is_outer(exchange), told, jsz = jsz(*told), report] {
              return compose_jsz(wanted, jsz, *report, pretty);
            });
  });
}

template <class Request>
void Monitor::serve_link(ExchangeId exchange, const Result<Request>& request,
                         void (*write)(JsonWriter&, const Request&, const Answerer&)) {
  if (!request) return respond(exchange, HttpResponse::text(request.error().text(), 400));
  const ToldPtr told = this->told();
  JsonWriter json(is_outer(exchange));
  write(json, *request,
        {told->identity.server_id, told->identity.server_name, env_.clock().wall()});
  respond(exchange, HttpResponse::json(json.take()));
}

void Monitor::serve_routez(ExchangeId exchange, const HttpRequest& request) {
  serve_link(exchange, parse_routez(Query(request.query)), write_routez);
}

void Monitor::serve_gatewayz(ExchangeId exchange, const HttpRequest& request) {
  serve_link(exchange, parse_gatewayz(Query(request.query)), write_gatewayz);
}

void Monitor::serve_leafz(ExchangeId exchange, const HttpRequest& request) {
  serve_link(exchange, parse_leafz(Query(request.query)), write_leafz);
}

void Monitor::serve_raftz(ExchangeId exchange, const HttpRequest&) {
  respond(exchange, HttpResponse::text(std::string(kNoRaftGroups), 404));
}

void Monitor::serve_ipqueuesz(ExchangeId exchange, const HttpRequest& request) {
  const auto wanted = parse_ipqueuesz(Query(request.query));
  if (!wanted) return respond(exchange, HttpResponse::text(wanted.error().text(), 400));
  JsonWriter json(is_outer(exchange), kQueuesIndent);
  write_ipqueuesz(json, *wanted, loads());
  respond(exchange, HttpResponse::json(json.take()));
}

// Text under the type that nats-server gives it.
void Monitor::serve_stacksz(ExchangeId exchange, const HttpRequest&) {
  respond(exchange, HttpResponse::json(compose_stacksz(loads())));
}

void Monitor::serve_expvarz(ExchangeId exchange, const HttpRequest&) {
  io::Process& process = env_.process();
  const std::string executable = process.executable_name();
  HttpResponse response =
      HttpResponse::json(compose_expvarz({executable, process.resident_bytes()}));
  response.content_type += "; charset=utf-8";
  response.any_origin = false;
  respond(exchange, response);
}

std::vector<io::LoopLoad> Monitor::loads() const {
  std::vector<io::LoopLoad> loads;
  for (const auto& worker : broker_.workers()) loads.push_back(worker->loop().load());
  return loads;
}

void Monitor::serve_livez(ExchangeId exchange, const HttpRequest&) {
  const HealthAnswer answer = compose_livez(loads());
  if (!answer.failure.empty()) log_.warn("Liveness check failed: " + answer.failure);
  respond(exchange, answer.response);
}

void Monitor::serve_account_info(ExchangeId exchange, const HttpRequest& request) {
  const std::string account = Query(request.query).text("acc");
  gatherer_->ask(wanted_for_account(account), [this, exchange, account](Parts parts) {
    auto json = compose_account(account, accounts(), parts);
    respond(exchange, json ? HttpResponse::json(*std::move(json))
                           : HttpResponse::text(json.error().text(), 400));
  });
}

void Monitor::serve_account_stat(ExchangeId exchange, const HttpRequest& request) {
  const std::string account = Query(request.query).text("acc");
  gatherer_->ask(wanted_for_accstatz(), [this, exchange, account](const Parts& parts) {
    auto json = compose_account_stat(account, accounts(), parts);
    respond(exchange, json ? HttpResponse::json(*std::move(json))
                           : HttpResponse::text(json.error().text(), 404));
  });
}

void Monitor::serve_account_jsz(ExchangeId exchange, const HttpRequest& request) {
  const auto wanted = parse_jsz(Query(request.query));
  if (!wanted) return respond(exchange, HttpResponse::text(wanted.error().text(), 400));
  if (jetstream_ == nullptr)
    return respond(exchange, HttpResponse::text("jetstream not enabled", 400));
  report_jetstream([this, exchange, wanted = *wanted](const jetstream::ReportPtr& report) {
    const std::string& name = wanted.account;
    const auto found = std::ranges::find(report->accounts, name, &jetstream::AccountReport::name);
    if (found == report->accounts.end()) {
      const bool is_known = broker_.accounts().find(name).has_value();
      return respond(exchange, HttpResponse::text("account \"" + name + "\" not " +
                                                      (is_known ? "jetstream enabled" : "found"),
                                                  400));
    }
    const ToldPtr told = this->told();
    const auto write = [wanted, told, jsz = jsz(*told), report, its = *found] {
      codec::JsonWriter json;
      write_account_jsz(json, wanted, jsz, *report, its);
      return json.take();
    };
    compose(exchange, report->rows(), write);
  });
}

void Monitor::serve_statsz(ExchangeId exchange, const HttpRequest&) {
  gatherer_->ask({}, [this, exchange](const Parts& parts) {
    report_jetstream([this, exchange, total = total(parts)](const jetstream::ReportPtr& report) {
      io::Process& process = env_.process();
      Statsz statsz{.start = told()->identity.start,
                    .memory_bytes = process.resident_bytes(),
                    .cores = process.cores(),
                    .cpu_percent = cpu_.percent(env_.clock().now(), process.cpu_time()),
                    .active_accounts = broker_.accounts().active(),
                    .memory_limit = broker_.memory().is_limited() ? broker_.memory().limit() : 0,
                    .loops = broker_.workers().size(),
                    .total = total};
      if (jetstream_ != nullptr)
        statsz.write_jetstream = [&](codec::JsonWriter& json) {
          write_jetstream(json, jsz(*told()), *report);
        };
      respond(exchange, HttpResponse::json(compose_statsz(statsz)));
    });
  });
}

void Monitor::compose(ExchangeId exchange, std::size_t rows,
                      std::move_only_function<std::string()> write, Shape shape) {
  if (rows <= kRowsOnLoop) return respond(exchange, shape(write()));
  gatherer_->hold();
  env_.pool().submit(*loop_,
                     std::make_unique<ComposeJob>(door_, exchange, std::move(write), shape));
}

}  // namespace midge::server

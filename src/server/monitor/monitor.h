// Monitoring: all that nats-server answers (monitor.cc has the table), `/livez` and the page `/`.
// Over HTTP, and for whoever asks from within: the system account's requests.
//
// A request asks all loops for their parts (gather.h); when they are in, a composer (varz.h,
// connz.h, subsz.h) writes the answer. Large answers are composed on the pool.
//
// Life: construct (the environment has made its loops) → start() → listen(), if there is a port →
// the loops run → destroy, on the loop or when the loops have ended; answers still under way are
// dropped. Thread: start() and listen() before the loops run or on the loop given; the rest as
// marked.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "broker/broker.h"
#include "io/env.h"
#include "server/metrics/metrics.h"
#include "server/monitor/accountz.h"
#include "server/monitor/cpu_meter.h"
#include "server/monitor/gather.h"
#include "server/monitor/healthz.h"
#include "server/monitor/http_server.h"
#include "server/monitor/identity.h"
#include "server/monitor/jsz.h"
#include "server/monitor/links.h"
#include "server/monitor/probes.h"
#include "server/monitor/varz.h"
#include "server/operator/operator_mode.h"
#include "server/options/options.h"
#include "server/tls_service.h"

namespace midge::server {

using OptionsPtr = std::shared_ptr<const Options>;

class Monitor final : public HttpHandler {
 public:
  Monitor(io::Env& env, Log& log, broker::Broker& broker, MonitorIdentity identity,
          OptionsPtr options);
  ~Monitor() override;

  // Before listen(). `tls` outlives this; if `https` the port speaks TLS only.
  void use_tls(TlsService& tls, bool https);
  // The same: what is told of the certificates for web sockets.
  void use_web_socket_tls(TlsService& tls) { web_socket_tls_ = &tls; }
  // The same, in operator mode.
  void use_operators(const OperatorMode& operators);
  // JetStream is part of what is told; it outlives this.
  void use_jetstream(jetstream::JetStream& jetstream) { jetstream_ = &jetstream; }
  // Answers on `loop`.
  void start(io::Loop& loop);
  // Serves HTTP. Logs the address; the error reads `can't listen to the monitor port: …`.
  Result<void> listen(const io::Address& address);
  // Nothing: there is no port.
  [[nodiscard]] std::optional<io::Address> address() const;
  // A connection that did not come through the port: an in-process one. On the loop, after
  // listen().
  void accept(std::unique_ptr<io::Stream> stream);

  // What `/varz` and the rest answer, for somebody within; the JSON is compact. `endpoint` is a
  // path of HTTP, or one of monitor.cc's kInnerEndpoints; false: there is no such one, or the
  // monitor has stopped. `done` comes on
  // the loop, now or later, unless the monitor goes before. On the loop.
  using Asked = std::move_only_function<void(HttpResponse)>;
  bool ask(std::string_view endpoint, std::string query, Asked done);

  // After a reload. Any thread, but one call of this and identify() at a time.
  void update(OptionsPtr options);
  // When the identity turns out otherwise than at first, such as a port chosen by the system.
  void identify(MonitorIdentity identity);
  // Whether the client port takes connections; not until told. Any thread.
  void set_accepting(bool accepting) { accepting_.store(accepting, std::memory_order_relaxed); }
  // Lame duck mode begins. Any thread.
  void set_leaving() { leaving_.store(true, std::memory_order_relaxed); }
  // Closes the port and all its connections. On the loop, or when it does not run.
  void stop();

  void on_request(ExchangeId exchange, const HttpRequest& request) override;

 private:
  // What an answer is composed from besides the loops' parts; immutable.
  struct Told {
    MonitorIdentity identity;
    OptionsPtr options;
    WallTime config_loaded;
  };
  using ToldPtr = std::shared_ptr<const Told>;
  struct Endpoint;
  class ComposeJob;
  // Where jobs on the pool find this when they are done; null once it is gone. Counted by the jobs,
  // touched by the loop only.
  struct Door {
    Monitor* monitor = nullptr;
  };
  static const Endpoint kEndpoints[];
  static const Endpoint kInnerEndpoints[];
  // Exchanges from here on are with somebody within, those below with HTTP.
  static constexpr ExchangeId kFirstInner = ExchangeId{1} << 63;
  // Who asks over HTTP gets JSON in lines, others without.
  static bool is_outer(ExchangeId exchange) { return exchange < kFirstInner; }

  [[nodiscard]] const Endpoint* find_endpoint(std::string_view path) const;
  void serve_root(ExchangeId exchange, const HttpRequest& request);
  void serve_varz(ExchangeId exchange, const HttpRequest& request);
  void serve_connz(ExchangeId exchange, const HttpRequest& request);
  void serve_subsz(ExchangeId exchange, const HttpRequest& request);
  void serve_accstatz(ExchangeId exchange, const HttpRequest& request);
  void serve_accountz(ExchangeId exchange, const HttpRequest& request);
  void serve_healthz(ExchangeId exchange, const HttpRequest& request);
  void serve_jsz(ExchangeId exchange, const HttpRequest& request);
  void answer_health(ExchangeId exchange, const HealthAnswer& answer);
  // `done` on the loop; an empty report without JetStream.
  void report_jetstream(std::function<void(const jetstream::ReportPtr&)> done);
  [[nodiscard]] Jsz jsz(const Told& told) const;
  void serve_routez(ExchangeId exchange, const HttpRequest& request);
  void serve_gatewayz(ExchangeId exchange, const HttpRequest& request);
  void serve_leafz(ExchangeId exchange, const HttpRequest& request);
  void serve_raftz(ExchangeId exchange, const HttpRequest& request);
  void serve_ipqueuesz(ExchangeId exchange, const HttpRequest& request);
  void serve_stacksz(ExchangeId exchange, const HttpRequest& request);
  void serve_expvarz(ExchangeId exchange, const HttpRequest& request);
  void serve_livez(ExchangeId exchange, const HttpRequest& request);
  // For orchestrators and Prometheus (monitor_metrics.cc).
  void serve_startedz(ExchangeId exchange, const HttpRequest& request);
  void serve_readyz(ExchangeId exchange, const HttpRequest& request);
  void serve_stopz(ExchangeId exchange, const HttpRequest& request);
  void serve_metrics(ExchangeId exchange, const HttpRequest& request);
  // But for connections and what is not durable.
  [[nodiscard]] ServerState state() const;
  // All but what JetStream's loops have to say.
  [[nodiscard]] Metrics metrics(Parts parts);
  void write_metrics(ExchangeId exchange, const std::shared_ptr<Metrics>& metrics);
  [[nodiscard]] std::string varz(const Parts& parts, const jetstream::Report& report,
                                 bool pretty = true);
  [[nodiscard]] jetstream::MemoryUse streams_memory() const;
  // Of the server as a whole, not of assets.
  [[nodiscard]] HealthAnswer health(const HealthzRequest& request) const;
  // One of the pages that need no part of any loop: `write` gets what was asked.
  template <class Request>
  void serve_link(ExchangeId exchange, const Result<Request>& request,
                  void (*write)(codec::JsonWriter&, const Request&, const Answerer&));
  [[nodiscard]] std::vector<io::LoopLoad> loads() const;
  void serve_account_info(ExchangeId exchange, const HttpRequest& request);
  void serve_account_stat(ExchangeId exchange, const HttpRequest& request);
  void serve_account_jsz(ExchangeId exchange, const HttpRequest& request);
  void serve_statsz(ExchangeId exchange, const HttpRequest& request);
  // Hands the answer to whoever asked.
  void respond(ExchangeId exchange, HttpResponse response);
  // Composes now if the answer is small, else on the pool.
  using Shape = HttpResponse (*)(std::string text);
  static HttpResponse as_json(std::string text) { return HttpResponse::json(std::move(text)); }
  void compose(ExchangeId exchange, std::size_t rows, std::move_only_function<std::string()> write,
               Shape shape = as_json);
  [[nodiscard]] Accountz accounts() const;
  [[nodiscard]] ToldPtr told() const { return told_.load(); }

  io::Env& env_;
  Log& log_;
  broker::Broker& broker_;
  TlsService* tls_ = nullptr;
  TlsService* web_socket_tls_ = nullptr;
  const OperatorMode* operators_ = nullptr;
  jetstream::JetStream* jetstream_ = nullptr;  // null: off
  bool https_ = false;
  io::Loop* loop_ = nullptr;
  std::string base_path_;  // "" or `/a/b`
  std::atomic<ToldPtr> told_;
  std::atomic<bool> accepting_{false};
  std::atomic<bool> leaving_{false};
  CpuMeter cpu_;
  RequestCounts requests_;
  std::shared_ptr<Door> door_ = std::make_shared<Door>();
  std::map<ExchangeId, Asked> asked_;  // from within
  ExchangeId next_inner_ = kFirstInner;
  std::unique_ptr<HttpServer> http_;  // null: there is no port
  std::unique_ptr<Gatherer> gatherer_;
};

}  // namespace midge::server

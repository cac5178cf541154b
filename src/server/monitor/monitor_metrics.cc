// What the monitor serves for Prometheus and for orchestrators.
#include <memory>
#include <utility>

#include "jetstream/totals.h"
#include "server/metrics/metrics.h"
#include "server/monitor/monitor.h"
#include "server/monitor/probes.h"
#include "server/monitor/subsz.h"

namespace midge::server {

void Monitor::serve_metrics(ExchangeId exchange, const HttpRequest&) {
  gatherer_->ask({.accounts = true}, [this, exchange](Parts parts) {
    auto metrics = std::make_shared<Metrics>(this->metrics(std::move(parts)));
    if (jetstream_ == nullptr) return write_metrics(exchange, metrics);
    jetstream::make_totals(
        *jetstream_, [this, door = door_, exchange, metrics](const auto& totals) {
          if (door->monitor == nullptr) return;
          metrics->jetstream->totals = totals;
          if (!metrics->lists_streams()) return write_metrics(exchange, metrics);
          report_jetstream([this, exchange, metrics](const jetstream::ReportPtr& report) {
            metrics->report = report;
            write_metrics(exchange, metrics);
          });
        });
  });
}

Metrics Monitor::metrics(Parts parts) {
  const ToldPtr told = this->told();
  io::Process& process = env_.process();
  const broker::MemoryBudget& memory = broker_.memory();
  Metrics metrics{.config = told->options->metrics,
                  .identity = told->identity,
                  .parts = std::move(parts),
                  .total = {},
                  .index = broker_.index().stats(),
                  .requests = requests_,
                  .config_loaded = told->config_loaded,
                  .healthy = health({}).failure.empty(),
                  .max_connections = told->options->max_connections,
                  .resident_bytes = process.resident_bytes(),
                  .cpu_time = process.cpu_time(),
                  .memory_limit = memory.limit(),
                  .memory_refusals = memory.refusals,
                  .memory_closed = memory.closed_connections,
                  .memory_full = memory.times_full,
                  .streams_memory = streams_memory(),
                  .jetstream = jetstream_metrics(jetstream_),
                  .report = std::make_shared<const jetstream::Report>(),
                  .varz = {},
                  .subsz = {}};
  metrics.total = total(metrics.parts);
  return metrics;
}

void Monitor::write_metrics(ExchangeId exchange, const std::shared_ptr<Metrics>& metrics) {
  if (metrics->config.exporter_names) {
    metrics->varz = varz(metrics->parts, *metrics->report);
    metrics->subsz = compose_subsz({}, metrics->identity.server_id, env_.clock().wall(),
                                   metrics->index, metrics->parts);
  }
  compose(
      exchange, metrics->series(), [metrics] { return compose_metrics(*metrics); },
      HttpResponse::metrics);
}

ServerState Monitor::state() const {
  using JetStream = ServerState::JetStream;
  ServerState state{.accepting = accepting_.load(std::memory_order_relaxed),
                    .leaving = leaving_.load(std::memory_order_relaxed),
                    .memory_full = broker_.memory().is_full()};
  if (jetstream_ == nullptr) return state;
  const jetstream::Counters& counters = jetstream_->counters();
  state.jetstream = jetstream_->has_failed() ? JetStream::kFailed
                    : jetstream_->is_ready() ? JetStream::kReady
                                             : JetStream::kReading;
  state.disk_fails = counters.failing_journals > counters.journals_without_space;
  state.memory_bytes = counters.memory;
  return state;
}

void Monitor::serve_startedz(ExchangeId exchange, const HttpRequest&) {
  respond(exchange, compose_startedz(state()));
}

void Monitor::serve_readyz(ExchangeId exchange, const HttpRequest&) {
  respond(exchange, compose_readyz(state()));
}

void Monitor::serve_stopz(ExchangeId exchange, const HttpRequest&) {
  gatherer_->ask({}, [this, exchange](const Parts& parts) {
    ServerState state = this->state();
    state.connections = total(parts).connections;
    if (jetstream_ == nullptr) return respond(exchange, compose_stopz(state));
    jetstream::make_totals(*jetstream_, [door = door_, exchange, state](const auto& totals) {
      ServerState complete = state;
      complete.waiting_bytes = totals.journal_waiting;
      if (door->monitor != nullptr) door->monitor->respond(exchange, compose_stopz(complete));
    });
  });
}

}  // namespace midge::server

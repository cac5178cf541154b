// `/metrics`: what the server does, for Prometheus. docs/metrics.md names all of it, and a test
// compares. Pure; any thread.
//
// What is labelled with names that users choose is bounded: by `metrics { accounts, streams,
// consumers }`, and what is left out is counted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"
#include "jetstream/jetstream.h"
#include "jetstream/memory_round.h"
#include "jetstream/report.h"
#include "jetstream/totals.h"
#include "server/metrics/exposition.h"
#include "server/monitor/gather.h"
#include "server/monitor/identity.h"
#include "server/monitor/varz.h"
#include "server/options/metrics_config.h"
#include "subject/interest_index.h"

namespace midge::server {

struct JetStreamMetrics {
  bool ready = false;
  std::string domain;
  jetstream::Totals totals;
  std::int64_t memory = 0, storage = 0, max_memory = 0, max_storage = 0;
  std::uint64_t api_requests = 0, api_errors = 0;
  std::uint64_t damaged_files = 0, lost_messages = 0, lost_record_bytes = 0;
  unsigned failing_journals = 0;
};

// A copy of everything, so that it may be written elsewhere than on the loop.
struct Metrics {
  MetricsConfig config;
  MonitorIdentity identity;
  Parts parts;  // with accounts
  broker::WorkerStats total;
  subject::IndexStats index;
  RequestCounts requests;
  WallTime config_loaded;
  bool healthy = true;
  std::int64_t max_connections = 0;
  std::int64_t resident_bytes = 0;
  Duration cpu_time{};
  std::int64_t memory_limit = 0;
  std::uint64_t memory_refusals = 0, memory_closed = 0, memory_full = 0;
  jetstream::MemoryUse streams_memory;
  std::optional<JetStreamMetrics> jetstream;  // nothing: off
  // Empty unless streams or consumers are listed; never null.
  jetstream::ReportPtr report;
  // Pages whose figures the exporter's names are made of; "" unless they are asked for.
  std::string varz, subsz;

  [[nodiscard]] bool lists_streams() const {
    return config.streams > 0 || config.consumers > 0 || config.exporter_names;
  }
  // About as many lines as it takes.
  [[nodiscard]] std::size_t series() const;
};

// `jetstream`: null without it.
[[nodiscard]] std::optional<JetStreamMetrics> jetstream_metrics(jetstream::JetStream* jetstream);

[[nodiscard]] std::string compose_metrics(const Metrics& metrics);

// The same under the names of prometheus-nats-exporter (exporter_names.cc).
void add_exporter_names(Exposition& out, const Metrics& metrics);

}  // namespace midge::server

#include "server/metrics/metrics.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <vector>

namespace midge::server {
namespace {

using Kind = Exposition::Kind;
using M = const Metrics&;
using J = const JetStreamMetrics&;

// A figure of the whole server.
template <class Source>
struct Row {
  std::string_view name;
  Kind kind;
  std::string_view help;
  double (*value)(const Source& source);
};

constexpr double number(auto value) { return static_cast<double>(value); }
constexpr double seconds_of(WallTime time) { return number(time.ns) / 1e9; }

// clang-format off
constexpr Row<Metrics> kServer[] = {
    {"process_cpu_seconds_total", Kind::kCounter, "Time of all cores spent on the process",
     [](M m) { return m.cpu_time.seconds(); }},
    {"process_resident_memory_bytes", Kind::kGauge, "Memory of the process that is in RAM",
     [](M m) { return number(m.resident_bytes); }},
    {"process_start_time_seconds", Kind::kGauge, "When the server started, since 1970",
     [](M m) { return seconds_of(m.identity.start); }},
    {"midge_config_load_time_seconds", Kind::kGauge, "When the configuration was loaded, since 1970",
     [](M m) { return seconds_of(m.config_loaded); }},
    {"midge_healthy", Kind::kGauge, "1 while /healthz answers 200",
     [](M m) { return number(m.healthy); }},
    {"midge_connections", Kind::kGauge, "Connections of clients",
     [](M m) { return number(m.total.connections); }},
    {"midge_connections_max", Kind::kGauge, "Connections of clients that are allowed",
     [](M m) { return number(m.max_connections); }},
    {"midge_connections_opened_total", Kind::kCounter, "Connections of clients since the start",
     [](M m) { return number(m.total.total_connections); }},
    {"midge_subscriptions", Kind::kGauge, "Subscriptions, the server's own included",
     [](M m) { return number(m.index.subscriptions); }},
    {"midge_subscriptions_added_total", Kind::kCounter, "Subscriptions since the start",
     [](M m) { return number(m.index.inserts); }},
    {"midge_subscriptions_removed_total", Kind::kCounter, "Subscriptions that have ended",
     [](M m) { return number(m.index.removes); }},
    {"midge_received_messages_total", Kind::kCounter, "Messages from clients",
     [](M m) { return number(m.total.traffic.in_msgs); }},
    {"midge_received_bytes_total", Kind::kCounter, "Bytes of messages from clients",
     [](M m) { return number(m.total.traffic.in_bytes); }},
    {"midge_sent_messages_total", Kind::kCounter, "Messages to clients",
     [](M m) { return number(m.total.traffic.out_msgs); }},
    {"midge_sent_bytes_total", Kind::kCounter, "Bytes of messages to clients",
     [](M m) { return number(m.total.traffic.out_bytes); }},
    {"midge_pending_bytes", Kind::kGauge, "Output that clients have not taken yet",
     [](M m) { return number(m.total.pending_bytes); }},
    {"midge_slow_consumers_total", Kind::kCounter, "Clients closed because they read too slowly",
     [](M m) { return number(m.total.slow_consumers); }},
    {"midge_stale_connections_total", Kind::kCounter, "Clients closed because they did not answer",
     [](M m) { return number(m.total.stale_connections); }},
    {"midge_stalls_total", Kind::kCounter, "Times a producer was slowed for a slow reader",
     [](M m) { return number(m.total.stalled_clients); }},
    {"midge_dropped_messages_total", Kind::kCounter, "Messages dropped by slow_consumer_policy",
     [](M m) { return number(m.total.dropped_messages); }},
    {"midge_matches_total", Kind::kCounter, "Look-ups of who gets a message",
     [](M m) { return number(m.total.matches); }},
    {"midge_matches_cached_total", Kind::kCounter, "Of these, those answered by a cache",
     [](M m) { return number(m.total.cache_hits); }},
    {"midge_cached_subjects", Kind::kGauge, "Subjects whose receivers are cached",
     [](M m) { return number(m.total.cached_subjects); }},
    {"midge_fanout_total", Kind::kCounter, "Receivers of all look-ups",
     [](M m) { return number(m.total.fanout_sum); }},
    {"midge_fanout_max", Kind::kGauge, "Most receivers of one message since the start",
     [](M m) { return number(m.total.fanout_max); }},
    {"midge_memory_limit_bytes", Kind::kGauge, "memory_limit; 0 without one",
     [](M m) { return number(m.memory_limit); }},
    {"midge_memory_refused_total", Kind::kCounter,
     "Connections and subscriptions refused because memory was full",
     [](M m) { return number(m.memory_refusals); }},
    {"midge_memory_closed_total", Kind::kCounter,
     "Connections closed for what they held while memory was full",
     [](M m) { return number(m.memory_closed); }},
    {"midge_memory_full_total", Kind::kCounter, "Times memory became full",
     [](M m) { return number(m.memory_full); }},
    {"midge_jetstream_enabled", Kind::kGauge, "1 with JetStream; all its figures are told then",
     [](M m) { return number(m.jetstream.has_value()); }},
};

constexpr Row<JetStreamMetrics> kJetStream[] = {
    {"midge_jetstream_ready", Kind::kGauge, "1 when its store has been read",
     [](J j) { return number(j.ready); }},
    {"midge_jetstream_streams", Kind::kGauge, "Streams",
     [](J j) { return number(j.totals.streams); }},
    {"midge_jetstream_consumers", Kind::kGauge, "Consumers",
     [](J j) { return number(j.totals.consumers); }},
    {"midge_jetstream_messages", Kind::kGauge, "Messages in all streams",
     [](J j) { return number(j.totals.messages); }},
    {"midge_jetstream_bytes", Kind::kGauge, "Bytes of these messages",
     [](J j) { return number(j.totals.bytes); }},
    {"midge_jetstream_memory_bytes", Kind::kGauge, "Bytes that streams in memory hold",
     [](J j) { return number(j.memory); }},
    {"midge_jetstream_memory_max_bytes", Kind::kGauge, "Bytes that they may hold",
     [](J j) { return number(j.max_memory); }},
    {"midge_jetstream_storage_bytes", Kind::kGauge, "Bytes that streams on disk hold",
     [](J j) { return number(j.storage); }},
    {"midge_jetstream_storage_max_bytes", Kind::kGauge, "Bytes that they may hold",
     [](J j) { return number(j.max_storage); }},
    {"midge_jetstream_api_requests_total", Kind::kCounter, "Requests to the API",
     [](J j) { return number(j.api_requests); }},
    {"midge_jetstream_api_errors_total", Kind::kCounter, "Requests answered with an error",
     [](J j) { return number(j.api_errors); }},
    {"midge_jetstream_journal_batches_total", Kind::kCounter, "Batches written to journals",
     [](J j) { return number(j.totals.journal_batches); }},
    {"midge_jetstream_journal_syncs_total", Kind::kCounter, "Syncs of journals",
     [](J j) { return number(j.totals.journal_syncs); }},
    {"midge_jetstream_journal_bytes_total", Kind::kCounter, "Bytes of records written to journals",
     [](J j) { return number(j.totals.journal_bytes); }},
    {"midge_jetstream_journal_seconds_total", Kind::kCounter,
     "Time that batches took, the sync included where one is waited for",
     [](J j) { return j.totals.journal_writing.seconds(); }},
    {"midge_jetstream_journal_waiting_bytes", Kind::kGauge, "Bytes that are not on disk yet",
     [](J j) { return number(j.totals.journal_waiting); }},
    {"midge_jetstream_journal_unreleased_bytes", Kind::kGauge,
     "Bytes of journals kept because no checkpoint covers them",
     [](J j) { return number(j.totals.journal_unreleased); }},
    {"midge_jetstream_failing_journals", Kind::kGauge, "Journals whose disk takes nothing",
     [](J j) { return number(j.failing_journals); }},
    {"midge_jetstream_damaged_files_total", Kind::kCounter,
     "Files found damaged or missing, and put into quarantine where they are there",
     [](J j) { return number(j.damaged_files); }},
    {"midge_jetstream_lost_messages_total", Kind::kCounter, "Messages that streams lost to rot",
     [](J j) { return number(j.lost_messages); }},
    {"midge_jetstream_lost_record_bytes_total", Kind::kCounter,
     "Bytes of records that journals lost to rot",
     [](J j) { return number(j.lost_record_bytes); }},
};
// clang-format on

template <class Source>
void add_rows(Exposition& out, std::span<const Row<Source>> rows, const Source& source) {
  for (const Row<Source>& row : rows) {
    out.family(row.name, row.kind, row.help);
    out.sample(row.value(source));
  }
}

void add_info(Exposition& out, M m) {
  out.family("midge_info", Kind::kGauge, "Always 1: which server this is");
  out.sample(1, {{"server_id", m.identity.server_id},
                 {"server_name", m.identity.server_name},
                 {"version", m.identity.midge_version},
                 {"nats_version", m.identity.version}});
}

void add_memory(Exposition& out, M m) {
  out.family("midge_memory_bytes", Kind::kGauge,
             "Memory by what it holds; that of streams where there is a memory_limit");
  out.sample(number(m.total.pending_bytes), {{"kind", "output"}});
  out.sample(number(m.streams_memory.blocks), {{"kind", "stream_blocks"}});
  out.sample(number(m.streams_memory.subjects), {{"kind", "stream_subjects"}});
  out.sample(number(m.streams_memory.ids), {{"kind", "message_ids"}});
}

void add_requests(Exposition& out, M m) {
  out.family("midge_monitor_requests_total", Kind::kCounter, "Requests for monitoring pages");
  for (const auto& [path, count] : m.requests) out.sample(number(count), {{"path", path}});
}

// A figure of each of several things, which one label tells apart.
template <class Thing>
struct Each {
  std::string_view name;
  Kind kind;
  std::string_view help;
  double (*value)(const Thing& thing);
};

constexpr Each<Part> kLoops[] = {
    {"midge_loop_busy_ratio", Kind::kGauge, "Share of the last second that a loop did not wait",
     [](const Part& p) { return p.load.busy; }},
    {"midge_loop_tick_max_seconds", Kind::kGauge, "Longest tick of a loop since the start",
     [](const Part& p) { return number(p.load.tick_max_ns) / 1e9; }},
    {"midge_loop_queued_mails", Kind::kGauge, "What other threads told a loop and waits there",
     [](const Part& p) { return number(p.load.mail); }},
    {"midge_loop_connections", Kind::kGauge, "Connections of clients that a loop serves",
     [](const Part& p) { return number(p.stats.connections); }},
};

void add_loops(Exposition& out, M m) {
  for (const Each<Part>& each : kLoops) {
    out.family(each.name, each.kind, each.help);
    for (const Part& part : m.parts)
      out.sample(each.value(part), {{"loop", std::to_string(part.loop)}});
  }
  std::array<double, io::kTickLengths.size()> bounds{};
  for (std::size_t i = 0; i < bounds.size(); ++i) bounds[i] = number(io::kTickLengths[i]) / 1e9;
  out.family("midge_loop_tick_seconds", Kind::kHistogram, "Ticks of a loop by their length");
  for (const Part& part : m.parts)
    out.histogram(bounds, part.load.ticks_by_length, number(part.load.busy_ns) / 1e9,
                  {{"loop", std::to_string(part.loop)}});
}

using NamedUse = std::pair<std::string_view, const AccountUse*>;

constexpr Each<AccountUse> kAccounts[] = {
    {"midge_account_connections", Kind::kGauge, "Connections of an account's clients",
     [](const AccountUse& u) { return number(u.connections); }},
    {"midge_account_subscriptions", Kind::kGauge, "Their subscriptions",
     [](const AccountUse& u) { return number(u.subscriptions); }},
    {"midge_account_received_messages_total", Kind::kCounter, "Messages from an account's clients",
     [](const AccountUse& u) { return number(u.all().in_msgs); }},
    {"midge_account_received_bytes_total", Kind::kCounter, "Bytes of these messages",
     [](const AccountUse& u) { return number(u.all().in_bytes); }},
    {"midge_account_sent_messages_total", Kind::kCounter, "Messages to an account's clients",
     [](const AccountUse& u) { return number(u.all().out_msgs); }},
    {"midge_account_sent_bytes_total", Kind::kCounter, "Bytes of these messages",
     [](const AccountUse& u) { return number(u.all().out_bytes); }},
    {"midge_account_slow_consumers_total", Kind::kCounter,
     "Clients of an account closed because they read too slowly",
     [](const AccountUse& u) { return number(u.ended.slow_consumers); }},
};

// Of many accounts those with the most connections.
void add_accounts(Exposition& out, M m) {
  const AccountUses uses = account_uses(m.parts);
  std::vector<NamedUse> listed;
  for (const auto& [name, use] : uses) listed.emplace_back(name, &use);
  const auto most = static_cast<std::size_t>(m.config.accounts);
  if (listed.size() > most) {
    std::ranges::stable_sort(listed, std::ranges::greater{},
                             [](const NamedUse& one) { return one.second->connections; });
    listed.resize(most);
    std::ranges::sort(listed, {}, &NamedUse::first);
  }
  out.family("midge_accounts", Kind::kGauge, "Accounts that have had clients");
  out.sample(number(uses.size()));
  out.family("midge_accounts_unlisted", Kind::kGauge,
             "Of these, those beyond `metrics { accounts }`, which are not told of one by one");
  out.sample(number(uses.size() - listed.size()));
  if (listed.empty()) return;
  for (const Each<AccountUse>& each : kAccounts) {
    out.family(each.name, each.kind, each.help);
    for (const auto& [name, use] : listed) out.sample(each.value(*use), {{"account", name}});
  }
}

constexpr Each<jetstream::StreamReport> kStreams[] = {
    {"midge_stream_messages", Kind::kGauge, "Messages in a stream",
     [](const jetstream::StreamReport& s) { return number(s.info.state.messages); }},
    {"midge_stream_bytes", Kind::kGauge, "Bytes of these messages",
     [](const jetstream::StreamReport& s) { return number(s.info.state.bytes); }},
    {"midge_stream_first_sequence", Kind::kGauge, "Sequence of its first message",
     [](const jetstream::StreamReport& s) { return number(s.info.state.first_sequence); }},
    {"midge_stream_last_sequence", Kind::kGauge, "The last sequence that was given",
     [](const jetstream::StreamReport& s) { return number(s.info.state.last_sequence); }},
    {"midge_stream_consumers", Kind::kGauge, "Consumers of a stream",
     [](const jetstream::StreamReport& s) { return number(s.consumers.size()); }},
    {"midge_stream_lost_messages", Kind::kGauge, "Messages that a stream lost to rot",
     [](const jetstream::StreamReport& s) {
       const auto& lost = s.info.state.lost;
       return lost && lost->messages ? number(lost->messages->size()) : 0;
     }},
};

constexpr Each<jetstream::ConsumerInfo> kConsumers[] = {
    {"midge_consumer_pending_messages", Kind::kGauge, "Messages that a consumer has still to send",
     [](const jetstream::ConsumerInfo& c) { return number(c.pending); }},
    {"midge_consumer_unacknowledged_messages", Kind::kGauge,
     "Messages sent and not acknowledged yet",
     [](const jetstream::ConsumerInfo& c) { return number(c.ack_pending); }},
    {"midge_consumer_redelivered_messages", Kind::kGauge,
     "Of these, those that were sent more than once",
     [](const jetstream::ConsumerInfo& c) { return number(c.redelivered); }},
    {"midge_consumer_waiting_requests", Kind::kGauge, "Requests for messages that wait",
     [](const jetstream::ConsumerInfo& c) { return number(c.waiting); }},
    {"midge_consumer_delivered_sequence", Kind::kGauge, "The last sequence of its stream it sent",
     [](const jetstream::ConsumerInfo& c) { return number(c.delivered.stream); }},
    {"midge_consumer_acknowledged_sequence", Kind::kGauge,
     "The sequence up to which all is acknowledged",
     [](const jetstream::ConsumerInfo& c) { return number(c.ack_floor.stream); }},
};

// The first ones by account and name.
void add_streams(Exposition& out, M m) {
  const auto streams = jetstream::sorted(m.report->streams);
  const auto most = std::min(streams.size(), static_cast<std::size_t>(m.config.streams));
  if (most == 0) return;
  for (const Each<jetstream::StreamReport>& each : kStreams) {
    out.family(each.name, each.kind, each.help);
    for (const jetstream::StreamReport* stream : std::span(streams).first(most))
      out.sample(each.value(*stream),
                 {{"account", stream->account}, {"stream", stream->info.config.name}});
  }
}

void add_consumers(Exposition& out, M m) {
  if (m.config.consumers == 0) return;
  const auto streams = jetstream::sorted(m.report->streams);
  for (const Each<jetstream::ConsumerInfo>& each : kConsumers) {
    std::int64_t left = m.config.consumers;
    out.family(each.name, each.kind, each.help);
    for (const jetstream::StreamReport* stream : streams)
      for (const jetstream::ConsumerInfo* consumer : jetstream::sorted(stream->consumers))
        if (left-- > 0)
          out.sample(each.value(*consumer), {{"account", stream->account},
                                             {"stream", stream->info.config.name},
                                             {"consumer", consumer->name}});
  }
}

}  // namespace

std::size_t Metrics::series() const {
  std::size_t count = 0;
  for (const Part& part : parts) count += part.accounts.size() * std::size(kAccounts);
  count += report->rows() * std::size(kStreams);
  return count;
}

std::optional<JetStreamMetrics> jetstream_metrics(jetstream::JetStream* jetstream) {
  if (jetstream == nullptr) return std::nullopt;
  const jetstream::Counters& counters = jetstream->counters();
  return JetStreamMetrics{.ready = jetstream->is_ready(),
                          .domain = jetstream->domain(),
                          .totals = {},
                          .memory = counters.memory,
                          .storage = counters.storage,
                          .max_memory = counters.max_memory,
                          .max_storage = counters.max_store,
                          .api_requests = counters.api_requests,
                          .api_errors = counters.api_errors,
                          .damaged_files = counters.damaged_files,
                          .lost_messages = counters.lost_messages,
                          .lost_record_bytes = counters.lost_record_bytes,
                          .failing_journals = counters.failing_journals};
}

std::string compose_metrics(const Metrics& metrics) {
  Exposition out;
  add_info(out, metrics);
  add_rows<Metrics>(out, kServer, metrics);
  add_memory(out, metrics);
  add_requests(out, metrics);
  add_loops(out, metrics);
  add_accounts(out, metrics);
  if (metrics.jetstream) {
    add_rows<JetStreamMetrics>(out, kJetStream, *metrics.jetstream);
    add_streams(out, metrics);
    add_consumers(out, metrics);
  }
  if (metrics.config.exporter_names) add_exporter_names(out, metrics);
  return out.take();
}

}  // namespace midge::server

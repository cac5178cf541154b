#include "server/monitor/varz.h"

#include <utility>

#include "auth/jwt/claims_json.h"
#include "server/feature_flags.h"
#include "server/monitor/duration_text.h"
#include "server/monitor/field_table.h"
#include "server/monitor/websocket_varz.h"

namespace midge::server {
namespace {

using codec::JsonWriter;

// The peer's defaults of what Midge does not have yet, so that tools find what they expect.
constexpr double kTlsTimeoutSeconds = 2;

std::string_view to_text(WriteTimeoutPolicy policy) {
  switch (policy) {
    case WriteTimeoutPolicy::kClose:
      return "close";
    case WriteTimeoutPolicy::kRetry:
      return "retry";
    case WriteTimeoutPolicy::kDefault:
      break;
  }
  return "";
}

void write_empty_object(JsonWriter& json, const Varz&) { json.begin_object().end_object(); }

// By kind of connection; only clients exist so far.
void write_by_kind(JsonWriter& json, std::uint64_t clients) {
  json.begin_object().field("clients", clients);
  json.field("routes", 0).field("gateways", 0).field("leafs", 0).end_object();
}

void write_requests(JsonWriter& json, const Varz& v) {
  json.begin_object();
  for (const auto& [path, count] : v.requests) json.field(path, count);
  json.end_object();
}

void write_metadata(JsonWriter& json, const Varz& v) {
  json.begin_object();
  for (const auto& [name, value] : v.options.server_metadata) json.field(name, value);
  json.end_object();
}

void write_operators(JsonWriter& json, const Varz& v) {
  json.begin_array();
  for (const std::string& token : v.options.auth.operator_jwts)
    if (const auto claims = auth::jwt::decode_operator(token))
      auth::jwt::write_claims(json, *claims);
  json.end_array();
}

void write_disk_waits(JsonWriter& json, const Varz&) {
  json.begin_object().field("waiters", 0).field("waits", 0).field("wait_time", 0);
  json.field("max_wait_time", 0).end_object();
}

void write_loops(JsonWriter& json, const Varz& v) {
  json.begin_array();
  for (const Part& part : v.parts) {
    json.begin_object();
    json.field("loop", part.loop).field("busy", part.load.busy).field("ticks", part.load.ticks);
    json.field("tick_max", part.load.tick_max_ns).field("stage", io::to_text(part.load.stage));
    json.field("connections", part.stats.connections);
    json.field("subscriptions", part.stats.subscriptions);
    json.field("in_msgs", part.stats.traffic.in_msgs);
    json.field("out_msgs", part.stats.traffic.out_msgs);
    json.field("pending_bytes", part.stats.pending_bytes);
    json.field("cached_subjects", part.stats.cached_subjects);
    json.end_object();
  }
  json.end_array();
}

void write_memory(JsonWriter& json, const Varz& v) {
  const broker::MemoryBudget& memory = *v.memory;
  json.begin_object().field("limit", memory.limit()).field("used", v.memory_bytes);
  json.field("state", broker::to_text(memory.level()));
  json.field("times_full", memory.times_full.load());
  json.field("refused", memory.refusals.load());
  json.field("closed", memory.closed_connections.load());
  json.field("output", v.total.pending_bytes);
  json.field("stream_blocks", v.streams_memory.blocks);
  json.field("stream_subjects", v.streams_memory.subjects);
  json.field("message_ids", v.streams_memory.ids).end_object();
}

void write_ocsp_cache(JsonWriter& json, const Varz& v) {
  const AnswerCache::Stats& stats = *v.ocsp_cache;
  json.begin_object().field("cache_type", stats.type);
  json.field_unless_empty("cache_hits", stats.hits);
  json.field_unless_empty("cache_misses", stats.misses);
  json.field_unless_empty("cached_responses", stats.kept());
  json.field_unless_empty("cached_revoked_responses", stats.revoked);
  json.field_unless_empty("cached_good_responses", stats.good);
  json.field_unless_empty("cached_unknown_responses", stats.unknown);
  json.end_object();
}

void write_jetstream_part(JsonWriter& json, const Varz& varz) {
  if (varz.write_jetstream) return varz.write_jetstream(json);
  write_empty_object(json, varz);
}

template <auto Get>
constexpr Field<Varz> row(std::string_view name) {
  return always<Varz, Get>(name);
}
template <auto Get>
constexpr Field<Varz> optional(std::string_view name) {
  return unless_empty<Varz, Get>(name);
}

using V = const Varz&;

constexpr Field<Varz> kFields[] = {
    row<[](V v) { return std::string_view(v.identity.server_id); }>("server_id"),
    row<[](V v) { return std::string_view(v.identity.server_name); }>("server_name"),
    row<[](V v) { return std::string_view(v.identity.version); }>("version"),
    row<[](V) { return 1; }>("proto"),
    optional<[](V v) { return std::string_view(v.identity.git_commit); }>("git_commit"),
    row<[](V v) { return std::string_view(v.identity.go); }>("go"),
    row<[](V v) { return std::string_view(v.identity.host); }>("host"),
    row<[](V v) { return v.identity.port; }>("port"),
    optional<[](V v) { return std::string_view(v.identity.ip); }>("ip"),
    optional<[](V v) { return v.identity.connect_urls; }>("connect_urls"),

    // What it was told.
    optional<[](V v) { return v.options.auth.required() && v.options.auth.no_auth_user.empty(); }>(
        "auth_required"),
    optional<[](V v) { return v.options.tls.has_value() && !v.options.allow_non_tls; }>(
        "tls_required"),
    optional<[](V v) {
      return v.options.tls && (v.options.tls->verify || v.options.tls->verify_and_map);
    }>("tls_verify"),
    optional<[](V v) { return v.options.tls && v.options.tls->ocsp_peer.verify; }>(
        "tls_ocsp_peer_verify"),
    row<[](V v) { return v.options.max_connections; }>("max_connections"),
    optional<[](V v) { return v.options.max_subscriptions; }>("max_subscriptions"),
    row<[](V v) { return v.options.ping_interval.ns; }>("ping_interval"),
    row<[](V v) { return v.options.ping_max; }>("ping_max"),
    row<[](V v) {
      return std::string_view(v.options.http_host.empty() ? v.options.host : v.options.http_host);
    }>("http_host"),
    row<[](V v) { return v.options.http_port; }>("http_port"),
    row<[](V v) { return std::string_view(v.options.http_base_path); }>("http_base_path"),
    row<[](V v) { return v.options.https_port; }>("https_port"),
    row<[](V v) { return v.options.auth.timeout.seconds(); }>("auth_timeout"),
    row<[](V v) { return v.options.max_control_line; }>("max_control_line"),
    row<[](V v) { return v.options.max_payload; }>("max_payload"),
    row<[](V v) { return v.options.max_pending; }>("max_pending"),
    nested<Varz, write_empty_object>("cluster"),
    nested<Varz, write_empty_object>("gateway"),
    nested<Varz, write_empty_object>("leaf"),
    nested<Varz, write_empty_object>("mqtt"),
    nested<Varz, [](JsonWriter& json,
                    V v) { write_websocket_varz(json, v.options, v.web_socket_tls_not_after); }>(
        "websocket"),
    nested<Varz, write_jetstream_part>("jetstream"),
    row<[](V v) { return v.options.tls ? v.options.tls->timeout.seconds() : kTlsTimeoutSeconds; }>(
        "tls_timeout"),
    row<[](V v) { return v.options.write_deadline.ns; }>("write_deadline"),
    optional<[](V v) { return to_text(v.options.write_timeout); }>("write_timeout"),

    // What it does.
    row<[](V v) { return v.identity.start; }>("start"),
    row<[](V v) { return v.now; }>("now"),
    row<[](V v) { return uptime_text(v.now - v.identity.start); }>("uptime"),
    row<[](V v) { return v.memory_bytes; }>("mem"),
    row<[](V v) { return v.cores; }>("cores"),
    row<[](V v) { return v.parts.size(); }>("gomaxprocs"),
    row<[](V v) { return v.cpu_percent; }>("cpu"),
    row<[](V v) { return v.total.connections; }>("connections"),
    row<[](V v) { return v.total.total_connections; }>("total_connections"),
    row<[](V) { return 0; }>("routes"),
    row<[](V) { return 0; }>("remotes"),
    row<[](V) { return 0; }>("leafnodes"),
    row<[](V v) { return v.total.traffic.in_msgs; }>("in_msgs"),
    row<[](V v) { return v.total.traffic.in_bytes; }>("in_bytes"),
    row<[](V v) { return v.total.traffic.in_msgs; }>("in_client_msgs"),
    row<[](V v) { return v.total.traffic.in_bytes; }>("in_client_bytes"),
    row<[](V v) { return v.total.traffic.out_msgs; }>("out_msgs"),
    row<[](V v) { return v.total.traffic.out_bytes; }>("out_bytes"),
    row<[](V v) { return v.total.traffic.out_msgs; }>("out_client_msgs"),
    row<[](V v) { return v.total.traffic.out_bytes; }>("out_client_bytes"),
    row<[](V v) { return v.total.slow_consumers; }>("slow_consumers"),
    row<[](V v) { return v.total.stale_connections; }>("stale_connections"),
    row<[](V v) { return v.total.stalled_clients; }>("stalled_clients"),
    row<[](V v) { return v.total.subscriptions; }>("subscriptions"),
    nested<Varz, write_requests>("http_req_stats"),
    row<[](V v) { return v.config_loaded; }>("config_load_time"),
    row<[](V v) { return std::string_view(v.options.config_digest); }>("config_digest"),
    optional<[](V v) { return v.options.server_tags; }>("tags"),
    nested_if<Varz, [](V v) { return !v.options.server_metadata.empty(); }, write_metadata>(
        "metadata"),
    nested<Varz, [](JsonWriter& json, V v) { write_feature_flags(json, v.options.feature_flags); }>(
        "feature_flags"),
    optional<[](V v) { return v.options.auth.operator_jwts; }>("trusted_operators_jwt"),
    nested_if<Varz, [](V v) { return !v.options.auth.operator_jwts.empty(); }, write_operators>(
        "trusted_operators_claim"),
    optional<[](V v) { return system_account_name(v.options); }>("system_account"),
    optional<[](V v) { return v.pinned_account_fails; }>("pinned_account_fails"),
    nested_if<Varz, [](V v) { return v.ocsp_cache && v.ocsp_cache->type != "none"; },
              write_ocsp_cache>("ocsp_peer_cache"),
    nested<Varz, [](JsonWriter& json, V v) { write_by_kind(json, v.total.slow_consumers); }>(
        "slow_consumer_stats"),
    nested<Varz, [](JsonWriter& json, V v) { write_by_kind(json, v.total.stale_connections); }>(
        "stale_connection_stats"),
    nested<Varz, write_disk_waits>("disk_io_wait_stats"),
    nested_if<Varz, [](V v) { return v.tls_not_after.ns != 0; },
              [](JsonWriter& json, V v) { json.value(v.tls_not_after); }>("tls_cert_not_after"),

    // Midge's own.
    row<[](V v) { return std::string_view(v.identity.midge_version); }>("midge_version"),
    row<[](V v) { return v.total.dropped_messages; }>("dropped_msgs"),
    row<[](V v) { return v.total.pending_bytes; }>("pending_bytes"),
    nested_if<Varz, [](V v) { return v.memory != nullptr && v.memory->is_limited(); },
              write_memory>("memory"),
    nested<Varz, write_loops>("loops"),
};

}  // namespace

void write_varz(JsonWriter& json, const Varz& varz) { write_object<Varz>(json, kFields, varz); }

std::string compose_varz(const Varz& varz, bool pretty) {
  JsonWriter json(pretty);
  write_varz(json, varz);
  return json.take();
}

}  // namespace midge::server

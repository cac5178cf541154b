#include "server/monitor/statsz.h"

#include "server/monitor/field_table.h"

namespace midge::server {
namespace {

using codec::JsonWriter;
using S = const Statsz&;

template <auto Get>
constexpr Field<Statsz> row(std::string_view name) {
  return always<Statsz, Get>(name);
}
template <auto Get>
constexpr Field<Statsz> optional(std::string_view name) {
  return unless_empty<Statsz, Get>(name);
}

void write_flow(JsonWriter& json, std::uint64_t messages, std::uint64_t bytes) {
  json.begin_object().field("msgs", messages).field("bytes", bytes).end_object();
}
void write_sent(JsonWriter& json, S s) {
  write_flow(json, s.total.traffic.out_msgs, s.total.traffic.out_bytes);
}
void write_received(JsonWriter& json, S s) {
  write_flow(json, s.total.traffic.in_msgs, s.total.traffic.in_bytes);
}

// By kind of connection; only clients exist so far.
void write_by_kind(JsonWriter& json, std::uint64_t clients) {
  json.begin_object().field("clients", clients);
  json.field("routes", 0).field("gateways", 0).field("leafs", 0).end_object();
}

constexpr Field<Statsz> kFields[] = {
    row<[](S s) { return s.start; }>("start"),
    row<[](S s) { return s.memory_bytes; }>("mem"),
    row<[](S s) { return s.cores; }>("cores"),
    row<[](S s) { return s.cpu_percent; }>("cpu"),
    row<[](S s) { return s.total.connections; }>("connections"),
    row<[](S s) { return s.total.total_connections; }>("total_connections"),
    row<[](S s) { return s.active_accounts; }>("active_accounts"),
    row<[](S s) { return s.total.subscriptions; }>("subscriptions"),
    nested<Statsz, write_sent>("sent"),
    nested<Statsz, write_sent>("sent_to_clients"),
    nested<Statsz, write_received>("received"),
    nested<Statsz, write_received>("received_from_clients"),
    row<[](S s) { return s.total.slow_consumers; }>("slow_consumers"),
    nested_if<Statsz, [](S s) { return s.total.slow_consumers != 0; },
              [](JsonWriter& json, S s) { write_by_kind(json, s.total.slow_consumers); }>(
        "slow_consumer_stats"),
    optional<[](S s) { return s.total.stale_connections; }>("stale_connections"),
    nested_if<Statsz, [](S s) { return s.total.stale_connections != 0; },
              [](JsonWriter& json, S s) { write_by_kind(json, s.total.stale_connections); }>(
        "stale_connection_stats"),
    optional<[](S s) { return s.total.stalled_clients; }>("stalled_clients"),
    row<[](S) { return 1; }>("active_servers"),
    nested_if<Statsz, [](S s) { return static_cast<bool>(s.write_jetstream); },
              [](JsonWriter& json, S s) { s.write_jetstream(json); }>("jetstream"),
    optional<[](S s) { return s.memory_limit; }>("gomemlimit"),
    row<[](S s) { return s.loops; }>("gomaxprocs"),
};

}  // namespace

std::string compose_statsz(const Statsz& statsz) {
  JsonWriter json;
  write_object<Statsz>(json, kFields, statsz);
  return json.take();
}

}  // namespace midge::server

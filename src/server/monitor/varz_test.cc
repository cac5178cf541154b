// Goal: `/varz` has nats-server's fields, order and types, then Midge's own.
// Method: made-up figures; the golden text is recorded from nats-server 2.15.2.
#include "server/monitor/varz.h"

#include <doctest/doctest.h>

#include <string>

using namespace midge;  // NOLINT: base/time.h
using server::compose_varz;
using server::MonitorIdentity;
using server::Options;
using server::Parts;
using server::RequestCounts;
using server::Varz;

namespace {

constexpr WallTime kStart{1'795'596'023'988'719'747};

struct Given {
  MonitorIdentity identity;
  Options options;
  Parts parts{1};
  RequestCounts requests;

  Given() {
    identity.server_id = "NABC";
    identity.server_name = "foo";
    identity.version = "2.15.2";
    identity.go = "go1.26.8";
    identity.midge_version = "0.1.0";
    identity.start = kStart;
    identity.host = "0.0.0.0";
    identity.port = 14399;
  }
  [[nodiscard]] std::string compose() const {
    return compose_varz({.identity = identity,
                         .options = options,
                         .parts = parts,
                         .requests = requests,
                         .now = kStart + nanoseconds(3'405'429'057),
                         .config_loaded = kStart,
                         .memory_bytes = 17'063'936,
                         .cores = 2,
                         .cpu_percent = 1.5,
                         .total = server::total(parts)});
  }
  [[nodiscard]] bool shows(const std::string& text) const {
    return compose().find(text) != std::string::npos;
  }
};

}  // namespace

TEST_CASE("all fields") {
  Given given;
  given.options.host = "0.0.0.0";
  given.options.http_port = 18333;
  given.options.http_base_path = "/nats/x";
  given.options.max_connections = 100;
  given.options.max_subscriptions = 10;
  given.options.ping_interval = milliseconds(3500);
  given.options.ping_max = 5;
  given.options.max_control_line = 1000;
  given.options.max_payload = 100;
  given.options.write_deadline = seconds(2);
  given.options.write_timeout = server::WriteTimeoutPolicy::kRetry;
  given.options.config_digest = "sha256:9b42";
  given.options.server_tags = {"a:b", "c"};
  given.options.server_metadata = {{"a", "1"}, {"B", "x<"}};
  given.options.feature_flags = {{"js_ack_fc_v2", true}, {"zzz", true}};
  given.requests = {{"/", 1}, {"/varz", 2}};
  given.parts.resize(2);
  given.parts[0].stats.traffic = {2, 6, 8, 24};
  given.parts[0].stats.connections = 2;
  given.parts[0].stats.total_connections = 4;
  given.parts[0].stats.subscriptions = 3;
  given.parts[0].stats.slow_consumers = 1;
  given.parts[1].loop = 1;
  given.parts[1].stats.traffic = {1, 1, 1, 1};
  given.parts[1].stats.total_connections = 1;
  given.parts[1].stats.stale_connections = 2;
  given.parts[1].stats.stalled_clients = 4;
  given.parts[1].stats.dropped_messages = 5;
  given.parts[1].stats.pending_bytes = 6;
  given.parts[1].load = {.busy = 0.5, .ticks = 7, .tick_max_ns = 8, .stage = io::Stage::kMail};
  CHECK(given.compose() == R"({
  "server_id": "NABC",
  "server_name": "foo",
  "version": "2.15.2",
  "proto": 1,
  "go": "go1.26.8",
  "host": "0.0.0.0",
  "port": 14399,
  "max_connections": 100,
  "max_subscriptions": 10,
  "ping_interval": 3500000000,
  "ping_max": 5,
  "http_host": "0.0.0.0",
  "http_port": 18333,
  "http_base_path": "/nats/x",
  "https_port": 0,
  "auth_timeout": 2,
  "max_control_line": 1000,
  "max_payload": 100,
  "max_pending": 67108864,
  "cluster": {},
  "gateway": {},
  "leaf": {},
  "mqtt": {},
  "websocket": {},
  "jetstream": {},
  "tls_timeout": 2,
  "write_deadline": 2000000000,
  "write_timeout": "retry",
  "start": "2026-11-25T08:40:23.988719747Z",
  "now": "2026-11-25T08:40:27.394148804Z",
  "uptime": "3s",
  "mem": 17063936,
  "cores": 2,
  "gomaxprocs": 2,
  "cpu": 1.5,
  "connections": 2,
  "total_connections": 5,
  "routes": 0,
  "remotes": 0,
  "leafnodes": 0,
  "in_msgs": 3,
  "in_bytes": 7,
  "in_client_msgs": 3,
  "in_client_bytes": 7,
  "out_msgs": 9,
  "out_bytes": 25,
  "out_client_msgs": 9,
  "out_client_bytes": 25,
  "slow_consumers": 1,
  "stale_connections": 2,
  "stalled_clients": 4,
  "subscriptions": 3,
  "http_req_stats": {
    "/": 1,
    "/varz": 2
  },
  "config_load_time": "2026-11-25T08:40:23.988719747Z",
  "config_digest": "sha256:9b42",
  "tags": [
    "a:b",
    "c"
  ],
  "metadata": {
    "B": "x\u003c",
    "a": "1"
  },
  "feature_flags": {
    "js_ack_fc_v2": true,
    "js_api_reply_v2": false,
    "js_raft_delete_range": true,
    "js_snapshot_sources": false
  },
  "system_account": "$SYS",
  "slow_consumer_stats": {
    "clients": 1,
    "routes": 0,
    "gateways": 0,
    "leafs": 0
  },
  "stale_connection_stats": {
    "clients": 2,
    "routes": 0,
    "gateways": 0,
    "leafs": 0
  },
  "disk_io_wait_stats": {
    "waiters": 0,
    "waits": 0,
    "wait_time": 0,
    "max_wait_time": 0
  },
  "midge_version": "0.1.0",
  "dropped_msgs": 5,
  "pending_bytes": 6,
  "loops": [
    {
      "loop": 0,
      "busy": 0,
      "ticks": 0,
      "tick_max": 0,
      "stage": "waiting",
      "connections": 2,
      "subscriptions": 3,
      "in_msgs": 2,
      "out_msgs": 8,
      "pending_bytes": 0,
      "cached_subjects": 0
    },
    {
      "loop": 1,
      "busy": 0.5,
      "ticks": 7,
      "tick_max": 8,
      "stage": "mail",
      "connections": 0,
      "subscriptions": 0,
      "in_msgs": 1,
      "out_msgs": 1,
      "pending_bytes": 6,
      "cached_subjects": 0
    }
  ]
})");
}

TEST_CASE("fields that may be left out") {
  Given given;
  for (const char* name : {"git_commit", "\"ip\"", "connect_urls", "max_subscriptions",
                           "write_timeout", "tags", "metadata"}) {
    CAPTURE(name);
    CHECK_FALSE(given.shows(name));
  }
  given.identity.git_commit = "abc";
  given.identity.ip = "1.2.3.4";
  given.identity.connect_urls = {"1.2.3.4:4222", "[::1]:4222"};
  CHECK(given.shows("  \"proto\": 1,\n  \"git_commit\": \"abc\",\n  \"go\""));
  CHECK(
      given.shows("  \"port\": 14399,\n  \"ip\": \"1.2.3.4\",\n  \"connect_urls\": [\n"
                  "    \"1.2.3.4:4222\",\n    \"[::1]:4222\"\n  ],\n  \"max_connections\""));
}

TEST_CASE("the monitoring host is the server's unless set") {
  Given given;
  given.options.host = "127.0.0.1";
  CHECK(given.shows("\"http_host\": \"127.0.0.1\""));
  given.options.http_host = "::1";
  CHECK(given.shows("\"http_host\": \"::1\""));
}

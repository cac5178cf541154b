// Goal: a reload changes what the peer changes, says so in its words, and refuses the rest whole.
// Method: one change at a time; the texts are those of nats-server 2.15.2's log.
#include "server/options/reload_plan.h"

#include <doctest/doctest.h>

#include <functional>

namespace midge::server {
namespace {

using Change = std::function<void(Options&)>;

// The log lines, or the error, each on a line.
std::string outcome(const Change& change) {
  const Options now;
  Options next;
  change(next);
  const Result<ReloadPlan> plan = plan_reload(now, next);
  if (!plan) return plan.error().text();
  std::string out;
  for (const std::string& line : plan->lines) out += (out.empty() ? "" : "\n") + line;
  return out;
}

TEST_CASE("what may change") {
  CHECK(outcome([](Options&) {}) == "");
  CHECK(outcome([](Options& o) { o.config_digest = "x"; }) == "");
  CHECK(outcome([](Options& o) { o.debug = true; }) == "Reloaded: debug = true");
  CHECK(outcome([](Options& o) { o.logtime = false; }) == "Reloaded: logtime = false");
  CHECK(outcome([](Options& o) { o.log_file = "/x"; }) == "Reloaded: log_file = /x");
  CHECK(outcome([](Options& o) { o.pid_file = "/p"; }) == "Reloaded: pid_file = /p");
  CHECK(outcome([](Options& o) { o.server_tags = {"a"}; }) == "Reloaded: tags");
  CHECK(outcome([](Options& o) { o.server_metadata = {{"a", "b"}}; }) == "Reloaded: metadata");
  CHECK(outcome([](Options& o) { o.client_advertise = "h:5"; }) ==
        "Reload: client_advertise = h:5");
  CHECK(outcome([](Options& o) { o.max_connections = -1; }) == "Reloaded: max_connections = -1");
  CHECK(outcome([](Options& o) { o.max_payload = 2097152; }) == "Reloaded: max_payload = 2097152");
  CHECK(outcome([](Options& o) { o.ping_interval = seconds(5); }) ==
        "Reloaded: ping_interval = 5s");
  CHECK(outcome([](Options& o) { o.write_deadline = minutes(1); }) ==
        "Reloaded: write_deadline = 1m0s");
  CHECK(outcome([](Options& o) { o.no_fast_producer_stall = false; }) ==
        "Reloaded: fast producers will be stalled");
  CHECK(outcome([](Options& o) { o.trace = o.trace_headers = true; }) ==
        "Reloaded: trace = true\nReloaded: trace_headers = true");
}

TEST_CASE("what may not, and then nothing does") {
  const auto refused = [](const char* text) {
    return "config reload not supported for " + std::string(text);
  };
  CHECK(outcome([](Options& o) { o.port = 5, o.debug = true; }) ==
        refused("Port: old=4222, new=5"));
  CHECK(outcome([](Options& o) { o.host = "h"; }) == refused("Host: old=0.0.0.0, new=h"));
  CHECK(outcome([](Options& o) { o.server_name = "x"; }) == refused("ServerName: old=, new=x"));
  CHECK(outcome([](Options& o) { o.http_port = 1; }) == refused("HTTPPort: old=0, new=1"));
  CHECK(outcome([](Options& o) { o.http_host = "h"; }) == refused("HTTPHost: old=, new=h"));
  CHECK(outcome([](Options& o) { o.max_pending = 10485760; }) ==
        refused("MaxPending: old=67108864, new=10485760"));
  CHECK(outcome([](Options& o) { o.max_closed_clients = 5; }) ==
        refused("MaxClosedClients: old=10000, new=5"));
  CHECK(outcome([](Options& o) { o.write_timeout = WriteTimeoutPolicy::kClose; }) ==
        refused("WriteTimeout: old=, new=close"));
  CHECK(outcome([](Options& o) { o.lame_duck_duration = seconds(60); }) ==
        refused("LameDuckDuration: old=2m0s, new=1m0s"));
  CHECK(outcome([](Options& o) {
          o.feature_flags = {{"js_ack_fc_v2", true}};
        }) == refused("FeatureFlags: old=map[], new=map[js_ack_fc_v2:true]"));
  CHECK(outcome([](Options& o) { o.loops = 2; }) == refused("Loops: old=0, new=2"));
  CHECK(outcome([](Options& o) { o.slow_consumer_policy = SlowConsumerPolicy::kDropOld; }) ==
        refused("SlowConsumerPolicy: old=close, new=drop_old"));
}

}  // namespace
}  // namespace midge::server

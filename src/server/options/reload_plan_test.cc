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

// The same between two configurations.
std::string outcome(const Change& before, const Change& after) {
  Options now, next;
  before(now);
  after(next);
  const Result<ReloadPlan> plan = plan_reload(now, next);
  if (!plan) return plan.error().text();
  std::string out;
  for (const std::string& line : plan->lines) out += (out.empty() ? "" : "\n") + line;
  return out;
}

auth::UserConfig user(const char* name, const char* password = "p") {
  auth::UserConfig config;
  config.user = name;
  config.password = password;
  return config;
}

void single(Options& options, const char* name, const char* password) {
  options.auth.users = {user(name, password)};
  options.auth.single_user = true;
}

TEST_CASE("users, tokens and accounts") {
  const auto nothing = [](Options&) {};
  CHECK(outcome([](Options& o) { single(o, "a", "b"); }, [](Options& o) { single(o, "c", "d"); }) ==
        "Reloaded: authorization username\nReloaded: authorization password");
  CHECK(outcome(nothing, [](Options& o) { o.auth.users = {user("a")}; }) ==
        "Reloaded: authorization users");
  CHECK(outcome(nothing, [](Options& o) { o.auth.users.emplace_back().nkey = "U"; }) ==
        "Reloaded: authorization nkey users");
  CHECK(outcome(nothing, [](Options& o) { o.auth.token = "t"; }) ==
        "Reloaded: authorization token");
  CHECK(outcome(nothing, [](Options& o) { o.auth.timeout = milliseconds(1500); }) ==
        "Reloaded: authorization timeout = 1.5");
  CHECK(outcome(nothing, [](Options& o) { o.accounts.emplace_back().name = "A"; }) ==
        "Reloaded: accounts");
  CHECK(outcome(
            [](Options& o) {
              o.auth.trusted_proxies = {"a", "b"};
            },
            [](Options& o) {
              o.auth.trusted_proxies = {"b", "c"};
            }) ==
        "Reloaded: proxies trusted keys [\"a\"] were removed\n"
        "Reloaded: proxies trusted keys [\"c\"] were added");
}

TEST_CASE("a user that only moved in the file is the same") {
  CHECK(outcome([](Options& o) { o.auth.users = {user("a")}; },
                [](Options& o) {
                  o.auth.users = {user("a")};
                  o.auth.users[0].place = "x:9";
                }) == "");
}

TEST_CASE("tls: parts with lines of their own, and the rest as a whole") {
  const auto on = [](Options& o) { o.tls.emplace(); };
  CHECK(outcome([](Options&) {}, on) == "Reloaded: tls = enabled");
  CHECK(outcome(on, [](Options&) {}) == "Reloaded: tls = disabled");
  CHECK(outcome(on, [](Options& o) { o.tls.emplace().verify = true; }) ==
        "Reloaded: tls = enabled");
  CHECK(outcome(on, [](Options& o) { o.tls.emplace().timeout = seconds(5); }) ==
        "Reloaded: tls timeout = 5");
  CHECK(outcome(on, [](Options& o) {
          o.tls.emplace().pinned_certs = {"a", "b"};
        }) == "Reloaded: 2 pinned_certs");
  CHECK(outcome(on,
                [](Options& o) {
                  o.tls.emplace().handshake_first = true;
                  o.tls->first_fallback = milliseconds(50);
                }) ==
        "Reloaded: Client TLS handshake first: true\n"
        "Reloaded: Client TLS handshake first fallback delay: 50ms");
  CHECK(outcome(on, [](Options& o) { o.tls.emplace().verify_and_map = true; }) ==
        "config reload not supported for TLSMap: old=false, new=true");
  CHECK(outcome(on, [](Options& o) { o.tls.emplace().connection_rate_limit = 5; }) ==
        "config reload not supported for TLSRateLimit: old=0, new=5");
}

TEST_CASE("ocsp and its cache") {
  const auto nothing = [](Options&) {};
  CHECK(outcome(nothing, [](Options& o) { o.ocsp.emplace(); }) == "Reloaded: OCSP");
  CHECK(outcome(nothing, [](Options& o) { o.ocsp_cache.emplace(); }) == "Reloaded OCSP peer cache");
  CHECK(outcome([](Options& o) { o.ocsp.emplace(); }, [](Options& o) { o.ocsp.emplace(); }) == "");
}

TEST_CASE("logins that may not change") {
  const auto a_and_b = [](Options& o) { o.auth.users = {user("a"), user("b")}; };
  const auto with_a = [&](Options& o) { a_and_b(o), o.auth.no_auth_user = "a"; };
  CHECK(outcome(a_and_b, with_a) == "config reload not supported for NoAuthUser: old=, new=a");
  CHECK(outcome(with_a, a_and_b) == "config reload not supported for NoAuthUser: old=a, new=");
  CHECK(outcome(with_a, [](Options& o) { o.auth.users = {user("b")}; }) ==
        "Reloaded: authorization users");
  CHECK(outcome([](Options&) {}, [](Options& o) { o.auth.resolver.emplace(); }) ==
        "config reload does not support moving to or from an account resolver");
  CHECK(outcome([](Options&) {},
                [](Options& o) {
                  o.auth.callout = auth::CalloutConfig{"I", "$G", {"a", "b"}, "", {}};
                }) ==
        "config reload not supported for AuthCallout: old=<nil>, new=&{I $G [a b]  []}");
  CHECK(outcome([](Options& o) { o.auth.token = "t"; },
                [](Options& o) { o.auth.token = "t", o.auth.token_proxy_required = true; }) ==
        "config reload not supported for ProxyRequired: old=false, new=true");
  CHECK(outcome([](Options&) {}, [](Options& o) { o.system_account = "A"; }) ==
        "config reload not supported for SystemAccount: old=, new=A");
  CHECK(outcome([](Options&) {}, [](Options& o) { o.allow_non_tls = true; }) ==
        "config reload not supported for AllowNonTLS: old=false, new=true");
}

}  // namespace
}  // namespace midge::server

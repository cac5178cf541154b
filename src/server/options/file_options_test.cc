// Goal: each option of a configuration file is read, defaulted and refused as nats-server 2.15.2
// does it, with its texts; parts that do not exist here are refused by name.
// Method: tables of one-line files, made by giving the same files to the peer.
#include "server/options/file_options.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "codec/conf/parser.h"
#include "server/options/table.h"

namespace midge::server {
namespace {

struct Outcome {
  Options options;
  Findings findings;
};

Outcome apply(const std::string& text) {
  const conf::Sources sources{
      .read_file = [](const std::string& path) -> Result<std::string> {
        return failure("open " + path + ": no such file or directory");
      },
      .environment = [](const std::string&) -> std::optional<std::string> { return std::nullopt; },
  };
  const conf::Parsed parsed = conf::parse_text("f.conf", text, sources);
  REQUIRE(parsed.errors.empty());
  Outcome outcome;
  apply_file(parsed.document, sources, outcome.options, outcome.findings);
  return outcome;
}

Options options_of(const std::string& text) {
  Outcome outcome = apply(text);
  CHECK(outcome.findings.errors_and_warnings() == std::vector<std::string>{});
  return outcome.options;
}

struct Refusal {
  const char* text;
  const char* error;  // behind `f.conf:1:0: `
};

// The peer's text is all of the line, or stands before what Midge adds in brackets.
void check_refused(const std::vector<Refusal>& refusals) {
  for (const Refusal& refusal : refusals) {
    CAPTURE(refusal.text);
    const Outcome outcome = apply(refusal.text);
    CHECK(outcome.findings.has(Finding::Kind::kError));
    const auto lines = outcome.findings.errors_and_warnings();
    REQUIRE(!lines.empty());
    const std::string expected = std::string("f.conf:1:0: ") + refusal.error;
    CHECK((lines.back() == expected || lines.back().starts_with(expected + " (")));
  }
}

TEST_CASE("values arrive in their fields") {
  const Options options = options_of(
      "listen: 127.0.0.1:4333\nclient_advertise: \"a:1\"\nserver_name: n1\nhttp: \"h:8222\"\n"
      "http_base_path: /m\ndebug: on, trace_verbose: yes, trace_headers: true\nlogtime: off\n"
      "logtime_utc: true\nlog_file: \"/x.log\"\nlog_size_limit: 10MB\nlog_max_num: 3\n"
      "syslog: true\nremote_syslog: \"udp://x\"\nmax_traced_msg_len: 100\npid_file: /p\n"
      "ports_file_dir: /d\nmax_connections: 10\nmax_subscriptions: 20\nmax_sub_tokens: 30\n"
      "max_payload: 2MB\nmax_pending: 10MB\nmax_control_line: 8kb\nmax_closed_clients: 40\n"
      "memory_limit: 512MB\nping_interval: \"20s\"\nping_max: 5\nwrite_deadline: "
      "\"3s\"\nwrite_timeout: retry\n"
      "lame_duck_duration: \"60s\"\nlame_duck_grace_period: \"5s\"\nconnect_error_reports: 6\n"
      "reconnect_error_reports: 7\nno_header_support: true\ndisable_sublist_cache: true\n"
      "no_fast_producer_stall: false\nloops: 2\nslow_consumer_policy: drop_old\n"
      "connection_placement: spread\n");
  CHECK(options.host == "127.0.0.1");
  CHECK(options.port == 4333);
  CHECK(options.client_advertise == "a:1");
  CHECK(options.server_name == "n1");
  CHECK(options.http_host == "h");
  CHECK(options.http_port == 8222);
  CHECK(options.http_base_path == "/m");
  CHECK(options.debug);
  CHECK(options.trace_verbose);
  CHECK(options.trace_headers);
  CHECK(!options.logtime);
  CHECK(options.logtime_utc);
  CHECK(options.log_file == "/x.log");
  CHECK(options.log_size_limit == 10 * 1024 * 1024);
  CHECK(options.log_max_num == 3);
  CHECK(options.syslog);
  CHECK(options.remote_syslog == "udp://x");
  CHECK(options.max_traced_msg_len == 100);
  CHECK(options.pid_file == "/p");
  CHECK(options.ports_file_dir == "/d");
  CHECK(options.max_connections == 10);
  CHECK(options.max_subscriptions == 20);
  CHECK(options.max_sub_tokens == 30);
  CHECK(options.max_payload == 2 * 1024 * 1024);
  CHECK(options.max_pending == 10 * 1024 * 1024);
  CHECK(options.max_control_line == 8192);
  CHECK(options.memory_limit == 512 << 20);
  CHECK(options.max_closed_clients == 40);
  CHECK(options.ping_interval == seconds(20));
  CHECK(options.ping_max == 5);
  CHECK(options.write_deadline == seconds(3));
  CHECK(options.write_timeout == WriteTimeoutPolicy::kRetry);
  CHECK(options.lame_duck_duration == seconds(60));
  CHECK(options.lame_duck_grace_period == seconds(5));
  CHECK(options.connect_error_reports == 6);
  CHECK(options.reconnect_error_reports == 7);
  CHECK(options.no_header_support);
  CHECK(options.disable_sublist_cache);
  CHECK(!options.no_fast_producer_stall);
  CHECK(options.loops == 2);
  CHECK(options.slow_consumer_policy == SlowConsumerPolicy::kDropOld);
  CHECK(options.connection_placement == ConnectionPlacement::kSpread);
}

TEST_CASE("other names, and names in any case") {
  const Options options = options_of(
      "NET: h\nPort: 1\nlogfile: l\nlogfile_size_limit: 2\nlogfile_max_num: 3\nPidFile: p\n"
      "monitor_port: 4\nMax_Conn: 5\nmax_subs: 6\nmax_subscription_tokens: 7\n"
      "no_sublist_cache: true\n");
  CHECK(options.host == "h");
  CHECK(options.port == 1);
  CHECK(options.log_file == "l");
  CHECK(options.log_size_limit == 2);
  CHECK(options.log_max_num == 3);
  CHECK(options.pid_file == "p");
  CHECK(options.http_port == 4);
  CHECK(options.max_connections == 5);
  CHECK(options.max_subscriptions == 6);
  CHECK(options.max_sub_tokens == 7);
  CHECK(options.disable_sublist_cache);
}

TEST_CASE("zero stands for the default, except for connections, which it refuses") {
  const Options defaults;
  const Options options = options_of(
      "port: 0\nmax_payload: 0\nmax_pending: 0\nmax_control_line: 0\nmax_closed_clients: 0\n"
      "ping_interval: \"0s\"\nping_max: 0\nwrite_deadline: \"0\"\nlame_duck_grace_period: \"0s\"\n"
      "connect_error_reports: 0\nreconnect_error_reports: 0\nmax_connections: 0\n");
  CHECK(options.port == 4222);
  CHECK(options.max_payload == 1048576);
  CHECK(options.max_pending == 67108864);
  CHECK(options.max_control_line == 4096);
  CHECK(options.max_closed_clients == 10000);
  CHECK(options.ping_interval == defaults.ping_interval);
  CHECK(options.ping_max == 2);
  CHECK(options.write_deadline == seconds(10));
  CHECK(options.lame_duck_grace_period == seconds(10));
  CHECK(options.connect_error_reports == 3600);
  CHECK(options.reconnect_error_reports == 1);
  CHECK(options.max_connections == -1);
}

TEST_CASE("listen and http: a port, or host:port") {
  CHECK(options_of("host: h\nlisten: 5").host == "h");
  CHECK(options_of("listen: 5").port == 5);
  CHECK(options_of("listen: \"[::1]:-1\"").host == "::1");
  CHECK(options_of("listen: \"[::1]:-1\"").port == -1);
  CHECK(options_of("listen: \":6\"").host.empty());
  CHECK(options_of("http: 8222").http_port == 8222);
  CHECK(options_of("https: \"x:8222\"").https_port == 8222);
  CHECK(options_of("port: 5000000000").port == std::numeric_limits<int>::max());
}

TEST_CASE("tags, metadata and feature flags") {
  const std::vector<std::string> one{"a b, c,,d:e"};
  CHECK(options_of("server_tags: \" A b, C,,d:E\"").server_tags == one);
  const std::vector<std::string> three{"a b", "a", "d"};
  CHECK(options_of("server_tags: [\"A b\", A, \" d \", a, \"\"]").server_tags == three);
  const Options options = options_of(
      "server_metadata {A: x, b: \"y z\"}\nfeature_flags {js_ack_fc_v2: true, foo: off}");
  CHECK(options.server_metadata == std::map<std::string, std::string>{{"A", "x"}, {"b", "y z"}});
  CHECK(options.feature_flags ==
        std::map<std::string, bool>{{"foo", false}, {"js_ack_fc_v2", true}});
}

TEST_CASE("wrong types, in the peer's words") {
  check_refused({
      {"port: \"abc\"", "interface conversion: interface {} is string, not int64"},
      {"port: 1.5", "interface conversion: interface {} is float64, not int64"},
      {"host: 5", "interface conversion: interface {} is int64, not string"},
      {"debug: 1", "interface conversion: interface {} is int64, not bool"},
      {"debug: \"yes\"", "interface conversion: interface {} is string, not bool"},
      {"debug: []", "interface conversion: interface {} is []interface {}, not bool"},
      {"debug: {}", "interface conversion: interface {} is map[string]interface {}, not bool"},
      {"debug: 2016-05-04T18:53:41Z", "interface conversion: interface {} is time.Time, not bool"},
      {"max_connections: \"5\"", "interface conversion: interface {} is string, not int64"},
      {"max_sub_tokens: \"x\"", "interface conversion: interface {} is string, not int64"},
      {"server_name: 5", "interface conversion: interface {} is int64, not string"},
      {"write_timeout: 5", "interface conversion: interface {} is int64, not string"},
      {"lame_duck_duration: 60", "interface conversion: interface {} is int64, not string"},
      {"ping_interval: true", "interface conversion: interface {} is bool, not int64"},
      {"prof_port: x", "interface conversion: interface {} is string, not int64"},
      {"no_sys_acc: x", "interface conversion: interface {} is string, not bool"},
      {"store_dir: 5", "interface conversion: interface {} is int64, not string"},
      {"listen: true", "expected port or host:port, got bool"},
      {"http: 1.5", "expected port or host:port, got float64"},
      {"server_tags: 5", "error parsing tags: unsupported type int64"},
      {"server_tags: [5 ]",
       "error parsing tags: unsupported type *conf.token where string is expected"},
      {"server_metadata: x", "error parsing metadata: unsupported type string"},
      {"feature_flags: [x]", "error parsing feature flags: unsupported type []interface {}"},
      {"jetstream: 5", "Expected map, bool or string to define JetStream, got int64"},
  });
}

TEST_CASE("wrong values, in the peer's words") {
  check_refused({
      {"listen: \"host\"", "could not parse address string \"host\""},
      {"listen: \"1:2:3\"", "could not parse address string \"1:2:3\""},
      {"listen: \"host:abc\"", "could not parse port \"abc\""},
      {"server_name: \"a b\"", "server name cannot contain spaces"},
      {"max_payload: 10G", "max_payload value is too big"},
      {"MAX_payload: 2147483648", "MAX_payload value is too big"},
      {"max_control_line: 10G", "max_control_line value is too big"},
      {"max_sub_tokens: 256", "max_sub_tokens value is too big"},
      {"max_subscription_tokens: 0", "max_subscription_tokens value can not be negative"},
      {"ping_interval: \"abc\"", "error parsing ping_interval: time: invalid duration \"abc\""},
      {"write_deadline: \"2\"",
       "error parsing write_deadline: time: missing unit in duration \"2\""},
      {"write_timeout: CLOSE", "write_timeout must be 'default', 'close' or 'retry'"},
      {"lame_duck_duration: \"3s\"", "invalid lame_duck_duration of 3s, minimum is 30 seconds"},
      {"lame_duck_duration: \"x\"",
       "error parsing lame_duck_duration: time: invalid duration \"x\""},
      {"lame_duck_grace_period: \"-3s\"", "invalid lame_duck_grace_period, needs to be positive"},
      {"jetstream: xx", "Expected 'enabled' or 'disabled' for string value, got 'xx'"},
      {"loops: -1", "loops must be between 0 (one per core) and 250"},
      {"loops: 251", "loops must be between 0 (one per core) and 250"},
      {"slow_consumer_policy: x", "slow_consumer_policy must be 'close', 'drop_new' or 'drop_old'"},
      {"connection_placement: x", "connection_placement must be 'first_idle' or 'spread'"},
      {"foo: 5", "unknown field \"foo\""},
      {"max_conections: 5", "unknown field \"max_conections\""},
  });
}

TEST_CASE("what Midge says beyond the peer") {
  const auto line = [](const char* text) { return apply(text).findings.errors_and_warnings()[0]; };
  CHECK(line("port: \"abc\"") ==
        "f.conf:1:0: interface conversion: interface {} is string, not int64 (\"port\" expects an "
        "integer, found the string \"abc\")");
  CHECK(line("max_conections: 5") ==
        "f.conf:1:0: unknown field \"max_conections\" (did you mean \"max_connections\"?)");
  CHECK(line("prot: 5") == "f.conf:1:0: unknown field \"prot\" (did you mean \"port\"?)");
  CHECK(line("zzzzzz: 5") == "f.conf:1:0: unknown field \"zzzzzz\"");
}

TEST_CASE("errors inside maps stand at their entries") {
  const Outcome outcome = apply("server_metadata {a: 5, b: x, c: true}\nfeature_flags: {d: \"x\"}");
  const auto lines = outcome.findings.errors_and_warnings();
  REQUIRE(lines.size() == 3);
  CHECK(lines[0].starts_with(
      "f.conf:1:17: interface conversion: interface {} is int64, not string ("));
  CHECK(lines[1].starts_with(
      "f.conf:1:29: interface conversion: interface {} is bool, not string ("));
  CHECK(lines[2] == "f.conf:2:17: error parsing feature flag \"d\": expected bool, got string");
}

TEST_CASE("bare integers as durations are seconds, and warned of") {
  const Outcome outcome = apply("ping_interval: 20\nwrite_deadline: 5");
  CHECK(outcome.options.ping_interval == seconds(20));
  CHECK(outcome.options.write_deadline == seconds(5));
  CHECK(!outcome.findings.has(Finding::Kind::kError));
  const std::vector<std::string> warnings{
      "f.conf:1:0: invalid use of field \"ping_interval\": ping_interval should be converted to a "
      "duration",
      "f.conf:2:1: invalid use of field \"write_deadline\": write_deadline should be converted to "
      "a "
      "duration"};
  CHECK(outcome.findings.errors_and_warnings() == warnings);
}

TEST_CASE("all findings, in file order") {
  const Outcome outcome = apply("foo: 5\nping_interval: true\nbar {\n}\nport: x");
  const auto lines = outcome.findings.errors_and_warnings();
  REQUIRE(lines.size() == 5);
  CHECK(lines[0].starts_with("f.conf:1:0: unknown field \"foo\""));
  CHECK(lines[1].starts_with("f.conf:2:1: invalid use of field \"ping_interval\""));
  CHECK(lines[2].starts_with("f.conf:2:1: interface conversion"));
  CHECK(lines[3].starts_with("f.conf:3:1: unknown field \"bar\""));
  CHECK(lines[4].starts_with("f.conf:5:1: interface conversion"));
}

TEST_CASE("a key that a variable refers to need not be an option") {
  CHECK(options_of("my_port: 5\nport: $my_port").port == 5);
}

TEST_CASE("an empty file is warned of") {
  const std::vector<std::string> warning{"f.conf: config has no values or is empty"};
  const Outcome outcome = apply("# nothing\n");
  CHECK(!outcome.findings.has(Finding::Kind::kError));
  CHECK(outcome.findings.errors_and_warnings() == warning);
}

TEST_CASE("keys without effect are accepted and noted") {
  const Outcome outcome = apply("prof_block_rate: 1");
  const std::vector<std::string> notes{"f.conf:1:0: \"prof_block_rate\" has no effect here"};
  CHECK(outcome.findings.errors_and_warnings().empty());
  CHECK(outcome.findings.notes() == notes);
}

TEST_CASE("parts that do not exist yet are refused by name, turned off they pass") {
  for (const char* key : {"cluster", "gateway", "leaf", "leafnodes", "mqtt"}) {
    CAPTURE(key);
    const auto lines = apply(std::string(key) + " {}").findings.errors_and_warnings();
    REQUIRE(lines.size() == 1);
    CHECK(lines[0] == "f.conf:1:0: \"" + std::string(key) + "\" is not supported yet");
  }
  for (const char* text : {"jetstream: true", "jetstream: enabled", "jetstream {store_dir: x}"}) {
    CAPTURE(text);
    CHECK(apply(text).options.jetstream_enabled);
  }
  for (const char* text :
       {"jetstream: false", "jetstream: disabled", "jetstream {enabled: false}"}) {
    CAPTURE(text);
    CHECK(!apply(text).options.jetstream_enabled);
    CHECK(apply(text).findings.errors_and_warnings().empty());
  }
}

}  // namespace
}  // namespace midge::server

// Goal: what a user can say of a connection has the effect that it promises, and what a connection
// tells of itself is so. Method: servers that are stopped and started, and scripted ones.
#include <doctest/doctest.h>
#include <midge/client.h>

#include <atomic>
#include <future>
#include <string>
#include <vector>

#include "certificates.h"
#include "diary.h"
#include "outcome.h"
#include "scripted_server.h"
#include "test_server.h"

namespace midge::test {
namespace {

using namespace std::chrono_literals;

Options telling(Diary& diary, const std::string& url) {
  Options options{.servers = {url}};
  options.reconnect_wait = 5ms;
  options.reconnect_jitter = 1ms;
  options.reconnect_max = -1;
  options.on_event = [&diary](const Event& event) { diary.note(event); };
  return options;
}

TEST_CASE("who logs in is asked for before each login") {
  TestServer server("authorization { token: one }");
  Diary diary;
  Options options = telling(diary, server.url());
  std::atomic<int> asked{0};
  options.login.user = "never told";
  options.login.fetch = [&] {
    Login login;
    login.token = ++asked == 1 ? "one" : "two";
    return Result<Login>(login);
  };
  const Client client = Client::connect(options).value();
  server.kill();
  server.restart("authorization { token: two }");
  diary.wait_for(EventKind::kReconnected);
  CHECK(asked >= 2);
  options.login.fetch = [] { return Result<Login>(Error("nobody is in")); };
  options.on_event = nullptr;
  CHECK(Client::connect(options).error().text() == "nobody is in");
}

TEST_CASE("certificates as texts") {
  TestServer holder;  // of the folder
  const std::string folder = holder.folder();
  make_certificates(folder);
  const TestServer server("tls { cert_file: \"" + folder + "/server.pem\", key_file: \"" + folder +
                          "/server.key\", ca_file: \"" + folder + "/ca.pem\", verify: true }");
  TlsOptions tls;
  tls.ca = read_file(folder + "/ca.pem");
  CHECK(!Client::connect({.servers = {server.nats_url()}, .tls = tls}));
  tls.cert = read_file(folder + "/client.pem");
  tls.key = read_file(folder + "/client.key");
  CHECK(Client::connect({.servers = {server.nats_url()}, .tls = tls}));
  tls.ca = "nonsense";
  CHECK(!Client::connect({.servers = {server.nats_url()}, .tls = tls}));
}

TEST_CASE("the user says how long to wait, and hears of each attempt that fails") {
  TestServer server;
  Diary diary;
  Options options = telling(diary, server.url());
  options.reconnect_wait = 1h;  // does not count
  std::promise<std::vector<int>> told;
  std::vector<int> failures;
  options.reconnect_delay = [&](int count) {
    failures.push_back(count);
    if (failures.size() == 4) told.set_value(failures);
    return std::chrono::nanoseconds(1ms);
  };
  const Client client = Client::connect(options).value();
  server.kill();
  CHECK(told.get_future().get() == std::vector<int>{0, 1, 2, 3});
  // A server that is being killed may still take the first of them.
  Event failed = diary.wait_for(EventKind::kAttemptFailed);
  while (failed.text.find("connection refused") == std::string::npos)
    failed = diary.wait_for(EventKind::kAttemptFailed);
  CHECK(failed.server == server.url());
  server.restart();
  diary.wait_for(EventKind::kReconnected);
}

TEST_CASE("requests that wait end with the connection, if they are to") {
  TestServer server;
  Diary diary;
  Options options = telling(diary, server.url());
  options.fail_requests_on_disconnect = true;
  const Client client = Client::connect(options).value();
  Subscription silent = client.subscribe("silent").value();
  std::promise<ErrorCode> code;
  client
      .request_async(
          "silent", "", [&](Result<Message> m) { code.set_value(code_of(m)); }, 1h)
      .value();
  client.flush().value();
  server.kill();
  CHECK(code.get_future().get() == ErrorCode::kClosed);
}

TEST_CASE("a request that does not wait may be called off") {
  const TestServer server;
  const Client client = Client::connect(server.url()).value();
  Subscription silent = client.subscribe("silent").value();
  std::stop_source stop;
  std::promise<ErrorCode> code;
  client
      .request_async("silent", "", [&](Result<Message> m) { code.set_value(code_of(m)); },
                     {1h, stop.get_token()})
      .value();
  stop.request_stop();
  CHECK(code.get_future().get() == ErrorCode::kCancelled);
}

TEST_CASE("refusals in the same words end nothing if they are not to") {
  TestServer server("authorization { token: one }");
  Diary diary;
  Options options = telling(diary, server.url());
  options.login.token = "one";
  options.ignore_auth_error = true;
  const Client client = Client::connect(options).value();
  server.kill();
  server.restart("authorization { token: other }");
  for (int i = 0; i < 5; ++i) {
    Event failed = diary.wait_for(EventKind::kAttemptFailed);
    while (failed.text != "Authorization Violation")
      failed = diary.wait_for(EventKind::kAttemptFailed);
  }
  server.kill();
  server.restart("authorization { token: one }");
  diary.wait_for(EventKind::kReconnected);
  CHECK(!diary.has(EventKind::kClosed));
}

TEST_CASE("what the server says of itself") {
  const TestServer server("server_name: first, max_payload: 2000, jetstream: false");
  const Client client = Client::connect(server.url()).value();
  const ServerInfo info = client.server_info();
  CHECK(info.name == "first");
  CHECK(info.id.size() == 56);
  CHECK(!info.version.empty());
  CHECK(info.client_id > 0);
  CHECK(info.client_ip == "127.0.0.1");
  CHECK(info.max_payload == 2000);
  CHECK(info.headers);
  CHECK(!info.auth_required);
  CHECK(!info.lame_duck);
  client.close();
  CHECK(client.server_info().id.empty());
}

TEST_CASE("servers of the cluster come and go") {
  const auto info = [](const std::string& urls) {
    return "INFO {\"connect_urls\":[" + urls + "]}\r\n";
  };
  const ScriptedServer server([&](Peer& peer) {
    peer.let_in("{\"connect_urls\":[\"10.0.0.1:1\",\"10.0.0.2:2\"]}");
    peer.read_to("PING\r\n");
    peer.send(info("\"10.0.0.2:2\",\"10.0.0.3:3\"") + "PONG\r\n");
    peer.wait_for_end();
  });
  Diary diary;
  Options options = telling(diary, server.url());
  const Client client = Client::connect(options).value();
  using List = std::vector<std::string>;
  CHECK(client.servers() == List{server.url(), "nats://10.0.0.1:1", "nats://10.0.0.2:2"});
  client.flush().value();
  CHECK(client.servers() == List{server.url(), "nats://10.0.0.2:2", "nats://10.0.0.3:3"});
  CHECK(diary.count(EventKind::kDiscovered) == 2);
  options.ignore_discovered = true;
  options.on_event = nullptr;
  const Client alone = Client::connect(options).value();
  CHECK(alone.servers() == List{server.url()});
}

TEST_CASE("versions and ciphers of TLS") {
  TestServer holder;  // of the folder
  const std::string folder = holder.folder();
  make_certificates(folder);
  const TestServer server("tls { cert_file: \"" + folder + "/server.pem\", key_file: \"" + folder +
                          "/server.key\", cipher_suites: [ "
                          "\"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384\", "
                          "\"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384\" ], "
                          "curve_preferences: [ CurveP384 ] }");
  const auto outcome_of = [&](const char* version, const char* cipher, const char* curve) {
    TlsOptions tls{.ca_file = folder + "/ca.pem", .min_version = version};
    if (*cipher != '\0') tls.ciphers = {cipher};
    if (*curve != '\0') tls.curves = {curve};
    return outcome({.servers = {server.nats_url()}, .tls = tls});
  };
  CHECK(outcome_of("", "", "") == "in");
  CHECK(outcome_of("1.3", "", "") == "in");
  CHECK(outcome_of("", "", "CurveP384") == "in");
  CHECK(outcome_of("", "", "CurveP521") != "in");
  CHECK(outcome_of("", "TLS_NONE", "").find("TLS_NONE") != std::string::npos);
  CHECK(outcome_of("", "", "Circle").find("Circle") != std::string::npos);
  CHECK(outcome_of("1.7", "", "").find("1.7") != std::string::npos);
}

TEST_CASE("a server that is asked to be verbose or pedantic") {
  std::promise<std::string> connect;
  const ScriptedServer server([&](Peer& peer) {
    peer.send("INFO {}\r\n");
    connect.set_value(peer.read_to("PING\r\n"));
    peer.send("PONG\r\n");
    peer.wait_for_end();
  });
  const Client asks =
      Client::connect({.servers = {server.url()}, .verbose = true, .pedantic = true}).value();
  const std::string line = connect.get_future().get();
  CHECK(line.find("\"verbose\":true,\"pedantic\":true") != std::string::npos);
  const TestServer real;
  const Client client =
      Client::connect({.servers = {real.url()}, .verbose = true, .pedantic = true}).value();
  Subscription sub = client.subscribe("s").value();
  client.publish("s", "1").value();
  CHECK(sub.next()->data() == "1");
  client.flush().value();
}

struct Refused {
  TestServer server{
      "authorization { users: [ { user: a, password: a, permissions: { publish: { deny: no.pub }, "
      "subscribe: { deny: [ no.sub, \"_DENIED.>\" ] } } } ] }"};
  Diary diary;

  Options options() {
    Options options = telling(diary, server.url());
    options.login = {.user = "a", .password = "a"};
    return options;
  }
};

TEST_CASE_FIXTURE(Refused, "what the server refuses is told to whom it is about") {
  const Client client = Client::connect(options()).value();
  Subscription asks = client.subscribe("no.sub").value();
  Subscription queue = client.subscribe("no.sub", {.queue = "q"}).value();
  Subscription listens = client.subscribe("no.sub", [](const Message&) {}).value();
  Subscription other = client.subscribe("yes.sub").value();
  CHECK(asks.next(60s).error().code() == ErrorCode::kPermission);
  CHECK(queue.next(60s).error().code() == ErrorCode::kPermission);
  CHECK(diary.wait_for(EventKind::kError).subject == "no.sub");
  client.flush().value();
  CHECK(listens.error()->text().find("no.sub") != std::string::npos);
  CHECK(queue.error()->code() == ErrorCode::kPermission);
  CHECK(asks.active());
  CHECK_FALSE(other.error());
  std::promise<Result<Message>> told;
  asks.next_async([&](Result<Message> message) { told.set_value(std::move(message)); }, 60s)
      .value();
  CHECK(code_of(told.get_future().get()) == ErrorCode::kPermission);
  client.publish("no.pub", "").value();
  Event event = diary.wait_for(EventKind::kError);
  while (event.subject != "no.pub") event = diary.wait_for(EventKind::kError);
  // Another connection may be told otherwise.
  server.kill();
  server.restart("authorization { users: [ { user: a, password: a } ] }");
  diary.wait_for(EventKind::kReconnected);
  client.flush().value();
  CHECK_FALSE(asks.error());
  CHECK_FALSE(listens.error());
  client.publish("no.sub", "now").value();
  CHECK(asks.next(60s)->data() == "now");
}

TEST_CASE_FIXTURE(Refused, "requests end at once where inboxes may not be") {
  Options denied = options();
  denied.inbox_prefix = "_DENIED";
  const Client client = Client::connect(denied).value();
  Subscription silent = client.subscribe("silent").value();
  CHECK(client.request("silent", "", 1h).error().code() == ErrorCode::kPermission);
  CHECK(client.request("silent", "", 1h).error().code() == ErrorCode::kPermission);
  CHECK(client.request_many("silent", "", {}, 1h).error().code() == ErrorCode::kPermission);
}

}  // namespace
}  // namespace midge::test

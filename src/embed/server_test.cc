// Goal: a program's own server does what midge/server.h says: it is made from texts, files and
// options, reports faults, is reached in process and by its port, reloads, and ends. [CORE-75]
// Method: whole servers and libmidge's clients, in this process.
#include "midge/server.h"

#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <mutex>
#include <set>

#include "io/in_process.h"
#include "io/posix/test_folder.h"
#include "midge/client.h"
#include "midge/jetstream.h"

namespace midge {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 60s;

ServerOptions quiet() {
  ServerOptions options;
  options.host = "127.0.0.1";
  options.port = -1;
  return options;
}

Options inside(const Server& server) {
  Options options;
  options.in_process = server.in_process();
  options.connect_timeout = kPatience;
  return options;
}

std::string echoed(const Client& client, std::string_view text) {
  auto sub = client.subscribe("echo").value();
  client.publish("echo", text).value();
  return std::string(sub.next(kPatience).value().data());
}

TEST_CASE("embedded: [CORE-75] clients reach it in process and by its port") {
  const Server server = Server::run(quiet(), kPatience).value();
  CHECK(server.client_url() == "nats://127.0.0.1:" + std::to_string(server.port()));
  CHECK(server.id().starts_with("N"));
  CHECK(server.monitor_url().empty());
  CHECK(server.web_socket_url().empty());

  const Client inner = Client::connect(inside(server)).value();
  CHECK(echoed(inner, "hello") == "hello");
  const std::string large(900'000, 'x');
  CHECK(echoed(inner, large) == large);
  CHECK(inner.connected_url() == "nats://in-process:4222");

  const Client outer = Client::connect(server.client_url()).value();
  auto sub = outer.subscribe("both").value();
  outer.flush(kPatience).value();
  inner.publish("both", "from within").value();
  CHECK(sub.next(kPatience).value().data() == "from within");
}

TEST_CASE("embedded: a client that polls comes in the same way") {
  const Server server = Server::run(quiet(), kPatience).value();
  Options options = inside(server);
  options.runtime = Runtime::polled();
  const Client client = Client::connect(options).value();
  CHECK(echoed(client, "by my own thread") == "by my own thread");
}

TEST_CASE("embedded: many messages both ways, more than the pipe holds") {
  const Server server = Server::run(quiet(), kPatience).value();
  const Client client = Client::connect(inside(server)).value();
  std::atomic<int> got = 0;
  std::promise<void> all;
  constexpr int kCount = 20'000;
  auto sub = client.subscribe("many", [&](const Message&) {
    if (++got == kCount) all.set_value();
  });
  const std::string payload(500, 'p');
  for (int i = 0; i < kCount; ++i) client.publish("many", payload).value();
  all.get_future().wait();
  CHECK(got == kCount);
}

TEST_CASE("embedded: without a port there is only the door in the process") {
  ServerOptions options = quiet();
  options.listen = false;
  const Server server = Server::run(options, kPatience).value();
  CHECK(server.port() == 0);
  CHECK(server.client_url().empty());
  CHECK(echoed(Client::connect(inside(server)).value(), "still") == "still");
}

TEST_CASE("embedded: a configuration's text, flags over it, options over both") {
  ServerOptions options = quiet();
  options.config_text = "port: 1\nserver_name: text\nmax_payload: 1000\nhttp: \"127.0.0.1:-1\"";
  options.flags = {"--name", "flag"};
  const Server server = Server::run(options, kPatience).value();
  CHECK(server.port() != 1);
  CHECK(server.monitor_url().starts_with("http://127.0.0.1:"));
  const Client client = Client::connect(inside(server)).value();
  CHECK(client.connected_server() == "flag");
  CHECK(client.max_payload() == 1000);
}

TEST_CASE("embedded: what is wrong is said, and nothing is started") {
  ServerOptions options = quiet();
  options.config_text = "max_payload: soon";
  auto made = Server::make(options);
  REQUIRE_FALSE(made);
  CHECK(made.error().code() == ErrorCode::kInvalid);
  CHECK(made.error().text().find("max_payload") != std::string::npos);
  CHECK(made.error().text().find("config_text:1") != std::string::npos);

  options.config_text = "";
  options.config_file = "/nowhere/midge.conf";
  made = Server::make(options);
  REQUIRE_FALSE(made);
  CHECK(made.error().text().find("no such file") != std::string::npos);

  options.config_text = "x: 1";
  CHECK(Server::make(options).error().code() == ErrorCode::kInvalid);
  options.config_file = options.config_text = "";
  for (const char* flag : {"--version", "--no-such-flag"}) {
    options.flags = {flag};
    CHECK(Server::make(options).error().code() == ErrorCode::kInvalid);
  }

  options.flags.clear();
  const Server server = Server::run(options, kPatience).value();
  options.port = server.port();
  CHECK(Server::make(options).error().code() == ErrorCode::kInUse);
}

TEST_CASE("embedded: JetStream keeps what it stored from one life to the next") {
  const io::TestFolder folder;
  ServerOptions options = quiet();
  options.jetstream = true;
  options.store_dir = folder.path();
  for (const std::uint64_t expected : {1U, 2U}) {
    const Server server = Server::run(options, kPatience).value();
    JetStream js(Client::connect(inside(server)).value());
    if (expected == 1) js.create_stream({.name = "KEPT", .subjects = {"kept"}}).value();
    CHECK(js.publish("kept", "a message").value().sequence == expected);
    server.shut_down(kPatience).value();
  }
}

TEST_CASE("embedded: a reload takes over another text, or says why not and changes nothing") {
  ServerOptions options = quiet();
  options.config_text = "max_payload: 1000";
  std::mutex mutex;
  std::string log;
  options.on_log = [&](LogLevel level, std::string_view line) {
    const std::lock_guard lock(mutex);
    if (level >= LogLevel::kInfo) log.append(line).append("\n");
  };
  {
    const Server server = Server::run(options, kPatience).value();
    options.config_text = "max_payload: 2000";
    server.reload(options, kPatience).value();
    CHECK(Client::connect(inside(server)).value().max_payload() == 2000);
    server.reload(kPatience).value();
    CHECK(Client::connect(inside(server)).value().max_payload() == 2000);

    options.config_text = "max_payload: never";
    const auto refused = server.reload(options, kPatience);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == ErrorCode::kInvalid);
    CHECK(Client::connect(inside(server)).value().max_payload() == 2000);
  }
  CHECK(log.find("Server is ready") != std::string::npos);
  CHECK(log.find("Reloaded server configuration") != std::string::npos);
  CHECK(log.find("Failed to reload server configuration") != std::string::npos);
}

TEST_CASE("embedded: clients wait for start(), and come back to a server that is there") {
  Server server = Server::make(quiet()).value();
  CHECK(server.ready(1ms).error().code() == ErrorCode::kTimeout);
  std::stop_source stop;
  stop.request_stop();
  CHECK(server.ready({kPatience, stop.get_token()}).error().code() == ErrorCode::kCancelled);
  std::promise<void> back;
  Options options = inside(server);
  options.reconnect_wait = 1ms;
  options.on_event = [&back](const Event& event) {
    if (event.kind == EventKind::kReconnected) back.set_value();
  };
  auto connecting = std::async([&] { return Client::connect(options); });
  server.start().value();
  server.start().value();
  server.ready(kPatience).value();
  const Client client = connecting.get().value();
  client.force_reconnect();
  back.get_future().wait();
  CHECK(echoed(client, "again") == "again");
}

TEST_CASE("embedded: it ends, and whoever comes later is told") {
  Server server = Server::run(quiet(), kPatience).value();
  std::promise<std::string> closed;
  Options options = inside(server);
  options.reconnect = false;
  options.on_event = [&](const Event& event) {
    if (event.kind == EventKind::kClosed) closed.set_value(event.text);
  };
  const Client client = Client::connect(options).value();
  CHECK(server.wait(1ms).error().code() == ErrorCode::kTimeout);
  server.shut_down(kPatience).value();
  closed.get_future().wait();
  server.shut_down(kPatience).value();
  CHECK(server.start().error().code() == ErrorCode::kClosed);

  Server other = std::move(server);
  CHECK(server.start().error().code() == ErrorCode::kClosed);
  CHECK(server.in_process() == nullptr);
  const auto door = other.in_process();
  { const Server last = std::move(other); }
  options.in_process = door;
  options.on_event = nullptr;
  const auto late = Client::connect(options);
  REQUIRE_FALSE(late);
  CHECK(late.error().text().find("the server has shut down") != std::string::npos);
}

TEST_CASE("embedded: one that never started ends at once") {
  const Server server = Server::make(quiet()).value();
  server.shut_down(kPatience).value();
  CHECK(server.ready(kPatience).error().code() == ErrorCode::kClosed);
  CHECK(server.start().error().code() == ErrorCode::kClosed);
  { const Server unused = Server::make(quiet()).value(); }
}

TEST_CASE("embedded: lame duck mode ends with the last client") {
  ServerOptions options = quiet();
  options.config_text = "lame_duck_grace_period: \"1ms\"\nlame_duck_duration: \"30s\"";
  const Server server = Server::run(options, kPatience).value();
  server.enter_lame_duck_mode();
  server.wait(kPatience).value();
}

TEST_CASE("embedded: [CORE-75] who comes in logs in as everybody, and may be known by the way") {
  ServerOptions options = quiet();
  options.config_text =
      "authorization { users: [ { user: insider, password: s3cret,"
      " allowed_connection_types: [IN_PROCESS] } ] }";
  const Server server = Server::run(options, kPatience).value();
  Options client = inside(server);
  CHECK(Client::connect(client).error().code() == ErrorCode::kPermission);
  client.login = {.user = "insider", .password = "s3cret"};
  CHECK(echoed(Client::connect(client).value(), "in") == "in");
  client.in_process = nullptr;
  client.servers = {server.client_url()};
  CHECK(Client::connect(client).error().code() == ErrorCode::kPermission);
}

TEST_CASE("embedded: TLS is for those who come by a wire") {
  const Server server = Server::run(quiet(), kPatience).value();
  Options client = inside(server);
  client.tls = {.required = true, .first = true, .ca_file = "/nowhere/ca.pem"};
  CHECK(echoed(Client::connect(client).value(), "plain") == "plain");
}

TEST_CASE("embedded: a server of another version is refused, and nothing of it is called") {
  struct Stranger final : InProcess {
    [[nodiscard]] std::string_view version() const override { return "9.9.9"; }
    Result<std::unique_ptr<io::Stream>> connect() override { return failure("called"); }
  };
  Options options;
  options.in_process = std::make_shared<Stranger>();
  const auto refused = Client::connect(options);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().text().find("9.9.9") != std::string::npos);
}

TEST_CASE("embedded: [CORE-75] several servers in one process are strangers to each other") {
  const Server one = Server::run(quiet(), kPatience).value();
  const Server two = Server::run(quiet(), kPatience).value();
  CHECK(one.id() != two.id());
  const Client here = Client::connect(inside(one)).value();
  const Client there = Client::connect(inside(two)).value();
  const auto nobody = here.request("anyone", "", kPatience);
  auto sub = there.subscribe("anyone").value();
  CHECK(nobody.error().code() == ErrorCode::kNoResponders);
}

}  // namespace
}  // namespace midge

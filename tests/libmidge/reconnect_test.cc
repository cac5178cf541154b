// Goal: what a connection loses and what it keeps when its server goes. Method: servers are killed,
// stopped and started again.
#include <doctest/doctest.h>
#include <midge/client.h>
#include <signal.h>

#include <atomic>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "certificates.h"
#include "diary.h"
#include "scripted_server.h"
#include "test_server.h"

namespace midge::test {
namespace {

using namespace std::chrono_literals;

Options options_for(Diary& diary, std::vector<std::string> servers) {
  Options options{.servers = std::move(servers)};
  options.keep_order = true;
  options.reconnect_wait = 10ms;
  options.reconnect_jitter = 5ms;
  options.reconnect_max = -1;
  options.on_event = [&diary](const Event& event) { diary.note(event); };
  return options;
}

TEST_CASE("a subscription that is drained without a connection is none on the next one") {
  TestServer server;
  Diary diary;
  Client client = Client::connect(options_for(diary, {server.url()})).value();
  Subscription sub = client.subscribe("drained").value();
  client.flush().value();
  server.kill();
  diary.wait_for(EventKind::kDisconnected);
  auto drained = std::async(std::launch::async, [&] { return code_of(sub.drain(60s)); });
  server.restart();
  drained.wait();
  client.flush().value();
  CHECK(code_of(client.request("drained", "")) == ErrorCode::kNoResponders);
}

TEST_CASE(
    "a client that is drained without a connection sends what waits, and subscribes to nothing") {
  TestServer server;
  Diary diary;
  Client client = Client::connect(options_for(diary, {server.url()})).value();
  std::atomic<int> come = 0;
  client.subscribe("late", [&](const Message&) { ++come; }).value();
  client.flush().value();
  server.kill();
  diary.wait_for(EventKind::kDisconnected);
  client.publish("late", "").value();
  auto drained = std::async(std::launch::async, [&] { return code_of(client.drain(60s)); });
  while (client.status() != Status::kDraining) std::this_thread::yield();
  server.restart();
  CHECK(drained.get() == kNone);
  CHECK(client.status() == Status::kClosed);
  CHECK(come == 0);
}

TEST_CASE("subscriptions and publishes survive a crash of the server") {
  TestServer server;
  Diary diary;
  Client client = Client::connect(options_for(diary, {server.url()})).value();
  Subscription sub = client.subscribe("keep").value();
  Subscription limited = client.subscribe("keep", {.max = 3}).value();
  Subscription gone = client.subscribe("keep").value();
  client.publish("keep", "before").value();
  client.flush().value();
  server.kill();
  diary.wait_for(EventKind::kDisconnected);
  CHECK(client.status() == Status::kReconnecting);
  gone.unsubscribe().value();
  Subscription late = client.subscribe("keep").value();
  for (int i = 0; i < 3; ++i) client.publish("keep", std::to_string(i)).value();
  server.restart();
  diary.wait_for(EventKind::kReconnected);
  client.flush().value();
  CHECK(sub.figures().pending_messages == 4);
  CHECK(limited.figures().pending_messages == 3);
  CHECK(!limited.active());
  CHECK(late.figures().pending_messages == 3);
  CHECK(client.figures().reconnects == 1);
}

TEST_CASE("a flush waits for the next connection, or is told that its own was lost") {
  TestServer server;
  Diary diary;
  Client client = Client::connect(options_for(diary, {server.url()})).value();
  server.kill();
  diary.wait_for(EventKind::kDisconnected);
  CHECK(code_of(client.flush(10ms)) == ErrorCode::kTimeout);
  Subscription sub = client.subscribe("a").value();
  client.publish("a", "").value();
  server.restart();
  client.flush(60s).value();
  CHECK(sub.figures().pending_messages == 1);
  server.freeze();
  std::stop_source stop;
  CHECK(code_of(client.flush(20ms)) == ErrorCode::kTimeout);
  server.kill();
  diary.wait_for(EventKind::kDisconnected);
}

TEST_CASE("what is published meanwhile is bounded") {
  TestServer server;
  Diary diary;
  Options options = options_for(diary, {server.url()});
  options.reconnect_buffer = 1000;
  Client client = Client::connect(std::move(options)).value();
  server.kill();
  diary.wait_for(EventKind::kDisconnected);
  client.publish("a", std::string(500, 'x')).value();
  CHECK(code_of(client.publish("a", std::string(500, 'x'))) == ErrorCode::kNoSpace);
  client.publish("a", "small").value();
}

TEST_CASE("another server takes over") {
  TestServer one, two;
  Diary diary;
  Client client = Client::connect(options_for(diary, {one.url(), two.url()})).value();
  CHECK(client.connected_url() == one.url());
  Subscription sub = client.subscribe("a").value();
  client.flush().value();
  one.kill();
  diary.wait_for(EventKind::kReconnected);
  CHECK(client.connected_url() == two.url());
  client.publish("a", "there").value();
  CHECK(sub.next().value().data() == "there");
  client.force_reconnect();
  CHECK(diary.wait_for(EventKind::kDisconnected).text == "the user wants another connection");
  diary.wait_for(EventKind::kReconnected);
  client.publish("a", "again").value();
  CHECK(sub.next().value().data() == "again");
}

TEST_CASE("without reconnecting the end is the end") {
  TestServer server;
  Diary diary;
  Options options = options_for(diary, {server.url()});
  options.reconnect = false;
  Client client = Client::connect(std::move(options)).value();
  Subscription sub = client.subscribe("a").value();
  client.flush().value();
  server.kill();
  diary.wait_for(EventKind::kClosed);
  CHECK(code_of(sub.next()) == ErrorCode::kClosed);
  CHECK(code_of(client.publish("a", "")) == ErrorCode::kClosed);
  CHECK(code_of(client.flush()) == ErrorCode::kClosed);
}

TEST_CASE("attempts are counted") {
  TestServer server;
  Diary diary;
  Options options = options_for(diary, {server.url()});
  options.reconnect_max = 3;
  Client client = Client::connect(std::move(options)).value();
  server.kill();
  const Event end = diary.wait_for(EventKind::kClosed);
  CHECK(end.text.find("connection refused") != std::string::npos);
}

TEST_CASE("requests under way end with their time or with the connection") {
  TestServer server;
  Diary diary;
  Client client = Client::connect(options_for(diary, {server.url()})).value();
  Subscription silent = client.subscribe("silent").value();
  std::promise<ErrorCode> code;
  client
      .request_async(
          "silent", "", [&](Result<Message> m) { code.set_value(code_of(m)); }, 1h)
      .value();
  client.flush().value();
  client.close();
  CHECK(code.get_future().get() == ErrorCode::kClosed);
}

TEST_CASE("nobody to connect to") {
  std::string url;
  {
    TestServer server;
    url = server.url();
  }
  const auto client = Client::connect(url);
  REQUIRE(!client);
  CHECK(client.error().text().find("connection refused") != std::string::npos);
  CHECK(code_of(Client::connect("http://x")) == ErrorCode::kInvalid);
  CHECK(code_of(Client::connect("")) == ErrorCode::kInvalid);
}

TEST_CASE("a first connection that comes later") {
  TestServer server;
  server.kill();
  Diary diary;
  Options options = options_for(diary, {server.url()});
  options.retry_first_connect = true;
  Client client = Client::connect(std::move(options)).value();
  CHECK(client.status() == Status::kConnecting);
  Subscription sub = client.subscribe("a").value();
  client.publish("a", "early").value();
  server.restart();
  diary.wait_for(EventKind::kConnected);
  CHECK(sub.next().value().data() == "early");
}

TEST_CASE("a server that ends in peace says so") {
  TestServer server("lame_duck_duration: 30s, lame_duck_grace_period: 1s");
  Diary diary;
  Client client = Client::connect(options_for(diary, {server.url()})).value();
  server.signal(SIGUSR2);
  diary.wait_for(EventKind::kLameDuck);
}

TEST_CASE("a server that stands still is left") {
  TestServer server;
  Diary diary;
  Options options = options_for(diary, {server.url()});
  options.ping_interval = 20ms;
  Client client = Client::connect(std::move(options)).value();
  server.freeze();
  CHECK(diary.wait_for(EventKind::kDisconnected).text.find("stale") != std::string::npos);
  server.signal(SIGCONT);
  diary.wait_for(EventKind::kReconnected);
}

TEST_CASE("who publishes more than the server takes waits for room") {
  TestServer server;
  Diary diary;
  Options options = options_for(diary, {server.url()});
  options.pending_max = 100'000;
  Client client = Client::connect(std::move(options)).value();
  Subscription sub = client.subscribe("a").value();
  for (int i = 0; i < 5000; ++i) client.publish("a", std::string(1000, 'x')).value();
  client.flush(60s).value();
  CHECK(sub.figures().pending_messages == 5000);
}

TEST_CASE("a flush waits for the next connection, however many attempts that takes") {
  Diary diary;
  std::promise<void> away;
  std::atomic<int> attempts = 0;
  const ScriptedServer server([&](Peer& peer) {
    const int attempt = ++attempts;
    if (attempt == 2 || attempt == 3) return;  // nobody is let in
    peer.let_in();
    if (attempt == 1) return away.get_future().wait();
    const std::string come = peer.read_to("PING\r\n");
    CHECK(come.find("kept") < come.find("PING"));
    peer.send("PONG\r\n");
    peer.wait_for_end();
  });
  const Client client = Client::connect(options_for(diary, {server.url()})).value();
  away.set_value();
  diary.wait_for(EventKind::kDisconnected);
  client.publish("kept", "").value();
  CHECK(code_of(client.flush(60s)) == kNone);
  CHECK(attempts == 4);
  CHECK(client.figures().waiting_bytes == 0);
}

TEST_CASE("a flush without a connection ends with its deadline") {
  TestServer server;
  Diary diary;
  const Client client = Client::connect(options_for(diary, {server.url()})).value();
  server.kill();
  diary.wait_for(EventKind::kDisconnected);
  client.publish("kept", "12").value();
  CHECK(code_of(client.flush(1ms)) == ErrorCode::kTimeout);
  CHECK(client.figures().waiting_bytes == std::string("PUB kept 2\r\n12\r\n").size());
  client.close();
  CHECK(code_of(client.flush(60s)) == ErrorCode::kClosed);
}

// Of the two jitters the one that does not count is an hour.
TEST_CASE("servers with TLS have a jitter of their own") {
  TestServer holder;  // of the folder
  const std::string folder = holder.folder();
  make_certificates(folder);
  TestServer secure("tls { cert_file: \"" + folder + "/server.pem\", key_file: \"" + folder +
                    "/server.key\" }");
  TestServer plain;
  for (TestServer* const server : {&secure, &plain}) {
    Diary diary;
    const bool is_secure = server == &secure;
    Options options = options_for(diary, {server->nats_url()});
    options.tls.ca_file = folder + "/ca.pem";
    options.reconnect_jitter = is_secure ? std::chrono::nanoseconds(1h) : 0ns;
    options.reconnect_jitter_tls = is_secure ? 0ns : std::chrono::nanoseconds(1h);
    const Client client = Client::connect(options).value();
    client.force_reconnect();
    diary.wait_for(EventKind::kReconnected);
  }
}

TEST_CASE("a maximum counts on with the next server, which ends the subscription, too") {
  TestServer server;
  Diary diary;
  const Client client = Client::connect(options_for(diary, {server.url()})).value();
  Subscription sub = client.subscribe("few", {.max = 2}).value();
  client.publish("few", "1").value();
  CHECK(sub.next()->data() == "1");
  server.kill();
  server.restart();
  diary.wait_for(EventKind::kReconnected);
  client.publish("few", "2").value();
  CHECK(sub.next()->data() == "2");
  CHECK(code_of(sub.next()) == ErrorCode::kClosed);
  CHECK(code_of(client.request("few", "")) == ErrorCode::kNoResponders);
}

}  // namespace
}  // namespace midge::test

// Goal: servers are reached through a proxy that is asked to CONNECT, and what it says when it does
// not is heard. Method: a proxy of the test's own, in front of real servers.
#include <doctest/doctest.h>
#include <midge/client.h>
#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <tuple>

#include "certificates.h"
#include "outcome.h"
#include "scripted_server.h"
#include "test_server.h"

namespace midge::test {
namespace {

using namespace std::chrono_literals;

// Bytes in both directions until one of them ends.
void pass_on(Peer& client, Peer& server) {
  while (true) {
    pollfd ends[] = {{.fd = client.socket(), .events = POLLIN, .revents = 0},
                     {.fd = server.socket(), .events = POLLIN, .revents = 0}};
    if (poll(ends, 2, -1) < 0) return;
    for (const auto& [from, to, end] :
         {std::tuple(&client, &server, &ends[0]), std::tuple(&server, &client, &ends[1])}) {
      if (end->revents == 0) continue;
      const std::string bytes = from->read();
      if (bytes.empty() || !to->send(bytes)) return;
    }
  }
}

// Lets through whoever shows `credentials`, if there are any.
class Proxy {
 public:
  explicit Proxy(std::string credentials = "") : credentials_(std::move(credentials)) {}
  [[nodiscard]] std::string url(const std::string& user = "") const {
    return "http://" + user + "127.0.0.1:" + std::to_string(server_.port());
  }
  [[nodiscard]] int tunnels() const { return tunnels_; }

 private:
  void serve(Peer& client) {
    const std::string request = client.read_to("\r\n\r\n");
    if (!credentials_.empty() &&
        request.find("\r\nProxy-Authorization: Basic " + credentials_ + "\r\n") == request.npos) {
      client.send("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
      return;
    }
    const std::size_t colon = request.find(':');
    const int socket = connect_to(std::atoi(request.c_str() + colon + 1));
    if (!request.starts_with("CONNECT 127.0.0.1:") || socket < 0) {
      client.send("HTTP/1.1 502 Bad Gateway\r\n\r\n");
      return;
    }
    ++tunnels_;
    Peer server(socket);
    client.send("HTTP/1.1 200 OK\r\nX: y\r\n\r\n");
    pass_on(client, server);
    ::close(socket);
  }

  const std::string credentials_;
  std::atomic<int> tunnels_{0};
  ScriptedServer server_{[this](Peer& client) { serve(client); }};
};

TEST_CASE("nats, tls, ws and wss go through a proxy") {
  TestServer holder;  // of the folder
  const std::string folder = holder.folder(), ca = folder + "/ca.pem";
  make_certificates(folder);
  const std::string tls =
      "tls { cert_file: \"" + folder + "/server.pem\", key_file: \"" + folder + "/server.key\" }";
  const TestServer plain("websocket { host: 127.0.0.1, port: WS_PORT, no_tls: true }");
  const TestServer secure(tls + "\nwebsocket { host: 127.0.0.1, port: WS_PORT, " + tls + " }");
  const Proxy proxy;
  const std::string tls_url = "tls://127.0.0.1:" + std::to_string(secure.port());
  int tunnels = 0;
  for (const std::string& url :
       {plain.nats_url(), plain.ws_url(), secure.nats_url(), tls_url, secure.ws_url()}) {
    CAPTURE(url);
    const Client client =
        Client::connect({.servers = {url}, .tls = {.ca_file = ca}, .proxy = proxy.url()}).value();
    Subscription sub = client.subscribe("a").value();
    const std::string text(300'000, 'x');
    for (int i = 0; i < 10; ++i) client.publish("a", text).value();
    for (int i = 0; i < 10; ++i) CHECK(sub.next(20s).value().data() == text);
    CHECK(proxy.tunnels() > tunnels);
    tunnels = proxy.tunnels();
  }
  CHECK(outcome({.servers = {secure.ws_url()}, .proxy = proxy.url()}).find("certificate") !=
        std::string::npos);
}

TEST_CASE("what the server says right behind the proxy's answer is not lost") {
  for (const std::size_t size : {0U, 5000U}) {
    const ScriptedServer proxy([&](Peer& peer) {
      const std::string request = peer.read_to("\r\n\r\n");
      CHECK(request == "CONNECT far.example:4222 HTTP/1.1\r\nHost: far.example:4222\r\n\r\n");
      peer.send("HTTP/1.1 200 OK\r\n\r\nINFO {\"server_name\":\"" + std::string(size, 'x') +
                "\"}\r\n");
      peer.read_to("PING\r\n");
      peer.send("PONG\r\n");
      peer.wait_for_end();
    });
    const Client client =
        Client::connect({.servers = {"far.example"}, .proxy = proxy.url("http")}).value();
    CHECK(client.connected_server().size() == size);
  }
}

TEST_CASE("TLS first through a proxy") {
  TestServer holder;  // of the folder
  const std::string folder = holder.folder();
  make_certificates(folder);
  const TestServer server("tls { cert_file: \"" + folder + "/server.pem\", key_file: \"" + folder +
                          "/server.key\", handshake_first: true }");
  const Proxy proxy;
  CHECK(outcome({.servers = {server.nats_url()},
                 .tls = {.first = true, .ca_file = folder + "/ca.pem"},
                 .proxy = proxy.url()}) == "in");
}

TEST_CASE("the way to the proxy may be encrypted itself") {
  TestServer holder;  // of the folder
  const std::string folder = holder.folder(), ca = folder + "/ca.pem";
  make_certificates(folder);
  const std::string tls =
      "tls { cert_file: \"" + folder + "/server.pem\", key_file: \"" + folder + "/server.key\" }";
  const TestServer server(tls + "\nwebsocket { host: 127.0.0.1, port: WS_PORT, " + tls + " }");
  const auto through = [&](const std::string& url, const TlsOptions& options) {
    FILE* const proxy =
        popen((std::string("python3 ") + MIDGE_SOURCE + "/tests/libmidge/tls_proxy.py " + folder +
               "/server.pem " + folder + "/server.key")
                  .c_str(),
              "r");
    int port = 0;
    REQUIRE(fscanf(proxy, "%d", &port) == 1);
    std::string came = outcome(
        {.servers = {url}, .tls = options, .proxy = "https://127.0.0.1:" + std::to_string(port)});
    pclose(proxy);
    return came;
  };
  TlsOptions options;
  options.ca_file = ca;
  // The proxy tunnels one connection: TLS has to be meant from the start.
  const std::string tls_url = "tls://127.0.0.1:" + std::to_string(server.port());
  CHECK(through(tls_url, options) == "in");
  CHECK(through(server.ws_url(), options) == "in");
  CHECK(through(holder.nats_url(), options) == "in");
  const std::string refused = through(tls_url, {});
  CHECK(refused.starts_with("proxy 127.0.0.1:"));
  CHECK(refused.find("certificate") != std::string::npos);
}

TEST_CASE("a proxy that wants to know who asks") {
  const TestServer server;
  const Proxy proxy("dXNlcjpwQHNz");  // user:p@ss
  const auto through = [&](const std::string& user) {
    return outcome({.servers = {server.url()}, .proxy = proxy.url(user)});
  };
  CHECK(through("user:p%40ss@") == "in");
  CHECK(through("").ends_with(": it refuses: 407 Proxy Authentication Required"));
  CHECK(through("user:other@").starts_with("proxy 127.0.0.1:"));
}

TEST_CASE("what goes wrong at a proxy is said") {
  const TestServer server;
  const auto through = [&](const std::string& proxy, const std::string& url, Timeout time = 30s) {
    Options options{.servers = {url}, .proxy = proxy};
    options.connect_timeout = time;
    return outcome(options);
  };
  const auto of = [&](ScriptedServer::Script script, const std::string& scheme = "nats",
                      Timeout time = 30s) {
    const ScriptedServer proxy(std::move(script));
    return through(proxy.url("http"), scheme + "://127.0.0.1:1", time);
  };
  for (const std::string scheme : {"nats", "ws", "wss"}) {
    CAPTURE(scheme);
    const std::string silent = of([](Peer& peer) { peer.wait_for_end(); }, scheme, 300ms);
    CHECK(silent.starts_with("timeout: proxy 127.0.0.1:"));
    CHECK(silent.ends_with(" does not answer"));
    CHECK(of([](Peer& peer) { peer.read_to("\r\n\r\n"); }, scheme)
              .ends_with(": it closed the connection"));
    CHECK(of(
              [](Peer& peer) {
                peer.send("SSH-2.0\r\n");
                peer.wait_for_end();
              },
              scheme)
              .ends_with(": it does not speak HTTP"));
    CHECK(of(
              [](Peer& peer) {
                peer.send("HTTP/1.1 403 Forbidden\r\n\r\n");
                peer.wait_for_end();
              },
              scheme)
              .ends_with(": it refuses: 403 Forbidden"));
  }
  const Proxy proxy;
  CHECK(through(proxy.url(), "nats://127.0.0.1:1").ends_with(": it refuses: 502 Bad Gateway"));
  const std::string nobody = through("http://127.0.0.1:1", server.url());
  CHECK(nobody.starts_with("proxy 127.0.0.1:1: "));
  CHECK(nobody.find("connection refused") != std::string::npos);
  CHECK(code_of(Client::connect({.servers = {server.url()}, .proxy = "socks5://a"})) ==
        ErrorCode::kInvalid);
}

}  // namespace
}  // namespace midge::test

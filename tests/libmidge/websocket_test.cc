// Goal: the client over web sockets: everything else of the suite runs over them with
// MIDGE_TRANSPORT=ws, and here is what only they have. Method: servers with a listener for them,
// and scripted ones.
#include <doctest/doctest.h>
#include <midge/client.h>

#include <array>
#include <cstdio>
#include <string>
#include <vector>

#include "certificates.h"
#include "outcome.h"
#include "scripted_server.h"
#include "test_server.h"

namespace midge::test {
namespace {

using namespace std::chrono_literals;

// A server's frame of at most 125 bytes; `first`: its first byte.
std::string frame(const std::string& payload, int first = 0x82) {
  return {std::string{static_cast<char>(first), static_cast<char>(payload.size())} + payload};
}

// Reads the request and says that the socket is open.
void open_socket(Peer& peer) {
  const std::string request = peer.read_to("\r\n\r\n");
  constexpr std::string_view kKey = "Sec-WebSocket-Key: ";
  const std::string key = request.substr(request.find(kKey) + kKey.size(), 24);
  FILE* const pipe = popen(("printf %s " + key +
                            "258EAFA5-E914-47DA-95CA-C5AB0DC85B11 | openssl dgst -sha1 -binary | "
                            "openssl base64")
                               .c_str(),
                           "r");
  std::array<char, 100> accept{};
  CHECK(fgets(accept.data(), accept.size(), pipe) != nullptr);
  pclose(pipe);
  accept[28] = '\0';
  peer.send(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: " +
      std::string(accept.data()) + "\r\n\r\n");
}

constexpr const char* kPlain =
    "websocket { host: 127.0.0.1, port: WS_PORT, no_tls: true, compression: true }";

TEST_CASE("messages of all sizes, compressed or not") {
  const TestServer server(std::string("max_payload: 4MB\n") + kPlain);
  for (const bool compression : {false, true}) {
    const Client client = Client::connect({.servers = {server.ws_url() + "/some/where"},
                                           .web_socket = {.compression = compression}})
                              .value();
    CHECK(client.connected_url() == server.ws_url() + "/some/where");
    Subscription sub = client.subscribe("s").value();
    for (const std::size_t size :
         {0U, 1U, 100U, 125U, 126U, 65'535U, 65'536U, 1U << 20, 4U << 20}) {
      std::string text;
      while (text.size() < size) text += "line " + std::to_string(text.size()) + '\n';
      text.resize(size);
      client.publish("s", text).value();
      CHECK(sub.next(20s).value().data() == text);
    }
    for (int i = 0; i < 10'000; ++i) client.publish("s", std::to_string(i)).value();
    for (int i = 0; i < 10'000; ++i) CHECK(sub.next().value().data() == std::to_string(i));
  }
}

TEST_CASE("web sockets stand beside nothing else") {
  const auto mixed = Client::connect({.servers = {"ws://127.0.0.1:1", "nats://127.0.0.1:1"}});
  CHECK(code_of(mixed) == ErrorCode::kInvalid);
  CHECK(mixed.error().text() == "server URLs of web sockets and others do not mix");
  CHECK(code_of(Client::connect("wss://a,b")) == ErrorCode::kInvalid);
}

TEST_CASE("who logs in, in the URL or the options") {
  const TestServer server(std::string("authorization { user: a, password: b }\n") + kPlain);
  CHECK(outcome({.servers = {server.ws_url()}}) == "Authorization Violation");
  CHECK(outcome({.servers = {server.ws_url()}, .login = {.user = "a", .password = "b"}}) == "in");
  std::string url = server.ws_url();
  CHECK(outcome({.servers = {url.insert(5, "a:b@")}}) == "in");
}

TEST_CASE("wss: certificates are checked, and shown") {
  TestServer holder;  // of the folder
  const std::string folder = holder.folder(), ca = folder + "/ca.pem";
  make_certificates(folder);
  const auto config = [&](const std::string& more) {
    return "websocket { host: 127.0.0.1, port: WS_PORT, tls { cert_file: \"" + folder +
           "/server.pem\", key_file: \"" + folder + "/server.key\", ca_file: \"" + ca + "\"" +
           more + " } }";
  };
  const TestServer server(config(""));
  CHECK(server.ws_url().starts_with("wss://"));
  CHECK(outcome({.servers = {server.ws_url()}, .tls = {.ca_file = ca}}) == "in");
  CHECK(outcome({.servers = {server.ws_url()}, .tls = {.insecure = true}}) == "in");
  CHECK(outcome({.servers = {server.ws_url()}}).find("certificate") != std::string::npos);
  CHECK(outcome({.servers = {server.ws_url()},
                 .tls = {.ca_file = ca, .server_name = "elsewhere"}}) != "in");
  // `ws://` and the wish for TLS is wss.
  std::string plain = server.ws_url();
  CHECK(outcome({.servers = {plain.erase(2, 1)}, .tls = {.required = true, .ca_file = ca}}) ==
        "in");
  const TestServer both(config(", verify: true"));
  CHECK(outcome({.servers = {both.ws_url()}, .tls = {.ca_file = ca}}) != "in");
  CHECK(outcome({.servers = {both.ws_url()},
                 .tls = {.ca_file = ca,
                         .cert_file = folder + "/client.pem",
                         .key_file = folder + "/client.key"}}) == "in");
}

TEST_CASE("the request has the path and the headers of the user") {
  std::string request;
  ScriptedServer server([&](Peer& peer) {
    request = peer.read_to("\r\n\r\n");
    peer.send("HTTP/1.1 403 Forbidden\r\n\r\n");
    peer.wait_for_end();
  });
  Options options{.servers = {server.url("ws") + "/a/b?c=d"}};
  options.web_socket.headers.add("X-One", "1");
  const auto refused = Client::connect(options);
  CHECK(refused.error().text() == "the server refuses the web socket: 403 Forbidden");
  CHECK(request.starts_with("GET /a/b?c=d HTTP/1.1\r\nHost: 127.0.0.1:"));
  CHECK(request.find("\r\nX-One: 1\r\n") != std::string::npos);
  options.web_socket.fetch_headers = [] {
    Headers fetched;
    return Result<Headers>(fetched.add("Authorization", "Bearer x"));
  };
  CHECK(outcome(options).find("403") != std::string::npos);
  CHECK(request.find("\r\nAuthorization: Bearer x\r\n") != std::string::npos);
  options.web_socket.fetch_headers = [] { return Result<Headers>(Error("no token")); };
  CHECK(outcome(options) == "no token");
  options.web_socket.fetch_headers = nullptr;
  options.web_socket.headers.add("X-Two", "a\r\nb: c");
  CHECK(code_of(Client::connect(options)) == ErrorCode::kInvalid);
}

TEST_CASE("what the cluster tells of has our scheme and path") {
  const ScriptedServer server([](Peer& peer) {
    open_socket(peer);
    peer.send(frame("INFO {\"tls_required\":true,\"connect_urls\":[\"10.0.0.1:80\"]}\r\n") +
              frame("x", 0x89) + frame("PO", 0x02) + frame("y", 0x89) + frame("NG\r\n", 0x80));
    peer.wait_for_end();
  });
  const Client client = Client::connect(server.url("ws") + "/path").value();
  CHECK(client.servers() ==
        std::vector<std::string>{server.url("ws") + "/path", "ws://10.0.0.1:80/path"});
}

TEST_CASE("a server's goodbye is an error of its words, and so are frames that are wrong") {
  const auto text = [](std::string frames) {
    const ScriptedServer server([&](Peer& peer) {
      open_socket(peer);
      peer.send(frames);
      peer.wait_for_end();
    });
    return outcome({.servers = {server.url("ws")}});
  };
  CHECK(text(frame("\x03\xF0no more room", 0x88)) ==
        "the server closed the web socket: 1008 policy violation: no more room");
  CHECK(text(frame("INFO {}\r\n") + frame("\x03\xF1", 0x88)) ==
        "the server closed the web socket: 1009 message too big");
  CHECK(text(frame("a", 0x92)) == "RSV2 and RSV3 must be clear");
  CHECK(text("\x82\x81"
             "maskx") == "a server's frame must not be masked");
  CHECK(text("\x82\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF") == "invalid 64-bit payload length");
  CHECK(text(frame("nonsense\r\n")) == "protocol: the server sent what is no operation");
}

TEST_CASE("a server that does not speak of web sockets") {
  const auto text = [](ScriptedServer::Script script, Timeout time = 30s) {
    const ScriptedServer server(std::move(script));
    Options options{.servers = {server.url("ws")}};
    options.connect_timeout = time;
    return outcome(options);
  };
  CHECK(text([](Peer& peer) { peer.let_in(); }) == "the server does not answer as web sockets do");
  CHECK(text([](Peer& peer) { peer.wait_for_end(); }, 300ms) ==
        "timeout: the server does not open the web socket");
  CHECK(text([](Peer&) {}).find("closed the connection") != std::string::npos);
  const TestServer plain;
  CHECK(outcome({.servers = {"ws://127.0.0.1:" + std::to_string(plain.port())}}) != "in");
}

}  // namespace
}  // namespace midge::test

// Goal: every way to log in, and a clear word where it fails. Method: servers that want each.
#include <doctest/doctest.h>
#include <midge/client.h>

#include <future>
#include <string>

#include "certificates.h"
#include "outcome.h"
#include "test_server.h"

namespace midge::test {
namespace {

using namespace std::chrono_literals;

Options with(const TestServer& server, Login login) {
  return {.servers = {server.url()}, .login = std::move(login)};
}

TEST_CASE("user and password, of the options or the URL") {
  const TestServer server("authorization { user: ann, password: \"s3c/ret\" }");
  CHECK(outcome(with(server, {.user = "ann", .password = "s3c/ret"})) == "in");
  CHECK(outcome(with(server, {.user = "ann", .password = "no"})) == "Authorization Violation");
  CHECK(outcome(with(server, {})) == "Authorization Violation");
  const std::string host = "127.0.0.1:" + std::to_string(server.port());
  CHECK(outcome({.servers = {"nats://ann:s3c%2Fret@" + host}}) == "in");
  const auto refused = Client::connect(with(server, {.user = "ann", .password = "no"}));
  CHECK(code_of(refused) == ErrorCode::kPermission);
}

TEST_CASE("a token") {
  const TestServer server("authorization { token: s3cret }");
  CHECK(outcome(with(server, {.token = "s3cret"})) == "in");
  CHECK(outcome({.servers = {"nats://s3cret@127.0.0.1:" + std::to_string(server.port())}}) == "in");
  CHECK(outcome(with(server, {.token = "no"})) == "Authorization Violation");
}

// A pair made for this test alone.
constexpr const char* kSeed = "SUAC4K3KKUXLEIYK4LVB5OQK5SYW7GLRCHERKV4XK2I3E25LWKH5QAZRJY";
constexpr const char* kPublic = "UDRNNKBZPFHQIHMCYHNGYVQFVQ7NAWQ65OV6QFPOJN5D7QJARLPW6WD4";

TEST_CASE("an nkey, by its seed or by somebody who signs") {
  const TestServer server(std::string("authorization { users: [ { nkey: ") + kPublic + " } ] }");
  CHECK(outcome(with(server, {.nkey_seed = kSeed})) == "in");
  std::string nonce;
  const auto refuse = [&](std::string_view drawn) -> Result<std::string> {
    nonce = drawn;
    return Error("the key is not here");
  };
  CHECK(outcome(with(server, {.public_key = kPublic, .sign = refuse})) == "the key is not here");
  CHECK(!nonce.empty());
  const auto garbage = [](std::string_view) -> Result<std::string> { return std::string(64, 'x'); };
  CHECK(outcome(with(server, {.public_key = kPublic, .sign = garbage})) ==
        "Authorization Violation");
  CHECK(outcome(with(server, {.nkey_seed = "SUxyz"})).find("seed") != std::string::npos);
}

TEST_CASE("a credentials file of nsc") {
  const std::string fixtures = std::string(MIDGE_SOURCE) + "/tests/fixtures/nsc";
  const TestServer server(read_file(fixtures + "/accounts.conf"));
  CHECK(outcome(with(server, {.credentials_file = fixtures + "/alice.creds"})) == "in");
  const std::string text = read_file(fixtures + "/alice.creds");
  CHECK(outcome(with(server, {.credentials_file = "none", .credentials = text})) == "in");
  CHECK(outcome(with(server, {.credentials = "nothing of use"})) == "credentials: no user JWT");
  CHECK(outcome(with(server, {.credentials_file = fixtures + "/none.creds"})).find("none.creds") !=
        std::string::npos);
  const std::string bad = write_file(server.folder(), "bad.creds", "nothing of use");
  CHECK(outcome(with(server, {.credentials_file = bad})).find("no user JWT") != std::string::npos);
}

TEST_CASE("two refusals in the same words end the attempts") {
  TestServer server("authorization { token: one }");
  std::promise<std::string> end;
  Options options = with(server, {.token = "one"});
  options.reconnect_wait = 10ms;
  options.on_event = [&](const Event& event) {
    if (event.kind == EventKind::kClosed) end.set_value(event.text);
  };
  const Client client = Client::connect(std::move(options)).value();
  server.kill();
  server.restart("authorization { token: other }");
  CHECK(end.get_future().get() == "Authorization Violation");
}

TEST_CASE("TLS: a server's certificate is checked, and a client's shown") {
  TestServer holder;  // of the folder
  const std::string folder = holder.folder();
  make_certificates(folder);
  const std::string files = "cert_file: \"" + folder + "/server.pem\", key_file: \"" + folder +
                            "/server.key\", ca_file: \"" + folder + "/ca.pem\"";
  const std::string ca = folder + "/ca.pem";

  SUBCASE("the server asks for it") {
    const TestServer server("tls { " + files + " }");
    CHECK(outcome({.servers = {server.nats_url()}, .tls = {.ca_file = ca}}) == "in");
    CHECK(outcome({.servers = {"tls://127.0.0.1:" + std::to_string(server.port())},
                   .tls = {.ca_file = ca}}) == "in");
    CHECK(outcome({.servers = {server.nats_url()}, .tls = {.insecure = true}}) == "in");
    CHECK(outcome({.servers = {server.nats_url()}}).find("certificate") != std::string::npos);
    CHECK(outcome({.servers = {server.nats_url()},
                   .tls = {.ca_file = ca, .server_name = "elsewhere"}}) != "in");
  }
  SUBCASE("both show one") {
    const TestServer server("tls { " + files + ", verify: true }");
    CHECK(outcome({.servers = {server.nats_url()},
                   .tls = {.ca_file = ca,
                           .cert_file = folder + "/client.pem",
                           .key_file = folder + "/client.key"}}) == "in");
    CHECK(outcome({.servers = {server.nats_url()}, .tls = {.ca_file = ca}}) != "in");
  }
  SUBCASE("before anything else") {
    const TestServer server("tls { " + files + ", handshake_first: true }");
    CHECK(outcome({.servers = {server.nats_url()}, .tls = {.first = true, .ca_file = ca}}) == "in");
  }
  SUBCASE("the server has none") {
    CHECK(outcome({.servers = {holder.nats_url()}, .tls = {.required = true}}) ==
          "the server has no TLS");
  }
}

}  // namespace
}  // namespace midge::test

// Goal: [AUTH-58] a program that embeds a server decides itself who logs in.
// Method: a whole server with an authenticator of the test's, and clients on in-memory pipes.
#include <doctest/doctest.h>

#include <string>

#include "server/monitor/monitor_fixture.h"
#include "server/server.h"

namespace midge::server {
namespace {

// Lets in whoever signs nothing and calls itself `name`, in the account of that name.
class ByName final : public auth::Authenticator {
 public:
  explicit ByName(std::string name) : name_(std::move(name)) {}

  [[nodiscard]] bool required() const override { return true; }
  [[nodiscard]] bool wants_nonce() const override { return true; }
  [[nodiscard]] bool is_slow(const auth::LoginRequest& request) const override {
    return request.connect.pass == "slow";
  }
  [[nodiscard]] auth::Verdict decide(const auth::LoginRequest& request) const override {
    if (request.connect.user != name_) return auth::refused("not by this name");
    auth::Identity identity;
    identity.account = identity.user = name_;
    return std::make_shared<const auth::Identity>(std::move(identity));
  }

 private:
  std::string name_;
};

Options with(std::string name) {
  Options options;
  options.port = kPortRandom;
  options.host = "127.0.0.1";
  options.authenticator = std::make_shared<const ByName>(std::move(name));
  return options;
}

std::string read_line(io::PipeClient& pipe) {
  return read_until(pipe, [](const std::string& text) { return text.ends_with("\r\n"); });
}

std::string log_in(io::PipeClient& pipe, const std::string& name, const char* password = "") {
  const std::string info = read_line(pipe);
  CHECK(info.find("\"auth_required\":true") != std::string::npos);
  CHECK(info.find("\"nonce\"") != std::string::npos);
  pipe.write(R"(CONNECT {"verbose":false,"user":")" + name + R"(","pass":")" + password +
             "\"}\r\nPING\r\n");
  return read_line(pipe);
}

TEST_CASE("embedded: [AUTH-58] the program's authenticator decides, also on the pool") {
  const auto server = Server::run(with("ann"));
  REQUIRE(server);
  for (const char* password : {"", "slow"}) {
    const auto good = (*server)->connect_in_process();
    CHECK(log_in(*good, "ann", password) == "PONG\r\n");
    const auto bad = (*server)->connect_in_process();
    CHECK(log_in(*bad, "bob", password) == "-ERR 'Authorization Violation'\r\n");
  }
}

TEST_CASE("embedded: [AUTH-58] another one takes over at a reload") {
  const auto server = Server::run(with("ann"));
  REQUIRE(server);
  const auto ann = (*server)->connect_in_process();
  CHECK(log_in(*ann, "ann") == "PONG\r\n");
  REQUIRE((*server)->reload(with("bob")));
  CHECK(read_line(*ann) == "-ERR 'Authorization Violation'\r\n");
  const auto bob = (*server)->connect_in_process();
  CHECK(log_in(*bob, "bob") == "PONG\r\n");
}

}  // namespace
}  // namespace midge::server

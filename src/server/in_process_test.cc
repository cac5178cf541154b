// Goal: a client within the process is served like one that came over the network, is not asked
// for TLS, and may be told apart by its kind of connection. [CORE-75]
// Method: a whole server, or a broker that says it wants TLS, and clients on in-memory pipes.
#include <doctest/doctest.h>

#include "server/monitor/monitor_fixture.h"
#include "server/server.h"

namespace midge::server {
namespace {

std::string read_line(io::PipeClient& pipe, std::string_view until = "\r\n") {
  return read_until(pipe, [until](const std::string& text) { return text.ends_with(until); });
}

auth::UserConfig user(const char* name, std::uint32_t types) {
  auth::UserConfig config;
  config.user = name;
  config.password = "pw";
  config.connection_types = types;
  return config;
}

std::string log_in(Server& server, const std::string& name) {
  const auto pipe = server.connect_in_process();
  read_line(*pipe);
  pipe->write(R"(CONNECT {"verbose":false,"pass":"pw","user":")" + name + "\"}\r\nPING\r\n");
  return read_line(*pipe);
}

TEST_CASE("in process: [CORE-75] users may be for such connections only, or for all others") {
  Options options;
  options.port = kPortRandom;
  options.host = "127.0.0.1";
  options.auth.users = {user("any", auth::kAnyConnection), user("inside", auth::kInProcess),
                        user("outside", auth::kStandard)};
  const auto server = Server::run(options);
  REQUIRE(server);
  CHECK(log_in(**server, "any") == "PONG\r\n");
  CHECK(log_in(**server, "inside") == "PONG\r\n");
  CHECK(log_in(**server, "outside") == "-ERR 'Authorization Violation'\r\n");
}

TEST_CASE("in process: [CORE-75] nobody is asked for TLS where there is no wire") {
  BrokerFixture fixture([](broker::BrokerConfig& config) {
    config.info.tls_required = config.info.tls_verify = true;
  });
  fixture.start();
  io::PipePair ends = io::make_pipe();
  fixture.broker->accept(std::move(ends.server_end));
  const auto pipe = std::move(ends.client_end);
  const std::string info = read_line(*pipe);
  CHECK(info.find("\"tls_available\":true") != std::string::npos);
  CHECK(info.find("tls_required") == std::string::npos);
  CHECK(info.find("tls_verify") == std::string::npos);
  pipe->write("CONNECT {\"verbose\":false}\r\nSUB a 1\r\nPUB a 1\r\nx\r\n");
  CHECK(read_line(*pipe, "x\r\n") == "MSG a 1 1\r\nx\r\n");
}

}  // namespace
}  // namespace midge::server

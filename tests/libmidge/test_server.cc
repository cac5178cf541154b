#include "test_server.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>

namespace midge::test {
namespace {

std::string server_path() {
  const char* const named = std::getenv("MIDGE_SERVER");
  return named != nullptr && *named != '\0' ? named : MIDGE_BUILT_SERVER;
}

int port_behind(std::string_view log, std::string_view words) {
  const std::size_t at = log.find(words);
  if (at == std::string_view::npos) return 0;
  return std::atoi(std::string(log.substr(at + words.size(), 6)).c_str());
}

bool over_web_sockets() {
  const char* const named = std::getenv("MIDGE_TRANSPORT");
  return named != nullptr && std::string_view(named) == "ws";
}

}  // namespace

TestServer::TestServer(std::string config) : config_(std::move(config)) {
  std::string pattern = (std::filesystem::temp_directory_path() / "midge-client-XXXXXX").string();
  REQUIRE(mkdtemp(pattern.data()) != nullptr);
  folder_ = pattern;
  start();
}

TestServer::~TestServer() {
  end(SIGKILL);
  std::filesystem::remove_all(folder_);
}

void TestServer::kill() { end(SIGKILL); }
void TestServer::stop() { end(SIGTERM); }
void TestServer::restart() { start(); }
void TestServer::restart(std::string config) {
  config_ = std::move(config);
  start();
}
void TestServer::signal(int number) const { ::kill(process_, number); }

void TestServer::freeze() const {
  ::kill(process_, SIGSTOP);
  waitpid(process_, nullptr, WUNTRACED);
}

std::string TestServer::url() const { return over_web_sockets() ? ws_url() : nats_url(); }

std::string TestServer::whole_config() const {
  constexpr std::string_view kPort = "WS_PORT";
  std::string config = config_;
  if (over_web_sockets() && config.find("websocket") == std::string::npos)
    config += "\nwebsocket { host: 127.0.0.1, port: WS_PORT, no_tls: true, compression: true }\n";
  if (const std::size_t at = config.find(kPort); at != std::string::npos)
    config.replace(at, kPort.size(), std::to_string(ws_port_ == 0 ? -1 : ws_port_));
  return config;
}

void TestServer::start() {
  const std::string port = std::to_string(port_ == 0 ? -1 : port_);
  const std::string path = write_file(folder_, "server.conf", whole_config());
  std::array<int, 2> log{};
  REQUIRE(pipe2(log.data(), O_CLOEXEC) == 0);
  process_ = fork();
  REQUIRE(process_ >= 0);
  if (process_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // a test that crashes leaves no server behind
    dup2(log[1], STDERR_FILENO);
    dup2(log[1], STDOUT_FILENO);
    const std::string server = server_path();
    execlp(server.c_str(), server.c_str(), "-a", "127.0.0.1", "-p", port.c_str(), "-c",
           path.c_str(), nullptr);
    _exit(127);
  }
  ::close(log[1]);
  fcntl(log[0], F_SETPIPE_SZ, 1 << 20);  // room for all that a test has it say
  std::string text;
  std::array<char, 4096> buffer{};
  while (text.find("Server is ready") == std::string::npos) {
    const ssize_t count = read(log[0], buffer.data(), buffer.size());
    if (count <= 0) FAIL("the server does not start: " << text);
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  port_ = port_behind(text, "Listening for client connections on 127.0.0.1:");
  constexpr std::string_view kSecure = "Listening for websocket clients on wss://127.0.0.1:";
  ws_port_ = port_behind(text, "Listening for websocket clients on ws://127.0.0.1:");
  tls_ = ws_port_ == 0 && (ws_port_ = port_behind(text, kSecure)) != 0;
  log_ = log[0];
  REQUIRE(port_ > 0);
}

void TestServer::end(int number) {
  if (process_ < 0) return;
  ::kill(process_, number);
  waitpid(process_, nullptr, 0);
  process_ = -1;
  ::close(log_);
}

bool is_peer() {
  return std::filesystem::path(server_path()).filename().string().starts_with("nats-server");
}

std::string write_file(const std::string& folder, const std::string& name,
                       const std::string& content) {
  const std::string path = folder + "/" + name;
  std::ofstream(path) << content;
  return path;
}

std::string read_file(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace midge::test

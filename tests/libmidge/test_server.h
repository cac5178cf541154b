// Starts the server under test (MIDGE_SERVER, or the one that was built) for as long as this lives.
//
//   TestServer server;                      // on a free port
//   TestServer server("authorization { token: s3cret }");
#pragma once

#include <midge/result.h>
#include <sys/types.h>

#include <string>

namespace midge::test {

class TestServer {
 public:
  // `config`: of a configuration file; the port is 127.0.0.1's, a free one if it says none; the
  // words WS_PORT become a port for web sockets. Returns when it serves.
  explicit TestServer(std::string config = "");
  ~TestServer();
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  [[nodiscard]] int port() const { return port_; }
  // Where the suite's clients connect to: nats_url(), or ws_url() if MIDGE_TRANSPORT=ws says so.
  [[nodiscard]] std::string url() const;
  [[nodiscard]] std::string nats_url() const { return "nats://127.0.0.1:" + std::to_string(port_); }
  // Of a server that was configured to have one, or of any with that transport.
  [[nodiscard]] std::string ws_url() const {
    return (tls_ ? "wss" : "ws") + std::string("://127.0.0.1:") + std::to_string(ws_port_);
  }
  // A folder of its own, gone with it.
  [[nodiscard]] const std::string& folder() const { return folder_; }

  // As a crash: without a word.
  void kill();
  // SIGTERM, and waits for the end.
  void stop();
  // Anew, on the same port.
  void restart();
  void restart(std::string config);
  void signal(int number) const;
  // It does nothing any more when this returns; SIGCONT has it go on.
  void freeze() const;

 private:
  void start();
  void end(int signal);
  [[nodiscard]] std::string whole_config() const;

  std::string config_;
  std::string folder_;
  int port_ = 0;
  int ws_port_ = 0;   // 0 = none
  bool tls_ = false;  // of the web sockets
  pid_t process_ = -1;
  int log_ = -1;  // where it writes to
};

// kNone: it went well.
inline constexpr ErrorCode kNone{255};
template <class T>
ErrorCode code_of(const Result<T>& result) {
  return result ? kNone : result.error().code();
}

// Whether it is nats-server itself.
bool is_peer();

// A file with that content in `folder`; returns its path.
std::string write_file(const std::string& folder, const std::string& name,
                       const std::string& content);
std::string read_file(const std::string& path);

}  // namespace midge::test

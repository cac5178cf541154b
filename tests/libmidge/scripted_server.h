// A server that does as a test says: what no real one would.
//
//   ScriptedServer server([](Peer& peer) { peer.send("INFO {}\r\n"); peer.read_to("PING\r\n"); …
//   });
//
// Each connection runs the script on a thread of its own; when the script returns, it is closed.
#pragma once

#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace midge::test {

// The script's end of a connection. Once the other end is gone, nothing is sent or read any more.
class Peer {
 public:
  explicit Peer(int socket) : socket_(socket) {}

  bool send(std::string_view bytes);
  // What comes up to `end`, with it; less if nothing more comes.
  std::string read_to(std::string_view end);
  // What is there, at least a byte; "" = nothing more comes.
  std::string read();
  // Reads on until the other end is gone.
  void wait_for_end();
  // The usual beginning: INFO, CONNECT and PING, PONG.
  void let_in(std::string_view info = "{\"max_payload\":1048576,\"headers\":true}");

  // Waits for a request to `subject`, whose answers go to one inbox, and answers it.
  void answer(std::string_view subject, std::string_view body);

  [[nodiscard]] int socket() const { return socket_; }

 private:
  int socket_;
  std::string read_;  // behind what read_to() gave
};

class ScriptedServer {
 public:
  using Script = std::function<void(Peer&)>;

  explicit ScriptedServer(Script script);
  // Ends all connections.
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::string url(const std::string& scheme = "nats") const {
    return scheme + "://127.0.0.1:" + std::to_string(port_);
  }

 private:
  void accept_all();
  void serve(int socket);

  const Script script_;
  int listener_ = -1;
  int port_ = 0;
  std::mutex mutex_;
  bool over_ = false;
  std::list<int> open_;
  std::list<std::thread> threads_;
  std::thread accepting_;
};

// A connection to a port of the loopback; -1 = nobody is there.
int connect_to(int port);

}  // namespace midge::test

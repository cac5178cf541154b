// One TCP connection to the server under test, as a blocking client during the set-up and as a
// non-blocking byte stream afterwards. Owns the descriptor; movable.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "web_socket.h"

struct ssl_st;

namespace midge::load {

struct SocketShape {
  int receive_buffer = 0;  // SO_RCVBUF; 0 = the system's
  int segment_bytes = 0;   // TCP_MAXSEG; 0 = the loopback's 64 KiB
};

// Whom CONNECT names; an empty user names nobody.
struct Login {
  std::string user, password;
  WebSocketKind web_socket = WebSocketKind::kNone;  // how it comes

  // `user:password`; empty is nobody.
  static Login parse(const std::string& text);
};

// A reader that is slow as one behind a real network is: a small window, and Ethernet's segments.
// With the loopback's own segments the kernel takes 2.5 MB from the server before it says "full".
inline constexpr SocketShape kSlowReader{.receive_buffer = 32768, .segment_bytes = 1448};

class Socket {
 public:
  // Connects to 127.0.0.1, opens a web socket if the login comes by one, reads INFO, speaks TLS if
  // that asks for it (whoever the server is), sends CONNECT, and waits for a PONG. Retries for a
  // few seconds while nobody listens, so that it can be the server's very first client.
  static Socket dial(std::uint16_t port, const Login& login = {}, const SocketShape& shape = {});

  Socket(Socket&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)),
        tls_(std::exchange(other.tls_, nullptr)),
        framed_(std::move(other.framed_)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(tls_, other.tls_);
    std::swap(framed_, other.framed_);
    return *this;
  }
  ~Socket();

  [[nodiscard]] int fd() const { return fd_; }

  // Blocking; for the set-up.
  void send_all(std::string_view bytes);
  // PING, and wait for PONG: the server has done everything sent before.
  void barrier();
  void set_nonblocking();

  // Non-blocking. Bytes moved, 0 where the kernel would make us wait; fails on everything else,
  // the end of the stream included.
  std::size_t try_send(const char* bytes, std::size_t size);
  std::size_t try_receive(char* bytes, std::size_t size);
  // Some was read from the kernel that try_receive() has had no room for.
  [[nodiscard]] bool has_more() const { return framed_ != nullptr && !framed_->arrived.empty(); }

 private:
  explicit Socket(int fd) : fd_(fd) {}
  struct Framed {
    explicit Framed(bool compressed) : web_socket(compressed) {}
    WebSocket web_socket;
    std::string leaving;  // frames that the kernel has not taken
    std::string arrived;  // bytes out of frames that nobody has asked for
  };
  void open_web_socket(bool compressed);
  // What recv and send give, through frames.
  long receive_framed(char* bytes, std::size_t size);
  std::size_t try_send_framed(const char* bytes, std::size_t size);
  // What recv gives, whatever the connection is.
  long receive(char* bytes, std::size_t size);

  // Reads up to and including the next line end.
  std::string read_line();
  void start_tls();
  // What recv and send give, through TLS: -1 with EAGAIN where they would wait.
  long receive_secure(char* bytes, std::size_t size);
  long send_secure(const char* bytes, std::size_t size);

  int fd_;
  ssl_st* tls_ = nullptr;
  std::unique_ptr<Framed> framed_;
};

}  // namespace midge::load

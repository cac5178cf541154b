#include "socket.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "clock.h"
#include "connect.h"
#include "fail.h"

namespace midge::load {
namespace {

constexpr std::int64_t kPatience = 5 * kSecond;
// Reads into less than this are the set-up's, which blocks: they do not ask for more than there is.
constexpr std::size_t kSecureWhole = 1024;

int connected_descriptor(std::uint16_t port, const SocketShape& shape) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) fail_errno("socket");
  const auto set = [fd](int level, int name, int value) {
    if (value != 0 && ::setsockopt(fd, level, name, &value, sizeof value) != 0) {
      fail_errno("setsockopt");
    }
  };
  set(SOL_SOCKET, SO_RCVBUF, shape.receive_buffer);
  set(IPPROTO_TCP, TCP_MAXSEG, shape.segment_bytes);
  set(IPPROTO_TCP, TCP_NODELAY, 1);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return fd;
  if (errno != ECONNREFUSED) fail_errno("connect");
  ::close(fd);
  return -1;
}

}  // namespace

Login Login::parse(const std::string& text) {
  const auto colon = text.find(':');
  if (text.empty()) return {};
  if (colon == std::string::npos) fail("a login is user:password");
  return {.user = text.substr(0, colon), .password = text.substr(colon + 1)};
}

Socket Socket::dial(std::uint16_t port, const Login& login, const SocketShape& shape) {
  const std::int64_t deadline = now_ns() + kPatience;
  int fd;
  while ((fd = connected_descriptor(port, shape)) < 0) {
    if (now_ns() > deadline) fail("nobody listens on port " + std::to_string(port));
    ::usleep(10'000);
  }
  Socket socket(fd);
  if (login.web_socket != WebSocketKind::kNone)
    socket.open_web_socket(login.web_socket == WebSocketKind::kCompressed);
  if (const std::string info = socket.read_line(); !info.starts_with("INFO ")) {
    fail("expected INFO, got " + info);
  } else if (info.find("\"tls_required\":true") != std::string::npos) {
    socket.start_tls();
  }
  socket.send_all(connect_frame(login));
  socket.barrier();
  return socket;
}

Socket::~Socket() {
  SSL_free(tls_);
  if (fd_ >= 0) ::close(fd_);
}

void Socket::start_tls() {
  tls_ = SSL_new(tls_context());
  SSL_set_fd(tls_, fd_);
  if (SSL_connect(tls_) != 1) fail("the TLS handshake failed");
}

long Socket::receive_secure(char* bytes, std::size_t size) {
  // All there is, as from a plain socket: what stays in the library announces itself to nobody.
  std::size_t total = 0;
  while (total < size) {
    const int got = SSL_read(tls_, bytes + total, static_cast<int>(size - total));
    if (got > 0) {
      total += static_cast<std::size_t>(got);
      if (SSL_pending(tls_) == 0 && size < kSecureWhole) break;
      continue;
    }
    const int error = SSL_get_error(tls_, got);
    if (error == SSL_ERROR_ZERO_RETURN) return static_cast<long>(total);
    if (error != SSL_ERROR_WANT_READ) fail("reading through TLS failed");
    break;
  }
  if (total > 0) return static_cast<long>(total);
  errno = EAGAIN;
  return -1;
}

long Socket::send_secure(const char* bytes, std::size_t size) {
  const int sent = SSL_write(tls_, bytes, static_cast<int>(size));
  if (sent > 0) return sent;
  if (SSL_get_error(tls_, sent) != SSL_ERROR_WANT_WRITE) fail("writing through TLS failed");
  errno = EAGAIN;
  return -1;
}

void Socket::open_web_socket(bool compressed) {
  auto framed = std::make_unique<Framed>(compressed);
  send_all(framed->web_socket.request());
  std::string answer;
  while (!answer.ends_with("\r\n\r\n")) answer += read_line();
  if (!framed->web_socket.is_opened_by(answer)) fail("the server does not open a web socket");
  framed_ = std::move(framed);
}

long Socket::receive_framed(char* bytes, std::size_t size) {
  std::string& arrived = framed_->arrived;
  while (arrived.empty()) {
    char raw[64 * 1024];
    const ssize_t received = ::recv(fd_, raw, sizeof raw, 0);
    if (received <= 0) return received;
    framed_->web_socket.unwrap({raw, static_cast<std::size_t>(received)}, arrived);
  }
  const std::size_t count = arrived.copy(bytes, size);
  arrived.erase(0, count);
  return static_cast<long>(count);
}

std::size_t Socket::try_send_framed(const char* bytes, std::size_t size) {
  // As much as leaves in one call; all of it is taken, what the kernel leaves waits here.
  constexpr std::size_t kAtOnce = 64 * 1024;
  std::string& leaving = framed_->leaving;
  std::size_t taken = 0;
  while (true) {
    if (!leaving.empty()) {
      const ssize_t sent = ::send(fd_, leaving.data(), leaving.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno != EAGAIN) fail_errno("send");
      if (sent > 0) leaving.erase(0, static_cast<std::size_t>(sent));
      if (!leaving.empty()) return taken;
    }
    if (taken == size) return taken;
    const std::size_t part = std::min(size - taken, kAtOnce);
    framed_->web_socket.wrap({bytes + taken, part}, leaving);
    taken += part;
  }
}

long Socket::receive(char* bytes, std::size_t size) {
  if (framed_ != nullptr) return receive_framed(bytes, size);
  return tls_ != nullptr ? receive_secure(bytes, size) : ::recv(fd_, bytes, size, 0);
}

void Socket::send_all(std::string_view bytes) {
  if (framed_ != nullptr) {
    while (!bytes.empty()) bytes.remove_prefix(try_send_framed(bytes.data(), bytes.size()));
    return;
  }
  while (!bytes.empty()) {
    const ssize_t sent = tls_ != nullptr ? send_secure(bytes.data(), bytes.size())
                                         : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) fail_errno("send");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void Socket::barrier() {
  send_all("PING\r\n");
  for (;;) {
    const std::string line = read_line();
    if (line == "PONG\r\n") return;
    if (line == "PING\r\n") {
      send_all("PONG\r\n");
    } else if (!line.starts_with("INFO ")) {
      fail("expected PONG, got " + line);
    }
  }
}

void Socket::set_nonblocking() {
  if (::fcntl(fd_, F_SETFL, O_NONBLOCK) != 0) fail_errno("fcntl");
}

std::size_t Socket::try_send(const char* bytes, std::size_t size) {
  if (framed_ != nullptr) return try_send_framed(bytes, size);
  const ssize_t sent =
      tls_ != nullptr ? send_secure(bytes, size) : ::send(fd_, bytes, size, MSG_NOSIGNAL);
  if (sent >= 0) return static_cast<std::size_t>(sent);
  if (errno != EAGAIN) fail_errno("send");
  return 0;
}

std::size_t Socket::try_receive(char* bytes, std::size_t size) {
  const ssize_t received = receive(bytes, size);
  if (received > 0) return static_cast<std::size_t>(received);
  if (received == 0) fail("the server closed a connection");
  if (errno != EAGAIN) fail_errno("recv");
  return 0;
}

std::string Socket::read_line() {
  std::string line;
  char byte;
  while (!line.ends_with("\r\n")) {
    const ssize_t received = receive(&byte, 1);
    if (received < 0) fail_errno("recv");
    if (received == 0) fail("the server closed a connection during the set-up");
    line += byte;
  }
  return line;
}

}  // namespace midge::load

#include "joiner.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "connect.h"
#include "fail.h"

namespace midge::load {

Joiner::Joiner(std::uint16_t port, const Login& login, Poller& poller)
    : login_(login),
      poller_(poller),
      fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
  if (fd_ < 0) fail_errno("socket");
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 &&
      errno != EINPROGRESS) {
    fail_errno("connect");
  }
  poller_.add(fd_, *this, EPOLLOUT);
}

Joiner::~Joiner() {
  SSL_free(tls_);
  ::close(fd_);
}

void Joiner::on_ready(std::uint32_t) {
  // Traffic that waits goes first: SCHED_IDLE alone would now and then be let finish its turn.
  ::sched_yield();
  switch (step_) {
    case Step::kConnecting:
      return on_connected();
    case Step::kInfo:
      return on_info();
    case Step::kHandshake:
      return shake_hands();
    case Step::kLogin:
      return on_answer();
    case Step::kIn:
      return read();
  }
}

void Joiner::on_connected() {
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
  errno = error;
  if (error != 0) fail_errno("connect");
  step_ = Step::kInfo;
  poller_.change(fd_, *this, EPOLLIN);
}

void Joiner::on_info() {
  read();
  if (!input_.ends_with("\r\n")) return;
  if (!input_.starts_with("INFO ")) fail("expected INFO, got " + input_);
  const bool secure = input_.find("\"tls_required\":true") != std::string::npos;
  input_.clear();
  if (!secure) return say_connect();
  tls_ = SSL_new(tls_context());
  SSL_set_fd(tls_, fd_);
  step_ = Step::kHandshake;
  shake_hands();
}

void Joiner::shake_hands() {
  const int done = SSL_connect(tls_);
  if (done == 1) return say_connect();
  if (SSL_get_error(tls_, done) != SSL_ERROR_WANT_READ) fail("the TLS handshake failed");
}

void Joiner::say_connect() {
  step_ = Step::kLogin;
  const std::string text = connect_frame(login_) + "PING\r\n";
  const auto size = static_cast<int>(text.size());
  const long sent = tls_ != nullptr ? SSL_write(tls_, text.data(), size)
                                    : ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
  if (sent != size) fail("a fresh connection takes no CONNECT");
}

void Joiner::on_answer() {
  read();
  if (input_.find("-ERR") != std::string::npos) fail("the server said: " + input_);
  if (input_.find("PONG\r\n") == std::string::npos) return;
  step_ = Step::kIn;
  input_.clear();
}

void Joiner::read() {
  std::array<char, 4096> bytes;
  for (;;) {
    long got;
    if (tls_ != nullptr) {
      got = SSL_read(tls_, bytes.data(), bytes.size());
      if (got <= 0 && SSL_get_error(tls_, static_cast<int>(got)) == SSL_ERROR_WANT_READ) return;
    } else {
      got = ::recv(fd_, bytes.data(), bytes.size(), 0);
      if (got < 0 && errno == EAGAIN) return;
    }
    if (got <= 0) fail("the server closed a connection that was coming in");
    if (step_ != Step::kIn) input_.append(bytes.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace midge::load

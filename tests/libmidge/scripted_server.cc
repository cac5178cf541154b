#include "scripted_server.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <utility>

namespace midge::test {
namespace {

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

}  // namespace

int connect_to(int port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  if (connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
    return socket;
  ::close(socket);
  return -1;
}

bool Peer::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::string Peer::read() {
  if (!read_.empty()) return std::exchange(read_, {});
  std::array<char, 65536> buffer{};
  const ssize_t count = recv(socket_, buffer.data(), buffer.size(), 0);
  return count <= 0 ? "" : std::string(buffer.data(), static_cast<std::size_t>(count));
}

std::string Peer::read_to(std::string_view end) {
  std::string text;
  while (text.find(end) == std::string::npos) {
    const std::string more = read();
    if (more.empty()) return text;
    text += more;
  }
  const std::size_t size = text.find(end) + end.size();
  read_ = text.substr(size);
  return text.substr(0, size);
}

void Peer::wait_for_end() {
  while (!read().empty()) continue;
}

void Peer::let_in(std::string_view info) {
  send("INFO " + std::string(info) + "\r\n");
  read_to("PING\r\n");
  send("PONG\r\n");
}

void Peer::answer(std::string_view subject, std::string_view body) {
  read_to(std::string(subject) + " ");
  const std::string inbox = read_to(" ");
  send("MSG " + inbox + "1 " + std::to_string(body.size()) + "\r\n" + std::string(body) + "\r\n");
}

ScriptedServer::ScriptedServer(Script script) : script_(std::move(script)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  REQUIRE(bind(listener_, generic, size) == 0);
  REQUIRE(listen(listener_, 16) == 0);
  REQUIRE(getsockname(listener_, generic, &size) == 0);
  port_ = ntohs(address.sin_port);
  accepting_ = std::thread([this] { accept_all(); });
}

ScriptedServer::~ScriptedServer() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
    for (const int socket : open_) shutdown(socket, SHUT_RDWR);
  }
  shutdown(listener_, SHUT_RDWR);
  accepting_.join();
  for (std::thread& thread : threads_) thread.join();
  ::close(listener_);
}

void ScriptedServer::accept_all() {
  while (true) {
    const int socket = accept(listener_, nullptr, nullptr);
    if (socket < 0) return;
    const std::lock_guard lock(mutex_);
    if (over_) {
      ::close(socket);
      continue;
    }
    open_.push_back(socket);
    threads_.emplace_back([this, socket] { serve(socket); });
  }
}

void ScriptedServer::serve(int socket) {
  Peer peer(socket);
  script_(peer);
  const std::lock_guard lock(mutex_);
  open_.remove(socket);
  ::close(socket);
}

}  // namespace midge::test

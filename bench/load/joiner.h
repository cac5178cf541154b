// A connection that comes in while others do: INFO, TLS if the server asks for it, CONNECT, PING,
// and it is in with the PONG. Never waits; a server that closes it ends the run.
#pragma once

#include <cstdint>
#include <string>

#include "poller.h"
#include "socket.h"

struct ssl_st;

namespace midge::load {

class Joiner : public ReadyHandler {
 public:
  // `login` and `poller` outlive it.
  Joiner(std::uint16_t port, const Login& login, Poller& poller);
  Joiner(const Joiner&) = delete;
  Joiner& operator=(const Joiner&) = delete;
  ~Joiner() override;

  [[nodiscard]] bool is_in() const { return step_ == Step::kIn; }

  void on_ready(std::uint32_t events) override;

 private:
  enum class Step { kConnecting, kInfo, kHandshake, kLogin, kIn };

  void on_connected();
  void on_info();
  void shake_hands();
  void say_connect();
  void on_answer();
  // Appends to input_ what there is.
  void read();

  const Login& login_;
  Poller& poller_;
  int fd_;
  ssl_st* tls_ = nullptr;
  Step step_ = Step::kConnecting;
  std::string input_;
};

}  // namespace midge::load

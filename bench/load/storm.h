// Many clients that connect and log in at once, on a thread of their own, which gives way to the
// generator's traffic: what they compute must not be taken for the server's latency.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>

#include "socket.h"

namespace midge::load {

class Storm {
 public:
  // All begin at once.
  Storm(std::uint16_t port, const Login& login, std::int64_t clients);
  // They leave.
  ~Storm();

  [[nodiscard]] std::int64_t clients() const { return clients_; }
  // How many are in.
  [[nodiscard]] std::int64_t in() const { return in_.load(); }
  [[nodiscard]] bool is_over() const { return in() == clients_; }

 private:
  void run();

  std::uint16_t port_;
  Login login_;
  std::int64_t clients_;
  std::atomic<std::int64_t> in_{0};
  std::atomic<bool> leave_{false};
  std::thread thread_;
};

}  // namespace midge::load

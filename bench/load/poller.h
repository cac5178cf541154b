// epoll with nanosecond timeouts. Level-triggered; a handler must outlive its registration.
#pragma once

#include <cstdint>

namespace midge::load {

class ReadyHandler {
 public:
  virtual ~ReadyHandler() = default;
  // `events` as epoll gives them.
  virtual void on_ready(std::uint32_t events) = 0;
};

class Poller {
 public:
  Poller();
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  void add(int fd, ReadyHandler& handler, std::uint32_t events);
  void change(int fd, ReadyHandler& handler, std::uint32_t events);
  void remove(int fd);
  // Calls the handlers of what is ready, after waiting for at most `timeout_ns`.
  void wait(std::int64_t timeout_ns);
  // From now on wait() returns at once: a generator that never sleeps costs the server no wake-ups.
  void spin() { spins_ = true; }

 private:
  bool spins_ = false;
  int fd_;
};

}  // namespace midge::load

// The background thread of connections: a loop, and what all connections on it share.
//
// Thread: any for post() and on_its_thread(); the rest is the loop's.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "io/env.h"
#include "midge/runtime.h"

namespace midge::detail {

class Connection;
class Link;

class Worker final : public Runtime, private io::LoopHandler {
 public:
  // Ends with its last owner, on whatever thread that lets go.
  static std::shared_ptr<Worker> start();
  ~Worker() override;

  void post(std::function<void()> action);
  [[nodiscard]] bool on_its_thread() const;
  [[nodiscard]] io::Env& env() { return *env_; }
  [[nodiscard]] io::Loop& loop() { return *loop_; }

  // The connection has something to write at the end of this tick.
  void touch(Connection& connection);
  // Lives while the loop works for it.
  void keep(std::shared_ptr<Connection> connection);
  void forget(Connection& connection);
  // Destroyed at the end of this tick: it may be at work.
  void retire(std::unique_ptr<Link> link);
  [[nodiscard]] std::span<char> read_buffer() { return buffer_; }

 private:
  Worker();
  void on_loop_start() override;
  void on_tick_end() override;
  void on_loop_stop() override;

  std::unique_ptr<io::Env> env_;
  io::Loop* loop_ = nullptr;
  std::vector<char> buffer_;
  std::vector<Connection*> touched_;
  std::vector<std::shared_ptr<Connection>> connections_;
  std::vector<std::unique_ptr<Link>> retired_;
};

}  // namespace midge::detail

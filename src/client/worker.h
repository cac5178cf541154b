// Who works for connections: a loop, and what all connections on it share. It has a background
// thread, or is driven by the thread that made it.
//
// Thread: any for post(), on_its_thread() and may_wait(); the rest is the loop's.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "io/driven_env.h"
#include "midge/runtime.h"

namespace midge::websocket {
class Compression;
}

namespace midge::detail {

class Connection;
class Link;

class Worker final : public Runtime,
                     public std::enable_shared_from_this<Worker>,
                     private io::DrivenHandler {
 public:
  // These end with their last owner, on whatever thread that lets go.
  static std::shared_ptr<Worker> start();
  // Driven by the calling thread.
  static std::shared_ptr<Worker> over(std::shared_ptr<io::DrivenEnv> env);
  // The same, for users: with the last of these handles, which clients hold, too, it does what was
  // left to do, since nobody can have it driven any more.
  static std::shared_ptr<Runtime> for_user(std::shared_ptr<Worker> worker);
  ~Worker() override;

  Result<std::size_t> poll(Deadline deadline) override;
  // A tick of one that is driven, on its thread.
  std::size_t drive(MonoTime until);

  void post(std::function<void()> action);
  // Until all that was posted is done and gone. For a thread that may wait.
  void catch_up();
  // Within what the loop does.
  [[nodiscard]] bool on_its_thread() const { return of_thread == this; }
  // Whether the calling thread may wait for what the loop does. If it is the one that drives, it
  // will do so while it waits.
  [[nodiscard]] bool may_wait() const;
  // Whether somebody drives it, and that is not the calling thread.
  [[nodiscard]] bool is_driven_elsewhere() const { return driver_ && owner_ != &of_thread; }
  [[nodiscard]] io::Env& env() { return *env_; }
  [[nodiscard]] io::Loop& loop() { return *loop_; }

  // The connection has something to write at the end of this tick.
  void touch(Connection& connection);
  // At the end of the next tick, which comes within `delay`.
  void touch_within(Connection& connection, Duration delay);
  // Lives while the loop works for it.
  void keep(std::shared_ptr<Connection> connection);
  void forget(Connection& connection);
  // Destroyed at the end of this tick: it may be at work.
  void retire(std::unique_ptr<Link> link);
  [[nodiscard]] std::span<char> read_buffer() { return buffer_; }
  // What web sockets that compress share.
  [[nodiscard]] websocket::Compression& compression() { return *compression_; }

 private:
  class Driver;
  explicit Worker(std::shared_ptr<io::Env> env);
  void on_last_handle();
  void wind_up();
  void on_loop_start() override;
  void on_tick_begin() override;
  void on_tick_end() override;
  void on_loop_stop() override;

  static thread_local const Worker* of_thread;  // the one that the thread is working for

  const std::shared_ptr<io::Env> env_;
  io::DrivenEnv* driven_ = nullptr;                // the same, if it is driven
  std::shared_ptr<Driver> driver_;                 // if it is driven
  const Worker* const* const owner_ = &of_thread;  // tells its thread from others
  const Worker* before_ = nullptr;                 // of_thread, before this tick
  bool is_left_ = false;                           // by its users, within a tick
  io::Loop* loop_ = nullptr;
  std::unique_ptr<websocket::Compression> compression_;
  std::vector<char> buffer_;
  std::vector<Connection*> touched_, touched_next_;
  std::vector<std::shared_ptr<Connection>> connections_;
  std::vector<std::unique_ptr<Link>> retired_;
};

}  // namespace midge::detail

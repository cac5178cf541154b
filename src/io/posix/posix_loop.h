// A loop on epoll, level triggered, with a thread of its own between start() and join().
//
// Mailbox: a stack that any thread pushes to and the loop takes whole; `sleeping_` tells pushers
// that the loop must be woken. Pusher: push, then look at sleeping_. Loop: set sleeping_, then look
// at the stack. Both are sequentially consistent, so one of the two sees the other.
#pragma once

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "io/loop.h"
#include "io/posix/posix_fd.h"
#include "io/posix/posix_thread.h"

namespace midge::io {

// What a descriptor's events go to. Whoever watches must forget() before it dies.
class Watched {
 public:
  virtual void on_ready(std::uint32_t epoll_events) = 0;

 protected:
  ~Watched() = default;
};

class PosixLoop final : public Loop {
 public:
  explicit PosixLoop(LoopId id);
  ~PosixLoop() override;

  [[nodiscard]] LoopId id() const override { return id_; }
  void post(std::unique_ptr<Mail> mail) override;
  [[nodiscard]] LoopLoad load() const override;
  [[nodiscard]] MonoTime now() const override { return now_; }
  void drain_mail() override {
    if (mailbox_.load(std::memory_order_relaxed) != nullptr || inbox_ != nullptr) work_off_mail();
  }
  Timers& timers() override { return timers_; }
  void tick_again() override { again_ = true; }
  void give_way_and_tick_again() override { again_ = gives_way_ = true; }
  void tick_by(MonoTime at) override { tick_by_ = std::min(tick_by_, at); }
  void schedule(Turn& turn) override { turns_.add(turn); }

  void start(LoopHandler& handler);
  // The same without a thread: begin(), then drive() as DrivenEnv has it, and finish() once.
  void begin(LoopHandler& handler);
  std::size_t drive(MonoTime until);
  void finish();
  void stop();  // any thread
  void join();
  // As PosixThread's: true if the loop has ended, or was never started.
  bool try_join_for_a_second() { return !thread_ || thread_->try_join_for_a_second(); }

  // For what this loop watches. Interest 0 takes the descriptor out of the set; `watched_before`
  // says whether it was in.
  void watch(int fd, Watched& watched, std::uint32_t interest, bool watched_before);
  // Its events still undelivered are dropped, and none comes any more: closing the descriptor would
  // not see to that where a child process holds a copy for a moment.
  void forget(int fd, const Watched& watched);
  // False once the object whose on_ready() runs has been forgotten.
  [[nodiscard]] bool still_current(const Watched& watched) const { return current_ == &watched; }

 private:
  static constexpr int kBatchMax = 256;
  static constexpr MonoTime kNever{INT64_MAX};

  // Figures that other threads read; written by the loop with plain stores.
  struct Figures {
    std::atomic<std::int64_t> window_start{0};
    std::atomic<std::int64_t> window_busy{0};
    std::atomic<double> busy_before{0};       // share of the window before
    std::atomic<std::int64_t> tick_start{0};  // 0 while waiting
    std::atomic<std::int64_t> tick_max{0};
    std::atomic<std::uint64_t> ticks{0};
    std::atomic<std::int64_t> busy{0};
    std::array<std::atomic<std::uint64_t>, kTickLengths.size() + 1> ticks_by_length{};
    std::atomic<Stage> stage{Stage::kWaiting};
  };

  void run();
  [[nodiscard]] int wait();
  [[nodiscard]] std::optional<Duration> patience() const;
  int wait_for_events(std::optional<Duration> patience);
  std::size_t tick(int ready);
  std::size_t dispatch();
  void begin_tick();
  void end_tick();
  void enter(Stage stage) { figures_.stage.store(stage, std::memory_order_relaxed); }
  void count_tick(std::int64_t length);
  void work_off_mail();
  void take_mailbox();
  void close_mailbox();
  void wake();

  const LoopId id_;
  LoopHandler* handler_ = nullptr;
  PosixFd epoll_;
  PosixFd wake_fd_;
  MonoTime now_;
  MonoTime tick_end_;
  Timers timers_;
  TurnList turns_;
  bool again_ = false;
  bool gives_way_ = false;
  MonoTime tick_by_ = kNever;
  bool waits_to_the_ms_ = false;  // Linux before 5.11

  std::array<epoll_event, kBatchMax> batch_;
  int batch_next_ = 0;
  int batch_size_ = 0;
  const Watched* current_ = nullptr;

  Mail* inbox_ = nullptr;  // taken from the mailbox, oldest first
  Mail* inbox_last_ = nullptr;
  std::atomic<std::uint64_t> arrived_{0};  // written by the loop with plain stores

  // Written by other threads: on lines of their own.
  alignas(64) std::atomic<Mail*> mailbox_{nullptr};  // newest first
  std::atomic<std::uint64_t> posted_{0};
  std::atomic<bool> sleeping_{false};
  std::atomic<bool> stopping_{false};
  alignas(64) Figures figures_;
  std::optional<PosixThread> thread_;
};

}  // namespace midge::io

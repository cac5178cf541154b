// Loops with threads for tests: run code on a loop, wait for what it brings about.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <vector>

#include "io/posix/posix_env.h"

namespace midge::io {

class FunctionMail final : public Mail {
 public:
  explicit FunctionMail(std::function<void()> action) : action_(std::move(action)) {}
  void arrive(LoopHandler&) override { action_(); }

 private:
  std::function<void()> action_;
};

class CountingHandler : public LoopHandler {
 public:
  void on_tick_end() override {
    if (at_tick_end) at_tick_end();
    ticks.fetch_add(1);
    ticks.notify_all();
  }
  void on_loop_start() override { starts.fetch_add(1); }
  void on_loop_stop() override {
    if (at_stop) at_stop();
    stops.fetch_add(1);
  }
  std::atomic<int> ticks{0};
  std::atomic<int> starts{0};
  std::atomic<int> stops{0};
  std::function<void()> at_tick_end;  // set it on the loop
  std::function<void()> at_stop;      // to let go of what belongs to the loop
};

class LoopFixture {
 public:
  explicit LoopFixture(unsigned count = 1) : env(make_posix_env()), handlers(count) {
    loops = env->make_loops(count);
    std::vector<LoopHandler*> pointers;
    for (auto& handler : handlers) pointers.push_back(&handler);
    env->start(pointers);
  }
  ~LoopFixture() { end(); }
  void end() {
    env->stop();
    env->join();
  }

  // Runs on the loop and waits for it.
  void run(std::function<void()> action, unsigned loop = 0) {
    std::promise<void> done;
    post(
        [&] {
          action();
          done.set_value();
        },
        loop);
    done.get_future().wait();
  }
  void post(std::function<void()> action, unsigned loop = 0) {
    loops[loop]->post(std::make_unique<FunctionMail>(std::move(action)));
  }
  Loop& loop(unsigned index = 0) { return *loops[index]; }

  std::unique_ptr<Env> env;
  std::vector<CountingHandler> handlers;
  std::span<Loop* const> loops;
};

// A number that one thread raises and another waits for.
class Milestone {
 public:
  void reach(int value) {
    const std::lock_guard lock(mutex_);
    value_ = value;
    changed_.notify_all();
  }
  void step() {
    const std::lock_guard lock(mutex_);
    ++value_;
    changed_.notify_all();
  }
  void wait_for(int value) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return value_ >= value; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int value_ = 0;
};

}  // namespace midge::io

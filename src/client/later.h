// What is to be done at a time, once.
//
// Thread: the loop.
#pragma once

#include <functional>
#include <list>

#include "io/timers.h"

namespace midge::detail {

class Later {
 public:
  explicit Later(io::Timers& timers) : timers_(timers) {}
  ~Later() { cancel(); }
  Later(const Later&) = delete;
  Later& operator=(const Later&) = delete;

  void at(MonoTime time, std::function<void()> action);
  // All at once, in the order they were asked for, and what they ask for in turn.
  void run_all();

 private:
  struct Entry final : io::Timer {
    Entry(Later& owner, std::function<void()> action) : owner(owner), action(std::move(action)) {}
    void on_timer() override { owner.run(*this); }

    Later& owner;
    std::function<void()> action;
    std::list<Entry>::iterator place;
  };
  void run(Entry& entry);
  void cancel();

  io::Timers& timers_;
  std::list<Entry> entries_;
};

}  // namespace midge::detail

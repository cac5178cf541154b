// One direction of a simulated TCP connection: bytes under way, bytes arrived, and a bound on both.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "sim/sim_scheduler.h"

namespace midge::sim {

struct WireNature {
  std::size_t capacity = 64 * 1024;  // bytes under way and unread together
  Duration latency = microseconds(30);
};

class SimWire : public std::enable_shared_from_this<SimWire> {
 public:
  SimWire(SimScheduler& scheduler, WireNature nature) : scheduler_(scheduler), nature_(nature) {}

  // The writer's side. A prefix is taken, of a length that the seed draws.
  std::size_t write(std::string_view bytes);
  [[nodiscard]] std::size_t room() const { return nature_.capacity - under_way_ - arrived_.size(); }
  void finish();                        // the reader reads the end after all bytes
  void break_up();                      // the reader gets an error instead of what it has not read
  void cut();                           // the same, at once
  void swallow() { swallows_ = true; }  // nothing arrives any more
  // The reader has gone, and the writer has heard of it.
  [[nodiscard]] bool refused() const { return refused_; }

  // The reader's side.
  std::size_t read(std::span<char> into);
  [[nodiscard]] bool something_to_read() const { return !arrived_.empty() || ended_ || broken_; }
  [[nodiscard]] bool ended() const { return ended_ && arrived_.empty(); }
  [[nodiscard]] bool broken() const { return broken_; }
  void stop_reading();  // the writer will hear of it

  std::function<void()> on_arrival;  // of bytes or of the end, at the reader
  std::function<void()> on_room;     // at the writer

 private:
  [[nodiscard]] MonoTime next_arrival();
  void later(MonoTime time, void (SimWire::*what)());
  void arrive();
  void end();
  void break_now();
  void refuse();

  SimScheduler& scheduler_;
  const WireNature nature_;
  std::deque<std::string> flying_;
  std::string arrived_;
  std::size_t under_way_ = 0;
  MonoTime last_arrival_{};
  bool finished_ = false;
  bool ended_ = false;
  bool broken_ = false;
  bool refused_ = false;
  bool swallows_ = false;
};

}  // namespace midge::sim

// Knows when all loops run, with all that lives on them: streams listen, requests are answered.
//
// Life: attach() behind all other services → the loops start → when_ready is called, on the loop
// that was the last. Thread: any.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>

#include "broker/broker.h"
#include "broker/worker.h"

namespace midge::server {

class Readiness final : public broker::LoopService {
 public:
  // Before the loops start; it outlives them.
  void attach(broker::Broker& broker, std::function<void()> when_ready) {
    left_ = broker.workers().size();
    when_ready_ = std::move(when_ready);
    for (const auto& worker : broker.workers()) worker->add_service(*this);
  }
  // Blocks until then. Not on a loop.
  void wait() const { is_ready_.wait(false); }

  void on_loop_start() override {
    if (--left_ > 0) return;
    when_ready_();
    is_ready_ = true;
    is_ready_.notify_all();
  }
  void on_tick() override {}

 private:
  std::atomic<std::size_t> left_{0};
  std::atomic<bool> is_ready_{false};
  std::function<void()> when_ready_;
};

}  // namespace midge::server

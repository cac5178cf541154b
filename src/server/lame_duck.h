// Lame duck mode: the server leaves without hurting anybody. Clients are told, given a grace period
// to move elsewhere, then closed a few at a time until none is left. Thread: the loop it was made
// for.
#pragma once

#include <cstddef>
#include <functional>

#include "base/time.h"
#include "broker/broker.h"
#include "io/loop.h"

namespace midge::server {

class LameDuck {
 public:
  // `done` is called once, on the loop, when all clients are gone.
  LameDuck(broker::Broker& broker, io::Loop& loop, Duration duration, Duration grace_period,
           std::move_only_function<void()> done);

  void start();

 private:
  void on_timer();

  broker::Broker& broker_;
  io::Loop& loop_;
  Duration closing_;  // what is left of the duration after the grace period
  Duration grace_period_;
  Duration interval_{};  // between two closings
  std::size_t per_interval_ = 1;
  bool closing_now_ = false;
  std::move_only_function<void()> done_;
  io::MemberTimer<&LameDuck::on_timer> timer_{*this};
};

}  // namespace midge::server

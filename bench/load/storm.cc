#include "storm.h"

#include <sched.h>

#include <algorithm>
#include <deque>

#include "clock.h"
#include "joiner.h"
#include "poller.h"

namespace midge::load {

Storm::Storm(std::uint16_t port, const Login& login, std::int64_t clients)
    : port_(port), login_(login), clients_(clients), thread_([this] { run(); }) {}

Storm::~Storm() {
  leave_ = true;
  thread_.join();
}

void Storm::run() {
  const sched_param no_priority{};
  ::sched_setscheduler(0, SCHED_IDLE, &no_priority);
  Poller poller;
  std::deque<Joiner> joiners;
  for (std::int64_t i = 0; i < clients_; ++i) joiners.emplace_back(port_, login_, poller);
  while (!leave_) {
    poller.wait(kSecond / 100);
    if (!is_over()) in_ = std::ranges::count_if(joiners, &Joiner::is_in);
  }
}

}  // namespace midge::load

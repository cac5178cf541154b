#include "sim/sim_process.h"

namespace midge::sim {
namespace {

class SignalMail final : public io::Mail {
 public:
  SignalMail(io::SignalEvents& events, io::Signal signal) : events_(events), signal_(signal) {}
  void arrive(io::LoopHandler&) override { events_.on_signal(signal_); }

 private:
  io::SignalEvents& events_;
  const io::Signal signal_;
};

}  // namespace

void SimProcess::watch_signals(io::Loop& loop, io::SignalEvents& events) {
  signal_loop_ = &loop;
  signal_events_ = &events;
}

void SimProcess::raise(io::Signal signal) {
  if (signal_loop_ != nullptr)
    signal_loop_->post(std::make_unique<SignalMail>(*signal_events_, signal));
}

}  // namespace midge::sim

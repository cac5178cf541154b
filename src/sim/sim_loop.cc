#include "sim/sim_loop.h"

#include <algorithm>
#include <utility>

namespace midge::sim {

SimLoop::SimLoop(SimScheduler& scheduler, LoopId id, std::uint64_t stall_one_in)
    : scheduler_(scheduler),
      id_(id),
      stall_one_in_(stall_one_in),
      now_(scheduler.now()),
      timers_(now_) {}

SimLoop::~SimLoop() = default;

void SimLoop::post(std::unique_ptr<io::Mail> mail) {
  if (ended_) return;
  mailbox_.push_back(std::move(mail));
  wake();
}

// As the seed has it: so that connections spread, and differently each time.
io::LoopLoad SimLoop::load() const {
  io::LoopLoad load;
  load.busy = static_cast<double>(scheduler_.random().below(100)) / 100;
  load.ticks = ticks_;
  return load;
}

void SimLoop::drain_mail() {
  while (!mailbox_.empty()) {
    const auto mail = std::move(mailbox_.front());
    mailbox_.pop_front();
    scheduler_.hash().add(SimEvent::kMail, id_.value);
    mail->arrive(*handler_);
  }
}

void SimLoop::tick_again() {
  again_ = true;
  wake();
}

void SimLoop::tick_by(MonoTime at) {
  if (!in_tick_) return tick_at(std::max(at, busy_until_));
  tick_by_ = std::min(tick_by_.value_or(at), at);
}

void SimLoop::schedule(io::Turn& turn) {
  turns_.add(turn);
  wake();
}

void SimLoop::start(io::LoopHandler& handler) {
  handler_ = &handler;
  scheduler_.after(microseconds(1), [this] {
    now_ = scheduler_.now();
    handler_->on_loop_start();
    tick_at(now_);
  });
}

void SimLoop::start_driven(io::DrivenHandler& handler) {
  driven_ = &handler;
  start(handler);
}

void SimLoop::stop() {
  stopping_ = true;
  if (handler_ == nullptr) {
    ended_ = true;
  } else {
    wake();
  }
}

void SimLoop::add(SimReady& source) {
  sources_.push_back(&source);
  if (source.ready()) wake();
}

void SimLoop::remove(SimReady& source) {
  std::erase(sources_, &source);
  std::replace(batch_.begin(), batch_.end(), &source, static_cast<SimReady*>(nullptr));
}

void SimLoop::wake() {
  if (in_tick_ || handler_ == nullptr || ended_) return;  // a tick plans the next one at its end
  const MonoTime soon = scheduler_.now() + microseconds(scheduler_.random().between(0, 20));
  tick_at(std::max(soon, busy_until_));
}

void SimLoop::tick_at(MonoTime time) {
  if (next_tick_ && *next_tick_ <= time) return;
  next_tick_ = time;
  scheduler_.at(time, [this, number = ++tick_number_] {
    if (number == tick_number_ && !ended_) tick();
  });
}

void SimLoop::tick() {
  next_tick_.reset();
  now_ = scheduler_.now();
  in_tick_ = true;
  again_ = false;
  tick_by_.reset();
  if (driven_ != nullptr) driven_->on_tick_begin();
  const bool last = stopping_;  // mail posted before the wish to stop still arrives
  ++ticks_;
  scheduler_.hash().add(SimEvent::kTick, id_.value, static_cast<std::uint64_t>(now_.ns));
  drain_mail();
  turns_.run();
  dispatch();
  timers_.expire(now_);
  handler_->on_tick_end();
  in_tick_ = false;
  if (last) return end();
  busy_until_ = now_ + tick_cost();
  if (stopping_ || has_work()) {
    tick_at(busy_until_);
  } else {
    if (const auto wake = timers_.next_wake()) tick_at(std::max(*wake, busy_until_));
    if (tick_by_) tick_at(std::max(*tick_by_, busy_until_));
  }
}

// Who is ready, in an order that the seed draws, and sometimes not all: the rest comes next tick.
void SimLoop::dispatch() {
  SimRandom& random = scheduler_.random();
  for (SimReady* source : sources_)
    if (source->ready()) batch_.push_back(source);
  for (std::size_t i = batch_.size(); i > 1; --i) std::swap(batch_[i - 1], batch_[random.below(i)]);
  if (batch_.size() > 1 && random.one_in(8)) batch_.resize(1 + random.below(batch_.size() - 1));
  for (std::size_t i = 0; i < batch_.size(); ++i) {
    SimReady* const source = std::exchange(batch_[i], nullptr);
    if (source != nullptr && source->ready()) source->on_ready();
  }
  batch_.clear();
}

void SimLoop::end() {
  handler_->on_loop_stop();
  ended_ = true;
  // Destroying mail may post mail, which is destroyed at once now.
  for (auto mail = std::exchange(mailbox_, {}); !mail.empty(); mail.pop_front()) {
  }
}

bool SimLoop::has_work() const {
  return again_ || !turns_.empty() || !mailbox_.empty() ||
         std::ranges::any_of(sources_, [](const SimReady* source) { return source->ready(); });
}

// Mostly microseconds; now and then somebody else has the core, or the machine is elsewhere.
Duration SimLoop::tick_cost() {
  SimRandom& random = scheduler_.random();
  if (stall_one_in_ != 0 && random.one_in(stall_one_in_))
    return milliseconds(random.between(10, 3000));
  if (random.one_in(100)) return microseconds(random.between(100, 10'000));
  return microseconds(random.between(1, 60));
}

}  // namespace midge::sim

#include "io/posix/posix_loop.h"

#include <sched.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>

#include "base/check.h"
#include "io/posix/posix_clock.h"
#include "io/posix/posix_profiler.h"

namespace midge::io {
namespace {

constexpr std::int64_t kWindowNs = 1'000'000'000;

// Stands in the mailbox once the loop has ended.
class ClosedMark final : public Mail {
  void arrive(LoopHandler&) override {}
};
ClosedMark closed_mark;

Duration milliseconds_up(Duration time) {
  return milliseconds((time.ns + milliseconds(1).ns - 1) / milliseconds(1).ns);
}

std::unique_ptr<Mail> take_first(Mail*& list) {
  std::unique_ptr<Mail> mail(list);
  list = std::exchange(mail->next_mail, nullptr);
  return mail;
}

}  // namespace

PosixLoop::PosixLoop(LoopId id)
    : id_(id),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      wake_fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      now_(PosixClock::monotonic()),
      tick_end_(now_),
      timers_(now_) {
  ENSURE(epoll_.valid() && wake_fd_.valid(), "the system gives a loop its descriptors");
  // Edge triggered: each wake is an edge, and the counter need never be read.
  epoll_event event{.events = EPOLLIN | EPOLLET, .data = {.ptr = nullptr}};
  epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_fd_.get(), &event);
  figures_.window_start.store(now_.ns, std::memory_order_relaxed);
}

PosixLoop::~PosixLoop() {
  stop();
  join();
  close_mailbox();
}

void PosixLoop::start(LoopHandler& handler) {
  thread_.emplace("midge-loop-" + std::to_string(id_.value), [this, &handler] {
    PosixProfiler::allow_here();
    begin(handler);
    run();
    finish();
  });
}

void PosixLoop::stop() {
  stopping_.store(true, std::memory_order_seq_cst);
  wake();
}

void PosixLoop::join() {
  if (thread_) thread_->join();
}

void PosixLoop::wake() {
  const std::uint64_t one = 1;
  // The counter cannot overflow within the age of the machine, so there is nothing to handle.
  [[maybe_unused]] const ssize_t written = ::write(wake_fd_.get(), &one, sizeof one);
}

void PosixLoop::post(std::unique_ptr<Mail> mail) {
  Mail* head = mailbox_.load(std::memory_order_relaxed);
  do {
    if (head == &closed_mark) return;
    mail->next_mail = head;
  } while (!mailbox_.compare_exchange_weak(head, mail.get(), std::memory_order_seq_cst,
                                           std::memory_order_relaxed));
  static_cast<void>(mail.release());
  posted_.fetch_add(1, std::memory_order_relaxed);
  if (sleeping_.load(std::memory_order_seq_cst) &&
      sleeping_.exchange(false, std::memory_order_relaxed))
    wake();
}

// Takes over what was posted; after that the inbox is in order of posting.
void PosixLoop::take_mailbox() {
  Mail* newest = mailbox_.exchange(nullptr, std::memory_order_acquire);
  if (newest == nullptr) return;
  Mail* const last = newest;
  Mail* first = nullptr;
  while (newest != nullptr) {
    Mail* const older = newest->next_mail;
    newest->next_mail = first;
    first = newest;
    newest = older;
  }
  (inbox_ == nullptr ? inbox_ : inbox_last_->next_mail) = first;
  inbox_last_ = last;
}

// What arrives while this runs is left for the next call, so that two loops cannot keep each other
// here. A call from within a mail goes on where the outer one is: order holds.
void PosixLoop::work_off_mail() {
  take_mailbox();
  while (inbox_ != nullptr) {
    const std::unique_ptr<Mail> mail = take_first(inbox_);
    arrived_.store(arrived_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    mail->arrive(*handler_);
  }
}

void PosixLoop::close_mailbox() {
  Mail* posted = mailbox_.exchange(&closed_mark, std::memory_order_acquire);
  while (posted != nullptr && posted != &closed_mark) take_first(posted);
  while (inbox_ != nullptr) take_first(inbox_);
}

void PosixLoop::begin(LoopHandler& handler) {
  handler_ = &handler;
  begin_tick();
  handler_->on_loop_start();
  end_tick();
}

void PosixLoop::run() {
  // One tick after the wish to stop was seen, so that mail posted before it still arrives.
  for (bool last = false; !last;) {
    last = stopping_.load(std::memory_order_seq_cst);
    tick(wait());
  }
}

std::size_t PosixLoop::drive(MonoTime until) {
  tick_end_ = PosixClock::monotonic();  // it may be long ago
  tick_by(until);
  return tick(wait());
}

void PosixLoop::finish() {
  begin_tick();
  handler_->on_loop_stop();
  end_tick();
  close_mailbox();
}

// How long the loop may sleep; nullopt: until something happens.
std::optional<Duration> PosixLoop::patience() const {
  if (again_ || !turns_.empty()) return Duration{};
  MonoTime until = timers_.next_wake().value_or(kNever);
  // Timers are due at whole milliseconds: waking early would only mean waiting again.
  if (until != kNever) until = tick_end_ + milliseconds_up(until - tick_end_);
  until = std::min(until, tick_by_);
  if (until == kNever) return std::nullopt;
  return std::clamp(until - tick_end_, Duration{}, seconds(60));
}

int PosixLoop::wait() {
  std::optional<Duration> left = patience();
  if (gives_way_) ::sched_yield();
  again_ = gives_way_ = false;
  tick_by_ = kNever;
  if (left != Duration{}) {
    sleeping_.store(true, std::memory_order_seq_cst);
    if (mailbox_.load(std::memory_order_seq_cst) != nullptr ||
        stopping_.load(std::memory_order_seq_cst))
      left = Duration{};
  }
  const int ready = wait_for_events(left);
  sleeping_.store(false, std::memory_order_relaxed);
  ENSURE(ready >= 0 || errno == EINTR, "epoll waits");
  return std::max(ready, 0);
}

int PosixLoop::wait_for_events(std::optional<Duration> left) {
  if (left && !waits_to_the_ms_) {
    const timespec time{.tv_sec = left->ns / seconds(1).ns, .tv_nsec = left->ns % seconds(1).ns};
    const int ready = epoll_pwait2(epoll_.get(), batch_.data(), kBatchMax, &time, nullptr);
    if (ready >= 0 || errno != ENOSYS) return ready;
    waits_to_the_ms_ = true;
  }
  const int ms = left ? static_cast<int>(milliseconds_up(*left).ns / milliseconds(1).ns) : -1;
  return epoll_wait(epoll_.get(), batch_.data(), kBatchMax, ms);
}

std::size_t PosixLoop::tick(int ready) {
  const std::uint64_t arrived_before = arrived_.load(std::memory_order_relaxed);
  // Known from here on, since mail may destroy what is ready.
  batch_next_ = 0;
  batch_size_ = ready;
  begin_tick();
  enter(Stage::kMail);
  drain_mail();
  enter(Stage::kStreams);
  std::size_t count = turns_.run();
  count += dispatch();
  enter(Stage::kTimers);
  count += timers_.expire(now_);
  enter(Stage::kTickEnd);
  handler_->on_tick_end();
  end_tick();
  return count + (arrived_.load(std::memory_order_relaxed) - arrived_before);
}

std::size_t PosixLoop::dispatch() {
  std::size_t count = 0;
  while (batch_next_ < batch_size_) {
    const epoll_event& event = batch_[static_cast<std::size_t>(batch_next_++)];
    auto* const watched = static_cast<Watched*>(event.data.ptr);
    if (watched == nullptr) continue;  // woken, or forgotten meanwhile
    current_ = watched;
    watched->on_ready(event.events);
    ++count;
  }
  current_ = nullptr;
  return count;
}

void PosixLoop::watch(int fd, Watched& watched, std::uint32_t interest, bool watched_before) {
  epoll_event event{.events = interest, .data = {.ptr = &watched}};
  const int operation = interest == 0    ? EPOLL_CTL_DEL
                        : watched_before ? EPOLL_CTL_MOD
                                         : EPOLL_CTL_ADD;
  const int result = epoll_ctl(epoll_.get(), operation, fd, &event);
  // No memory, or the user's limit of watches: going on would leave a connection deaf forever.
  ENSURE(result == 0, "epoll watches what is open");
}

void PosixLoop::forget(int fd, const Watched& watched) {
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);  // or it is not in there just now
  if (current_ == &watched) current_ = nullptr;
  for (int i = batch_next_; i < batch_size_; ++i) {
    epoll_event& event = batch_[static_cast<std::size_t>(i)];
    if (event.data.ptr == &watched) event.data.ptr = nullptr;
  }
}

void PosixLoop::begin_tick() {
  now_ = PosixClock::monotonic();
  figures_.tick_start.store(now_.ns, std::memory_order_relaxed);
}

void PosixLoop::end_tick() {
  constexpr auto kRelaxed = std::memory_order_relaxed;
  tick_end_ = PosixClock::monotonic();
  const std::int64_t length = (tick_end_ - now_).ns;
  const std::int64_t busy = figures_.window_busy.load(kRelaxed) + length;
  const std::int64_t window = tick_end_.ns - figures_.window_start.load(kRelaxed);
  if (window >= kWindowNs) {
    figures_.busy_before.store(static_cast<double>(busy) / static_cast<double>(window), kRelaxed);
    figures_.window_start.store(tick_end_.ns, kRelaxed);
    figures_.window_busy.store(0, kRelaxed);
  } else {
    figures_.window_busy.store(busy, kRelaxed);
  }
  count_tick(length);
  figures_.tick_start.store(0, kRelaxed);
  enter(Stage::kWaiting);
}

void PosixLoop::count_tick(std::int64_t length) {
  const auto add = [](auto& figure, auto more) {
    figure.store(figure.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
  };
  if (length > figures_.tick_max.load(std::memory_order_relaxed))
    figures_.tick_max.store(length, std::memory_order_relaxed);
  std::size_t bucket = 0;
  while (bucket < kTickLengths.size() && length > kTickLengths[bucket]) ++bucket;
  add(figures_.ticks_by_length[bucket], 1U);
  add(figures_.busy, length);
  add(figures_.ticks, 1U);
}

// The figures are read one by one while the loop goes on: a share may be off by one tick.
LoopLoad PosixLoop::load() const {
  constexpr auto kRelaxed = std::memory_order_relaxed;
  const std::int64_t now = PosixClock::monotonic().ns;
  const std::int64_t tick_start = figures_.tick_start.load(kRelaxed);
  LoopLoad load;
  load.stuck_ns = tick_start == 0 ? 0 : std::max<std::int64_t>(now - tick_start, 0);
  load.stage = figures_.stage.load(kRelaxed);
  load.ticks = figures_.ticks.load(kRelaxed);
  load.tick_max_ns = std::max(figures_.tick_max.load(kRelaxed), load.stuck_ns);
  const std::int64_t window = std::max<std::int64_t>(now - figures_.window_start.load(kRelaxed), 1);
  const auto busy = static_cast<double>(figures_.window_busy.load(kRelaxed) + load.stuck_ns);
  // A young window is filled up with the share of the one before.
  const double missing = std::max<double>(static_cast<double>(kWindowNs - window), 0);
  const double share = (busy + missing * figures_.busy_before.load(kRelaxed)) /
                       std::max<double>(static_cast<double>(window), kWindowNs);
  load.busy = std::clamp(share, 0.0, 1.0);
  load.busy_ns = figures_.busy.load(kRelaxed);
  for (std::size_t i = 0; i < load.ticks_by_length.size(); ++i)
    load.ticks_by_length[i] = figures_.ticks_by_length[i].load(kRelaxed);
  // A mail that arrives at once may be counted as arrived first.
  const std::uint64_t arrived = arrived_.load(kRelaxed), posted = posted_.load(kRelaxed);
  load.mail = posted > arrived ? posted - arrived : 0;
  return load;
}

}  // namespace midge::io

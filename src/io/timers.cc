#include "io/timers.h"

#include <algorithm>
#include <bit>

#include "base/check.h"

namespace midge::io {
namespace {

constexpr std::int64_t kTickNs = 1'000'000;

// The tick in which a deadline has passed: never early.
std::int64_t tick_of(MonoTime deadline, std::int64_t tick_max) {
  if (deadline.ns <= 0) return 0;
  return std::min((deadline.ns - 1) / kTickNs + 1, tick_max);
}

}  // namespace

Timer::~Timer() {
  if (timers_ != nullptr) timers_->cancel(*this);
}

Timers::Timers(MonoTime start) : tick_(std::max<std::int64_t>(start.ns / kTickNs, 0)) {}

Timers::~Timers() {
  for (Bucket& bucket : buckets_) {
    while (bucket.head != nullptr) {
      bucket.head->timers_ = nullptr;
      bucket.head = bucket.head->next_;
    }
  }
}

void Timers::arm(Timer& timer, MonoTime at) {
  if (timer.timers_ != nullptr) {
    timer.timers_->cancel(timer);
  }
  timer.deadline_ = at;
  timer.order_ = next_order_++;
  timer.timers_ = this;
  ++armed_;
  place(timer);
}

void Timers::cancel(Timer& timer) {
  if (timer.timers_ == nullptr) return;
  ENSURE(timer.timers_ == this, "a timer is cancelled on the loop it was armed on");
  unlink(timer);
  timer.timers_ = nullptr;
  --armed_;
}

std::size_t Timers::expire(MonoTime now) {
  const std::int64_t target = now.ns / kTickNs;
  for (auto event = next_event(); event && event->tick <= target; event = next_event()) {
    Timer* const last = buckets_[kDue].tail;
    open(*event);
    sort_due(last == nullptr ? buckets_[kDue].head : last->next_);
  }
  tick_ = std::max(tick_, target);

  std::size_t fired = 0;
  while (Timer* timer = buckets_[kDue].head) {
    cancel(*timer);
    ++fired;
    timer->on_timer();
  }
  return fired;
}

std::optional<MonoTime> Timers::next_wake() const {
  const auto event = next_event();
  if (!event) return std::nullopt;
  return MonoTime{event->tick * kTickNs};
}

// Levels are in order of time, and so are the slots within one; so the first bit set is next.
std::optional<Timers::Event> Timers::next_event() const {
  for (unsigned level = 0; level < kLevels; ++level) {
    if (occupied_[level] == 0) continue;
    const auto slot = static_cast<unsigned>(std::countr_zero(occupied_[level]));
    const unsigned shift = level * kSlotBits;
    const std::int64_t window = tick_ >> (shift + kSlotBits) << (shift + kSlotBits);
    return Event{window | (static_cast<std::int64_t>(slot) << shift), level, slot};
  }
  return std::nullopt;
}

// Moves the time to the slot's first tick: its timers are due, or go down to lower levels.
void Timers::open(const Event& event) {
  tick_ = event.tick;
  Bucket& bucket = buckets_[event.level * kSlots + event.slot];
  Timer* timer = bucket.head;
  bucket = {};
  occupied_[event.level] &= ~(std::uint64_t{1} << event.slot);
  while (timer != nullptr) {
    Timer* const next = timer->next_;
    if (tick_of(timer->deadline_, INT64_MAX) <= tick_) {
      append(*timer, kDue);
    } else {
      place(*timer);
    }
    timer = next;
  }
}

void Timers::place(Timer& timer) {
  constexpr std::int64_t kTickMax = (std::int64_t{1} << (kLevels * kSlotBits)) - 1;
  const std::int64_t tick = std::max(tick_of(timer.deadline_, kTickMax), tick_ + 1);
  const auto difference = static_cast<std::uint64_t>(tick ^ tick_);
  const unsigned level = (63U - static_cast<unsigned>(std::countl_zero(difference))) / kSlotBits;
  const auto slot = static_cast<unsigned>(tick >> (level * kSlotBits)) & (kSlots - 1);
  append(timer, level * kSlots + slot);
  occupied_[level] |= std::uint64_t{1} << slot;
}

void Timers::append(Timer& timer, unsigned bucket_index) {
  Bucket& bucket = buckets_[bucket_index];
  timer.bucket_ = static_cast<std::uint16_t>(bucket_index);
  timer.previous_ = bucket.tail;
  timer.next_ = nullptr;
  (bucket.tail == nullptr ? bucket.head : bucket.tail->next_) = &timer;
  bucket.tail = &timer;
}

void Timers::unlink(Timer& timer) {
  Bucket& bucket = buckets_[timer.bucket_];
  (timer.previous_ == nullptr ? bucket.head : timer.previous_->next_) = timer.next_;
  (timer.next_ == nullptr ? bucket.tail : timer.next_->previous_) = timer.previous_;
  if (bucket.head == nullptr && timer.bucket_ != kDue)
    occupied_[timer.bucket_ / kSlots] &= ~(std::uint64_t{1} << (timer.bucket_ % kSlots));
  timer.previous_ = timer.next_ = nullptr;
}

bool Timers::before(const Timer& a, const Timer& b) {
  if (a.deadline_ != b.deadline_) return a.deadline_ < b.deadline_;
  return static_cast<std::int32_t>(a.order_ - b.order_) < 0;
}

Timer* Timers::merge_sorted(Timer* a, Timer* b) {
  Timer* head = nullptr;
  Timer** end = &head;
  while (a != nullptr && b != nullptr) {
    Timer*& first = before(*b, *a) ? b : a;
    *end = first;
    end = &first->next_;
    first = first->next_;
  }
  *end = a != nullptr ? a : b;
  return head;
}

// Merge sort of the first `count` timers of a list, linked by next_ only.
Timer* Timers::sorted(Timer* head, std::size_t count) {
  if (count == 1) {
    head->next_ = nullptr;
    return head;
  }
  Timer* middle = head;
  for (std::size_t i = 0; i < count / 2; ++i) middle = middle->next_;
  Timer* const left = sorted(head, count / 2);
  return merge_sorted(left, sorted(middle, count - count / 2));
}

// Sorts the due timers from `first` on; those before it are of earlier ticks.
void Timers::sort_due(Timer* first) {
  if (first == nullptr) return;
  std::size_t count = 0;
  bool in_order = true;
  for (Timer* timer = first; timer != nullptr; timer = timer->next_) {
    ++count;
    if (timer->next_ != nullptr && before(*timer->next_, *timer)) in_order = false;
  }
  if (in_order) return;
  Timer* previous = first->previous_;
  Timer* timer = sorted(first, count);
  (previous == nullptr ? buckets_[kDue].head : previous->next_) = timer;
  for (; timer != nullptr; timer = timer->next_) {
    timer->previous_ = previous;
    previous = timer;
  }
  buckets_[kDue].tail = previous;
}

}  // namespace midge::io

// A loop: one thread, one set of streams, one timer wheel, one mailbox.
//
// A tick: wait for ready streams, mail or timers → mail → ready streams → timers →
// LoopHandler::on_tick_end(). Streams' events call drain_mail() after reading and before parsing,
// so that whatever was mailed before bytes became readable is worked off before those bytes are.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "base/ids.h"
#include "base/time.h"
#include "io/mail.h"
#include "io/timers.h"
#include "io/turn.h"

namespace midge::io {

// What a loop is doing; the watchdog reports it when a tick takes seconds.
enum class Stage : std::uint8_t { kWaiting, kMail, kStreams, kTimers, kTickEnd };

constexpr const char* to_text(Stage stage) {
  constexpr const char* kTexts[] = {"waiting", "mail", "streams", "timers", "tick end"};
  return kTexts[static_cast<unsigned>(stage)];
}

// Ticks are counted by their length: up to each of these nanoseconds, and beyond the last.
inline constexpr std::array<std::int64_t, 6> kTickLengths = {
    10'000, 100'000, 1'000'000, 10'000'000, 100'000'000, 1'000'000'000};

struct LoopLoad {
  double busy = 0;               // share of the last second not spent waiting, 0..1
  std::uint64_t ticks = 0;       // since start
  std::int64_t tick_max_ns = 0;  // longest tick since start
  std::int64_t stuck_ns = 0;     // how long the present tick has been running; 0 while waiting
  Stage stage = Stage::kWaiting;
  std::uint64_t mail = 0;    // that has been posted and has not arrived
  std::int64_t busy_ns = 0;  // all ticks since start, this one not
  std::array<std::uint64_t, kTickLengths.size() + 1> ticks_by_length{};
};

class Loop {
 public:
  virtual ~Loop() = default;

  [[nodiscard]] virtual LoopId id() const = 0;
  // Any thread. Wakes the loop if it sleeps. Mail posted after the loop stopped is destroyed.
  virtual void post(std::unique_ptr<Mail> mail) = 0;
  // Any thread: figures of the recent past.
  [[nodiscard]] virtual LoopLoad load() const = 0;

  // The loop's thread only, from here on.

  // The time at the start of this tick.
  [[nodiscard]] virtual MonoTime now() const = 0;
  // Lets mail that has come in meanwhile arrive now. Cheap if there is none.
  virtual void drain_mail() = 0;
  virtual Timers& timers() = 0;
  // There is unfinished work: the next tick does not wait.
  virtual void tick_again() = 0;
  // The same for work that can wait: who else wants this core has it first. Between two ticks of
  // a loop that never sleeps the scheduler would look for them every few milliseconds only.
  virtual void give_way_and_tick_again() = 0;
  // The next tick comes by `at`, and not a millisecond later, as timers may.
  virtual void tick_by(MonoTime at) = 0;
  // Calls `turn` once among the ready streams of this tick or the next, which does not wait then.
  // No effect if it is scheduled already.
  virtual void schedule(Turn& turn) = 0;
};

}  // namespace midge::io

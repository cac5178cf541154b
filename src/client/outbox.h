// What users have written and the loop has not: frames, whole and in order.
//
// append() is called by any thread and copies; take() by the loop, which gets all of it at once.
// While there is no connection frames gather up to a limit of their own.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "client/patience.h"
#include "io/monitor.h"

namespace midge::detail {

struct OutboxLimits {
  std::size_t pending_max = 0;   // bytes while connected: beyond, who writes waits
  std::size_t buffered_max = 0;  // while not
};

// Of publishes, since the start.
struct OutboxFigures {
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;
  std::size_t waiting = 0;  // bytes of frames that the loop has not taken
};

class Outbox {
 public:
  explicit Outbox(OutboxLimits limits) : limits_(limits) {}

  struct Appended {
    bool wakes = false;  // the loop has to be told, once
  };
  // Puts a frame of at most `size` bytes behind the others: write(char*) fills it in and returns
  // its end. `payload`: what counts of it.
  // Waits for room as long as `deadline` allows, unless `may_wait` is false: then it is taken
  // whatever there is. Errors: kClosed, kNoSpace, kTimeout, kCancelled.
  template <class Write>
  Result<Appended> append(std::size_t size, std::size_t payload, const Deadline& deadline,
                          bool may_wait, Write&& write) {
    io::Monitor::Lock lock(monitor_);
    if (is_full(size)) {
      if (auto room = make_room(lock, size, deadline, may_wait); !room)
        return std::unexpected(std::move(room).error());
    }
    if (state_ == State::kClosed) return closed();
    const std::size_t at = bytes_.size();
    // No bytes are cleared first, as resize() would.
    bytes_.resize_and_overwrite(at + size, [&](char* bytes, std::size_t) {
      return static_cast<std::size_t>(write(bytes + at) - bytes);
    });
    ++figures_.messages;
    figures_.bytes += payload;
    return Appended{!std::exchange(told_, true)};
  }
  // The same of a control line, which always has room and is nothing to keep for another
  // connection.
  Result<Appended> append_control(std::string_view line);

  enum class Taken : std::uint8_t { kNothing, kLittle, kAll };
  // The loop: what is there, in exchange for an empty `into`. kLittle: that is less than `least`
  // bytes, and stays; whoever takes comes again soon, and need not be told.
  Taken take(std::string& into, std::size_t least = 0);
  // There is a connection, and what had gathered may go.
  void open();
  // There is none. `rest`: what take() gave and was not written from `written` on; publishes of it
  // are kept, before those that came later, as far as they have not begun to go. False: there was
  // none before either.
  bool hold(std::string rest, std::size_t written);
  void close();
  [[nodiscard]] OutboxFigures figures() {
    const io::Monitor::Lock lock(monitor_);
    OutboxFigures figures = figures_;
    figures.waiting = bytes_.size();
    return figures;
  }

 private:
  enum class State : std::uint8_t { kHolding, kOpen, kClosed };
  [[nodiscard]] bool is_full(std::size_t size) const {
    const std::size_t max = state_ == State::kOpen ? limits_.pending_max : limits_.buffered_max;
    return bytes_.size() + size > max;
  }
  Result<void> make_room(io::Monitor::Lock& lock, std::size_t size, const Deadline& deadline,
                         bool may_wait);
  static std::unexpected<Error> closed();

  const OutboxLimits limits_;
  io::Monitor monitor_;
  std::string bytes_;
  OutboxFigures figures_;
  State state_ = State::kHolding;
  bool told_ = false;  // the loop knows that there is something
  int waiting_ = 0;    // for room
};

// The publishes of `frames`, which begins with a whole frame, that begin at `from` or later.
std::string publishes_from(std::string_view frames, std::size_t from);

}  // namespace midge::detail

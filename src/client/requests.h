// Requests that wait for an answer, by what their inbox says.
//
// Thread: any; answers are given to nobody while the lock is held.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include "client/inbox.h"
#include "io/monitor.h"
#include "io/timers.h"
#include "midge/message.h"
#include "midge/result.h"

namespace midge::detail {

using OnAnswer = std::function<void(Result<Message>)>;

class Requests {
 public:
  explicit Requests(MonoTime now) : timers_(now) {}

  // `until`: expire() gives it back from then on; none: whoever asked looks after it.
  // `ends_with_link`: take_lost() gives it back.
  RequestToken add(OnAnswer done, std::optional<MonoTime> until, bool ends_with_link = false);
  // Empty: it is too late, or there never was one.
  OnAnswer take(RequestToken token);
  std::vector<OnAnswer> expire(MonoTime now);
  std::vector<OnAnswer> take_all();
  std::vector<OnAnswer> take_lost();
  // When expire() has something to do; none: nothing ends by itself.
  [[nodiscard]] std::optional<MonoTime> next_expiry();

 private:
  struct Slot final : io::Timer {
    Slot(Requests& owner, std::uint32_t index) : owner(owner), index(index) {}
    void on_timer() override;

    Requests& owner;
    const std::uint32_t index;
    std::uint32_t generation = 0;
    bool ends_with_link = false;
    OnAnswer done;  // empty: the slot is free
  };
  OnAnswer take_from(Slot& slot);

  io::Monitor monitor_;
  io::Timers timers_;       // before what it refers to
  std::deque<Slot> slots_;  // which stay where they are
  std::vector<std::uint32_t> free_;
  std::vector<OnAnswer>* expired_ = nullptr;  // during expire()
};

}  // namespace midge::detail

// Mail: how one thread gives something to a loop. Loops send each other one batch per tick, not one
// mail per message.
//
// Ownership moves with the mail. Mail of one sender arrives in the order it was posted.
#pragma once

#include <memory>

namespace midge::io {

// What a loop's owner (the broker's worker) implements; opaque to io but for the end of the tick.
class LoopHandler {
 public:
  virtual ~LoopHandler() = default;
  // Once per tick, after mail, ready streams and timers: hand over mail to other loops, write
  // outboxes. The loop's thread.
  virtual void on_tick_end() = 0;
  // Once, on the loop's thread, before its first tick / after its last one.
  virtual void on_loop_start() {}
  virtual void on_loop_stop() {}
};

class Mail {
 public:
  virtual ~Mail() = default;
  // Called once on the receiving loop's thread; the mail is destroyed after it.
  virtual void arrive(LoopHandler& handler) = 0;

  Mail* next_mail = nullptr;  // the mailbox's link; nobody else touches it
};

}  // namespace midge::io

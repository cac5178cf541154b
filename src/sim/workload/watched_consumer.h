// What clients know of a stream and of one of its consumers: what is deliverable, and who waits.
//
// What a client is told comes later than it is true, never earlier: whatever is deliverable here
// has been so at the server for as long. Threads: none.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <string>

#include "base/time.h"

namespace midge::sim {

struct WatchedStream {
  static constexpr std::uint64_t kKept = 2000;  // max_msgs
  std::string name;
  bool work_queue = false;
  std::map<std::uint64_t, unsigned> messages;  // those surely there: sequence, subject
  std::uint64_t last = 0;
  std::uint64_t removed = 0;  // others than the oldest, at most

  void add(std::uint64_t sequence, unsigned subject);
  void remove(std::uint64_t sequence);
  [[nodiscard]] bool has_surely_lost(std::uint64_t sequence) const {
    return sequence + kKept + removed < last;
  }
};

struct WatchedConsumer {
  struct Held {
    MonoTime due{};
    unsigned deliveries = 1;
    std::string reply;
  };
  struct Request {
    int sid = 0;
    std::uint64_t left = 0;
    MonoTime expires{};
  };

  // The configuration.
  WatchedStream* stream = nullptr;
  unsigned number = 0, generation = 0;
  int subject = -1;  // of ten; -1: all
  bool push = false, flow_control = false;
  Duration ack_wait{};
  unsigned max_deliver = 0, max_ack_pending = 0;
  std::string name;

  // As far as clients know.
  bool made = false;                           // the server has said so
  std::uint64_t delivered = 0;                 // up to there: nothing new
  std::map<std::uint64_t, Held> held;          // not acknowledged, by sequence
  std::map<std::uint64_t, MonoTime> answered;  // when each was; not for long
  std::list<Request> requests;
  bool bound = false;
  WallTime paused_until{};
  MonoTime next_action{}, quiet_since{};
  // A receiver went, and what was under way to it may be lost: it comes again by then.
  MonoTime complete_from{};

  // It may lose what is under way to a receiver: lost for good, if it is not to come again.
  [[nodiscard]] bool may_lose() const { return max_deliver == 0; }
  void receiver_went(MonoTime now);
  void delivery(std::uint64_t sequence, unsigned deliveries, std::string reply, MonoTime now);
  // Forgets what will not come any more, and old answers.
  void forget(MonoTime now);
  // What waits for somebody to ask; "" = nothing.
  [[nodiscard]] std::string deliverable(MonoTime now) const;
  [[nodiscard]] bool is_waited_for(MonoTime now, WallTime wall) const;
};

}  // namespace midge::sim

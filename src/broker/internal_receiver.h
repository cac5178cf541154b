// What the server itself subscribes with, on one loop: messages come as a call, not as protocol.
#pragma once

#include <optional>
#include <string>

#include "broker/message.h"

namespace midge::broker {

// What became of a message in a stream, for those who have its way told (message_trace.h).
struct StreamTrace {
  std::string stream;
  std::string subject;  // it is stored under; "" = it is refused before it has one
  bool no_interest = false;
  std::string error;
};

// Thread: the loop's.
class InternalReceiver {
 public:
  virtual ~InternalReceiver() = default;
  // Views are valid during the call. It comes in the middle of routing: it must neither publish nor
  // subscribe; whatever is to follow waits for LoopService::on_tick().
  virtual void on_message(const Message& message) = 0;
  // The same for a message whose way is told. `only`: it is judged, and taken no further. Nullopt:
  // there is nothing to tell.
  virtual std::optional<StreamTrace> on_traced(const Message& message, bool only) {
    if (!only) on_message(message);
    return std::nullopt;
  }
};

// A part of the server that lives on a loop beside the clients: streams, for instance.
class LoopService {
 public:
  virtual ~LoopService() = default;
  virtual void on_loop_start() {}
  virtual void on_loop_stop() {}
  // The server ends: what is sent in this tick still gets to the clients of all loops.
  virtual void on_goodbye() {}
  // Memory is short: what can be had again is let go of. At the end of a tick, several times a
  // second.
  virtual void on_memory_tight() {}
  // Once per tick, after clients' input and before batches are posted: may publish.
  virtual void on_tick() = 0;
  // Somebody subscribed to `pattern`, which a service of this loop may wait for (InterestWatch).
  // An empty one: what was without interest may have some now, in any account. It comes in the
  // middle of a client's input: as for receivers, what follows waits for on_tick().
  virtual void on_interest(AccountId /*account*/, std::string_view /*pattern*/) {}
};

// What became of a message the server published.
struct Published {
  std::size_t reached = 0;     // subscriptions, or loops that will see to it
  bool receiver_slow = false;  // one of them has much pending: whoever feeds it should pause
};

}  // namespace midge::broker

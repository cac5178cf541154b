// PINGs under way, in the order of the wire, and who waits for which PONG.
//
// Thread: any.
#pragma once

#include <deque>
#include <functional>
#include <optional>

#include "client/outbox.h"
#include "io/monitor.h"

namespace midge::detail {

class RoundTrips {
 public:
  // Called on the loop, with the lock held: only tells. nullopt: the PONG is here.
  using Done = std::function<void(std::optional<Error>)>;

  explicit RoundTrips(Outbox& outbox) : outbox_(outbox) {}

  // A PING behind all that was appended before; without a connection it goes with the next one.
  // Errors: kClosed, and `done` is not called.
  Result<Outbox::Appended> begin(Done done);
  void on_pong();
  // The outbox opens, and PINGs that waited for that go.
  void on_up();
  // The outbox holds what is left, and nothing comes back of what went; what waits to go with the
  // next connection goes on waiting.
  void on_down(std::string rest, std::size_t written, const Error& why);
  void on_closed(const Error& why);

 private:
  void fail_all(const Error& why);

  Outbox& outbox_;
  io::Monitor monitor_;
  std::deque<Done> waiting_;
};

}  // namespace midge::detail

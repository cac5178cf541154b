// The server as a client of itself: subscribes in the system account and answers. It speaks the
// client protocol over memory, so that what it asks for goes the way of everybody's messages.
//
// Thread: after start(), the loop's only, for everything; handlers are called there.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/loop.h"
#include "server/system/system_wire.h"

namespace midge::server {

// Views are valid during the call.
struct SystemRequest {
  std::string_view subject, reply, payload;
};

class SystemClient {
 public:
  using Handler = std::function<void(const SystemRequest&)>;

  // `secret` is what lets it in (system_login.h).
  explicit SystemClient(std::string secret);

  // Before start().
  void subscribe(std::string subject, Handler handler);
  // Connects, as a client of this loop. Once.
  void start(io::Loop& loop);
  void publish(std::string_view subject, std::string_view payload);

 private:
  void on_bytes();
  // Takes one whole frame off the front of `bytes`; false if there is none yet.
  bool take_frame(std::string_view& bytes);
  void deliver(std::span<const std::string_view> arguments, std::size_t header_size,
               std::string_view payload);
  void say(std::string_view text);

  std::string secret_;
  std::vector<std::pair<std::string, Handler>> subscriptions_;  // sid = place
  std::shared_ptr<SystemWire> wire_ = std::make_shared<SystemWire>();
};

}  // namespace midge::server

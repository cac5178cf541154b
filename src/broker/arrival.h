// A connection over a web socket that is not open yet: it is no client, and nobody counts it.
//
// Owned by its worker. Its stream becomes a client's when it is open. Thread: the worker's loop's.
#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include "broker/fwd.h"
#include "io/web_socket_stream.h"

namespace midge::broker {

class Arrival final : private io::WebSocketEvents {
 public:
  // `stream` is a web socket.
  Arrival(Worker& worker, std::unique_ptr<io::Stream> stream)
      : worker_(worker), stream_(std::move(stream)) {}

  void open();
  // To be destroyed at the end of the tick.
  [[nodiscard]] bool is_done() const { return done_; }

 private:
  void on_opened() override;
  void on_refused(std::string_view why) override;
  void on_gone() override;

  Worker& worker_;
  std::unique_ptr<io::Stream> stream_;
  bool done_ = false;
};

}  // namespace midge::broker

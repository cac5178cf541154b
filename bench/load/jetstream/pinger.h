// Core traffic beside something else: a PING after each PONG. Its longest round trip shows how long
// the server's loop was held up.
#pragma once

#include "engine.h"
#include "frame_reader.h"
#include "histogram.h"

namespace midge::load {

class Pinger : public ReadyHandler {
 public:
  Pinger(Socket socket, Engine& engine);

  Histogram& latency() { return latency_; }
  void on_ready(std::uint32_t events) override;

 private:
  void send();

  Socket socket_;
  FrameReader reader_;
  std::uint64_t seen_ = 0;
  std::int64_t sent_at_ = 0;
  Histogram latency_;
};

}  // namespace midge::load

// A connection that receives MSG frames, counts them, and, where a histogram is set, records the
// age of the time stamps that their payloads begin with.
#pragma once

#include "frame_reader.h"
#include "histogram.h"
#include "poller.h"
#include "socket.h"

namespace midge::load {

class Subscriber : public ReadyHandler {
 public:
  // `frame_bytes` as FrameReader takes it; `payload`: the size of each payload.
  Subscriber(Socket socket, Poller& poller, Scratch& scratch, std::size_t frame_bytes,
             std::size_t payload);

  [[nodiscard]] std::uint64_t frames() const { return reader_.frames(); }
  void record_into(Histogram* latency) { latency_ = latency; }
  // From now on nobody reads this connection, until resume().
  void stall();
  void resume();
  [[nodiscard]] bool stalled() const { return stalled_; }

  void on_ready(std::uint32_t events) override;

 private:
  Socket socket_;
  Poller& poller_;
  FrameReader reader_;
  std::size_t stamp_from_end_;  // of a frame
  Histogram* latency_ = nullptr;
  bool stalled_ = false;
};

}  // namespace midge::load

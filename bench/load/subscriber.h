// A connection that receives MSG frames of one size, counts them, and, where a histogram is set,
// records the age of the time stamps in their payloads.
#pragma once

#include "frame_reader.h"
#include "histogram.h"
#include "poller.h"
#include "socket.h"

namespace midge::load {

class Subscriber : public ReadyHandler {
 public:
  // `stamp_offset`: where in a frame the payload begins.
  Subscriber(Socket socket, Poller& poller, Scratch& scratch, std::size_t frame_bytes,
             std::size_t stamp_offset);

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
  std::size_t stamp_offset_;
  Histogram* latency_ = nullptr;
  bool stalled_ = false;
};

}  // namespace midge::load

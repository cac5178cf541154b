// A connection that publishes. Two ways, not at the same time:
//   peak:  send_batch() writes the endless batch straight from its memory;
//   paced: frames are appended to outbox() and flush() writes what the socket takes.
// finish_frame() leads from the first to the second. Not movable once constructed.
#pragma once

#include <deque>
#include <string>

#include "batch.h"
#include "frame_reader.h"
#include "histogram.h"
#include "poller.h"
#include "socket.h"

namespace midge::load {

class Publisher : public ReadyHandler {
 public:
  Publisher(Socket socket, Poller& poller, Scratch& scratch, const Batch& batch);

  void send_batch(std::size_t bytes_max);
  // Moves what is left of a begun frame to the outbox.
  void finish_frame();
  [[nodiscard]] std::uint64_t frames_sent() const { return batch_.frames_in(stream_bytes_); }
  // PONGs to the PINGs that end the batches.
  [[nodiscard]] std::uint64_t batches_confirmed() const { return reader_.pongs() - probes_done_; }
  [[nodiscard]] std::uint64_t stream_bytes() const { return stream_bytes_; }

  std::string& outbox() { return outbox_; }
  void flush();
  // A PING, whose round trip is recorded in `latency`. Frames appended before it are counted as
  // confirmed when its PONG comes.
  void probe(std::int64_t now, Histogram& latency);
  [[nodiscard]] std::size_t probes_open() const { return probes_.size(); }

  // The socket takes nothing at the moment.
  [[nodiscard]] bool blocked() const { return blocked_; }

  void on_ready(std::uint32_t events) override;

 private:
  void set_blocked(bool blocked);
  void take_pongs();

  Socket socket_;
  Poller& poller_;
  FrameReader reader_;
  const Batch& batch_;
  std::uint64_t stream_bytes_ = 0;
  bool blocked_ = false;
  std::uint64_t answers_due_ = 0;  // PONGs that wait for the end of a frame
  std::string outbox_;
  std::size_t outbox_sent_ = 0;
  std::deque<std::int64_t> probes_;  // when each open probe was made
  std::uint64_t probes_done_ = 0;
  Histogram* latency_ = nullptr;
};

}  // namespace midge::load

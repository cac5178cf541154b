// Sends requests and measures their round trips. As clients do it, it has one wildcard subscription
// and a new reply subject for each request.
#pragma once

#include "engine.h"
#include "frame_reader.h"
#include "frame_writer.h"
#include "histogram.h"
#include "request_frames.h"

namespace midge::load {

class Requester : public ReadyHandler, public Actor {
 public:
  // With a `rate` requests are sent at it, however many are in flight; without (0), always
  // `in_flight` of them are.
  Requester(Socket socket, Engine& engine, std::size_t payload, std::uint64_t in_flight,
            double rate);

  [[nodiscard]] std::uint64_t replies() const { return reader_.frames(); }
  Histogram& latency() { return latency_; }

  std::int64_t advance(std::int64_t now) override;
  void on_ready(std::uint32_t events) override;

 private:
  [[nodiscard]] std::uint64_t requests_due(std::int64_t now) const;
  void append_request(std::int64_t now);

  Socket socket_;
  FrameWriter writer_;
  RequestFrames frames_;
  FrameReader reader_;
  std::string request_;
  std::uint64_t in_flight_;
  double rate_;
  std::int64_t begin_ = 0;
  std::uint64_t requests_ = 0;
  Histogram latency_;
};

}  // namespace midge::load

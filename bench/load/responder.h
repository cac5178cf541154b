// Answers every request on kService with its time stamp.
#pragma once

#include "engine.h"
#include "frame_reader.h"
#include "frame_writer.h"
#include "request_frames.h"

namespace midge::load {

class Responder : public ReadyHandler, public Actor {
 public:
  Responder(Socket socket, Engine& engine, std::size_t payload);

  std::int64_t advance(std::int64_t now) override;
  void on_ready(std::uint32_t events) override;

 private:
  Socket socket_;
  FrameWriter writer_;
  RequestFrames frames_;
  FrameReader reader_;
  std::string reply_end_;  // what follows the subject
};

}  // namespace midge::load

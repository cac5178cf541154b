// Receives what a consumer delivers, asks for it in batches where it is pulled, acknowledges it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine.h"
#include "frame_reader.h"
#include "frame_writer.h"
#include "histogram.h"
#include "jetstream/message.h"

namespace midge::load {

struct ReceiverPlan {
  std::string stream = "BENCH", consumer = "c";
  bool pulls = true;
  bool acks = false;
  std::uint64_t holds_back = 0;  // acknowledgements; which of them goes next is left to chance
  std::uint64_t batch = 500;
  // With so many of a request still to come the next one leaves.
  std::uint64_t asks_again_at = 0;
  std::uint64_t total = 0;
};

class Receiver : public ReadyHandler, public Actor {
 public:
  Receiver(Socket socket, Engine& engine, ReceiverPlan plan);

  void start() { started_ = true; }
  [[nodiscard]] std::uint64_t messages() const { return messages_; }
  // All there is has come, and the server has read all acknowledgements.
  [[nodiscard]] bool is_done() const { return messages_ >= plan_.total && reader_.pongs() > 0; }
  // From a request to the last message it asked for, where one request follows the other.
  Histogram& latency() { return latency_; }

  std::int64_t advance(std::int64_t now) override;
  void on_ready(std::uint32_t events) override;

 private:
  void take(const Message& message);
  void ask(std::int64_t now);
  void acknowledge(std::string_view reply);

  ReceiverPlan plan_;
  Socket socket_;
  FrameWriter writer_;
  FrameReader reader_;
  bool started_ = false, said_ping_ = false;
  std::uint64_t messages_ = 0;
  std::uint64_t to_come_ = 0;  // asked for, and not here
  std::uint64_t requests_ = 0;
  std::int64_t asked_at_ = 0;
  std::vector<std::string> held_back_;
  std::uint32_t chance_ = 1;
  Histogram latency_;
};

}  // namespace midge::load

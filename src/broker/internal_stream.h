// The transport of a session that has none: the server's own subscriptions on a loop.
#pragma once

#include "io/stream.h"

namespace midge::broker {

class InternalStream final : public io::Stream {
 public:
  void attach(io::Loop&, io::StreamEvents&) override {}
  io::IoCount read(std::span<char>) override { return {io::IoCount::Status::kWouldBlock, 0, 0}; }
  io::IoCount write(std::span<const io::Slice>) override {
    return {io::IoCount::Status::kWouldBlock, 0, 0};
  }
  void watch(bool, bool) override {}
  void shutdown_write() override {}
  [[nodiscard]] io::Address remote() const override { return {"internal", 0}; }
  [[nodiscard]] io::Address local() const override { return {"internal", 0}; }
  [[nodiscard]] bool in_process() const override { return true; }
  [[nodiscard]] bool of_server() const override { return true; }
};

}  // namespace midge::broker

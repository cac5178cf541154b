// The transport of the server's own client: memory on one loop, no pipe and no thread. Neither end
// ever waits for room: what is said here is answers to requests.
#pragma once

#include <memory>

#include "io/stream.h"
#include "io/turn.h"
#include "server/system/system_wire.h"

namespace midge::server {

class SystemStream final : public io::Stream, private io::Turn {
 public:
  explicit SystemStream(std::shared_ptr<SystemWire> wire) : wire_(std::move(wire)) {}
  ~SystemStream() override { wire_->wake = nullptr; }

  void attach(io::Loop& loop, io::StreamEvents& events) override;
  io::IoCount read(std::span<char> into) override;
  io::IoCount write(std::span<const io::Slice> from) override;
  void watch(bool readable, bool writable) override;
  void shutdown_write() override {}

  [[nodiscard]] io::Address remote() const override { return {"system", 0}; }
  [[nodiscard]] io::Address local() const override { return {"system", 0}; }
  [[nodiscard]] bool in_process() const override { return true; }
  [[nodiscard]] bool of_server() const override { return true; }

 private:
  void on_turn() override;

  std::shared_ptr<SystemWire> wire_;
  io::Loop* loop_ = nullptr;
  io::StreamEvents* events_ = nullptr;
  bool reads_ = true, writes_ = false;
};

}  // namespace midge::server

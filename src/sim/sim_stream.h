// The two ends of a simulated TCP connection: the server's is a Stream of a SimLoop, the client's
// belongs to the workload.
#pragma once

#include <memory>

#include "io/pipe.h"
#include "io/stream.h"
#include "sim/sim_faults.h"
#include "sim/sim_loop.h"
#include "sim/sim_wire.h"

namespace midge::sim {

using SharedWire = std::shared_ptr<SimWire>;

class SimStream final : public io::Stream, private SimReady {
 public:
  // `faults`: what may happen to it, of an end that connect() made.
  SimStream(SimScheduler& scheduler, std::uint64_t number, SharedWire in, SharedWire out,
            SimFaults* faults = nullptr);
  ~SimStream() override;

  void attach(io::Loop& loop, io::StreamEvents& events) override;
  io::IoCount read(std::span<char> into) override;
  io::IoCount write(std::span<const io::Slice> from) override;
  void watch(bool readable, bool writable) override;
  void shutdown_write() override;
  void lose(Loss how);
  [[nodiscard]] io::Address remote() const override;
  [[nodiscard]] io::Address local() const override { return {"127.0.0.1", 4222}; }

 private:
  [[nodiscard]] bool ready() const override { return can_read() || can_write(); }
  [[nodiscard]] bool can_read() const;
  [[nodiscard]] bool can_write() const;
  void on_ready() override;
  void take_step();

  SimScheduler& scheduler_;
  const std::uint64_t number_;
  const SharedWire in_;
  const SharedWire out_;
  SimFaults* const faults_;
  SimLoop* loop_ = nullptr;
  io::StreamEvents* events_ = nullptr;
  bool watch_readable_ = false;
  bool watch_writable_ = false;
  bool* destroyed_ = nullptr;  // set while an event runs
};

// Never blocks: read() and write() are not for the simulation.
class SimSocket final : public io::PipeClient {
 public:
  SimSocket(SharedWire in, SharedWire out) : in_(std::move(in)), out_(std::move(out)) {}
  ~SimSocket() override { close(); }

  std::size_t read(std::span<char> into) override;
  bool write(std::string_view bytes) override;
  io::IoCount try_read(std::span<char> into) override;
  io::IoCount try_write(std::string_view bytes) override;
  void close() override;
  // As if the machine had gone: bytes under way are lost.
  void abort();

 private:
  const SharedWire in_;
  const SharedWire out_;
  bool closed_ = false;
};

}  // namespace midge::sim

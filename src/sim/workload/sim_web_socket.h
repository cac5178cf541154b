// A client's end of a web socket in the simulation, over a simulated connection: whoever reads and
// writes sees NATS' bytes. Outgoing bytes go in messages of any size, cut into frames anywhere,
// with pings and empty frames in between, compressed or not, as it comes. It knows frames by
// itself, not from websocket/, and zlib makes and reads what is compressed.
//
// What the server sends against the rules comes out as a line that is not NATS': SimClient tells.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "io/pipe.h"
#include "sim/sim_env.h"

namespace midge::sim {

class SimWebSocket final : public io::PipeClient {
 public:
  // `compressed`: offers it, and the server has to agree.
  SimWebSocket(SimEnv& env, std::unique_ptr<SimSocket> wire, bool compressed);

  // Not for the simulation.
  std::size_t read(std::span<char> into) override;
  bool write(std::string_view bytes) override;

  io::IoCount try_read(std::span<char> into) override;
  io::IoCount try_write(std::string_view bytes) override;
  void close() override { wire_->close(); }
  // As if the machine had gone.
  void abort() { wire_->abort(); }

 private:
  // Writes what waits; whether all is written.
  bool flush();
  // Takes apart what came; what it carries goes to `arrived_`.
  void read_answer();
  void read_frames();
  // False if it is not all there.
  bool read_frame();
  void take_data(std::string_view payload, bool final);
  void add_message(std::string_view bytes);
  void add_frame(unsigned first_byte, std::string_view payload);
  void complain(const std::string& fault);

  SimRandom random_;
  const std::unique_ptr<SimSocket> wire_;
  const bool compressed_;
  bool open_ = false;
  bool ended_ = false;   // the server said goodbye, or broke the rules
  std::string leaving_;  // frames
  std::string raw_;      // came, and is not taken apart
  std::string arrived_;  // NATS' bytes
  std::string message_;  // a begun one
  bool in_message_ = false;
  bool message_compressed_ = false;
  int pings_ = 0;  // without an answer
};

}  // namespace midge::sim

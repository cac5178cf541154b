// The simulated network: listeners by port, connections with bounded buffers, delays and short
// counts.
#pragma once

#include <map>
#include <memory>
#include <optional>

#include "io/net.h"
#include "sim/sim_stream.h"

namespace midge::sim {

class SimNet final : public io::Net {
 public:
  explicit SimNet(SimScheduler& scheduler) : scheduler_(scheduler) {}

  Result<std::unique_ptr<io::Listener>> listen(io::Loop& loop, const io::Address& address,
                                               io::ListenerEvents& events) override;
  // There is nobody outside.
  Result<std::unique_ptr<io::BlockingStream>> dial(const io::Address& address, Duration) override {
    return failure("dial tcp " + address.text() + ": connect: connection refused");
  }
  // To who listens at that port, on whatever host.
  Result<std::unique_ptr<io::Stream>> connect(const io::Address& address, Duration) override;
  std::vector<std::string> interface_addresses() override { return {"192.0.2.1"}; }

  // A client's connection; null if nobody listens.
  std::unique_ptr<SimSocket> connect(std::uint16_t port);
  // Of streams that connect() made.
  SimFaults& faults() { return faults_; }

 private:
  class SimListener;
  struct Ends {
    std::uint64_t number;
    SharedWire to_server, to_client;
  };
  std::optional<Ends> reach(std::uint16_t port);

  SimScheduler& scheduler_;
  SimFaults faults_;
  std::map<std::uint16_t, SimListener*> listeners_;
  std::uint16_t next_port_ = 40000;
  std::uint64_t next_number_ = 0;
};

}  // namespace midge::sim

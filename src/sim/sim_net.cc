#include "sim/sim_net.h"

#include <deque>

namespace midge::sim {

class SimNet::SimListener final : public io::Listener, private SimReady {
 public:
  SimListener(SimNet& net, SimLoop& loop, io::Address address, io::ListenerEvents& events)
      : net_(net), loop_(loop), address_(std::move(address)), events_(events) {
    net_.listeners_[address_.port] = this;
    loop_.add(*this);
  }
  ~SimListener() override {
    if (destroyed_ != nullptr) *destroyed_ = true;
    net_.listeners_.erase(address_.port);
    loop_.remove(*this);
  }
  [[nodiscard]] io::Address address() const override { return address_; }

  void arrive(std::unique_ptr<SimStream> stream) {
    waiting_.push_back(std::move(stream));
    loop_.wake();
  }

 private:
  [[nodiscard]] bool ready() const override { return !waiting_.empty(); }
  void on_ready() override {
    bool destroyed = false;
    destroyed_ = &destroyed;
    while (!waiting_.empty()) {
      auto stream = std::move(waiting_.front());
      waiting_.pop_front();
      net_.scheduler_.hash().add(SimEvent::kAccept, loop_.id().value);
      events_.on_accept(std::move(stream));
      if (destroyed) return;
    }
    destroyed_ = nullptr;
  }

  SimNet& net_;
  SimLoop& loop_;
  const io::Address address_;
  io::ListenerEvents& events_;
  std::deque<std::unique_ptr<SimStream>> waiting_;
  bool* destroyed_ = nullptr;
};

Result<std::unique_ptr<io::Listener>> SimNet::listen(io::Loop& loop, const io::Address& address,
                                                     io::ListenerEvents& events) {
  io::Address bound = address;
  if (bound.host.empty()) bound.host = "0.0.0.0";
  if (bound.port == 0) bound.port = next_port_++;
  if (listeners_.contains(bound.port))
    return failure("listen tcp " + bound.text() + ": bind: address already in use",
                   ErrorCode::kInUse);
  return std::make_unique<SimListener>(*this, static_cast<SimLoop&>(loop), std::move(bound),
                                       events);
}

// Wires to a listener, which gets its end soon.
std::optional<SimNet::Ends> SimNet::reach(std::uint16_t port) {
  if (!listeners_.contains(port)) return std::nullopt;
  SimRandom& random = scheduler_.random();
  // From a socket of a few hundred bytes to one that takes all.
  WireNature nature;
  nature.capacity = std::size_t{256} << random.below(12);
  nature.latency = microseconds(random.between(5, random.one_in(10) ? 20'000 : 300));
  auto to_server = std::make_shared<SimWire>(scheduler_, nature);
  auto to_client = std::make_shared<SimWire>(scheduler_, nature);
  const std::uint64_t number = next_number_++;
  scheduler_.after(nature.latency, [this, port, number, to_server, to_client] {
    auto stream = std::make_unique<SimStream>(scheduler_, number, to_server, to_client);
    const auto found = listeners_.find(port);
    if (found != listeners_.end()) found->second->arrive(std::move(stream));
  });
  return Ends{number, to_server, to_client};
}

std::unique_ptr<SimSocket> SimNet::connect(std::uint16_t port) {
  const auto ends = reach(port);
  if (!ends) return nullptr;
  return std::make_unique<SimSocket>(ends->to_client, ends->to_server);
}

Result<std::unique_ptr<io::Stream>> SimNet::connect(const io::Address& address, Duration) {
  const auto ends = reach(address.port);
  if (!ends) return failure("dial tcp " + address.text() + ": connect: connection refused");
  return std::make_unique<SimStream>(scheduler_, ends->number, ends->to_client, ends->to_server,
                                     &faults_);
}

}  // namespace midge::sim

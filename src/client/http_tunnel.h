// A stream through an HTTP proxy: CONNECT goes before all else, and what follows the proxy's answer
// is the server's.
//
// Opens itself at attach(), after TLS if the way to the proxy has any; until then nothing can be
// read or written. Thread: its loop's.
#pragma once

#include <memory>
#include <string>

#include "io/loop.h"
#include "io/secure_stream.h"
#include "io/stream.h"
#include "io/turn.h"

namespace midge::detail {

// `target`: `host:port`. `credentials`: `user:password`, "" = none.
std::string connect_request(const std::string& target, const std::string& credentials);

class HttpTunnel final : public io::Stream,
                         private io::StreamEvents,
                         private io::HandshakeEvents,
                         private io::Turn {
 public:
  // `request`: as connect_request() makes it. `proxy`: what errors call it. `fault`: is kept at why
  // nothing can be read yet, or never will; "" = the tunnel is open.
  HttpTunnel(std::unique_ptr<io::Stream> wire, std::string request, std::string proxy,
             std::shared_ptr<std::string> fault);

  void attach(io::Loop& loop, io::StreamEvents& events) override;
  io::IoCount read(std::span<char> into) override;
  io::IoCount write(std::span<const io::Slice> from) override;
  void watch(bool readable, bool writable) override;
  void shutdown_write() override { wire_->shutdown_write(); }
  [[nodiscard]] io::Address remote() const override { return wire_->remote(); }
  [[nodiscard]] io::Address local() const override { return wire_->local(); }

 private:
  enum class Phase : std::uint8_t { kSecuring, kAsking, kOpen, kRefused };

  void on_readable() override;
  void on_writable() override;
  void on_turn() override;
  void on_first_bytes(bool) override {}
  void on_silence() override {}
  void on_secured() override;
  void on_handshake_failed(const io::HandshakeFailure& failure) override;

  void ask();
  void read_answer();
  void judge();
  void refuse(const std::string& why);
  void watch_wire();
  // There is something that the wire does not tell of.
  void take_turn_if_more();

  const std::unique_ptr<io::Stream> wire_;
  std::string request_;  // what is left of it
  const std::string proxy_;
  io::Loop* loop_ = nullptr;
  io::StreamEvents* events_ = nullptr;
  Phase phase_ = Phase::kSecuring;
  std::string answer_;  // the proxy's; then what came behind it
  const std::shared_ptr<std::string> fault_;
  bool told_ = false;  // read() has told of the fault
  bool want_readable_ = true;
  bool want_writable_ = false;
};

}  // namespace midge::detail

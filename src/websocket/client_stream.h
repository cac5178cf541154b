// A client's end of a web socket.
//
// Opens it by a request of HTTP, after TLS if the wire has any. What is written is masked, and so
// copied, frame by frame. Thread: its loop's.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "io/entropy.h"
#include "websocket/client_upgrade.h"
#include "websocket/framed_stream.h"

namespace midge::websocket {

class ClientStream final : public FramedStream, private io::HandshakeEvents {
 public:
  // `compression` and `entropy` outlive it.
  ClientStream(std::unique_ptr<io::Stream> wire, ClientTerms terms, Compression& compression,
               io::Entropy& entropy);

  void open(io::Loop& loop, io::WebSocketEvents& events) override;
  [[nodiscard]] const io::WebSocketVisitor* visitor() const override { return nullptr; }
  // What is wrong; as long as it is not open, also what is waited for.
  [[nodiscard]] std::string_view fault() const override;
  // What is encrypted lies below: there is no more to be had.
  io::SecureStream* secure() override { return nullptr; }

 private:
  void on_opening_readable() override;
  void on_first_bytes(bool) override {}
  void on_silence() override {}
  void on_secured() override;
  void on_handshake_failed(const io::HandshakeFailure& failure) override;

  void ask();
  void judge();
  void refuse(std::string_view why);

  io::IoCount write_plain(std::span<const io::Slice> from) override;
  io::IoCount write_message(std::string_view message, std::size_t size) override;
  void send_control(Opcode opcode, std::string_view payload) override;
  [[nodiscard]] std::string goodbye_fault(std::string_view payload) const override;
  void append_frame(const FrameHead& head, std::span<const io::Slice> payload);

  const ClientTerms terms_;
  io::Entropy& entropy_;
  io::WebSocketEvents* opening_ = nullptr;  // until it is open
  std::string key_;
  std::string answer_;  // of the server to the request, as far as it has come
  bool asked_ = false;
};

}  // namespace midge::websocket

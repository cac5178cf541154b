// The server's end of a web socket.
//
// What is written gets heads between the caller's slices, and is copied only as far as the wire did
// not take a frame that it had begun to take. Thread: its loop's.
#pragma once

#include <memory>
#include <string>

#include "io/timer.h"
#include "websocket/frame_plan.h"
#include "websocket/framed_stream.h"
#include "websocket/upgrade.h"

namespace midge::websocket {

class Stream final : public FramedStream, private io::HandshakeEvents {
 public:
  // `compression` outlives it.
  Stream(std::unique_ptr<io::Stream> wire, std::shared_ptr<const Terms> terms,
         Compression& compression);
  ~Stream() override;

  void open(io::Loop& loop, io::WebSocketEvents& events) override;
  [[nodiscard]] const io::WebSocketVisitor* visitor() const override { return visitor_.get(); }

 private:
  enum class Phase : std::uint8_t { kHandshake, kRequest, kRefused };
  struct Opener;  // what is needed until the socket is open

  void on_opening_readable() override;
  void on_first_bytes(bool) override {}
  void on_silence() override {}
  void on_secured() override;
  void on_handshake_failed(const io::HandshakeFailure& failure) override;
  void on_patience_over();

  void read_request();
  void judge(const RequestHead& head);
  void refuse(std::string answer, std::string_view why);
  // Until the client has hung up, or it has had its time.
  void read_past();

  io::IoCount write_plain(std::span<const io::Slice> from) override;
  io::IoCount write_message(std::string_view message, std::size_t size) override;
  void send_control(Opcode opcode, std::string_view payload) override;
  [[nodiscard]] FramePlan plan() const {
    return FramePlan(browser_ ? FramePlan::kBrowserFrame : FramePlan::kFrame);
  }

  std::shared_ptr<const Terms> terms_;
  std::unique_ptr<Opener> opener_;
  std::unique_ptr<io::WebSocketVisitor> visitor_;
  Phase phase_ = Phase::kHandshake;
  bool browser_ = false;
  bool whole_messages_ = false;  // the client takes them in one frame only
};

}  // namespace midge::websocket

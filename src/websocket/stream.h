// The server's end of a web socket, over a plain or an encrypted stream.
//
// What is read is unmasked on its way to the front of the caller's buffer; what is written gets
// heads between the caller's slices, and is copied only as far as the wire did not take a frame
// that it had begun to take: frames are whole to whoever writes. Control frames are answered here.
// Thread: its loop's.
#pragma once

#include <memory>
#include <string>

#include "io/loop.h"
#include "io/secure_stream.h"
#include "io/timer.h"
#include "io/turn.h"
#include "io/web_socket_stream.h"
#include "websocket/compression.h"
#include "websocket/frame_decoder.h"
#include "websocket/frame_plan.h"
#include "websocket/upgrade.h"

namespace midge::websocket {

class Stream final : public io::WebSocketStream,
                     private io::StreamEvents,
                     private io::HandshakeEvents,
                     private io::Turn,
                     private Borrower {
 public:
  // `compression` outlives it.
  Stream(std::unique_ptr<io::Stream> wire, std::shared_ptr<const Terms> terms,
         Compression& compression);
  ~Stream() override;

  void open(io::Loop& loop, io::WebSocketEvents& events) override;
  [[nodiscard]] const io::WebSocketVisitor* visitor() const override { return visitor_.get(); }
  [[nodiscard]] bool owes_close() const override { return said_goodbye_ || !fault_.empty(); }
  [[nodiscard]] std::string_view fault() const override { return fault_; }
  void set_goodbye(std::uint16_t status, std::string_view text) override;

  // After on_opened(); `loop` is that of open().
  void attach(io::Loop& loop, io::StreamEvents& events) override;
  io::IoCount read(std::span<char> into) override;
  io::IoCount write(std::span<const io::Slice> from) override;
  void watch(bool readable, bool writable) override;
  void shutdown_write() override;
  [[nodiscard]] io::Address remote() const override { return wire_->remote(); }
  [[nodiscard]] io::Address local() const override { return wire_->local(); }
  io::SecureStream* secure() override { return wire_->secure(); }
  io::WebSocketStream* web_socket() override { return this; }

 private:
  enum class Phase : std::uint8_t { kHandshake, kRequest, kRefused, kOpen };
  struct Opener;  // what is needed until the socket is open

  void on_readable() override;
  void on_writable() override;
  void on_turn() override;
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

  // Unmasks `count` raw bytes at the front of `into`; how many are NATS' then.
  std::size_t decode(std::span<char> into, std::size_t count);
  void answer_control();

  // Reading where messages may be compressed.
  io::IoCount read_compressed(std::span<char> into);
  // Takes `input` apart into the room behind `filled`; what there is no room for is held.
  void unpack(std::span<char> input, std::span<char> into, std::size_t& filled);
  // A part of a compressed message; false if the room is full.
  bool inflate(std::string_view& part, bool ends, std::span<char> into, std::size_t& filled);
  void on_inflater_lost() override;
  io::IoCount write_plain(std::span<const io::Slice> from);
  io::IoCount write_compressed(std::span<const io::Slice> from);
  io::IoCount write_message(std::string_view message, std::size_t size);

  void fail(std::string text, std::uint16_t status);
  // The goodbye is said or a rule is broken: what still comes is of no interest, but its end.
  [[nodiscard]] bool is_over() const { return owes_close(); }
  io::IoCount read_end();

  // Queues a frame of the stream's own.
  void send_control(Opcode opcode, std::string_view payload);
  // Writes what waits; kWouldBlock: some is left.
  io::IoCount flush_output();
  void end_output();
  void watch_wire();

  std::unique_ptr<io::Stream> wire_;
  std::shared_ptr<const Terms> terms_;
  Compression& compression_;
  std::unique_ptr<Opener> opener_;
  std::unique_ptr<io::WebSocketVisitor> visitor_;
  io::Loop* loop_ = nullptr;
  io::StreamEvents* events_ = nullptr;
  FrameDecoder decoder_;
  std::string output_;  // waits for the wire: control frames, and the rest of a frame begun
  // Read and not taken apart for want of room: the rest of a part of a compressed message,
  // unmasked, and what follows it.
  struct Held {
    std::string bytes;
    std::size_t part = 0;  // how many of them are the part's
    bool in_part = false;
    bool ends = false;  // the part is its message's last
  };
  std::unique_ptr<Held> held_;
  std::string goodbye_;  // a Close frame's payload
  std::string fault_;
  Phase phase_ = Phase::kHandshake;
  bool browser_ = false;
  bool compressed_ = false;      // messages may be
  bool whole_messages_ = false;  // the client takes them in one frame only
  bool has_goodbye_ = false;
  bool said_goodbye_ = false;  // the peer did
  bool told_end_ = false;      // read() has told of the goodbye or the fault
  bool shut_ = false;          // shutdown_write() was called
  bool wire_shut_ = false;
  bool want_readable_ = true;
  bool want_writable_ = false;
};

}  // namespace midge::websocket

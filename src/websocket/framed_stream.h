// A web socket once it is open, over a plain or an encrypted stream: what both ends have in common.
//
// What is read is unmasked on its way to the front of the caller's buffer. Control frames are
// answered here. What the wire did not take of a frame that it had begun to take is kept here:
// frames are whole to whoever writes. How a socket is opened, and how an end writes its frames, is
// the end's own (stream.h, client_stream.h). Thread: its loop's.
#pragma once

#include <memory>
#include <string>

#include "io/loop.h"
#include "io/secure_stream.h"
#include "io/turn.h"
#include "io/web_socket_stream.h"
#include "websocket/compression.h"
#include "websocket/frame_decoder.h"

namespace midge::websocket {

class FramedStream : public io::WebSocketStream,
                     private io::StreamEvents,
                     private io::Turn,
                     private Borrower {
 public:
  ~FramedStream() override;

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

 protected:
  struct Limits {
    std::size_t message_max;  // of a compressed message, inflated
    std::size_t output_kept;  // a buffer larger than this is not kept
  };
  // `compression` outlives it.
  FramedStream(std::unique_ptr<io::Stream> wire, Compression& compression, Limits limits);

  // ---- for the end that opens it
  [[nodiscard]] io::Stream& wire() const { return *wire_; }
  [[nodiscard]] io::Loop& loop() { return *loop_; }
  // Binds the wire: until the socket is open it is watched for reading, and what can be read is
  // told by on_opening_readable().
  void bind(io::Loop& loop);
  // Bytes that go before all frames, as soon as may be.
  io::IoCount send_opening(std::string bytes);
  // `early`: read with the opening and behind it.
  void set_open(FrameDecoder::Masking masking, bool compressed, std::string_view early);
  virtual void on_opening_readable() = 0;

  // ---- for the end's own frames
  [[nodiscard]] std::string& output() { return output_; }
  // Writes what waits; kWouldBlock: some is left.
  io::IoCount flush_output();
  void watch_wire();
  // As io::Stream::write(), when no output waits.
  virtual io::IoCount write_plain(std::span<const io::Slice> from) = 0;
  // A compressed message, made of `size` bytes. Nothing of it is taken, or all.
  virtual io::IoCount write_message(std::string_view message, std::size_t size) = 0;
  // Queues a frame of the stream's own.
  virtual void send_control(Opcode opcode, std::string_view payload) = 0;
  // What a peer's goodbye is to whoever reads: an error of this text; "" = the end.
  [[nodiscard]] virtual std::string goodbye_fault(std::string_view) const { return {}; }

 private:
  void on_readable() override;
  void on_writable() override;
  void on_turn() override;

  io::IoCount read_wire(std::span<char> into);
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
  io::IoCount write_compressed(std::span<const io::Slice> from);

  void fail(std::string text, std::uint16_t status);
  // The goodbye is said or a rule is broken: what still comes is of no interest, but its end.
  [[nodiscard]] bool is_over() const { return owes_close(); }
  io::IoCount read_end();
  void end_output();

  std::unique_ptr<io::Stream> wire_;
  Compression& compression_;
  const Limits limits_;
  io::Loop* loop_ = nullptr;
  io::StreamEvents* events_ = nullptr;
  FrameDecoder decoder_;
  std::string early_;   // off the wire before the socket was open
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
  bool open_ = false;
  bool compressed_ = false;  // messages may be
  bool has_goodbye_ = false;
  bool said_goodbye_ = false;  // the peer did
  bool told_end_ = false;      // read() has told of the goodbye or the fault
  bool shut_ = false;          // shutdown_write() was called
  bool wire_shut_ = false;
  bool want_readable_ = true;
  bool want_writable_ = false;
};

}  // namespace midge::websocket

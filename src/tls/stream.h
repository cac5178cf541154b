// An encrypted stream over another one. It starts plain; the handshake's costly steps run on the
// pool while the stream is parked, so that no loop waits for a signature.
//
// Opened by its user through io::SecureStream, or by itself at attach() if `Autostart` is asked
// for: then nothing can be read before the handshake is done, and its failure reads as an error.
// Thread: its loop's, but for the steps of the handshake.
#pragma once

#include <memory>
#include <string>

#include "io/loop.h"
#include "io/pool.h"
#include "io/secure_stream.h"
#include "io/timer.h"
#include "io/turn.h"
#include "tls/context.h"
#include "tls/session.h"

namespace midge::tls {

struct StreamOptions {
  io::SecureStream::Opening opening = io::SecureStream::Opening::kAfterGreeting;
  Duration timeout = seconds(2);            // of the handshake; zero = none
  Duration silence_max = milliseconds(50);  // of the client before it is greeted or taken as plain
  bool autostart = false;
  std::string server_name;   // of the client's side
  std::string plain_answer;  // to whoever does not speak TLS
};

class Stream final : public io::SecureStream, private io::StreamEvents, private io::Turn {
 public:
  // `pool` outlives the stream.
  Stream(std::unique_ptr<io::Stream> wire, ContextPtr context, io::Pool& pool, WallTime now,
         StreamOptions options);
  ~Stream() override;

  void attach(io::Loop& loop, io::StreamEvents& events) override;
  io::IoCount read(std::span<char> into) override;
  io::IoCount write(std::span<const io::Slice> from) override;
  void watch(bool readable, bool writable) override;
  void shutdown_write() override;
  [[nodiscard]] io::Address remote() const override { return wire_->remote(); }
  [[nodiscard]] io::Address local() const override { return wire_->local(); }
  [[nodiscard]] bool in_process() const override { return wire_->in_process(); }
  io::SecureStream* secure() override { return this; }
  io::ProxiedStream* proxied() override { return wire_->proxied(); }

  [[nodiscard]] Opening opening() const override { return opening_; }
  void await_first_bytes(io::HandshakeEvents& events) override;
  void start_handshake(io::HandshakeEvents& events) override;
  [[nodiscard]] const io::SecurePeer* peer() const override;
  [[nodiscard]] std::vector<std::string> peer_chain_pem() const override;

 private:
  enum class Phase : std::uint8_t { kPlain, kAwaiting, kHandshake, kSecure, kFailed };
  class StepJob;
  struct Opener;  // what is needed until the stream is open

  void on_readable() override;
  void on_writable() override;
  void on_turn() override;

  void read_first_bytes();
  void read_handshake();
  void submit_step();
  void step_done(std::unique_ptr<Session> session, Session::Step step);
  void secured();
  void fail(io::HandshakeFailure failure);
  void fail_by_end(const io::IoCount& why);
  void on_patience_over();
  io::IoCount read_plain(std::span<char> into);
  // Writes encrypted bytes that wait, and what was to follow them; false if the wire broke.
  bool flush_output();
  void watch_wire();
  void take_turn_if_more();

  std::unique_ptr<io::Stream> wire_;
  std::unique_ptr<Session> session_;  // null while a step runs on the pool
  std::unique_ptr<Opener> opener_;
  io::Loop* loop_ = nullptr;
  io::StreamEvents* events_ = nullptr;
  const Opening opening_;
  Phase phase_ = Phase::kPlain;
  bool want_readable_ = true;
  bool want_writable_ = false;
  bool goodbye_ = false;  // shutdown_write() was called
  bool wire_shut_ = false;
  bool broken_ = false;  // the wire takes nothing any more
};

}  // namespace midge::tls

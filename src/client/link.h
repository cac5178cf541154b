// One connection to one server, from the open stream to its end: bytes, the handshake, pings.
//
// What it learns goes up as events; whoever destroys it from within one hands it to the worker to
// retire. Thread: the loop's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "client/handshake.h"
#include "client/worker.h"
#include "io/secure_stream.h"
#include "io/stream.h"
#include "io/timer.h"
#include "io/web_socket_stream.h"
#include "proto/server_parser.h"

namespace midge::detail {

// A call that says the link is over is its last one.
class LinkEvents {
 public:
  virtual ~LinkEvents() = default;
  // The server has let us in.
  virtual void on_up(const ServerFacts& facts) = 0;
  virtual void on_message(const proto::ServerFrame& frame) = 0;
  virtual void on_info(std::string_view json) = 0;
  virtual void on_pong() = 0;
  // It is time to ask whether the server is there: a PING goes with what is written.
  virtual void ping() = 0;
  // The server complains; it may go on, or not.
  virtual void on_server_error(std::string_view text) = 0;
  // Room for more: fill `into`, which is empty; false if there is nothing.
  virtual bool more_to_write(std::string& into) = 0;
  // It is over. `refused`: who logs in may not.
  virtual void on_down(Error why, bool refused) = 0;
  // It is over: the server wants TLS, which this stream cannot.
  virtual void on_needs_secure() = 0;
};

struct LinkTerms {
  HandshakeTerms handshake;
  Duration patience{};  // until the server has let us in
  Duration ping_interval{};
  int pings_out_max = 2;
  std::shared_ptr<const std::string> proxy_fault;  // as dialed
};

class Link final : private io::StreamEvents,
                   private io::HandshakeEvents,
                   private io::WebSocketEvents {
 public:
  Link(Worker& worker, LinkEvents& events, std::unique_ptr<io::Stream> stream, LinkTerms terms);

  // Attaches the stream and begins.
  void open();
  // Writes what there is.
  void write_out();
  // No event comes any more; a web socket is told goodbye.
  void abandon();
  // Frames of the link's own, which go before what waits to be written.
  void say(std::string_view bytes);
  // What more_to_write() gave and how much of it is written.
  std::string take_unwritten(std::size_t& written);

 private:
  void on_readable() override;
  void on_writable() override { write_out(); }
  void on_first_bytes(bool) override {}
  void on_silence() override {}
  void on_secured() override;
  void on_handshake_failed(const io::HandshakeFailure& failure) override;
  void on_opened() override;
  void on_refused(std::string_view why) override;
  void on_gone() override {}
  void on_ping_time();
  void on_patience_over();

  void consume(std::string_view input);
  void handle(const proto::ServerFrame& frame);
  void obey(Handshake::Step step);
  // Says it, unless the server has not taken many answers before.
  void answer(std::string_view bytes);
  void up();
  void down(Error why, bool refused = false);
  // What a proxy or a web socket says where nothing can be read; "" = nothing.
  [[nodiscard]] std::string_view fault() const;
  [[nodiscard]] Error broken(const char* what, const io::IoCount& count) const;
  // False: the wire takes no more, or is broken.
  bool write(const std::string& bytes, std::size_t& at);

  Worker& worker_;
  LinkEvents& events_;
  const std::unique_ptr<io::Stream> stream_;
  const LinkTerms terms_;
  std::unique_ptr<Handshake> handshake_;  // until it is done
  proto::ServerParser parser_;
  std::string own_;  // the link's own frames
  std::size_t own_at_ = 0;
  std::string writing_;
  std::size_t writing_at_ = 0;
  int pings_out_ = 0;
  int answers_waiting_ = 0;  // in own_, not written yet
  bool opened_ = false;
  bool up_ = false;
  bool over_ = false;
  bool watches_writable_ = false;
  io::MemberTimer<&Link::on_ping_time> ping_time_{*this};
  io::MemberTimer<&Link::on_patience_over> patience_{*this};
};

}  // namespace midge::detail

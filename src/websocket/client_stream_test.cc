// Goal: a client opens a web socket as the standard has it, takes what servers may send and says
// what is wrong with the rest.
// Method: the client's end on a real loop; a scripted server over the blocking end of a pipe.
#include "websocket/client_stream.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "io/pipe.h"
#include "io/posix/loop_fixture.h"
#include "websocket/close_status.h"
#include "websocket/deflater.h"
#include "websocket/test_frames.h"
#include "websocket/upgrade.h"

namespace midge::websocket {
namespace {

// Gathers what comes, and how it ended.
class Reader final : public io::StreamEvents, private io::WebSocketEvents {
 public:
  Reader(io::LoopFixture& loops, std::unique_ptr<io::Stream> wire, ClientTerms terms)
      : loops_(loops) {
    loops_.run([&] {
      stream_ = std::make_unique<ClientStream>(std::move(wire), std::move(terms), compression_,
                                               loops_.env->entropy());
      stream_->open(loops_.loop(), *this);
    });
  }
  ~Reader() override {
    loops_.run([&] { stream_.reset(); });
  }

  void on_opened() override { stream_->attach(loops_.loop(), *this); }
  void on_refused(std::string_view why) override { fault = why; }
  void on_gone() override { ended.step(); }
  void on_readable() override {
    std::string room(100, '\0');
    const io::IoCount count = stream_->read(room);
    if (count.status == io::IoCount::Status::kWouldBlock) return;
    if (!count.ok()) {
      fault = stream_->fault();
      stream_->shutdown_write();
      stream_->watch(false, false);
      return ended.step();
    }
    bytes.append(room, 0, count.bytes);
    if (bytes.ends_with('.')) ended.step();
  }
  void on_writable() override { send(); }
  void write(std::string text) {
    loops_.run([&] {
      unsent_ = std::move(text);
      send();
    });
  }

  std::string bytes, fault;
  io::Milestone ended;  // or the last byte is a full stop

 private:
  void send() {
    while (!unsent_.empty()) {
      const io::Slice slice{unsent_.data(), unsent_.size()};
      const io::IoCount count = stream_->write({&slice, 1});
      if (!count.ok()) break;
      unsent_.erase(0, count.bytes);
    }
    stream_->watch(true, !unsent_.empty());
  }
  io::LoopFixture& loops_;
  Compression compression_{1 << 20};
  std::unique_ptr<ClientStream> stream_;
  std::string unsent_;
};

struct Fixture {
  explicit Fixture(ClientTerms terms = {.host = "h:1"}, std::size_t pipe = 1 << 20)
      : pair(io::make_pipe(pipe)), reader(loops, std::move(pair.server_end), std::move(terms)) {
    while (!request.ends_with("\r\n\r\n")) request += take(1);
    constexpr std::string_view kKey = "Sec-WebSocket-Key: ";
    key = request.substr(request.find(kKey) + kKey.size(), 24);
  }
  std::string take(std::size_t size) {
    std::string taken(size, '\0');
    for (std::size_t at = 0; at < size;) {
      const std::size_t got = pair.client_end->read(std::span(taken).subspan(at));
      REQUIRE(got > 0);
      at += got;
    }
    return taken;
  }
  void send(std::string_view text) { CHECK(pair.client_end->write(text)); }
  [[nodiscard]] std::string welcome(const std::string& more = "") const {
    return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           "Sec-WebSocket-Accept: " +
           accept_key(key) + "\r\n" + more + "\r\n";
  }
  // The payloads of the client's frames, until there is this much; what is not NATS' has a name.
  std::string read(std::size_t size) {
    while (got.size() < size) {
      const std::string byte = take(1);
      std::string_view input = byte;
      for (auto step = decoder.next(input); step != FrameDecoder::Step::kNeedMore;
           step = decoder.next(input)) {
        REQUIRE(step != FrameDecoder::Step::kFault);
        if (step == FrameDecoder::Step::kControl) {
          got += decoder.control() == Opcode::kClose ? "close:" : "pong:";
          got += decoder.control_payload();
        } else {
          std::string part(decoder.payload().bytes);
          copy_masked(part.data(), part.data(), part.size(), decoder.payload().mask);
          got += part;
        }
      }
    }
    return got;
  }

  io::LoopFixture loops;
  io::PipePair pair;
  Reader reader;
  std::string request, key, got;
  FrameDecoder decoder;  // for which frames have to be masked
};

std::string frame(std::string_view payload, TestFrame how = {}) {
  how.masked = false;
  return test_frame(payload, how);
}

constexpr const char* kAgreed =
    "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; "
    "client_no_context_takeover\r\n";

TEST_CASE("the request") {
  const Fixture fixture({.host = "h:1", .path = "/a?b", .headers = "X: y\r\n"});
  CHECK(fixture.request ==
        "GET /a?b HTTP/1.1\r\nHost: h:1\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: " +
            fixture.key + "\r\nSec-WebSocket-Version: 13\r\nX: y\r\n\r\n");
  const Fixture other({.host = "h:1", .compression = true});
  CHECK(other.request.starts_with("GET / HTTP/1.1\r\n"));
  CHECK(other.request.find(kAgreed) != std::string::npos);
  CHECK(other.key != fixture.key);
}

TEST_CASE("answers that open nothing") {
  const auto fault = [](auto answer_of, bool compression = false) {
    Fixture fixture({.host = "h:1", .compression = compression});
    fixture.send(answer_of(fixture));
    fixture.reader.ended.wait_for(1);
    return fixture.reader.fault;
  };
  const auto to = [&](std::string answer) { return fault([&](const Fixture&) { return answer; }); };
  CHECK(to("HTTP/1.1 404 Not Found\r\n\r\n") == "the server refuses the web socket: 404 Not Found");
  CHECK(to("HTTP/1.0 500\r\n\r\n") == "the server refuses the web socket: 500 ");
  CHECK(to("INFO {}\r\n\r\n") == "the server does not answer as web sockets do");
  CHECK(to("HTTP/1.1 1o1 OK\r\n\r\n") == "the server does not answer as web sockets do");
  CHECK(to("HTTP/1.1 101 OK\r\nno colon\r\n\r\n") ==
        "the server does not answer as web sockets do");
  CHECK(to("HTTP/1.1 200 OK\r\nX: " + std::string(70'000, 'x')) ==
        "the server does not answer as web sockets do");
  CHECK(to("HTTP/1.1 101 OK\r\nConnection: Upgrade\r\n\r\n") ==
        "the server opens no web socket: bad header 'Upgrade'");
  CHECK(to("HTTP/1.1 101 OK\r\nUpgrade: websocket\r\n\r\n") ==
        "the server opens no web socket: bad header 'Connection'");
  CHECK(to("HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n") ==
        "the server opens no web socket: bad header 'Sec-WebSocket-Accept'");
  const auto with = [&](std::string more, bool compression) {
    return fault([&](const Fixture& f) { return f.welcome(more); }, compression);
  };
  constexpr const char* kNotOffered =
      "the server opens no web socket: it speaks of an extension that was not offered";
  CHECK(with(kAgreed, false) == kNotOffered);
  CHECK(with("Sec-WebSocket-Extensions: x-other\r\n", true) == kNotOffered);
  CHECK(with("Sec-WebSocket-Extensions: permessage-deflate\r\n", true) ==
        "the server opens no web socket: it would compress messages by those before them");
}

TEST_CASE("a server that goes before it has answered") {
  Fixture fixture;
  fixture.pair.client_end->close();
  fixture.reader.ended.wait_for(1);
  CHECK(fixture.reader.fault == "the server closed the connection");
}

TEST_CASE("frames right behind the answer, fragments, and control frames between them") {
  Fixture fixture;
  fixture.send(fixture.welcome() + frame("INFO ") + frame("a", {Opcode::kText, false}) +
               frame("1", {Opcode::kPing}) + frame("", {Opcode::kContinuation, false}) +
               frame("2", {Opcode::kPong}) + frame("b.", {Opcode::kContinuation}));
  fixture.reader.ended.wait_for(1);
  CHECK(fixture.reader.bytes == "INFO ab.");
  CHECK(fixture.read(6) == "pong:1");
}

TEST_CASE("more behind the answer than is read at once") {
  Fixture fixture;
  const std::string text = std::string(3000, 'x') + ".";
  fixture.send(fixture.welcome() + frame(text));
  fixture.reader.ended.wait_for(1);
  CHECK(fixture.reader.bytes == text);
}

TEST_CASE("what is written is masked, whatever the wire takes at a time") {
  for (const std::size_t pipe : {9U, 1000U, 1U << 20}) {
    Fixture fixture({.host = "h:1"}, pipe);
    fixture.send(fixture.welcome() + frame("."));
    fixture.reader.ended.wait_for(1);
    std::string text;
    while (text.size() < 200'000) text += "line " + std::to_string(text.size()) + "\n";
    if (pipe == 9) text.resize(5000);
    fixture.reader.write(text);
    CHECK(fixture.read(text.size()) == text);
    for (const std::string more : {"a", "more than before", "b"}) {
      fixture.reader.write(more);
      text += more;
      CHECK(fixture.read(text.size()) == text);
    }
  }
}

TEST_CASE("compressed both ways") {
  Fixture fixture({.host = "h:1", .compression = true});
  fixture.decoder.set_rules(FrameDecoder::Masking::kRequired, true);
  const std::string text = std::string(10'000, 'x') + ".";
  Deflater deflater;
  const io::Slice slice{text.data(), text.size()};
  const std::string message(deflater.compress({&slice, 1}, text.size()));
  fixture.send(fixture.welcome(kAgreed) + frame(message, {.reserved = kCompressedBit}));
  fixture.reader.ended.wait_for(1);
  CHECK(fixture.reader.bytes == text);
  fixture.reader.write(text);
  CHECK(fixture.read(message.size()) == message);
}

TEST_CASE("what a server may not send") {
  const auto fault = [](const std::string& wrong, const std::string& more = "") {
    Fixture fixture({.host = "h:1", .compression = !more.empty()});
    fixture.send(fixture.welcome(more) + frame("right") + wrong);
    fixture.reader.ended.wait_for(1);
    CHECK(fixture.reader.bytes == "right");
    fixture.read(8);
    CHECK(fixture.got.starts_with("close:"));
    return fixture.reader.fault;
  };
  CHECK(fault(test_frame("a")) == "a server's frame must not be masked");
  CHECK(fault(frame("a", {.reserved = 0x10})) == "RSV2 and RSV3 must be clear");
  CHECK(fault(frame("a", {.reserved = 0x40})) ==
        "compressed frame received without negotiated permessage-deflate");
  CHECK(fault(frame("a", {Opcode::kContinuation})) == "invalid continuation frame");
  CHECK(fault(frame("not deflated", {.reserved = 0x40}), kAgreed) == "corrupt compressed message");
}

TEST_CASE("goodbyes") {
  const auto fault = [](const std::string& payload) {
    Fixture fixture;
    fixture.send(fixture.welcome() + frame(payload, {Opcode::kClose}));
    fixture.reader.ended.wait_for(1);
    CHECK(fixture.read(6).starts_with("close:"));
    return fixture.reader.fault;
  };
  CHECK(fault("") == "the server closed the web socket");
  CHECK(fault(close_payload(1000, "")) == "the server closed the web socket: 1000 normal closure");
  CHECK(fault(close_payload(1008, "Authorization Violation")) ==
        "the server closed the web socket: 1008 policy violation: Authorization Violation");
  CHECK(fault(close_payload(4001, "own")) == "the server closed the web socket: 4001: own");
  CHECK(fault(close_payload(1005, "")) == "invalid close status code 1005");
}

}  // namespace
}  // namespace midge::websocket

// Goal: a web socket keeps a stream's promises, however little its wire takes at a time and however
// little room its reader has.
// Method: the server's end on a real loop, echoing; the client's frames over the blocking end of a
// pipe that holds few bytes.
#include "websocket/stream.h"

#include <doctest/doctest.h>

#include <array>
#include <memory>
#include <string>

#include "io/pipe.h"
#include "io/posix/loop_fixture.h"
#include "websocket/close_status.h"
#include "websocket/deflater.h"
#include "websocket/test_frames.h"

namespace midge::websocket {
namespace {

constexpr const char* kRequest =
    "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";

// Echoes what comes, and remembers how it ended.
class Echo final : public io::StreamEvents, private io::WebSocketEvents {
 public:
  Echo(io::LoopFixture& loops, std::unique_ptr<io::Stream> wire, Compression& compression,
       Terms terms, std::size_t room)
      : loops_(loops), room_(room) {
    loops_.run([&] {
      stream_ = std::make_unique<Stream>(
          std::move(wire), std::make_shared<const Terms>(std::move(terms)), compression);
      stream_->open(loops_.loop(), *this);
    });
  }
  ~Echo() override {
    loops_.run([&] { stream_.reset(); });
  }

  void on_opened() override { stream_->attach(loops_.loop(), *this); }
  void on_refused(std::string_view why) override { refused = why; }
  void on_gone() override { gone.step(); }
  void on_readable() override {
    std::string room(room_, '\0');
    const io::IoCount count = stream_->read(room);
    if (count.status == io::IoCount::Status::kWouldBlock) return;
    if (!count.ok()) {
      if (ended_) return stream_->watch(false, false);
      ended_ = true;
      fault = stream_->fault();
      if (!stream_->owes_close()) stream_->watch(false, false);
      if (pending_.empty()) stream_->shutdown_write();
      return ended.step();
    }
    pending_.append(room, 0, count.bytes);
    on_writable();
  }
  void on_writable() override {
    while (!pending_.empty()) {
      const std::size_t third = pending_.size() / 3;
      const io::Slice slices[] = {{pending_.data(), third},
                                  {pending_.data() + third, 0},
                                  {pending_.data() + third, pending_.size() - third}};
      const io::IoCount count = stream_->write(slices);
      if (!count.ok()) break;
      pending_.erase(0, count.bytes);
    }
    if (pending_.empty() && ended_) stream_->shutdown_write();
    stream_->watch(true, !pending_.empty());
  }

  std::string refused, fault;
  io::Milestone ended, gone;

 private:
  io::LoopFixture& loops_;
  std::size_t room_;
  std::unique_ptr<Stream> stream_;
  std::string pending_;
  bool ended_ = false;
};

// The client's end.
class Client {
 public:
  explicit Client(std::unique_ptr<io::PipeClient> wire) : wire_(std::move(wire)) {}

  std::string ask(const std::string& more = "") {
    CHECK(wire_->write(kRequest + more + "\r\n"));
    std::string answer;
    while (!answer.ends_with("\r\n\r\n")) answer += take(1);
    return answer;
  }
  void send(std::string_view frames) { CHECK(wire_->write(frames)); }
  // The payload of the next frame; a compressed message's is inflated at its end.
  void read_frame() {
    const std::string head = take(2);
    std::size_t size = static_cast<std::uint8_t>(head[1]);
    if (size >= 126) {
      const std::string length = take(size == 126 ? 2 : 8);
      size = 0;
      for (const char byte : length) size = size << 8 | static_cast<std::uint8_t>(byte);
    }
    const auto first = static_cast<std::uint8_t>(head[0]);
    const std::string payload = take(size);
    largest = std::max(largest, size);
    if ((first & 0xF) == 8) {
      goodbye = payload;
      return;
    }
    if ((first & 0xF) > 8) {
      pongs += payload;
      return;
    }
    if ((first & 0xF) != 0) compressed_ = (first & kCompressedBit) != 0;
    if (!compressed_) {
      bytes += payload;
      return;
    }
    ++compressed_frames;
    std::string room(100'000, '\0');
    std::string_view part = payload;
    std::size_t filled = 0;
    const auto status = inflater_.inflate(part, (first & kFinalBit) != 0, room, filled);
    CHECK(status != Inflater::Status::kCorrupt);
    CHECK(status != Inflater::Status::kFull);
    bytes.append(room, 0, filled);
  }
  void read_bytes(std::size_t count) {
    while (bytes.size() < count) read_frame();
  }
  void close() { wire_->close(); }

  std::string bytes, pongs, goodbye;
  std::size_t largest = 0, compressed_frames = 0;

 private:
  std::string take(std::size_t size) {
    std::string taken(size, '\0');
    for (std::size_t at = 0; at < size;) {
      const std::size_t got = wire_->read(std::span(taken).subspan(at));
      REQUIRE(got > 0);
      at += got;
    }
    return taken;
  }
  std::unique_ptr<io::PipeClient> wire_;
  Inflater inflater_;
  bool compressed_ = false;
};

struct Fixture {
  explicit Fixture(Terms terms = {}, std::size_t pipe = 1000, std::size_t room = 64 * 1024,
                   std::int64_t budget = 1 << 20)
      : compression(budget), pair(io::make_pipe(pipe)) {
    echo = std::make_unique<Echo>(loops, std::move(pair.server_end), compression, std::move(terms),
                                  room);
    client = std::make_unique<Client>(std::move(pair.client_end));
  }
  io::LoopFixture loops;
  Compression compression;
  io::PipePair pair;
  std::unique_ptr<Echo> echo;
  std::unique_ptr<Client> client;
};

constexpr const char* kOffer = "Sec-WebSocket-Extensions: permessage-deflate\r\n";

std::string text_of(std::size_t size) {
  std::string text;
  for (std::size_t i = 0; text.size() < size; ++i) text += "line " + std::to_string(i * i) + '\n';
  text.resize(size);
  return text;
}

std::string compressed_frame(const std::string& text) {
  Deflater deflater;
  const io::Slice slice{text.data(), text.size()};
  return test_frame(deflater.compress({&slice, 1}, text.size()), {.reserved = kCompressedBit});
}

TEST_CASE("bytes come back, with a wire that takes little and a reader with little room") {
  for (const std::size_t pipe : {7U, 100U, 5000U, 1U << 20}) {
    for (const std::size_t room : {1U, 50U, 70'000U}) {
      if (room == 1 && pipe == 7) continue;  // takes for ever
      Fixture fixture({}, pipe, room);
      fixture.client->ask();
      const std::string text = text_of(room == 1 ? 2000 : 20'000);
      fixture.client->send(test_frame(text.substr(0, 1500)) + test_frame("hi", {Opcode::kPing}) +
                           test_frame(text.substr(1500)));
      fixture.client->read_bytes(text.size());
      CHECK(fixture.client->bytes == text);
      CHECK(fixture.client->pongs == "hi");
    }
  }
}

TEST_CASE("compressed messages come back, in the same manner") {
  for (const std::size_t pipe : {100U, 5000U, 1U << 20}) {
    for (const std::size_t room : {10U, 1000U, 70'000U}) {
      Fixture fixture({.compression = true}, pipe, room);
      fixture.client->ask(kOffer);
      const std::string text = text_of(30'000);
      fixture.client->send(compressed_frame(text.substr(0, 10'000)) +
                           test_frame(text.substr(10'000, 5000)) +
                           compressed_frame(text.substr(15'000)));
      fixture.client->read_bytes(text.size());
      CHECK(fixture.client->bytes == text);
      if (room == 70'000) CHECK(fixture.client->compressed_frames > 0);
    }
  }
}

TEST_CASE("browsers get small frames, of compressed messages too") {
  for (const bool compressed : {false, true}) {
    Fixture fixture({.compression = compressed}, 1 << 20);
    fixture.client->ask(std::string("User-Agent: Mozilla/5.0\r\n") + kOffer);
    const std::string text = text_of(60'000);
    fixture.client->send(test_frame(text));
    fixture.client->read_bytes(text.size());
    CHECK(fixture.client->bytes == text);
    CHECK(fixture.client->largest <= FramePlan::kBrowserFrame);
  }
}

TEST_CASE("a goodbye is answered behind what was to be written") {
  Fixture fixture;
  fixture.client->ask();
  fixture.client->send(test_frame("PING") +
                       test_frame(close_payload(1000, "bye"), {Opcode::kClose}));
  while (fixture.client->goodbye.empty()) fixture.client->read_frame();
  CHECK(fixture.client->bytes == "PING");
  CHECK(fixture.client->goodbye == close_payload(1000, "bye"));
  CHECK(fixture.echo->fault.empty());
}

TEST_CASE("a fault is told of, behind what was right") {
  Fixture fixture;
  fixture.client->ask();
  fixture.client->send(test_frame("right") + test_frame("wrong", {.masked = false}));
  while (fixture.client->goodbye.empty()) fixture.client->read_frame();
  CHECK(fixture.client->bytes == "right");
  CHECK(fixture.client->goodbye == close_payload(1002, "mask bit missing"));
  CHECK(fixture.echo->fault == "mask bit missing");
}

TEST_CASE("more than a message may hold is refused") {
  Fixture fixture({.compression = true, .message_max = 1000});
  fixture.client->ask(kOffer);
  fixture.client->send(compressed_frame(std::string(1001, 'a')));
  while (fixture.client->goodbye.empty()) fixture.client->read_frame();
  CHECK(fixture.client->goodbye == close_payload(1009, "maximum payload exceeded"));
}

TEST_CASE("the oldest half message goes when there is no memory for another") {
  Fixture fixture({.compression = true}, 1000, 1000, Inflater::kBytes);
  fixture.client->ask(kOffer);
  const std::string message = compressed_frame(text_of(3000));
  fixture.client->send(message.substr(0, message.size() / 2));
  io::PipePair pair = io::make_pipe(1 << 20);
  Echo second(fixture.loops, std::move(pair.server_end), fixture.compression, {.compression = true},
              1000);
  Client other(std::move(pair.client_end));
  other.ask(kOffer);
  // Whether the first has been read by then is known by what comes back of it.
  fixture.client->read_frame();
  other.send(compressed_frame(text_of(2000)));
  other.read_bytes(2000);
  while (fixture.client->goodbye.empty()) fixture.client->read_frame();
  CHECK(fixture.client->goodbye ==
        close_payload(1013, "no memory for compressed messages that come in parts"));
}

TEST_CASE("who is refused is answered, and gone when it hangs up") {
  Fixture fixture;
  const std::string answer = fixture.client->ask("Host: twice\r\n");
  CHECK(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"));
  fixture.client->close();
  fixture.echo->gone.wait_for(1);
  CHECK(fixture.echo->refused.empty());
}

}  // namespace
}  // namespace midge::websocket

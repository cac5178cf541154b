// Goal: bytes leave in order whatever the socket takes, borrowed slices are owned in time, and
// dropping removes whole messages only. Method: a stream that takes as many bytes as it is told to.
#include "broker/outbox.h"

#include <doctest/doctest.h>

#include <cstring>
#include <string>

namespace midge::broker {
namespace {

class SlowStream final : public io::Stream {
 public:
  std::string taken;
  std::size_t room = 0;

  io::IoCount write(std::span<const io::Slice> from) override {
    std::size_t count = 0;
    for (const io::Slice& slice : from) {
      const std::size_t part = std::min(slice.size, room);
      taken.append(slice.data, part);
      room -= part;
      count += part;
    }
    if (count == 0) return {io::IoCount::Status::kWouldBlock};
    return {io::IoCount::Status::kOk, count};
  }
  void attach(io::Loop&, io::StreamEvents&) override {}
  io::IoCount read(std::span<char>) override { return {io::IoCount::Status::kWouldBlock}; }
  void watch(bool, bool) override {}
  void shutdown_write() override {}
  [[nodiscard]] io::Address remote() const override { return {}; }
  [[nodiscard]] io::Address local() const override { return {}; }
};

struct Fixture {
  BlockPool pool;
  SlowStream stream;
  Outbox outbox;

  void frame(std::string_view text, bool droppable = true) {
    outbox.append(pool, text);
    outbox.end_frame(droppable);
  }
  std::string drain() {
    stream.room = 1 << 30;
    REQUIRE(outbox.flush(stream, pool) == Outbox::FlushStatus::kDrained);
    return std::exchange(stream.taken, {});
  }
};

TEST_CASE("bytes leave in order, however few the socket takes at once") {
  Fixture f;
  std::string expected;
  for (int i = 0; i < 3000; ++i) {
    const std::string text = "frame " + std::to_string(i) + ";";
    f.frame(text);
    expected += text;
  }
  CHECK(f.outbox.pending() == expected.size());
  for (std::size_t room = 1; !f.outbox.empty(); room = room * 3 % 1009 + 1) {
    f.stream.room = room;
    f.outbox.flush(f.stream, f.pool);
  }
  CHECK(f.stream.taken == expected);
  CHECK(f.outbox.written() == expected.size());
}

TEST_CASE("what is borrowed is copied before its block is written again") {
  Fixture f;
  SharedBytes chunk = SharedBytes::allocate(8192);
  std::memset(chunk.data(), 'a', 8192);
  f.frame("head ");
  f.outbox.append_reference({chunk.data(), 4096}, chunk, true);
  f.frame("\r\n");
  CHECK_FALSE(chunk.unique());
  f.stream.room = 7;
  CHECK(f.outbox.flush(f.stream, f.pool) == Outbox::FlushStatus::kBlocked);
  f.outbox.own_leftovers(f.pool);
  CHECK(chunk.unique());
  std::memset(chunk.data(), 'b', 8192);
  const bool intact = f.drain() == "head " + std::string(4096, 'a') + "\r\n";
  CHECK(intact);
}

TEST_CASE("large slices are shared, not copied") {
  Fixture f;
  SharedBytes block = SharedBytes::allocate(100'000);
  std::memset(block.data(), 'x', 100'000);
  f.outbox.append_reference({block.data(), 100'000}, block, true);
  f.outbox.own_leftovers(f.pool);
  CHECK_FALSE(block.unique());
  CHECK(f.drain() == std::string(100'000, 'x'));
  CHECK(block.unique());
}

TEST_CASE("dropping takes whole messages, oldest first, and spares the rest") {
  Fixture f;
  f.outbox.track_frames();
  f.frame("first-message;");
  f.stream.room = 3;
  f.outbox.flush(f.stream, f.pool);  // the first is under way now
  f.frame("PONG;", false);
  f.frame("second;");
  f.frame("third;");
  f.frame("ERR;", false);
  f.frame("fourth;");
  const std::size_t before = f.outbox.pending();
  CHECK(f.outbox.drop_oldest(before - 8) == 2);  // one would free 7
  CHECK(f.outbox.pending() == before - 13);
  CHECK(f.drain() == "first-message;PONG;ERR;fourth;");
  f.frame("again;");
  CHECK(f.outbox.drop_oldest(0) == 1);
  CHECK(f.outbox.empty());
  CHECK(f.drain().empty());
}

TEST_CASE("dropping finds frames across blocks and references") {
  Fixture f;
  f.outbox.track_frames();
  std::string expected;
  for (int i = 0; i < 200; ++i) {
    SharedBytes block = SharedBytes::allocate(3000);
    std::memset(block.data(), 'a' + i % 26, 3000);
    const std::string head = "m" + std::to_string(i) + " ";
    f.outbox.append(f.pool, head);
    f.outbox.append_reference({block.data(), 3000}, block, false);
    f.outbox.append(f.pool, ";");
    f.outbox.end_frame(i % 3 != 0);
    if (i % 3 == 0) expected += head + std::string(3000, static_cast<char>('a' + i % 26)) + ";";
  }
  f.outbox.drop_oldest(0);
  CHECK(f.outbox.pending() == expected.size());
  CHECK(f.drain() == expected);
}

}  // namespace
}  // namespace midge::broker

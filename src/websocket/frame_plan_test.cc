// Slices become frames, and come out the same, wherever the wire stops taking them.
#include "websocket/frame_plan.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace midge::websocket {
namespace {

std::string joined(std::span<const io::Slice> slices) {
  std::string bytes;
  for (const io::Slice& slice : slices) bytes.append(slice.data, slice.size);
  return bytes;
}

std::vector<io::Slice> slices_of(const std::vector<std::string>& texts) {
  std::vector<io::Slice> slices;
  for (const std::string& text : texts) slices.push_back({text.data(), text.size()});
  return slices;
}

// All frames of all plans, where the wire takes everything.
std::string framed(const std::vector<std::string>& texts, FramePlan plan) {
  const auto slices = slices_of(texts);
  std::string wire;
  for (FramePlan::Cursor at{slices}; !at.done();) {
    plan.fill(at);
    wire += joined(plan.slices());
  }
  return wire;
}

std::string head(Opcode opcode, std::size_t size, bool final = true, bool compressed = false) {
  const FrameHead made(opcode, size, final, compressed);
  return {made.data(), made.size()};
}

TEST_CASE("one head for all that is pending") {
  CHECK(framed({"PING\r\n", "", "PONG\r\n"}, FramePlan(100)) ==
        head(Opcode::kBinary, 12) + "PING\r\nPONG\r\n");
}

TEST_CASE("frames end where they are full") {
  CHECK(framed({"abc", "defg", "h"}, FramePlan(3)) == head(Opcode::kBinary, 3) + "abc" +
                                                          head(Opcode::kBinary, 3) + "def" +
                                                          head(Opcode::kBinary, 2) + "gh");
}

TEST_CASE("a compressed message is one: only its first frame says that it is compressed") {
  FramePlan plan(2);
  plan.compress(false);
  CHECK(framed({"abcde"}, plan) == head(Opcode::kBinary, 2, false, true) + "ab" +
                                       head(Opcode::kContinuation, 2, false) + "cd" +
                                       head(Opcode::kContinuation, 1) + "e");
  FramePlan whole(2);
  whole.compress(true);
  CHECK(framed({"abcde"}, whole) == head(Opcode::kBinary, 5, true, true) + "abcde");
}

TEST_CASE("more than one plan holds goes into the next") {
  const std::vector<std::string> texts(1000, "0123456789");
  std::string expected;
  for (const std::string& text : texts) expected += head(Opcode::kBinary, 10) + text;
  CHECK(framed(texts, FramePlan(10)) == expected);
}

TEST_CASE("wherever the wire stops, the rest of the frame is kept and nothing is lost") {
  const std::vector<std::string> texts{"abc", "defg", "hijklmnop"};
  const auto slices = slices_of(texts);
  const std::string all = framed(texts, FramePlan(5));
  FramePlan plan(5);
  for (std::size_t cut = 1; cut <= all.size(); ++cut) {
    FramePlan::Cursor at{slices};
    plan.fill(at);
    REQUIRE(plan.size() == all.size());
    std::string rest;
    const std::size_t taken = plan.take(cut, rest);
    const std::string wire = all.substr(0, cut) + rest;
    CHECK(all.starts_with(wire));
    CHECK(taken == (wire.size() / 7) * 5 + (wire.size() % 7 == 0 ? 0 : 1));
  }
}

}  // namespace
}  // namespace midge::websocket

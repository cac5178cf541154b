// Frames as clients send them, whole and cut at every byte, and what is wrong with others.
#include "websocket/frame_decoder.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "websocket/test_frames.h"

namespace midge::websocket {
namespace {

using Masking = FrameDecoder::Masking;

struct Outcome {
  std::string bytes;                // of all messages
  std::vector<std::string> events;  // `|` = a message ended, `ping:x`, `close:`, a fault
  bool operator==(const Outcome&) const = default;
};

void feed(FrameDecoder& decoder, std::string_view input, Outcome& outcome) {
  while (true) {
    switch (decoder.next(input)) {
      case FrameDecoder::Step::kNeedMore:
        return;
      case FrameDecoder::Step::kPayload: {
        const FrameDecoder::Payload& payload = decoder.payload();
        const std::size_t before = outcome.bytes.size();
        outcome.bytes.resize(before + payload.bytes.size());
        copy_masked(outcome.bytes.data() + before, payload.bytes.data(), payload.bytes.size(),
                    payload.mask);
        if (payload.ends_message) outcome.events.emplace_back(payload.compressed ? "|z" : "|");
        break;
      }
      case FrameDecoder::Step::kControl: {
        const char* name = decoder.control() == Opcode::kPing   ? "ping:"
                           : decoder.control() == Opcode::kPong ? "pong:"
                                                                : "close:";
        outcome.events.push_back(name + std::string(decoder.control_payload()));
        break;
      }
      case FrameDecoder::Step::kFault:
        outcome.events.push_back(decoder.fault());
        return;
    }
  }
}

Outcome decoded(const std::string& input, Masking masking = Masking::kRequired,
                bool compression = false) {
  FrameDecoder whole;
  whole.set_rules(masking, compression);
  Outcome outcome;
  feed(whole, input, outcome);
  FrameDecoder dribbled;
  dribbled.set_rules(masking, compression);
  Outcome same;
  for (std::size_t i = 0; i < input.size(); ++i) {
    if (!dribbled.fault().empty()) break;
    feed(dribbled, std::string_view(input).substr(i, 1), same);
  }
  CHECK(outcome == same);
  return outcome;
}

std::string only_event(const std::string& input, Masking masking = Masking::kRequired,
                       bool compression = false) {
  const Outcome outcome = decoded(input, masking, compression);
  REQUIRE(outcome.events.size() == 1);
  return outcome.events.front();
}

TEST_CASE("payloads of all lengths of length") {
  for (const std::size_t size : {0U, 1U, 125U, 126U, 127U, 65535U, 65536U, 70000U}) {
    const std::string payload(size, 'm');
    const Outcome outcome = decoded(test_frame(payload) + test_frame("next"));
    CHECK(outcome.bytes == payload + "next");
    CHECK(outcome.events == std::vector<std::string>{"|", "|"});
  }
}

TEST_CASE("a message in fragments, with control frames in between") {
  const Outcome outcome =
      decoded(test_frame("PUB a", {.final = false}) + test_frame("1", {Opcode::kPing}) +
              test_frame(" 0\r\n", {Opcode::kContinuation, false}) +
              test_frame("2", {Opcode::kPong}) + test_frame("\r\n", {Opcode::kContinuation}));
  CHECK(outcome.bytes == "PUB a 0\r\n\r\n");
  CHECK(outcome.events == std::vector<std::string>{"ping:1", "pong:2", "|"});
}

TEST_CASE("text is bytes, too; what was not to be masked may be") {
  CHECK(decoded(test_frame("\xFF\xFE", {Opcode::kText})).bytes == "\xFF\xFE");
  CHECK(decoded(test_frame("ab", {.masked = false}) + test_frame("cd"), Masking::kOptional).bytes ==
        "abcd");
}

TEST_CASE("what is wrong is said in nats-server's words") {
  CHECK(only_event(test_frame("a", {.masked = false})) == "mask bit missing");
  CHECK(only_event(test_frame("a", {.reserved = 0x20})) == "RSV2 and RSV3 must be clear");
  CHECK(only_event(test_frame("a", {.reserved = 0x10})) == "RSV2 and RSV3 must be clear");
  CHECK(only_event(test_frame("a", {.reserved = 0x40})) ==
        "compressed frame received without negotiated permessage-deflate");
  CHECK(only_event(test_frame("a", {.reserved = 0x40}), Masking::kRequired, true) == "|z");
  CHECK(only_event(test_frame("a", {Opcode::kPing, true, true, 0x40}), Masking::kRequired, true) ==
        "control frame must not be compressed");
  CHECK(only_event(test_frame("a", {Opcode::kPing, false})) ==
        "control frame does not have final bit set");
  CHECK(only_event(test_frame(std::string(126, 'a'), {Opcode::kPing})) ==
        "control frame length bigger than maximum allowed of 125 bytes");
  CHECK(only_event(test_frame("a", {Opcode::kContinuation})) == "invalid continuation frame");
  for (const unsigned opcode : {3U, 7U, 11U, 15U})
    CHECK(only_event(test_frame("a", {static_cast<Opcode>(opcode)})) ==
          "unknown opcode " + std::to_string(opcode));
  CHECK(only_event(test_frame("a", {.final = false}) + test_frame("b")) ==
        "new message started before final frame for previous message was received");
  std::string endless = "\x82\xFF";
  endless += std::string(8, '\xFF');
  CHECK(only_event(endless + "mask") == "invalid 64-bit payload length");
}

TEST_CASE("a server does not mask") {
  CHECK(decoded(test_frame("ab", {.masked = false}), Masking::kRefused).bytes == "ab");
  CHECK(only_event(test_frame("ab"), Masking::kRefused) == "a server's frame must not be masked");
}

TEST_CASE("nothing follows a fault") {
  FrameDecoder decoder;
  std::string_view input = "\x82\x01xx";
  CHECK(decoder.next(input) == FrameDecoder::Step::kFault);
  CHECK(decoder.next(input) == FrameDecoder::Step::kFault);
}

}  // namespace
}  // namespace midge::websocket

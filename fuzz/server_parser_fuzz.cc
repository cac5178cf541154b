// Goal: whatever a server sends and however the network cuts it, the parser makes the same frames
// and the same error of it, never reads beyond the bytes it was given, and holds no more memory
// than what has arrived explains. Input: one byte that chooses limits, one that seeds the cuts,
// then the server's bytes.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "cuts.h"
#include "proto/server_parser.h"

namespace {

using namespace midge::proto;

// Longer inputs are cut at random only: a read a byte is slow.
constexpr std::size_t kBytewiseMax = 1024;

struct Outcome {
  std::string frames;
  std::string error;
  bool operator==(const Outcome&) const = default;
};

void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

void append(std::string& out, std::string_view field) {
  out += std::to_string(field.size());
  out += ':';
  out += field;
  out += ' ';
}

void append(std::string& out, const ServerFrame& frame, const ServerParserLimits& limits) {
  out += std::to_string(int(frame.verb)) + ' ';
  switch (frame.verb) {
    case ServerVerb::kMsg:
      require(frame.headers.empty(), "MSG with headers");
      [[fallthrough]];
    case ServerVerb::kHmsg:
      require(frame.subject.size() > 0, "a message without a subject");
      require(frame.headers.size() + frame.payload.size() <= limits.payload_max,
              "beyond the limit");
      require(frame.headers.data() + frame.headers.size() == frame.payload.data(),
              "the payload is not behind its headers");
      require(std::memcmp(frame.payload.data() + frame.payload.size(), "\r\n", 2) == 0,
              "no line end behind the payload");
      append(out, frame.subject);
      append(out, frame.reply);
      append(out, frame.headers);
      append(out, frame.payload);
      out += std::to_string(frame.sid);
      break;
    case ServerVerb::kInfo:
    case ServerVerb::kErr:
      append(out, frame.args);
      break;
    case ServerVerb::kPing:
    case ServerVerb::kPong:
    case ServerVerb::kOk:
      break;
  }
  out += '\n';
}

// `piece_max` 0: all at once.
Outcome parse(std::string_view text, const ServerParserLimits& limits, std::uint32_t seed,
              std::size_t piece_max) {
  ServerParser parser(limits);
  Outcome outcome;
  midge::fuzz::Cuts cuts(seed);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t piece_size = piece_max == 0 ? text.size() : cuts.next(piece_max);
    const std::string_view piece = text.substr(at, piece_size);
    at += piece.size();
    // Memory of exactly the piece's size: the sanitizer sees a view that leaves it.
    const auto bytes = std::make_unique<char[]>(piece.size());
    std::memcpy(bytes.get(), piece.data(), piece.size());
    std::string_view input(bytes.get(), piece.size());
    ServerFrame frame;
    while (true) {
      const std::size_t before = input.size();
      const ServerParser::Status status = parser.next(input, frame);
      require(parser.held_bytes() <= 64 + 4 * at, "memory beyond what has arrived");
      require(parser.held_bytes() <= 64 + 4 * (limits.line_max + limits.payload_max),
              "memory beyond the limits");
      if (status == ServerParser::Status::kNeedMore) break;
      if (status == ServerParser::Status::kError) {
        outcome.error = parser.error_text();
        require(!outcome.error.empty(), "an error without a text");
        return outcome;
      }
      require(input.size() < before, "a frame of no bytes");
      append(outcome.frames, frame, limits);
    }
    require(input.empty(), "input left over");
  }
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const unsigned choice = data[0];
  const ServerParserLimits limits{.line_max = (choice & 1) != 0 ? 24u : 1u << 20,
                                  .payload_max = (choice & 2) != 0 ? 10u : 64u << 20};
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);

  const Outcome whole = parse(text, limits, 0, 0);
  if (text.size() <= kBytewiseMax)
    require(parse(text, limits, 0, 1) == whole, "byte by byte reads differently");
  require(parse(text, limits, data[1], 16) == whole, "short pieces read differently");
  require(parse(text, limits, data[1] + 256u, text.size()) == whole, "cuts read differently");
  return 0;
}

// Goal: whatever a client sends and however the network cuts it, the parser makes the same frames
// and the same error of it, never reads beyond the bytes it was given, and holds no more memory
// than what has arrived explains. Input: one byte that chooses settings, one that seeds the cuts,
// then the client's bytes.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "cuts.h"
#include "proto/client_parser.h"

namespace {

using midge::SharedBytes;
using namespace midge::proto;

// Longer inputs are cut at random only: a chunk a byte is slow.
constexpr std::size_t kBytewiseMax = 1024;

struct Settings {
  ParserLimits limits;
  bool headers;
};

struct Outcome {
  std::string frames;
  ParseError error = ParseError::kNone;
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

void append(std::string& out, const Frame& frame) {
  out += std::to_string(int(frame.verb)) + ' ';
  switch (frame.verb) {
    case Verb::kHpub:
      require(frame.header_size <= frame.payload.size(), "headers beyond the payload");
      append(out, frame.header_size_text);
      [[fallthrough]];
    case Verb::kPub:
      require(frame.subject.size() > 0, "PUB without a subject");
      require(std::memcmp(frame.payload.data() + frame.payload.size(), "\r\n", 2) == 0,
              "no line end behind the payload");
      append(out, frame.subject);
      append(out, frame.reply);
      append(out, frame.size_text);
      append(out, frame.payload);
      out += std::to_string(frame.header_size);
      break;
    case Verb::kSub:
      append(out, frame.subject);
      append(out, frame.queue);
      append(out, frame.sid);
      break;
    case Verb::kUnsub:
      append(out, frame.sid);
      out += std::to_string(frame.max);
      break;
    case Verb::kConnect:
    case Verb::kInfo:
      append(out, frame.args);
      break;
    default:
      break;
  }
  out += '\n';
}

// `piece_max` 0: all at once.
Outcome parse(std::string_view text, const Settings& settings, std::uint32_t seed,
              std::size_t piece_max) {
  ClientParser parser;
  Outcome outcome;
  midge::fuzz::Cuts cuts(seed);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t piece_size = piece_max == 0 ? text.size() : cuts.next(piece_max);
    const std::string_view piece = text.substr(at, piece_size);
    at += piece.size();
    // A chunk of exactly the piece's size: the sanitizer sees a view that leaves it.
    const SharedBytes chunk = SharedBytes::allocate(piece.size());
    std::memcpy(chunk.data(), piece.data(), piece.size());
    std::string_view input(chunk.data(), piece.size());
    Frame frame;
    while (true) {
      const std::size_t before = input.size();
      const ParseStatus status =
          parser.next(input, chunk, settings.limits, settings.headers, frame);
      require(parser.held_bytes() <= 2048 + 4 * at + 2 * settings.limits.max_control_line,
              "memory beyond what has arrived");
      if (status == ParseStatus::kNeedMore) break;
      if (status == ParseStatus::kError) {
        outcome.error = parser.error();
        require(outcome.error != ParseError::kNone, "an error without a kind");
        return outcome;
      }
      require(input.size() < before, "a frame of no bytes");
      append(outcome.frames, frame);
    }
    require(input.empty(), "input left over");
  }
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const unsigned choice = data[0];
  const Settings settings{.limits = {.max_control_line = (choice & 1) != 0 ? 24u : 4096u,
                                     .max_payload = (choice & 2) != 0   ? -1
                                                    : (choice & 4) != 0 ? 10
                                                                        : 1 << 20},
                          .headers = (choice & 8) == 0};
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  if (text.empty()) return 0;

  const Outcome whole = parse(text, settings, 0, 0);
  if (text.size() <= kBytewiseMax)
    require(parse(text, settings, 0, 1) == whole, "byte by byte reads differently");
  require(parse(text, settings, data[1], 16) == whole, "short pieces read differently");
  require(parse(text, settings, data[1] + 256u, text.size()) == whole, "cuts read differently");
  return 0;
}

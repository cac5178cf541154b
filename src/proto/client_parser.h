// The parser of what clients send. Resumable at every byte, pulls frames out of read chunks.
//
//   std::string_view input = bytes just read (they lie in `chunk`);
//   while (parser.next(input, chunk, limits, headers, frame) == ParseStatus::kFrame) handle(frame);
//
// Frames that lie whole in the chunk cost no copy. A frame that is cut is gathered: control lines
// and payloads up to kLargeFrame in memory of the parser's own, larger payloads in a counted block
// that grows as bytes arrive, never from the declared size (Frame::block then points to it). An
// idle parser between frames owns no memory beyond itself (sizeof <= 40). Thread: the connection's
// loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/bytes.h"
#include "proto/frame.h"
#include "proto/parse_error.h"
#include "proto/parser_limits.h"

namespace midge::proto {

inline constexpr std::size_t kLargeFrame = 16 * 1024;

enum class ParseStatus : std::uint8_t { kFrame, kNeedMore, kError };

class PartialFrame;

// Takes a whole PUB of the usual form off the front of `input` and tells its subject. Takes nothing
// and returns false for anything else, which need not be wrong.
bool skip_publish(std::string_view& input, const ParserLimits& limits, std::string_view& subject);

class ClientParser {
 public:
  ClientParser();
  ~ClientParser();
  ClientParser(ClientParser&&) noexcept;

  // Takes one frame off the front of `input`, or all of `input` if it holds only part of one.
  // After kError the parser must not be called again; error() and error_text() say what was wrong,
  // and frame.args holds the arguments that were refused, if they were all there.
  // `headers`: whether HPUB was negotiated.
  ParseStatus next(std::string_view& input, const SharedBytes& chunk, const ParserLimits& limits,
                   bool headers, Frame& frame);

  [[nodiscard]] ParseError error() const { return error_; }
  // For the log, as the peer words it where it does; never holds secrets.
  [[nodiscard]] const char* error_text() const { return error_text_; }
  // Bytes held for a half-received frame: counted against memory limits.
  [[nodiscard]] std::size_t held_bytes() const;
  // Gives that up; then the parser must not be called again.
  void give_up();

 private:
  [[gnu::noinline]] ParseStatus next_of_any_kind(std::string_view& input, const SharedBytes& chunk,
                                                 const ParserLimits& limits, bool headers,
                                                 Frame& frame);
  ParseStatus take_whole(std::string_view& input, const SharedBytes& chunk,
                         const ParserLimits& limits, bool headers, Frame& frame);
  ParseStatus resume(std::string_view& input, const SharedBytes& chunk, const ParserLimits& limits,
                     bool headers, Frame& frame);
  ParseStatus fail(Fault fault);

  std::unique_ptr<PartialFrame> partial_;  // from a frame's cut until the call after its delivery
  const char* error_text_ = "";
  ParseError error_ = ParseError::kNone;
};

}  // namespace midge::proto

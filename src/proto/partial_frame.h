// A frame that the end of a read cut: what has arrived of it, and where to go on.
//
// feed() is given the bytes of the frame from its first on, in as many pieces as the network likes,
// and refuses bad input at the same byte whatever the pieces are.
// Once it has returned kFrame or kError it must not be fed again; the frame's views point into it.
// Thread: the connection's loop.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "proto/client_parser.h"
#include "proto/payload_block.h"
#include "proto/verb_match.h"

namespace midge::proto {

class PartialFrame {
 public:
  // What feed() needs besides the bytes; see ClientParser::next().
  struct Context {
    const SharedBytes& chunk;
    const ParserLimits& limits;
    bool headers;
  };

  ParseStatus feed(std::string_view& input, const Context& context, Frame& frame, Fault& fault);

  [[nodiscard]] bool delivered() const { return stage_ == Stage::kDelivered; }
  [[nodiscard]] std::size_t held_bytes() const;

 private:
  enum class Stage : std::uint8_t { kVerb, kBlanks, kArguments, kIgnored, kPayload, kDelivered };

  // Each takes its share off `input`. kNeedMore: all of it; kFrame: this stage is done.
  ParseStatus feed_verb(std::string_view& input, Fault& fault);
  ParseStatus feed_blanks(std::string_view& input);
  ParseStatus feed_arguments(std::string_view& input, const Context& context, Fault& fault);
  ParseStatus feed_ignored(std::string_view& input);
  ParseStatus feed_payload(std::string_view& input, const Context& context, Fault& fault);

  Stage stage_ = Stage::kVerb;
  std::uint8_t verb_size_ = 0;
  std::array<char, kVerbBytesMax> verb_bytes_{};
  VerbMatch match_;
  std::uint32_t payload_size_ = 0;
  std::string line_;  // the arguments; the head's views point into it
  Frame head_;
  PayloadBlock payload_;  // with its CRLF
};

}  // namespace midge::proto

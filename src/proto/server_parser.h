// The parser of what servers send to clients. Resumable at every byte, pulls frames out of what was
// read.
//
//   std::string_view input = bytes just read;
//   while (parser.next(input, frame) == ServerParser::Status::kFrame) handle(frame);
//
// Frames that lie whole in the input cost no copy. A frame that is cut is gathered in memory of the
// parser's own, which grows as bytes arrive, never from the declared size. An idle parser between
// frames owns no memory beyond itself. Servers may be hostile: lines and payloads are bounded by
// the limits, and whatever is wrong is an error, after which the parser must not be called again.
// What is read, and what is refused at which byte, does not depend on how the network cuts it.
// Thread: the connection's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "proto/server_frame.h"

namespace midge::proto {

struct ServerParserLimits {
  std::size_t line_max = 1 << 20;      // of any control line, INFO's among them, without its LF
  std::size_t payload_max = 64 << 20;  // headers included; a declared size has nine digits at most
};

class ServerParser {
 public:
  enum class Status : std::uint8_t { kFrame, kNeedMore, kError };

  explicit ServerParser(ServerParserLimits limits = {}) : limits_(limits) {}

  // Takes one frame off the front of `input`, or all of `input` if it holds only part of one.
  Status next(std::string_view& input, ServerFrame& frame);

  // After kError: what was wrong, for people; holds nothing of what the server sent.
  [[nodiscard]] const char* error_text() const { return error_text_; }
  // Bytes held for a frame of which only part has come.
  [[nodiscard]] std::size_t held_bytes() const { return held_.empty() ? 0 : held_.capacity(); }

 private:
  // What a frame's control line says of its extent.
  struct Head {
    std::size_t line_size = 0;  // with its LF
    std::size_t headers_size = 0;
    std::size_t payload_size = 0;  // headers included
    bool has_payload = false;

    // Of the payload and the CRLF behind it.
    [[nodiscard]] std::size_t rest_size() const { return has_payload ? payload_size + 2 : 0; }
  };

  [[gnu::noinline]] Status next_of_any_kind(std::string_view& input, ServerFrame& frame);
  Status take_whole(std::string_view& input, ServerFrame& frame);
  Status gather(std::string_view& input, ServerFrame& frame);
  Status gather_line(std::string_view& input);
  // Reads the control line that `bytes` begin with, if it is all there.
  Status read_line(std::string_view bytes, ServerFrame& frame, Head& head);
  Status read_message(std::string_view args, ServerFrame& frame, Head& head);
  // Ends a frame whose line has been read: `rest` is what belongs to it behind the line.
  Status attach(const Head& head, std::string_view rest, ServerFrame& frame);
  Status fail(const char* text);

  ServerParserLimits limits_;
  std::string held_;            // a frame that was cut, from its first byte
  std::size_t frame_size_ = 0;  // of that frame; 0 until its line is there
  bool held_is_stale_ = false;  // the frame has been handed out
  const char* error_text_ = "";
};

}  // namespace midge::proto

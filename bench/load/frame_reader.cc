#include "frame_reader.h"

namespace midge::load {

const char* FrameReader::control_line(const char* at, const char* end) {
  const auto size = static_cast<std::size_t>(end - at);
  if (size == 0) return at;
  if (frame_bytes_ != 0 && *at == 'M') return at;
  const char* newline = static_cast<const char*>(std::memchr(at, '\n', size));
  if (newline == nullptr) return at;
  const std::string_view line(at, static_cast<std::size_t>(newline - at));
  if (line == "PONG\r") {
    ++pongs_;
  } else if (line == "PING\r") {
    ++pings_;
  } else if (!line.starts_with("INFO ")) {
    fail("the server said: " + std::string(line));
  }
  return newline + 1;
}

}  // namespace midge::load

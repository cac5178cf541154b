#include "frame_reader.h"

namespace midge::load {

std::size_t FrameReader::whole_frame_of_any_size(const char* at, const char* end) {
  const auto left = static_cast<std::size_t>(end - at);
  if (left < 5 || (std::memcmp(at, "MSG ", 4) != 0 && std::memcmp(at, "HMSG ", 5) != 0)) return 0;
  const char* newline = static_cast<const char*>(std::memchr(at, '\n', left));
  if (newline == nullptr) return 0;
  // The last number of the line: all that follows it, headers included.
  std::size_t payload = 0;
  std::size_t digit = 1;
  for (const char* c = newline - 2; c > at && *c != ' '; --c, digit *= 10)
    payload += static_cast<std::size_t>(*c - '0') * digit;
  const std::size_t size = static_cast<std::size_t>(newline + 1 - at) + payload + 2;
  return left >= size ? size : 0;
}

const char* FrameReader::control_line(const char* at, const char* end) {
  const auto size = static_cast<std::size_t>(end - at);
  if (size == 0) return at;
  if (frame_bytes_ != 0 && (*at == 'M' || (*at == 'H' && frame_bytes_ == kAnySize))) return at;
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

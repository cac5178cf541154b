// A connection's output: takes whole frames, and keeps what the socket does not take yet.
#pragma once

#include <string>

#include "fail.h"
#include "socket.h"

namespace midge::load {

class FrameWriter {
 public:
  // `socket` outlives the writer.
  explicit FrameWriter(Socket& socket) : socket_(socket) {}

  std::string& bytes() { return bytes_; }
  [[nodiscard]] bool empty() const { return bytes_.empty(); }
  void flush() {
    if (bytes_.empty()) return;
    bytes_.erase(0, socket_.try_send(bytes_.data(), bytes_.size()));
    if (bytes_.size() > kRunawayBytes) fail_overloaded();
  }

 private:
  static constexpr std::size_t kRunawayBytes = 4 << 20;

  Socket& socket_;
  std::string bytes_;
};

}  // namespace midge::load

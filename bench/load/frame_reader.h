// Counts the frames in a connection's byte stream. Nearly always all MSG frames of one connection
// have the same size, so a frame costs a look at its first four and its last two bytes; control
// lines may stand anywhere between them. Anything else ends the run.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "fail.h"
#include "scratch.h"
#include "socket.h"

namespace midge::load {

class FrameReader {
 public:
  // MSG or HMSG, as long as its line says: for what a server adds headers to.
  static constexpr std::size_t kAnySize = ~std::size_t{0};

  // `frame_bytes`: the size of a MSG frame, 0 where none may come.
  FrameReader(Scratch& scratch, std::size_t frame_bytes)
      : scratch_(scratch), frame_bytes_(frame_bytes) {}

  [[nodiscard]] std::uint64_t frames() const { return frames_; }
  [[nodiscard]] std::uint64_t pongs() const { return pongs_; }
  // The server's PINGs since the last call, to be answered by the owner.
  std::uint64_t take_pings() { return std::exchange(pings_, 0); }

  // One read. Calls `on_frame(std::string_view)` with each whole frame, in order.
  template <class OnFrame>
  void drain(Socket& socket, OnFrame&& on_frame) {
    do {
      drain_once(socket, on_frame);
    } while (socket.has_more());
  }

 private:
  template <class OnFrame>
  void drain_once(Socket& socket, OnFrame&& on_frame) {
    scratch_.make_room(rest_.size());
    std::memcpy(scratch_.data(), rest_.data(), rest_.size());
    const char* at = scratch_.data();
    const char* end = at + rest_.size();
    end += socket.try_receive(scratch_.data() + rest_.size(), scratch_.size() - rest_.size());
    for (;;) {
      while (const std::size_t size = whole_frame(at, end)) {
        if (std::memcmp(at + size - 2, "\r\n", 2) != 0) fail("a MSG frame of another size");
        on_frame(std::string_view(at, size));
        at += size;
        ++frames_;
      }
      const char* after = control_line(at, end);
      if (after == at) break;
      at = after;
    }
    rest_.assign(at, end);
  }

  // The size of the MSG frame at `at`, 0 where none is, or not all of it yet.
  [[nodiscard]] std::size_t whole_frame(const char* at, const char* end) const {
    if (frame_bytes_ == 0) return 0;
    if (frame_bytes_ == kAnySize) return whole_frame_of_any_size(at, end);
    const auto left = static_cast<std::size_t>(end - at);
    return left >= frame_bytes_ && std::memcmp(at, "MSG ", 4) == 0 ? frame_bytes_ : 0;
  }
  static std::size_t whole_frame_of_any_size(const char* at, const char* end);
  // The end of the control line at `at`, or `at` where a MSG or an incomplete line stands.
  const char* control_line(const char* at, const char* end);

  Scratch& scratch_;
  std::size_t frame_bytes_;
  std::string rest_;  // the begun frame at the end of the last read
  std::uint64_t frames_ = 0;
  std::uint64_t pongs_ = 0;
  std::uint64_t pings_ = 0;
};

}  // namespace midge::load

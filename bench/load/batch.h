// Frames prepared before the measurement, sent over and over in large writes. All frames have the
// same size, so a position in the stream is also a count of frames.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace midge::load {

class Batch {
 public:
  // One frame, repeated until the batch has about 64 KiB; with `ping`, a PING ends the batch, whose
  // PONG says that the server has read it all.
  // `varied`: payloads as applications have them, for who compresses; else of one letter.
  static Batch repeat(std::string_view subject, std::size_t payload, bool ping,
                      bool varied = false);
  // One frame for each subject; the subjects are equally long.
  static Batch of(const std::vector<std::string>& subjects, std::size_t payload);

  [[nodiscard]] const std::string& bytes() const { return bytes_; }
  [[nodiscard]] std::size_t frame_bytes() const { return frame_bytes_; }
  [[nodiscard]] std::uint64_t frames() const { return frames_; }
  // The whole frames in the first `bytes` of the endless stream.
  [[nodiscard]] std::uint64_t frames_in(std::uint64_t bytes) const;
  // How many bytes are missing to the end of the frame that the stream is in after `bytes`.
  [[nodiscard]] std::size_t bytes_to_frame_end(std::uint64_t bytes) const;
  [[nodiscard]] std::string_view frame(std::uint64_t index) const {
    return {bytes_.data() + index % frames_ * frame_bytes_, frame_bytes_};
  }

 private:
  std::string bytes_;
  std::size_t frame_bytes_ = 0;
  std::uint64_t frames_ = 0;
};

// `PUB subject [reply] size`, a payload of that size.
std::string publish_frame(std::string_view subject, std::string_view reply, std::size_t payload);
// The size of the MSG frame that such a publish arrives as.
std::size_t message_frame_bytes(std::size_t subject, std::size_t sid, std::size_t reply,
                                std::size_t payload);

}  // namespace midge::load

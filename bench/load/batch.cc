#include "batch.h"

#include <algorithm>

#include "fail.h"

namespace midge::load {
namespace {
constexpr std::size_t kBatchBytes = 64 * 1024;
constexpr std::string_view kPing = "PING\r\n";
}  // namespace

std::string publish_frame(std::string_view subject, std::string_view reply, std::size_t payload) {
  std::string frame = "PUB ";
  frame += subject;
  frame += ' ';
  if (!reply.empty()) {
    frame += reply;
    frame += ' ';
  }
  frame += std::to_string(payload) + "\r\n" + std::string(payload, 'x') + "\r\n";
  return frame;
}

std::size_t message_frame_bytes(std::size_t subject, std::size_t sid, std::size_t reply,
                                std::size_t payload) {
  return 4 + subject + 1 + sid + 1 + (reply == 0 ? 0 : reply + 1) + std::to_string(payload).size() +
         2 + payload + 2;
}

namespace {

// Overwrites the payload at the end of `frame` with text that has names that recur and numbers that
// do not.
void vary(std::string& frame, std::size_t payload, std::uint64_t number) {
  std::string text;
  for (std::uint64_t value = number; text.size() < payload; ++value) {
    value = value * 6364136223846793005U + 1442695040888963407U;
    text += R"({"sensor":)" + std::to_string(value >> 52) + R"(,"temperature":)" +
            std::to_string(value % 100000) + R"(,"state":"ok"},)";
  }
  std::copy_n(text.begin(), payload, frame.end() - 2 - static_cast<std::ptrdiff_t>(payload));
}

}  // namespace

Batch Batch::repeat(std::string_view subject, std::size_t payload, bool ping, bool varied) {
  std::string frame = publish_frame(subject, "", payload);
  Batch batch;
  batch.frame_bytes_ = frame.size();
  batch.frames_ = std::max<std::size_t>(kBatchBytes / frame.size(), 16);
  for (std::uint64_t i = 0; i < batch.frames_; ++i) {
    if (varied) vary(frame, payload, i);
    batch.bytes_ += frame;
  }
  if (ping) batch.bytes_ += kPing;
  return batch;
}

Batch Batch::of(const std::vector<std::string>& subjects, std::size_t payload) {
  Batch batch;
  batch.frames_ = subjects.size();
  for (const auto& subject : subjects) {
    const std::string frame = publish_frame(subject, "", payload);
    batch.frame_bytes_ = frame.size();
    batch.bytes_ += frame;
  }
  if (batch.bytes_.size() != batch.frames_ * batch.frame_bytes_) fail("subjects differ in length");
  return batch;
}

std::uint64_t Batch::frames_in(std::uint64_t bytes) const {
  return bytes / bytes_.size() * frames_ + std::min(bytes % bytes_.size() / frame_bytes_, frames_);
}

std::size_t Batch::bytes_to_frame_end(std::uint64_t bytes) const {
  const std::uint64_t at = bytes % bytes_.size();
  const std::uint64_t ping_at = frames_ * frame_bytes_;
  if (at >= ping_at) return at == ping_at ? 0 : bytes_.size() - at;
  return at % frame_bytes_ == 0 ? 0 : frame_bytes_ - at % frame_bytes_;
}

}  // namespace midge::load

// The shapes of the frames of request-reply: every one has a fixed size, so that fields are found
// at fixed places. The payload begins with a time stamp, which the responder sends back.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "batch.h"

namespace midge::load {

inline constexpr std::string_view kService = "bench.service";
inline constexpr std::string_view kInbox = "_INBOX.Q7wPzJr2LxTn0VbYc4HdKe";
inline constexpr std::size_t kTokenBytes = 8;  // the last token, another for each request
inline constexpr std::size_t kReplyBytes = kInbox.size() + 1 + kTokenBytes;

struct RequestFrames {
  std::size_t payload;

  // PUB <service> <reply> <size> and the payload
  [[nodiscard]] std::string request() const {
    return publish_frame(kService, std::string(kInbox) + "." + std::string(kTokenBytes, '0'),
                         payload);
  }
  static constexpr std::size_t kTokenInRequest = 4 + kService.size() + 1 + kInbox.size() + 1;
  [[nodiscard]] std::size_t stamp_in(const std::string& frame) const {
    return frame.size() - 2 - payload;
  }

  // MSG <service> 1 <reply> <size> and the payload
  [[nodiscard]] std::size_t delivered_request_bytes() const {
    return message_frame_bytes(kService.size(), 1, kReplyBytes, payload);
  }
  static constexpr std::size_t kReplyInDeliveredRequest = 4 + kService.size() + 3;
  [[nodiscard]] std::size_t stamp_in_delivered_request() const {
    return delivered_request_bytes() - 2 - payload;
  }

  // PUB <reply> <size> and the payload
  [[nodiscard]] std::string reply() const {
    return publish_frame(std::string(kReplyBytes, '?'), "", payload);
  }
  static constexpr std::size_t kSubjectInReply = 4;

  // MSG <reply> 2 <size> and the payload
  [[nodiscard]] std::size_t delivered_reply_bytes() const {
    return message_frame_bytes(kReplyBytes, 1, 0, payload);
  }
  [[nodiscard]] std::size_t stamp_in_delivered_reply() const {
    return delivered_reply_bytes() - 2 - payload;
  }
};

}  // namespace midge::load

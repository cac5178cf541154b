// The shapes of the frames of request-reply. The payload begins with a time stamp, which the
// responder sends back. A request that crosses accounts arrives with headers and with a reply
// subject of the server's.
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
  [[nodiscard]] std::size_t stamp_in(std::string_view frame) const {
    return frame.size() - 2 - payload;
  }

  // MSG <service> 1 <reply> <size> and the payload, or HMSG with another size before it
  static std::string_view reply_of(std::string_view request) {
    request.remove_prefix((request[0] == 'H' ? 5 : 4) + kService.size() + 3);
    return request.substr(0, request.find(' '));
  }

  // PUB <reply> <size> and the payload: what follows the reply
  [[nodiscard]] std::string reply_end() const {
    return publish_frame("", "", payload).substr(std::string_view("PUB ").size());
  }

  // MSG <reply> 2 <size> and the payload
  [[nodiscard]] std::size_t delivered_reply_bytes() const {
    return message_frame_bytes(kReplyBytes, 1, 0, payload);
  }
  [[nodiscard]] std::size_t stamp_in_delivered_reply() const {
    return delivered_reply_bytes() - 2 - payload;
  }
};

}  // namespace midge::load

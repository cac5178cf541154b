// The constant parts of `MSG subject sid reply size` for one message, made once and copied per
// delivery around the subscription's sid.
//
// Kept and refilled per worker: filling allocates only while subjects grow. The parts are followed
// by at least kPadding readable bytes, so that copy_padded() may copy them in whole vectors.
#pragma once

#include <charconv>
#include <cstring>
#include <string_view>
#include <vector>

#include "broker/message.h"
#include "broker/padded_copy.h"

namespace midge::broker {

class MessageHead {
 public:
  struct Parts {
    std::string_view before_sid;  // `MSG foo `
    std::string_view after_sid;   // ` reply 5\r\n`
    std::string_view payload;
  };

  void prepare(const Message& message) {
    buffer_.resize(2 * (message.subject.size() + message.reply.size()) + 128 + kPadding);
    char* at = buffer_.data();
    plain_ = write(at, "MSG ", message, false);
    plain_.payload = message.body();
    if (message.header_size > 0) {
      with_headers_ = write(at, "HMSG ", message, true);
      with_headers_.payload = message.payload;
    } else {
      with_headers_ = plain_;
    }
  }

  // For receivers that take headers, and for those that do not: they get MSG without the block.
  [[nodiscard]] const Parts& parts(bool headers) const { return headers ? with_headers_ : plain_; }

 private:
  static Parts write(char*& at, std::string_view verb, const Message& message, bool headers) {
    const char* start = at;
    at = put(at, verb);
    at = put(at, message.subject);
    *at++ = ' ';
    const char* middle = at;
    *at++ = ' ';
    if (!message.reply.empty()) {
      at = put(at, message.reply);
      *at++ = ' ';
    }
    if (headers) {
      at = std::to_chars(at, at + 20, message.header_size).ptr;
      *at++ = ' ';
    }
    at = std::to_chars(at, at + 20, headers ? message.payload.size() : message.body().size()).ptr;
    *at++ = '\r';
    *at++ = '\n';
    return {{start, middle}, {middle, at}, {}};
  }
  static char* put(char* at, std::string_view text) {
    std::memcpy(at, text.data(), text.size());
    return at + text.size();
  }

  std::vector<char> buffer_;
  Parts plain_, with_headers_;
};

}  // namespace midge::broker

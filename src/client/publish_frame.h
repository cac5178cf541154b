// PUB and HPUB as bytes.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstring>
#include <string_view>

#include "proto/message_headers.h"

namespace midge::detail {

// Of one message; views of what its user gave.
struct PublishFrame {
  std::string_view subject, reply;
  std::string_view header_lines;  // `Name: value\r\n` each
  std::string_view data;

  [[nodiscard]] std::size_t headers_size() const {
    return header_lines.empty() ? 0 : proto::kHeaderLine.size() + header_lines.size() + 2;
  }
  // What the server counts.
  [[nodiscard]] std::size_t payload_size() const { return headers_size() + data.size(); }
  // At least as many bytes as write() writes.
  [[nodiscard]] std::size_t size_max() const {
    constexpr std::size_t kRest = sizeof "HPUB   \r\n\r\n" + 2 * 20;
    return kRest + subject.size() + reply.size() + payload_size();
  }
  // Returns the end.
  char* write(char* at) const {
    const bool has_headers = !header_lines.empty();
    at = put(at, has_headers ? "HPUB " : "PUB ");
    at = put(at, subject);
    *at++ = ' ';
    if (!reply.empty()) {
      at = put(at, reply);
      *at++ = ' ';
    }
    if (has_headers) {
      at = put(at, headers_size());
      *at++ = ' ';
    }
    at = put(at, payload_size());
    at = put(at, "\r\n");
    if (has_headers) {
      at = put(at, proto::kHeaderLine);
      at = put(at, header_lines);
      at = put(at, "\r\n");
    }
    at = put(at, data);
    return put(at, "\r\n");
  }

 private:
  static char* put(char* at, std::string_view bytes) {
    if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
    return at + bytes.size();
  }
  static char* put(char* at, std::size_t number) { return std::to_chars(at, at + 20, number).ptr; }
};

}  // namespace midge::detail

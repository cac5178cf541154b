// Parses HTTP/1.x requests. A thin wall around Boost.Beast's parser, so that its headers and its
// exceptions stay in one file.
//
//   switch (parser.parse(input)) { case kRequest: use(parser.take_request()); … }
//
// Bodies are read past and forgotten: no endpoint takes one. Thread: the connection's loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "server/monitor/http_message.h"

namespace midge::server {

class HttpParser {
 public:
  // All of a request's lines before its body.
  static constexpr std::size_t kHeaderBytesMax = 32 * 1024;
  // A longer body is answered without being read, and the connection closes.
  static constexpr std::size_t kBodyBytesMax = 64 * 1024;

  enum class Status : std::uint8_t { kNeedMore, kRequest, kRefused };

  HttpParser();
  ~HttpParser();

  // Takes what it can off the front of `input`. After kRequest, take_request() makes ready for the
  // next one; after kRefused, refusal() is the last thing to send.
  Status parse(std::string& input);
  HttpRequest take_request();
  // A part of the next one has come.
  [[nodiscard]] bool has_begun() const;
  [[nodiscard]] const std::string& refusal() const { return refusal_; }

 private:
  struct Machine;
  Status finish();
  Status refuse(int status, std::string_view detail = {});

  std::unique_ptr<Machine> machine_;
  HttpRequest request_;
  std::string refusal_;
};

}  // namespace midge::server

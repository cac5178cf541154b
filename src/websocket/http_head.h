// The heads of HTTP/1 requests and answers, as far as opening a web socket or a tunnel needs them.
//
// Views into the text that was parsed. Names of headers are compared without regard to case.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace midge::websocket {

struct HeadFields {
  static constexpr std::size_t kSizeMax = 64 * 1024;

  std::vector<std::pair<std::string_view, std::string_view>> headers;
  std::size_t size = 0;  // of the whole head, with the empty line

  // The first of this name; "" if there is none.
  [[nodiscard]] std::string_view header(std::string_view name) const;
  // Whether some header of this name has the value among its comma-separated ones, in any case.
  [[nodiscard]] bool header_has(std::string_view name, std::string_view value) const;
};

struct RequestHead : HeadFields {
  std::string_view method;
  std::string_view target;  // as it came
  std::string_view path;    // without query
  std::string_view host;    // of the Host header, or of an absolute target; "" = none
  bool http_1_0 = false;
};

struct AnswerHead : HeadFields {
  int status = 0;
  std::string_view reason;  // `Switching Protocols`; "" = none
};

enum class HeadStatus : std::uint8_t { kWhole, kNeedMore, kMalformed, kTooLarge, kNoHost };

// `input` begins with the request. `head` is only filled if it is whole.
[[nodiscard]] HeadStatus parse_request_head(std::string_view input, RequestHead& head);
// The same of an answer, which needs no host.
[[nodiscard]] HeadStatus parse_answer_head(std::string_view input, AnswerHead& head);

// Without blanks and tabs at its ends.
[[nodiscard]] std::string_view trimmed(std::string_view text);
// Takes the part before the next `separator`, or all, off the front of `text`.
[[nodiscard]] std::string_view take_part(std::string_view& text, char separator);

}  // namespace midge::websocket

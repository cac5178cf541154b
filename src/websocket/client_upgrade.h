// The request by which a client opens a web socket, and the server's answer to it, judged.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "io/entropy.h"
#include "websocket/http_head.h"

namespace midge::websocket {

struct ClientTerms {
  std::string host;          // as the Host header has it
  std::string path;          // "" = /
  std::string headers;       // lines that the request has in addition, with their ends
  bool compression = false;  // is offered
};

// A Sec-WebSocket-Key that nobody had before.
[[nodiscard]] std::string draw_key(io::Entropy& entropy);
[[nodiscard]] std::string upgrade_request(const ClientTerms& terms, std::string_view key);

struct ClientUpgrade {
  bool compressed = false;  // messages may be
};
// Errors: the server refuses, with its words; it does not speak of the web socket that was asked
// for.
[[nodiscard]] Result<ClientUpgrade> judge_answer(const AnswerHead& head, const ClientTerms& terms,
                                                 std::string_view key);

}  // namespace midge::websocket

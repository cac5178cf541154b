// One protocol frame of a server, as views.
#pragma once

#include <cstdint>
#include <string_view>

namespace midge::proto {

enum class ServerVerb : std::uint8_t { kInfo, kMsg, kHmsg, kPing, kPong, kOk, kErr };

// Views point into the input or into the parser's own memory; they are valid until the next call.
// Only the fields that name the frame's verb are set: the others may hold anything.
struct ServerFrame {
  ServerVerb verb{};
  std::string_view args;     // INFO: the JSON; -ERR: the text between the quotes
  std::string_view subject;  // MSG HMSG
  std::string_view reply;    // MSG HMSG; "" = none
  std::uint64_t sid = 0;     // MSG HMSG
  std::string_view headers;  // HMSG: the block, from `NATS/1.0` to its empty line; MSG: ""
  std::string_view payload;  // MSG HMSG
};

}  // namespace midge::proto

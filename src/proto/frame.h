// One protocol frame of a client, as views.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"

namespace midge::proto {

enum class Verb : std::uint8_t {
  kConnect,
  kInfo,
  kPub,
  kHpub,
  kSub,
  kUnsub,
  kPing,
  kPong,
  kOk,
  kErr,
};

// Views point into the read chunk or into the parser's own memory; they are valid until the next
// call of the parser, and `payload` as long as `*block` is held (the block itself may be kept by
// copying the SharedBytes). Only the fields that name the frame's verb are set: the others may hold
// anything.
struct Frame {
  Verb verb{};
  std::string_view args;     // all between verb and line end, for CONNECT, INFO, -ERR and the trace
  std::string_view subject;  // PUB HPUB SUB
  std::string_view reply;    // PUB HPUB; "" = none
  std::string_view queue;    // SUB; "" = none
  std::string_view sid;      // SUB UNSUB
  std::uint64_t max = 0;     // UNSUB; 0 = at once
  std::uint32_t header_size =
      0;  // the first bytes of the payload that are the header block; PUB: 0
  // Sizes as the client wrote them (`007`): the peer's MSG and HMSG repeat the text.
  std::string_view header_size_text;  // HPUB
  std::string_view size_text;         // PUB HPUB
  // PUB HPUB: header block and body. The CRLF that ended it lies right behind the view.
  std::string_view payload;
  const SharedBytes* block =
      nullptr;  // PUB HPUB: what payload lies in; null = parser's own small memory
};

}  // namespace midge::proto

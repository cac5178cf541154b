// Compresses messages by permessage-deflate (RFC 7692) without context takeover: each message is
// one of its own, so that one of these serves all connections of a loop.
//
// Thread: its loop's.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "io/stream.h"

namespace midge::websocket {

class Deflater {
 public:
  // Of one message.
  static constexpr std::size_t kInputMax = 16 * 1024;
  // Messages up to this are not worth it.
  static constexpr std::size_t kInputMin = 64;

  Deflater();
  ~Deflater();

  // The slices, `size` bytes in all and at most kInputMax, as a message's payload; "" if that would
  // not be shorter. Valid until the next call.
  [[nodiscard]] std::string_view compress(std::span<const io::Slice> from, std::size_t size);

 private:
  struct Room;
  std::unique_ptr<Room> room_;  // made when first needed
};

}  // namespace midge::websocket
